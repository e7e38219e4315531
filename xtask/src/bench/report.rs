//! The tables of a recording, and what has to be said beside them.

use std::collections::BTreeMap;

use tabled::Table;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::recording::{Growth, Recording, Row, Threads};

/// What whoever reads the figures should know.
pub(super) const BIASES: [&str; 7] = [
    "Instructions are not time: they repeat on a busy machine, but know nothing of caches, of branches that are guessed \
     wrong, or of what runs at once.",
    "Every way is called through a pointer, and what such a call takes is subtracted. What is inline in C saves more than \
     that where it is used without a function around it.",
    "Each is asked for the same object again and again, so caches and branch predictors are warm for all.",
    "The four functions give no hold on the memory; views, scopes and arguments do. Each is compared with what of ours does \
     the same, and a type that looks at the format with one that looks at none.",
    "Not every way raises an exception when it refuses (nanobind and PyO3 say so by a value, which we drop). As arguments all do.",
    "All is compiled here, with -O2 for C and C++ and link-time optimization for Rust, and the interpreter as it was built: \
     one with optimizations of its own takes less for its part.",
    "We chose the objects: small ones, of bytes where a type asks for them, and exact types, for which there are short ways.",
];

/// Everything, for a terminal.
pub(super) fn text(recording: &Recording) -> String {
    let mut parts = vec![heading(recording)];
    for (title, rows) in [
        ("a pointer and a length from an object", &recording.extraction),
        ("the argument of a whole call, without the call", &recording.calls),
    ] {
        if rows.is_empty() {
            continue;
        }
        parts.push(format!("{title}: instructions (x: refuses)\n{}", terminal(instructions(rows), 1)));
        parts.push(format!(
            "{title}: how many times as many instructions as ours (below 1: a loss)\n{}",
            terminal(ratios(rows, Emphasis::None), 2)
        ));
        parts.push(format!("{title}: nanoseconds, with the loop\n{}", terminal(times(rows), 1)));
    }
    if !recording.growth.is_empty() {
        parts.push(format!("instructions as sizes grow\n{}", terminal(growth(&recording.growth), 2)));
    }
    if !recording.threads.is_empty() {
        parts.push(threads(&recording.threads).join("\n"));
    }
    parts.push(summary(recording));
    let losses = losses(recording);
    if !losses.is_empty() {
        parts.push(format!(
            "losses:\n{}",
            losses.iter().map(|loss| format!("- {loss}")).collect::<Vec<_>>().join("\n")
        ));
    }
    for skipped in &recording.skipped {
        parts.push(format!("skipped: {}: {}", skipped.what, skipped.why));
    }
    parts.push(format!("biases:\n{}", BIASES.map(|bias| format!("- {bias}")).join("\n")));
    parts.join("\n\n")
}

/// The machine and the versions.
pub(super) fn heading(recording: &Recording) -> String {
    let Recording { date, interpreter, compiled_by, machine, tools, versions, .. } = recording;
    let versions: Vec<_> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "{interpreter} ({compiled_by}), {date}, on {}, {} cores, {}; {}; {}",
        machine.cpu,
        machine.cores,
        machine.os,
        tools.join(", "),
        versions.join(", ")
    )
}

/// How many comparisons there are, and how many are lost.
pub(super) fn summary(recording: &Recording) -> String {
    let all = || recording.extraction.iter().chain(&recording.calls).flat_map(|row| row.ratios.values());
    let ahead = all().filter(|ratio| !is_loss(**ratio)).count();
    format!("{}: ahead or equal in {ahead} of {} comparisons", recording.interpreter, all().count())
}

