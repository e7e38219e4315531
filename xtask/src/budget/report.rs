//! The table of what was counted, and which targets are missed.

use std::collections::BTreeMap;

use serde::Serialize;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};
use tabled::{Table, Tabled};

use super::count::{Case, Count};
use super::footprint;
use super::record::{Record, expected};
use super::target::{Target, exceeds, target};
use super::{CoreBuild, Footprints};
use crate::interpreter::Interpreter;

/// All that was counted on an interpreter.
#[derive(Serialize)]
pub(super) struct Report {
    interpreter: String,
    tools: Vec<String>,
    footprints: Footprints,
    core: CoreBuild,
    /// The worst first.
    cases: Vec<Line>,
}

/// One case.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    case: Case,
    #[serde(flatten)]
    count: Count,
    ratio: f64,
    target: Option<Target>,
    result: &'static str,
}

impl Line {
    fn new(case: Case, count: Count, interpreter: &Interpreter) -> Self {
        let target = target(&case, interpreter);
        Self { ratio: count.ratio(), target, result: result(&count, target), case, count }
    }

    /// How far from the target, where 1 is just reached.
    fn distance(&self) -> f64 {
        self.ratio / self.target.map_or(1.0, |target| target.ratio)
    }
}

/// The worst first; those without a target come last.
fn sort(cases: &mut [Line]) {
    cases.sort_by(|one, other| {
        let by_distance = other.distance().total_cmp(&one.distance());
        one.target.is_none().cmp(&other.target.is_none()).then(by_distance)
    });
}

fn result(count: &Count, target: Option<Target>) -> &'static str {
    let is_loss = exceeds(count, 1.0);
    match target {
        None if is_loss => "loss, no target",
        None => "no target",
        Some(_) if is_loss => "LOSS",
        Some(Target { ratio, .. }) if exceeds(count, ratio) => "MISSED",
        Some(Target { goal: Some(goal), .. }) if exceeds(count, goal) => "reached, not the goal",
        Some(_) => "reached",
    }
}

#[derive(Tabled)]
struct Row {
    function: String,
    object: String,
    own: String,
    ours: String,
    theirs: String,
    ratio: String,
    target: String,
    budget: String,
    result: &'static str,
}

impl Report {
    pub(super) fn new(
        interpreter: &Interpreter,
        tools: Vec<String>,
        counts: BTreeMap<Case, Count>,
        footprints: Footprints,
        core: CoreBuild,
    ) -> Self {
        let mut cases =
            counts.into_iter().map(|(case, count)| Line::new(case, count, interpreter)).collect::<Vec<_>>();
        sort(&mut cases);
        Self { interpreter: interpreter.to_string(), tools, footprints, core, cases }
    }

    /// Instructions per call, ours and those that are our own among them; the budget is what ours should take here.
    pub(super) fn table(&self, recorded: Option<&Record>) -> String {
        let more = |bytes: Option<u64>| bytes.map_or("-".to_owned(), |bytes| format!("+{bytes}"));
        let bytes = self.footprints.iter().map(|(part, footprint)| Row {
            function: "bytes".to_owned(),
            object: part.clone(),
            own: "-".to_owned(),
            ours: footprint.ours.to_string(),
            theirs: footprint.theirs.to_string(),
            ratio: more(Some(footprint.growth())),
            target: more(footprint::target(part)),
            budget: more(recorded.and_then(|recorded| recorded.bytes.get(part).copied())),
            result: match footprint::target(part) {
                Some(target) if footprint.growth() > target => "MISSED",
                Some(_) => "reached",
                None => "no target",
            },
        });
        let rows = self.cases.iter().map(|line| row(line, recorded)).chain(bytes);
        let mut table = Table::new(rows);
        table.with(Style::sharp());
        for column in 2..8 {
            table.modify(Columns::one(column), Alignment::right());
        }
        let counted = format!(
            "instructions per call on {} with {}; own: those of ours that are in the extension itself",
            self.interpreter,
            self.tools.join(", ")
        );
        format!("{counted}\n{table}\n{}", self.core)
    }

