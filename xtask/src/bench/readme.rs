//! The README's section on what things cost, written from the recordings that are kept.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};

use super::plot;
use super::recording::Recording;
use super::report::{self, Emphasis, growth, losses, markdown, ratios};
use super::{RECORDINGS, recordings};

/// Between these lines of the README stands what is written here.
const BEGIN: &str = "<!-- written by `cargo xtask bench --readme` -->";
const END: &str = "<!-- end of what is written -->";

/// Writes the section, and the plot that it shows.
pub(super) fn write(root: &Path) -> anyhow::Result<()> {
    for (path, text) in wanted(root)? {
        let path = root.join(path);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Whether the section and the plots are what the recordings say.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for (path, text) in wanted(root)? {
        let found = fs::read_to_string(root.join(&path)).unwrap_or_default();
        ensure!(found == text, "{path} is not what {RECORDINGS} says; cargo xtask bench --readme writes it");
    }
    Ok(())
}

/// The files, and what should be in them.
fn wanted(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let shown = newest(recordings(root)?);
    let readme = fs::read_to_string(root.join("README.md")).context("cannot read README.md")?;
    let mut files = Vec::new();
    for (name, recording) in &shown {
        if !is_free_threaded(recording) {
            let path = format!("{RECORDINGS}/{}", plot_name(name));
            files.push((path, plot::svg(recording)?));
        }
    }
    files.push(("README.md".to_owned(), replaced(&readme, &section(&shown)?)?));
    Ok(files)
}

/// Of each interpreter the last recording: those of one version and kind, whatever their patch.
fn newest(all: Vec<(String, Recording)>) -> Vec<(String, Recording)> {
    let kind = |recording: &Recording| {
        let minor = recording.interpreter.split('.').nth(1).unwrap_or_default().to_owned();
        (is_free_threaded(recording), minor.parse::<u32>().unwrap_or_default())
    };
    let mut newest = Vec::<(String, Recording)>::new();
    for (name, recording) in all {
        match newest.iter_mut().find(|(_, other)| kind(other) == kind(&recording)) {
            Some(older) if older.1.date <= recording.date => *older = (name, recording),
            Some(_) => {}
            None => newest.push((name, recording)),
        }
    }
    newest.sort_by_key(|(_, recording)| kind(recording));
    newest
}

fn is_free_threaded(recording: &Recording) -> bool {
    recording.interpreter.ends_with('t')
}

fn plot_name(name: &str) -> String {
    name.replace(".json", ".svg")
}

/// The text between the two lines.
fn section(shown: &[(String, Recording)]) -> anyhow::Result<String> {
    let with_lock: Vec<_> = shown.iter().filter(|(_, recording)| !is_free_threaded(recording)).collect();
    let (name, first) = with_lock.first().context("there is no recording")?;
    let mut parts = vec![format!(
        "![Instructions for a pointer and a length on {}]({RECORDINGS}/{})",
        first.interpreter,
        plot_name(name)
    )];
    parts.push(
        "How many times as many instructions others take as ours that does the same (a number below 1, in bold, is a loss of \
         ours; *refuses*: takes no such object; *copies*: gives a copy's address; *crash*: ends the process):"
            .to_owned(),
    );
    for (place, (_, recording)) in with_lock.iter().enumerate() {
        let tables = format!(
            "{}\n\nAs the argument of a function that is called from Python, without what the call itself takes:\n\n{}",
            markdown(ratios(&recording.extraction, Emphasis::Bold), 2),
            markdown(ratios(&recording.calls, Emphasis::Bold), 2)
        );
        // One is enough to look at.
        if place == 0 {
            parts.push(format!("**{}**\n\n{tables}", recording.interpreter));
        } else {
            parts.push(folded(&recording.interpreter, &tables));
        }
    }
    if !first.growth.is_empty() {
        parts.push(folded(
            &format!("What grows, and what does not: instructions by size, {}", first.interpreter),
            &markdown(growth(&first.growth), 2),
        ));
    }
    for (_, recording) in shown.iter().filter(|(_, recording)| !recording.threads.is_empty()) {
        let sentences = report::threads(&recording.threads);
        parts.push(format!(
            "On {}, without the interpreter's lock:\n\n- {}",
            recording.interpreter,
            sentences.join("\n- ")
        ));
    }
    for (_, recording) in &with_lock {
        let summary = report::summary(recording);
        let losses = losses(recording);
        if losses.is_empty() {
            parts.push(format!("{summary}."));
        } else {
            // Those of the table, in one place.
            parts.push(folded(&format!("{summary}; where not"), &format!("- {}", losses.join("\n- "))));
        }
    }
    let mut skipped: Vec<_> = shown
        .iter()
        .flat_map(|(_, recording)| {
            let on = &recording.interpreter;
            recording.skipped.iter().map(move |one| format!("{} took no part on {on}: {}", one.what, one.why))
        })
        .collect();
    skipped.dedup();
    if !skipped.is_empty() {
        parts.push(format!("- {}", skipped.join("\n- ")));
    }
    parts.push(format!("Measured with {}.", report::heading(first)));
    parts.push(format!("What to keep in mind:\n\n- {}", report::BIASES.join("\n- ")));
    Ok(parts.join("\n\n"))
}

fn folded(title: &str, text: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{text}\n\n</details>")
}

/// The README with another section.
fn replaced(readme: &str, section: &str) -> anyhow::Result<String> {
    let (before, rest) =
        readme.split_once(BEGIN).with_context(|| format!("README.md has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("README.md has no line {END}"))?;
    Ok(format!("{before}{BEGIN}\n\n{section}\n\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::super::recording::tests::{recording, row};
    use super::*;

    fn one(date: &str, interpreter: &str) -> (String, Recording) {
        let rows = vec![
            row("bufproto: read", "bytes", "answers", 10.0),
            row("CPython: AsReadBuffer", "bytes", "answers", 5.0),
        ];
        let recording = Recording { date: date.to_owned(), ..recording(interpreter, rows) };
        (recording.file_name(), recording)
    }

    #[test]
    fn the_last_of_each_version_is_shown() {
        let shown = newest(vec![
            one("2026-01-01", "CPython 3.13.0"),
            one("2026-01-01", "CPython 3.13.0t"),
            one("2026-01-01", "CPython 3.9.1"),
            one("2026-02-01", "CPython 3.13.2"),
        ]);
        let names: Vec<_> = shown.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "2026-01-01-cpython-3.9.1.json",
                "2026-02-01-cpython-3.13.2.json",
                "2026-01-01-cpython-3.13.0t.json"
            ]
        );
    }

    #[test]
    fn losses_and_what_was_left_out_are_in_the_section() {
        let section = section(&[one("2026-01-01", "CPython 3.13.0")]).expect("a section");
        for part in ["**0.50**", "where not", "took no part", "a processor", "2026-01-01-cpython-3.13.0.svg"]
        {
            assert!(section.contains(part), "{part}: {section}");
        }
    }

    #[test]
    fn only_the_section_is_replaced() {
        let readme = format!("before\n\n{BEGIN}\nold\n{END}\n\nafter\n");
        let written = replaced(&readme, "new").expect("the lines are there");
        assert_eq!(written, format!("before\n\n{BEGIN}\n\nnew\n\n{END}\n\nafter\n"));
        assert_eq!(replaced(&written, "new").expect("the lines are there"), written);
        assert!(replaced("no lines", "new").is_err());
    }
}
