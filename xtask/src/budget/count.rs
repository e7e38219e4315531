//! From stretches of counting to instructions per call.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::callgrind::{Stretch, labelled};

/// A function and the kind of object that it is asked with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Case {
    pub(super) function: String,
    pub(super) object: String,
}

/// Instructions per call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Count {
    /// Of ours, those in the extension itself.
    pub(super) own: f64,
    /// Ours, with what the interpreter does for us.
    pub(super) ours: f64,
    /// The interpreter's own function.
    pub(super) theirs: f64,
}

impl Count {
    /// Ours over theirs.
    pub(super) fn ratio(&self) -> f64 {
        self.ours / self.theirs
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.function, self.object)
    }
}

/// What the script says about a stretch.
#[derive(Clone, Debug, Deserialize)]
struct Label {
    side: Side,
    function: String,
    object: String,
    turns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Empty,
    Ours,
    Theirs,
}

/// Instructions for each case: the difference of a long and a short stretch, without what the loop takes.
pub(super) fn per_call(labels: &str, stretches: &[Stretch]) -> anyhow::Result<BTreeMap<Case, Count>> {
    let mut by_side = BTreeMap::<(Side, Case), Vec<(u64, Stretch)>>::new();
    for (Label { side, function, object, turns }, stretch) in labelled::<Label>(labels, stretches)? {
        by_side.entry((side, Case { function, object })).or_default().push((turns, stretch));
    }
    let each = by_side
        .into_iter()
        .map(|((side, case), taken)| {
            let each = difference(&taken).with_context(|| format!("{side:?} {case}"))?;
            Ok(((side, case), each))
        })
        .collect::<anyhow::Result<BTreeMap<_, _>>>()?;

    let mut counts = BTreeMap::new();
    for ((side, case), (all, own)) in &each {
        if *side != Side::Ours {
            continue;
        }
        let find = |side, object: &str| {
            let wanted = Case { function: case.function.clone(), object: object.to_owned() };
            each.get(&(side, wanted)).with_context(|| format!("{case}: nothing was counted for {side:?}"))
        };
        let (empty, _) = find(Side::Empty, "")?;
        let (theirs, _) = find(Side::Theirs, &case.object)?;
        let count =
            Count { own: tenths(own - empty), ours: tenths(all - empty), theirs: tenths(theirs - empty) };
        // Every case takes something on both sides, or what was counted is not what was meant.
        ensure!(count.own > 0.0 && count.theirs > 0.0, "{case}: counted {count:?}");
        counts.insert(case.clone(), count);
    }
    ensure!(!counts.is_empty(), "nothing was counted");
    Ok(counts)
}

/// What each turn takes, of all and of our own.
pub(super) fn difference(taken: &[(u64, Stretch)]) -> anyhow::Result<(f64, f64)> {
    let [(few, short), (many, long)] = taken else {
        anyhow::bail!("counted {} times, not twice", taken.len());
    };
    ensure!(few < many && short.all <= long.all && short.own <= long.own, "a longer stretch took less");
    let each = |short: u64, long: u64| (long - short) as f64 / (many - few) as f64;
    Ok((each(short.all, long.all), each(short.own, long.own)))
}

/// Rounds to tenths: an exporter in Python takes not exactly the same each time.
pub(super) fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &str = r#"{"side": "empty", "function": "read", "object": "", "turns": 200}
{"side": "empty", "function": "read", "object": "", "turns": 1200}
{"side": "ours", "function": "read", "object": "bytes", "turns": 200}
{"side": "ours", "function": "read", "object": "bytes", "turns": 1200}
{"side": "theirs", "function": "read", "object": "bytes", "turns": 200}
{"side": "theirs", "function": "read", "object": "bytes", "turns": 1200}"#;

    const STRETCHES: [Stretch; 6] = [
        Stretch { all: 414, own: 414 },
        Stretch { all: 2_414, own: 2_414 },
        Stretch { all: 5_000, own: 2_000 },
        Stretch { all: 27_000, own: 14_040 },
        Stretch { all: 30_000, own: 2_000 },
        Stretch { all: 132_000, own: 14_000 },
    ];

    #[test]
    fn takes_the_difference_and_subtracts_the_loop() {
        let counts = per_call(LABELS, &STRETCHES).expect("all was counted");
        let case = Case { function: "read".to_owned(), object: "bytes".to_owned() };
        assert_eq!(case.to_string(), "read of bytes");
        let count = counts[&case];
        assert_eq!(count, Count { own: 10.0, ours: 20.0, theirs: 100.0 });
        assert!((count.ratio() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        let complaint = |labels: &str, stretches: &[Stretch]| {
            format!("{:#}", per_call(labels, stretches).expect_err("it is not whole"))
        };
        assert!(complaint(LABELS, &STRETCHES[..5]).contains("ran 6 stretches, and callgrind counted 5"));
        assert!(complaint("", &[]).contains("nothing was counted"));
        assert!(complaint("Segmentation fault", &[]).contains("something else: Segmentation fault"));
        let (first, rest) = LABELS.split_once('\n').expect("several lines");
        assert!(complaint(rest, &STRETCHES[1..]).contains("counted 1 times"));
        assert!(complaint(&format!("{rest}\n{first}"), &STRETCHES).contains("a longer stretch took less"));
        let without_theirs = LABELS.lines().take(4).collect::<Vec<_>>().join("\n");
        assert!(complaint(&without_theirs, &STRETCHES[..4]).contains("nothing was counted for Theirs"));
    }
}