    /// A sentence for each target that is missed.
    pub(super) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for Line { case, count, ratio, target, .. } in &self.cases {
            if let Some(Target { ratio: target, .. }) = target
                && exceeds(count, *target)
            {
                let Count { ours, theirs, .. } = count;
                missed.push(format!(
                    "{case}: {ours:.1} instructions for {theirs:.1} are {ratio:.3}; the target is {target:.2}"
                ));
            }
        }
        for (part, footprint) in &self.footprints {
            let growth = footprint.growth();
            if let Some(target) = footprint::target(part).filter(|target| growth > *target) {
                missed
                    .push(format!("an extension's growth by {part}: {growth} bytes; the target is {target}"));
            }
        }
        missed
    }

    /// What a clean build of core took.
    pub(super) fn core(&self) -> &CoreBuild {
        &self.core
    }

    /// What a budget keeps of it.
    pub(super) fn record(&self) -> Record {
        Record {
            interpreter: self.interpreter.clone(),
            tools: self.tools.clone(),
            bytes: self.footprints.iter().map(|(part, bytes)| (part.clone(), bytes.growth())).collect(),
            instructions: self.cases.iter().map(|line| (line.case.to_string(), line.count)).collect(),
            core: Some(self.core.kept()),
        }
    }
}

fn row(line: &Line, recorded: Option<&Record>) -> Row {
    let Line { case, count, ratio, target, result } = line;
    let budget = recorded.and_then(|recorded| recorded.instructions.get(&case.to_string()));
    Row {
        function: case.function.clone(),
        object: case.object.clone(),
        own: format!("{:.1}", count.own),
        ours: format!("{:.1}", count.ours),
        theirs: format!("{:.1}", count.theirs),
        ratio: format!("{ratio:.3}"),
        target: match target {
            None => "-".to_owned(),
            Some(Target { ratio, goal: None }) => format!("{ratio:.2}"),
            Some(Target { ratio, goal: Some(goal) }) => format!("{ratio:.2} (goal {goal:.2})"),
        },
        budget: budget.map_or("-".to_owned(), |budget| format!("{:.1}", expected(budget, count.theirs))),
        result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Option<Target> = Some(Target { ratio: 0.20, goal: Some(0.08) });

    #[test]
    fn losses_are_told_from_missed_targets() {
        let result = |ours, target| result(&Count { own: ours, ours, theirs: 100.0 }, target);
        assert_eq!(result(101.0, TARGET), "LOSS");
        assert_eq!(result(21.0, TARGET), "MISSED");
        assert_eq!(result(20.0, TARGET), "reached, not the goal");
        assert_eq!(result(8.0, TARGET), "reached");
        assert_eq!(result(100.0, Some(Target { ratio: 1.0, goal: None })), "reached");
        assert_eq!(result(200.0, None), "loss, no target");
        assert_eq!(result(90.0, None), "no target");
    }

    #[test]
    fn the_worst_comes_first_and_what_is_missed_is_told() {
        let line = |function: &str, ours: f64, target: Option<Target>| {
            let case = Case { function: function.to_owned(), object: "bytes".to_owned() };
            let count = Count { own: ours, ours, theirs: 100.0 };
            Line { ratio: count.ratio(), result: result(&count, target), case, count, target }
        };
        let mut cases =
            vec![line("scope 4", 810.0, None), line("check", 9.0, TARGET), line("read", 25.0, TARGET)];
        sort(&mut cases);
        let report = Report {
            interpreter: "CPython 3.12.1".to_owned(),
            tools: Vec::new(),
            footprints: Footprints::from([(
                "functions".to_owned(),
                footprint::Footprint { ours: 5000, theirs: 3000 },
            )]),
            core: CoreBuild { crates: [].into(), processor: 4.0, elapsed: Some(2.0) },
            cases,
        };
        let order = report.cases.iter().map(|line| line.case.function.as_str()).collect::<Vec<_>>();
        assert_eq!(order, ["read", "check", "scope 4"]);
        assert_eq!(
            report.missed(),
            [
                "read of bytes: 25.0 instructions for 100.0 are 0.250; the target is 0.20",
                "an extension's growth by functions: 2000 bytes; the target is 1024"
            ]
        );
        let table = report.table(Some(&report.record()));
        assert!(table.contains("MISSED") && table.contains("+2000") && table.contains("+1024"), "{table}");
    }
}
