//! From stretches of counting to instructions for each time.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::callgrind::{Stretch, labelled};

/// What was counted: the kind, the name, the object, and its size where that grows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) object: String,
    pub(super) size: u64,
}

impl Counted {
    pub(super) fn new(kind: &str, name: &str, object: &str) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned(), object: object.to_owned(), size: 0 }
    }
}

/// What the script says about a stretch.
#[derive(Debug, Deserialize)]
struct Label {
    kind: String,
    name: String,
    object: String,
    #[serde(default)]
    size: u64,
    turns: u64,
}

/// Instructions for each time, in the script's order, without what the loop takes and the call of a peer that does nothing;
/// of whole calls, without the loop.
pub(super) fn each(labels: &str, stretches: &[Stretch]) -> anyhow::Result<Vec<(Counted, f64)>> {
    let mut counted = Vec::new();
    for (Label { kind, name, object, size, turns }, stretch) in labelled::<Label>(labels, stretches)? {
        ensure!(turns > 0 && stretch.all > 0, "{kind} {name} {object}: nothing was counted");
        counted.push((Counted { kind, name, object, size }, stretch.all as f64 / turns as f64));
    }
    let empty = |kind: &str| {
        let wanted = Counted::new(if ["call", "frame"].contains(&kind) { "call" } else { "peer" }, "", "");
        let found = counted.iter().find(|(of, _)| *of == wanted);
        found.map(|(_, instructions)| *instructions).with_context(|| format!("no empty {kind} was counted"))
    };
    let mut net = Vec::new();
    for (of, instructions) in &counted {
        if !of.name.is_empty() {
            net.push((of.clone(), tenths(instructions - empty(&of.kind)?)));
        }
    }
    ensure!(!net.is_empty(), "nothing was counted");
    Ok(net)
}

/// Those of one kind that do not grow, by their names and objects.
pub(super) fn by_case(counted: &[(Counted, f64)], kind: &str) -> BTreeMap<(String, String), f64> {
    let of_kind = counted.iter().filter(|(of, _)| of.kind == kind && of.size == 0);
    of_kind.map(|(of, instructions)| ((of.name.clone(), of.object.clone()), *instructions)).collect()
}

/// Rounds to tenths: an exporter in Python takes not exactly the same each time.
pub(super) fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &str = r#"{"kind": "peer", "name": "", "object": "", "turns": 200}
{"kind": "peer", "name": "read", "object": "bytes", "turns": 200}
{"kind": "length", "name": "read", "object": "bytes", "size": 1024, "turns": 200}"#;

    fn stretches(taken: &[u64]) -> Vec<Stretch> {
        taken.iter().map(|all| Stretch { all: *all, own: 0 }).collect()
    }

    #[test]
    fn subtracts_what_a_peer_that_does_nothing_takes() {
        let counted = each(LABELS, &stretches(&[2020, 4420, 4421])).expect("all is there");
        let size = |of: &Counted| of.size;
        assert_eq!(
            counted.iter().map(|(of, count)| (size(of), *count)).collect::<Vec<_>>(),
            [(0, 12.0), (1024, 12.0)]
        );
        let cases = by_case(&counted, "peer");
        assert_eq!(cases[&("read".to_owned(), "bytes".to_owned())], 12.0);
        assert_eq!(cases.len(), 1);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        let complaint = |labels: &str, taken: &[u64]| {
            format!("{:#}", each(labels, &stretches(taken)).expect_err("it is not whole"))
        };
        assert!(complaint(LABELS, &[1, 2]).contains("ran 3 stretches, and callgrind counted 2"));
        assert!(complaint(LABELS, &[500, 0, 1]).contains("read bytes: nothing was counted"));
        assert!(complaint("", &[]).contains("nothing was counted"));
        assert!(complaint("Killed", &[]).contains("something else: Killed"));
        let (_, rest) = LABELS.split_once('\n').expect("lines");
        assert!(complaint(rest, &[1, 2]).contains("no empty peer"));
    }
}