/// A sentence for each way that is ahead of ours somewhere, with the objects and the ratios.
pub(super) fn losses(recording: &Recording) -> Vec<String> {
    let mut losses = Vec::new();
    for (rows, whole) in [(&recording.extraction, ""), (&recording.calls, ", as an argument")] {
        let mut lost = BTreeMap::<(&str, &str), Vec<String>>::new();
        for row in rows {
            for (ours, ratio) in row.ratios.iter().filter(|(_, ratio)| is_loss(**ratio)) {
                lost.entry((&row.name, ours)).or_default().push(format!("{} {ratio:.2}", row.object));
            }
        }
        let sentence = |((theirs, ours), objects): ((&str, &str), Vec<String>)| {
            format!("{theirs} beside {ours}{whole}: {}", objects.join(", "))
        };
        losses.extend(lost.into_iter().map(sentence));
    }
    losses
}

/// Half a percent is no difference.
fn is_loss(ratio: f64) -> bool {
    ratio < 0.995
}

/// How losses are shown.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Emphasis {
    None,
    /// In bold, by Markdown.
    Bold,
}

/// How many times as many instructions each takes as ours.
pub(super) fn ratios(rows: &[Row], emphasis: Emphasis) -> Builder {
    let objects = objects(rows);
    let mut builder = Builder::default();
    builder.push_record(["way", "beside ours"].into_iter().chain(objects.iter().copied()).map(str::to_owned));
    for name in names(rows) {
        let of_name = || rows.iter().filter(|row| row.name == name);
        let mut against: Vec<&String> = of_name().flat_map(|row| row.ratios.keys()).collect();
        against.sort();
        against.dedup();
        for ours in against {
            let cells = objects.iter().map(|object| {
                let Some(row) = of_name().find(|row| row.object == *object) else { return "-".to_owned() };
                match row.ratios.get(ours) {
                    Some(ratio) if is_loss(*ratio) && emphasis == Emphasis::Bold => format!("**{ratio:.2}**"),
                    Some(ratio) if *ratio < 9.95 => format!("{ratio:.2}"),
                    Some(ratio) => format!("{ratio:.0}"),
                    None => short(&row.outcome).to_owned(),
                }
            });
            let ours = ours.trim_start_matches("bufproto: ").to_owned();
            builder.push_record([name.to_owned(), ours].into_iter().chain(cells.collect::<Vec<_>>()));
        }
    }
    builder
}

/// What it did, in a word that fits in a column.
fn short(outcome: &str) -> &str {
    if outcome.starts_with("ends the process") {
        return "crash";
    }
    if outcome == "answers" { "-" } else { outcome }
}

fn instructions(rows: &[Row]) -> Builder {
    by_object(rows, |row| match row.instructions {
        Some(count) if row.outcome == "refuses" => format!("x{count}"),
        Some(count) => count.to_string(),
        None => short(&row.outcome).to_owned(),
    })
}

fn times(rows: &[Row]) -> Builder {
    by_object(rows, |row| match row.nanoseconds {
        Some(time) => format!("{:.1}", time.median),
        None => short(&row.outcome).to_owned(),
    })
}

fn by_object(rows: &[Row], cell: impl Fn(&Row) -> String) -> Builder {
    let objects = objects(rows);
    let mut builder = Builder::default();
    builder.push_record(std::iter::once("way").chain(objects.iter().copied()).map(str::to_owned));
    for name in names(rows) {
        let cells = objects.iter().map(|object| {
            let row = rows.iter().find(|row| row.name == name && row.object == *object);
            row.map_or("-".to_owned(), &cell)
        });
        builder.push_record(std::iter::once(name.to_owned()).chain(cells.collect::<Vec<_>>()));
    }
    builder
}

