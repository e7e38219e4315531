//! What the user sees while something is built: one moving line on a terminal, one plain line elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::ProgressBar;

/// Shows on standard error that work goes on, from the first step on: a build with nothing to do stays silent. On a
/// terminal the line disappears when this is dropped.
pub(crate) struct Progress {
    what: String,
    shown: Shown,
}

enum Shown {
    Nothing,
    /// Standard error is a terminal.
    Line(ProgressBar),
    /// It is none, and it was said once what is being done.
    Said,
}

impl Progress {
    pub(crate) fn new(what: String) -> Self {
        Self { what, shown: Shown::Nothing }
    }

    /// Something is really being done: `step` says what.
    pub(crate) fn step(&mut self, step: &str) {
        if let Shown::Nothing = self.shown {
            self.shown = if std::io::stderr().is_terminal() {
                let line = ProgressBar::new_spinner();
                line.enable_steady_tick(Duration::from_millis(120));
                Shown::Line(line)
            } else {
                anstream::eprintln!("{} ...", self.what);
                Shown::Said
            };
        }
        if let Shown::Line(line) = &self.shown {
            line.set_message(format!("{}: {step}", self.what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Line(line) = &self.shown {
            line.finish_and_clear();
        }
    }
}
