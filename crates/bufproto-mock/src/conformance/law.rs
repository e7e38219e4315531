//! What a rule of the kit is, and what checking one can come to.

use std::fmt;

use super::call::{Aspect, Case, Functions};
use super::rig::{Declined, Rig};

/// A rule, as the kit checks it on backends of the type `R`.
///
/// Numbers below 1000 are those of [`bufproto_core::rules::Rule`]: when a call is refused, and in which words.
/// Those from 1000 on are the kit's own, about procedure; the hundreds mean the same in both.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::kit::laws;
/// use bufproto_mock::conformance::law::Verdict;
///
/// let rig = MockRig::new(Family::CPython3);
/// let law = laws().into_iter().find(|law| law.number == 602).unwrap();
/// assert!(matches!(law.check(&rig), Verdict::Passed { .. }), "{}", law.statement);
/// ```
pub struct Law<R: Rig> {
    /// The number, stable for ever.
    pub number: u16,
    /// The name of the test that [`suite!`](crate::suite) makes of it.
    pub name: &'static str,
    /// What has to be so.
    pub statement: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// How it is checked.
    pub check: Check<R>,
}

/// How a rule is checked.
///
/// ```
/// use bufproto_core::rules::Family;
/// use bufproto_mock::MockRig;
/// use bufproto_mock::conformance::Rig;
/// use bufproto_mock::conformance::law::{Check, Law};
/// use bufproto_mock::conformance::recipe::Recipe;
///
/// // A rule of your own.
/// let law = Law::<MockRig> {
///     number: 9000,
///     name: "rule_9000_empty_bytes",
///     statement: "bytes without a byte can be made",
///     source: "the language reference",
///     check: Check::Procedure(|rig, trial| {
///         trial.case("no bytes", || Ok(rig.make(&Recipe::frozen(b"")).map(drop)?));
///     }),
/// };
/// law.check(&MockRig::new(Family::CPython3));
/// ```
pub enum Check<R: Rig> {
    /// By calling the old functions.
    Calls {
        /// Those of which dialect.
        functions: Functions<R>,
        /// What is looked at.
        aspects: &'static [Aspect],
        /// The calls.
        cases: fn() -> Vec<Case>,
    },
    /// By a procedure of its own.
    Procedure(fn(&R, &mut Trial)),
}

impl<R: Rig> Law<R> {
    /// Checks the rule.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_mock::MockRig;
    /// use bufproto_mock::conformance::{kit, law::Verdict};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// assert!(kit::laws().iter().all(|law| !matches!(law.check(&rig), Verdict::Failed(_))));
    /// ```
    pub fn check(&self, rig: &R) -> Verdict {
        let mut trial = Trial::default();
        match &self.check {
            Check::Calls { functions, aspects, cases } => {
                for case in cases() {
                    trial.case(&case.name, || case.check(rig, functions, aspects));
                }
            }
            Check::Procedure(procedure) => procedure(rig, &mut trial),
        }
        // What a case left behind is not the next rule's business.
        drop(rig.take_raised());
        drop(rig.take_transcript());
        trial.verdict()
    }
}

/// The cases of one rule, as they are checked.
///
/// ```
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::law::{Check, Fault, Law, Verdict};
/// # use bufproto_mock::conformance::rig::Declined;
/// # let (number, name, statement, source) = (9000, "", "", "");
/// let check = Check::<MockRig>::Procedure(|_rig, trial| {
///     trial.case("one", || Ok(()));
///     trial.case("two", || Err(Declined::because("there are no means").into()));
/// });
/// # let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
/// let verdict = Law { number, name, statement, source, check }.check(&rig);
/// assert_eq!(verdict, Verdict::Passed { cases: 1, declined: vec!["two: there are no means".to_owned()] });
/// ```
#[derive(Debug, Default)]
pub struct Trial {
    passed: usize,
    declined: Vec<String>,
    failed: Vec<String>,
}

/// Why a case did not pass.
///
/// ```
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::law::{Check, Fault, Law, Verdict};
/// # use bufproto_mock::conformance::rig::Declined;
/// # let (number, name, statement, source) = (9000, "", "", "");
/// let check = Check::<MockRig>::Procedure(|_rig, trial| {
///     trial.case("one", || Ok(()));
///     trial.case("two", || Err(Fault::Broken("it was not so".to_owned())));
/// });
/// # let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
/// let verdict = Law { number, name, statement, source, check }.check(&rig);
/// assert_eq!(verdict, Verdict::Failed(vec!["two: it was not so".to_owned()]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The backend could not be asked.
    Declined(Declined),
    /// What was expected, and what happened instead.
    Broken(String),
}

impl From<Declined> for Fault {
    fn from(declined: Declined) -> Self {
        Self::Declined(declined)
    }
}

impl Trial {
    /// Checks one case.
    ///
    /// ```
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::law::{Check, Fault, Law, Verdict};
    /// # use bufproto_mock::conformance::rig::Declined;
    /// # let (number, name, statement, source) = (9000, "", "", "");
    /// let check = Check::<MockRig>::Procedure(|_rig, trial| {
    ///     for number in [1, 2, 3] {
    ///         trial.case(&format!("number {number}"), || Ok(()));
    ///     }
    /// });
    /// # let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
    /// let verdict = Law { number, name, statement, source, check }.check(&rig);
    /// assert_eq!(verdict, Verdict::Passed { cases: 3, declined: vec![] });
    /// ```
    pub fn case(&mut self, name: &str, check: impl FnOnce() -> Result<(), Fault>) {
        match check() {
            Ok(()) => self.passed += 1,
            Err(Fault::Declined(Declined(reason))) => self.declined.push(format!("{name}: {reason}")),
            Err(Fault::Broken(what)) => self.failed.push(format!("{name}: {what}")),
        }
    }

    fn verdict(self) -> Verdict {
        match self {
            Self { failed, .. } if !failed.is_empty() => Verdict::Failed(failed),
            Self { passed: 0, declined, .. } => Verdict::Declined(declined),
            Self { passed, declined, .. } => Verdict::Passed { cases: passed, declined },
        }
    }
}

/// Compares, and says what was expected if that is not what there is.
pub(crate) fn expect<T: PartialEq + fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), Fault> {
    if found == expected {
        return Ok(());
    }
    Err(Fault::Broken(format!("{what}: expected {expected:?}, found {found:?}")))
}

/// What checking a rule came to.
///
/// ```
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::law::{Check, Fault, Law, Verdict};
/// # use bufproto_mock::conformance::rig::Declined;
/// # let (number, name, statement, source) = (9000, "", "", "");
/// let check = Check::<MockRig>::Procedure(|_rig, trial| {
///     trial.case("one", || Err(Declined::because("there are no means").into()));
/// });
/// # let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
/// let verdict = Law { number, name, statement, source, check }.check(&rig);
/// assert_eq!(verdict, Verdict::Declined(vec!["one: there are no means".to_owned()]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The backend keeps the rule.
    Passed {
        /// In how many cases.
        cases: usize,
        /// The cases that it declined, with the reasons.
        declined: Vec<String>,
    },
    /// The backend could be asked in no case, for these reasons.
    Declined(Vec<String>),
    /// The backend breaks the rule, in these cases.
    Failed(Vec<String>),
}
