//! By how many bytes an extension grows that takes the four functions from us.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::command::finish;

/// What else an extension takes from us beside the four functions: a name, what `footprint.c` calls it, and by how many bytes
/// the extension may grow.
pub(super) const PARTS: [(&str, &str, Option<u64>); 3] = [
    ("functions", "FUNCTIONS", Some(1024)),
    ("functions and scopes", "SCOPES", None),
    ("functions and copies", "COPIES", Some(16 * 1024)),
];

/// What an extension takes from us, and its bytes.
pub(super) type Footprints = BTreeMap<String, Footprint>;

/// The target of a part.
pub(super) fn target(part: &str) -> Option<u64> {
    PARTS.iter().find(|(name, ..)| *name == part).and_then(|(.., target)| *target)
}

/// The loaded bytes of one extension, built with ours and without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Footprint {
    pub(super) ours: u64,
    pub(super) theirs: u64,
}

impl Footprint {
    /// By how much ours is larger.
    pub(super) fn growth(&self) -> u64 {
        self.ours.saturating_sub(self.theirs)
    }
}

/// The bytes of a stripped library that are loaded: code, constants, data and what the loader needs.
pub(super) fn loaded_bytes(library: &Path) -> anyhow::Result<u64> {
    sum(&finish(Command::new("size").arg("-A").arg(library))?)
}

/// The sum of the sections that have an address: the others are not loaded.
fn sum(sections: &str) -> anyhow::Result<u64> {
    let mut sum = 0;
    for line in sections.lines() {
        let words = line.split_whitespace().collect::<Vec<_>>();
        let [name, size, address] = words.as_slice() else { continue };
        if !name.starts_with('.') || *address == "0" {
            continue;
        }
        sum += size.parse::<u64>().with_context(|| format!("no size: {line}"))?;
    }
    ensure!(sum > 0, "size lists no section");
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: &str = "\
/here/with space/footprint.so  :
section              size    addr
.note.gnu.property     32     680
.text                 400    4192
.rodata                19    8192
.bss                    8   16480
.comment               45       0
Total                 504


";

    #[test]
    fn sums_what_is_loaded() {
        assert_eq!(sum(SECTIONS).expect("sections"), 459);
        assert!(sum("").is_err());
        assert!(sum(".text  many  4192").is_err());
    }

    #[test]
    fn growth_is_the_difference() {
        assert_eq!(Footprint { ours: 1500, theirs: 1000 }.growth(), 500);
        assert_eq!(Footprint { ours: 900, theirs: 1000 }.growth(), 0);
    }
}
