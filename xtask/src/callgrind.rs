//! What callgrind writes down: a part of its file for each stretch of counting.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::de::DeserializeOwned;

/// The function that callgrind counts in.
const COUNTED: &str = "bufproto_counted";

/// What one stretch took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// All instructions.
    pub(crate) all: u64,
    /// Those in the extension itself.
    pub(crate) own: u64,
}

/// A program under callgrind, which writes a part to the file whenever the counted function returns.
pub(crate) fn callgrind(program: &Path, file: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--combine-dumps=yes", "--dump-line=no"])
        // Names and positions in full, so that no line depends on those before it.
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program);
    command
}

/// The stretches, in order. The extension is the object file of the given name.
pub(crate) fn stretches(text: &str, extension: &str) -> anyhow::Result<Vec<Stretch>> {
    let mut stretches = Vec::new();
    for part in text.split("\npart:").skip(1) {
        // The last part is what came after the last stretch.
        if part.contains(&format!("\ndesc: Trigger: --dump-after={COUNTED}\n")) {
            stretches.push(stretch(part, extension)?);
        }
    }
    Ok(stretches)
}

/// The stretches, each with what the program that ran them says of it: a line of JSON.
pub(crate) fn labelled<Label: DeserializeOwned>(
    labels: &str,
    stretches: &[Stretch],
) -> anyhow::Result<Vec<(Label, Stretch)>> {
    let labels = labels
        .lines()
        .map(|line| {
            serde_json::from_str(line).with_context(|| format!("the script says something else: {line}"))
        })
        .collect::<anyhow::Result<Vec<Label>>>()?;
    ensure!(
        labels.len() == stretches.len(),
        "the script ran {} stretches, and callgrind counted {}",
        labels.len(),
        stretches.len()
    );
    Ok(labels.into_iter().zip(stretches.iter().copied()).collect())
}

fn stretch(part: &str, extension: &str) -> anyhow::Result<Stretch> {
    let mut stretch = Stretch { all: 0, own: 0 };
    let (mut in_extension, mut of_called, mut total) = (false, false, None);
    for line in part.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            in_extension = Path::new(object).file_name().is_some_and(|name| name == extension);
        } else if let Some(events) = line.strip_prefix("events:") {
            ensure!(events.trim() == "Ir", "callgrind counts {events}, not instructions alone");
        } else if let Some(number) = line.strip_prefix("totals:") {
            total = Some(number.trim().parse::<u64>().with_context(|| format!("no number: {line}"))?);
        } else if line.starts_with("calls=") {
            // The next line is what the called function took, which stands with that function too.
            of_called = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) && line.contains(' ') {
            let number = line.rsplit(' ').next().unwrap_or_default();
            if !std::mem::take(&mut of_called) {
                let taken = number.parse::<u64>().with_context(|| format!("no number: {line}"))?;
                stretch.all += taken;
                stretch.own += if in_extension { taken } else { 0 };
            }
        }
    }
    ensure!(
        total == Some(stretch.all),
        "callgrind's file is not understood: {} instructions read, {total:?} said",
        stretch.all
    );
    Ok(stretch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# callgrind format
version: 1
pid: 7
cmd:  python count.py
part: 1


desc: I1 cache: 
desc: Timerange: Basic block 0 - 195
desc: Trigger: --dump-after=bufproto_counted

positions: line
events: Ir
summary: 120


ob=/lib/libpython3.12.so.1.0
fl=???
fn=main
cob=/here/counting.so
cfi=???
cfn=count
calls=1 0 
0 120

fn=PyBuffer_Release
0 30

ob=/here/counting.so
fl=???
fn=reading_many
0 50
cob=/lib/libpython3.12.so.1.0
cfi=???
cfn=PyBuffer_Release
calls=4 0 
0 30
0 40

totals: 120

part: 2

desc: Trigger: --dump-after=bufproto_counted

events: Ir
ob=/here/counting.so
fn=reading_many
0 9

totals: 9

part: 3

desc: Trigger: Program termination

events: Ir

totals: 0
";

    #[test]
    fn reads_each_stretch_and_what_is_our_own() {
        let read = stretches(FILE, "counting.so").expect("it is understood");
        assert_eq!(read, [Stretch { all: 120, own: 90 }, Stretch { all: 9, own: 9 }]);
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let error = stretches(&FILE.replace("0 40\n", "0 41\n"), "counting.so").expect_err("a wrong sum");
        assert!(error.to_string().contains("121 instructions read, Some(120) said"), "{error}");
        assert!(stretches(&FILE.replace("totals: 9", ""), "counting.so").is_err());
        assert!(stretches(&FILE.replace("events: Ir", "events: Ir Bc"), "counting.so").is_err());
    }

    #[test]
    fn nothing_counted_is_no_stretch() {
        assert_eq!(stretches("", "counting.so").expect("nothing"), []);
    }
}
