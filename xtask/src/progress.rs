//! What the user sees while something is built: one moving line on a terminal, one plain line elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::ProgressBar;

/// Shows on standard error that work goes on. On a terminal the line disappears when this is dropped.
pub(crate) struct Progress {
    what: String,
    /// `None` where standard error is no terminal.
    line: Option<ProgressBar>,
    said: bool,
}

impl Progress {
    pub(crate) fn new(what: String) -> Self {
        let line = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let Some(line) = &line {
            line.set_message(what.clone());
            line.enable_steady_tick(Duration::from_millis(120));
        }
        Self { what, line, said: false }
    }

    /// Something is really being done: `step` says what. Without it nothing is printed where there is no terminal, so
    /// that a build with nothing to do stays silent.
    pub(crate) fn step(&mut self, step: &str) {
        match &self.line {
            Some(line) => line.set_message(format!("{}: {step}", self.what)),
            None if self.said => {}
            None => anstream::eprintln!("{} ...", self.what),
        }
        self.said = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}
