//! What a run of the kit found.

use std::fmt;

use super::law::Verdict;

/// What a run of the kit found, rule by rule.
///
/// Printed, it is a table with a line for each rule, and the reasons below those that did not pass.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit;
///
/// let report = kit::run(&MockRig::new(Family::CPython3));
/// assert!(report.to_string().ends_with(&format!("{} passed, 0 declined, 0 failed\n", report.rows.len())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The rules, in the order of their groups.
    pub rows: Vec<Row>,
}

/// What was found about one rule.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit;
///
/// let report = kit::run(&MockRig::new(Family::CPython3));
/// let row = &report.rows[0];
/// assert_eq!((row.number, row.name), (101, "rule_0101_null_argument"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The rule's number.
    pub number: u16,
    /// The name of its test.
    pub name: &'static str,
    /// What has to be so.
    pub statement: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// What it came to.
    pub verdict: Verdict,
}

impl Report {
    /// The numbers of the rules that the backend breaks.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::kit;
    ///
    /// let report = kit::run(&MockRig::new(Family::CPython3));
    /// assert_eq!(report.failed(), [0; 0]);
    /// ```
    #[must_use]
    pub fn failed(&self) -> Vec<u16> {
        self.numbers(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// The numbers of the rules that it keeps.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::kit;
    ///
    /// let report = kit::run(&MockRig::new(Family::CPython3));
    /// assert!(report.passed().contains(&602));
    /// ```
    #[must_use]
    pub fn passed(&self) -> Vec<u16> {
        self.numbers(|verdict| matches!(verdict, Verdict::Passed { .. }))
    }

    /// The numbers of the rules that it could not be asked about.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::kit;
    ///
    /// let report = kit::run(&MockRig::new(Family::CPython3));
    /// assert_eq!(report.declined(), [0; 0], "the mock can be asked about everything");
    /// ```
    #[must_use]
    pub fn declined(&self) -> Vec<u16> {
        self.numbers(|verdict| matches!(verdict, Verdict::Declined(_)))
    }

    /// The report as tab-separated lines: number, `passed`, `declined` or `failed`, the number of cases that
    /// passed, the statement, the details joined by `; `. Tabs and line ends in details become spaces.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::kit;
    ///
    /// let report = kit::run(&MockRig::new(Family::CPython3));
    /// let tsv = report.to_tsv();
    /// assert!(tsv.lines().next().unwrap().starts_with("101\tpassed\t"));
    /// ```
    #[must_use]
    pub fn to_tsv(&self) -> String {
        let lines = self.rows.iter().map(|row| {
            let (word, cases, details) = row.parts();
            let details = details.join("; ").replace(['\t', '\n', '\r'], " ");
            format!("{}\t{word}\t{cases}\t{}\t{details}\n", row.number, row.statement)
        });
        lines.collect()
    }

    fn numbers(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<u16> {
        self.rows.iter().filter(|row| wanted(&row.verdict)).map(|row| row.number).collect()
    }
}

impl Row {
    /// The verdict as a word, the number of cases that passed, and the details.
    fn parts(&self) -> (&'static str, usize, &[String]) {
        match &self.verdict {
            Verdict::Passed { cases, declined } => ("passed", *cases, declined),
            Verdict::Declined(reasons) => ("declined", 0, reasons),
            Verdict::Failed(details) => ("failed", 0, details),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, cases, details) = self.parts();
        write!(formatter, "{:>5}  {word:<8}  {cases:>5}  {}", self.number, self.statement)?;
        if matches!(self.verdict, Verdict::Failed(_)) {
            write!(formatter, " ({})", self.source)?;
        }
        let partly = if word == "passed" { "declined: " } else { "" };
        for detail in details {
            write!(formatter, "\n       {partly}{detail}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, " rule  verdict   cases  statement")?;
        for row in &self.rows {
            writeln!(formatter, "{row}")?;
        }
        let (passed, declined, failed) = (self.passed().len(), self.declined().len(), self.failed().len());
        writeln!(formatter, "{passed} passed, {declined} declined, {failed} failed")
    }
}