/// Instructions at each size, and what one more costs between the smallest and the largest.
pub(super) fn growth(rows: &[Growth]) -> Builder {
    let mut builder = Builder::default();
    builder.push_record(["way", "object", "sizes", "instructions", "each more"].map(str::to_owned));
    let mut seen = Vec::new();
    for Growth { kind, name, object, .. } in rows {
        if seen.contains(&(kind, name, object)) {
            continue;
        }
        seen.push((kind, name, object));
        let of_case: Vec<&Growth> =
            rows.iter().filter(|row| (&row.kind, &row.name, &row.object) == (kind, name, object)).collect();
        let join = |cell: &dyn Fn(&Growth) -> String| {
            of_case.iter().map(|row| cell(row)).collect::<Vec<_>>().join(", ")
        };
        let [first, .., last] = of_case.as_slice() else { continue };
        let each = (last.instructions - first.instructions) / (last.size - first.size).max(1) as f64;
        let unit = if kind == "held" { " buffers" } else { " bytes" };
        builder.push_record([
            name.clone(),
            object.clone(),
            join(&|row| row.size.to_string()) + unit,
            join(&|row| row.instructions.to_string()),
            if each == 0.0 { "0".to_owned() } else { format!("{each:.2}") },
        ]);
    }
    builder
}

/// A sentence for each that was tried on two threads.
pub(super) fn threads(rows: &[Threads]) -> Vec<String> {
    let sentence = |Threads { name, object, ratio, median, rounds, nanoseconds }: &Threads| {
        format!(
            "{name} of {object}: two threads do {ratio:.2} times what one does in the same time ({median:.2} in the median of \
             {rounds} rounds; one takes {nanoseconds:.1} ns)"
        )
    };
    rows.iter().map(sentence).collect()
}

/// The names, in their order.
fn names(rows: &[Row]) -> Vec<&str> {
    unique(rows.iter().map(|row| row.name.as_str()))
}

/// The objects, in their order.
pub(super) fn objects(rows: &[Row]) -> Vec<&str> {
    unique(rows.iter().map(|row| row.object.as_str()))
}

fn unique<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut unique = Vec::new();
    for one in all {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique
}

/// For a terminal: words to the left, numbers to the right.
fn terminal(builder: Builder, words: usize) -> Table {
    let mut table = builder.build();
    table.with(Style::sharp()).modify(Columns::new(words..), Alignment::right());
    table
}

/// For Markdown, likewise.
pub(super) fn markdown(builder: Builder, words: usize) -> String {
    let mut table = builder.build();
    table.with(Style::markdown()).modify(Columns::new(words..), Alignment::right());
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::recording::tests::{recording, row};
    use super::*;

    fn lost() -> Recording {
        recording(
            "CPython 3.13.0",
            vec![
                row("bufproto: read", "bytes", "answers", 10.0),
                row("CPython: AsReadBuffer", "bytes", "answers", 131.0),
                row("bufproto: read", "int", "refuses", 1600.0),
                row("CPython: AsReadBuffer", "int", "refuses", 800.0),
                row("CPython: AsReadBuffer", "ctypes", "ends the process (SIGSEGV)", 1.0),
            ],
        )
    }

    #[test]
    fn losses_stand_beside_wins() {
        let text = text(&lost());
        assert!(text.contains("ahead or equal in 1 of 2 comparisons"), "{text}");
        assert!(text.contains("- CPython: AsReadBuffer beside bufproto: read: int 0.50\n"), "{text}");
        assert!(text.contains("skipped: nanobind: there is no network"), "{text}");
        assert!(text.contains("x800") && text.contains("crash") && text.contains("a processor"), "{text}");
    }

    #[test]
    fn losses_are_bold_in_markdown() {
        let table = markdown(ratios(&lost().extraction, Emphasis::Bold), 2);
        let line = table.lines().find(|line| line.contains("AsReadBuffer")).expect("a row");
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        assert_eq!(cells[1..6], ["CPython: AsReadBuffer", "read", "13", "**0.50**", "crash"]);
    }

    #[test]
    fn growth_tells_what_one_more_costs() {
        let growth_of = |size, instructions| Growth {
            kind: "held".to_owned(),
            name: "scope".to_owned(),
            object: "bytes".to_owned(),
            size,
            instructions,
        };
        let rows = [growth_of(4, 100.0), growth_of(16, 220.0)];
        let table = markdown(growth(&rows), 2);
        assert!(
            table.contains("4, 16 buffers") && table.contains("100, 220") && table.contains("10.00"),
            "{table}"
        );
    }
}
