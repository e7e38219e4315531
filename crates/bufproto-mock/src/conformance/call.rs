//! A call of one of the old functions as data, and what it has to come to.

use std::ffi::{c_int, c_void};
use std::ptr;

use bufproto_core::request::Access;
use bufproto_core::rules::{Family, Rule};
use bufproto_core::runtime::Runtime as _;

use super::law::{Fault, expect};
use super::recipe::{Raised, Recipe};
use super::rig::{Call, Declined, Rig, SegmentedRig};

/// One of the four functions.
///
/// ```
/// use bufproto_core::request::Access;
/// use bufproto_mock::conformance::call::{Case, Function};
/// use bufproto_mock::conformance::recipe::Recipe;
///
/// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Read));
/// assert_eq!(case.name, "bytes, As(Read)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `PyObject_AsCharBuffer`, `AsReadBuffer` or `AsWriteBuffer`.
    As(Access),
    /// The same with the length in an `int`.
    AsInt(Access),
    /// `PyObject_CheckReadBuffer`
    Check,
}

impl Function {
    /// The four.
    ///
    /// ```
    /// use bufproto_mock::conformance::call::Function;
    ///
    /// assert_eq!(Function::ALL.last(), Some(&Function::Check));
    /// ```
    pub const ALL: [Self; 4] =
        [Self::As(Access::Char), Self::As(Access::Read), Self::As(Access::Write), Self::Check];
}

/// Which argument is NULL.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("nothing", Recipe::opaque(), Function::As(Access::Read))
///     .null(Null::Object)
///     .refused(Rule::NullArgument);
/// case.check(&rig, &Functions::views(), &[Aspect::Answer, Aspect::Outputs, Aspect::Indicator]).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// None of them.
    Nothing,
    /// The object.
    Object,
    /// The place for the pointer.
    Buffer,
    /// The place for the length.
    Length,
}

/// What a call is looked at for.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Read))
///     .answers(Answer::Length(2));
/// assert!(case.check(&rig, &Functions::views(), &[Aspect::Balance]).is_ok());
/// assert!(case.check(&rig, &Functions::views(), &[Aspect::Answer]).is_err(), "there are three");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What it returns, and the memory that it hands out.
    Answer,
    /// That it leaves the outputs alone when it fails.
    Outputs,
    /// The error indicator afterwards.
    Indicator,
    /// That as many views and references exist as before.
    Balance,
    /// Which slots of the object it calls, in which order.
    Calls,
}

/// A call, and what it has to come to.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Write))
///     .pending(&Raised::new("ValueError", "before"))
///     .refused(Rule::WriteExporter);
/// case.check(&rig, &Functions::views(), &[Aspect::Indicator]).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What messages call it.
    pub name: String,
    /// The object that it is about.
    pub object: Recipe,
    /// The function.
    pub function: Function,
    /// Which argument is NULL.
    pub null: Null,
    /// What the error indicator holds before.
    pub pending: Option<Raised>,
    /// Whether PyPy does something else, which nobody relies on.
    pub cpython_only: bool,
    /// What it has to answer.
    pub answer: Answer,
    /// What the error indicator has to hold afterwards.
    pub indicator: Indicator,
    /// The slots that it has to call.
    pub calls: Vec<Call>,
}

/// What a call has to answer.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Read))
///     .answers(Answer::Bytes(b"abc".to_vec()));
/// case.check(&rig, &Functions::views(), &[Aspect::Answer]).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// −1, or 0 for the function that checks.
    No,
    /// 1, for the function that checks.
    Yes,
    /// 0, and memory with these bytes.
    Bytes(Vec<u8>),
    /// 0, and any pointer with this length in bytes.
    Length(isize),
    /// 0, and a null pointer with this length in bytes.
    Null(isize),
}

/// What the error indicator has to hold.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("a number", Recipe::opaque(), Function::As(Access::Read));
/// let case = Case { indicator: Indicator::Refusal(Rule::ReadExporter), ..case };
/// case.check(&rig, &Functions::views(), &[Aspect::Indicator]).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indicator {
    /// Nothing.
    Clear,
    /// What is raised by the object, or was pending before.
    Holds(Raised),
    /// The refusal of a rule, in the interpreter's words.
    Refusal(Rule),
}

/// The four functions of a dialect, on backends of the type `R`.
///
/// ```
/// # use bufproto_core::request::Access;
/// # use bufproto_core::rules::{Family, Rule};
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
/// # use bufproto_mock::conformance::law::Fault;
/// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
/// # use bufproto_mock::conformance::rig::Call;
/// let rig = MockRig::new(Family::CPython3);
/// let case = Case::new("slots", Recipe::char_only(b"abc"), Function::As(Access::Char));
/// let found = case.clone().answers(Answer::Length(3));
/// found.check(&rig, &Functions::segments(), &[Aspect::Answer]).unwrap();
/// case.answers(Answer::No).check(&rig, &Functions::views(), &[Aspect::Answer]).unwrap();
/// ```
pub struct Functions<R: Rig> {
    store: unsafe fn(&R, Option<&R::Owned>, Access, *mut *mut c_void, *mut isize) -> c_int,
    store_int: unsafe fn(&R, Option<&R::Owned>, Access, *mut *mut c_void, *mut c_int) -> c_int,
    check: fn(&R, &R::Owned) -> bool,
}

impl<R: Rig> Functions<R> {
    /// Those of the 3.x dialect.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check);
    /// case.check(&rig, &Functions::views(), &[Aspect::Answer]).unwrap();
    /// ```
    #[must_use]
    pub fn views() -> Self {
        Self { store: R::store, store_int: R::store_int, check: R::check_read_buffer }
    }

    /// Those of the 2.x dialect.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check);
    /// case.check(&rig, &Functions::segments(), &[Aspect::Answer]).unwrap();
    /// ```
    #[must_use]
    pub fn segments() -> Self
    where
        R: SegmentedRig,
    {
        Self { store: R::store_segments, store_int: R::store_segments_int, check: R::check_segments }
    }
}

/// What the outputs hold before a call; no call answers this.
const UNTOUCHED: (*mut c_void, isize) = (ptr::without_provenance_mut(0x51), -0x51);

/// What a call did.
struct Observed {
    returned: c_int,
    outputs: (*mut c_void, isize),
    indicator: Option<Raised>,
    exports: [Result<usize, Declined>; 2],
    references: [Result<usize, Declined>; 2],
    calls: Result<Vec<Call>, Declined>,
}

impl Case {
    /// A call that succeeds with nothing pending.
    ///
    /// ```
    /// use bufproto_mock::conformance::call::{Answer, Case, Function, Indicator};
    /// use bufproto_mock::conformance::recipe::Recipe;
    ///
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check);
    /// assert_eq!((case.answer, case.indicator), (Answer::Yes, Indicator::Clear));
    /// ```
    #[must_use]
    pub fn new(name: &str, object: Recipe, function: Function) -> Self {
        Self {
            name: format!("{name}, {function:?}"),
            object,
            function,
            null: Null::Nothing,
            pending: None,
            cpython_only: false,
            answer: if function == Function::Check { Answer::Yes } else { Answer::No },
            indicator: Indicator::Clear,
            calls: Vec::new(),
        }
    }

    /// The same call, with another answer.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Char));
    /// case.answers(Answer::Length(3)).check(&rig, &Functions::views(), &[Aspect::Answer]).unwrap();
    /// ```
    #[must_use]
    pub fn answers(self, answer: Answer) -> Self {
        let answer =
            if self.function == Function::Check && answer != Answer::No { Answer::Yes } else { answer };
        Self { answer, ..self }
    }

    /// The same call, failing by a rule.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Write));
    /// let case = case.refused(Rule::WriteExporter);
    /// case.check(&rig, &Functions::views(), &[Aspect::Answer, Aspect::Indicator]).unwrap();
    /// ```
    #[must_use]
    pub fn refused(self, rule: Rule) -> Self {
        Self { answer: Answer::No, indicator: Indicator::Refusal(rule), ..self }
    }

    /// The same call, leaving this in the error indicator.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let no = Raised::new("ValueError", "no");
    /// let object = Recipe::scripted(recipe::Answer::refusal(no.clone()));
    /// let case = Case::new("refuses", object, Function::As(Access::Read)).leaves(&no);
    /// case.check(&rig, &Functions::views(), &[Aspect::Indicator]).unwrap();
    /// ```
    #[must_use]
    pub fn leaves(self, raised: &Raised) -> Self {
        Self { indicator: Indicator::Holds(raised.clone()), ..self }
    }

    /// The same call, leaving nothing in the error indicator.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = Recipe::scripted(recipe::Answer::refusal(Raised::new("ValueError", "no")));
    /// let case = Case::new("refuses", object, Function::Check).answers(Answer::No).leaves_nothing();
    /// case.check(&rig, &Functions::views(), &[Aspect::Answer, Aspect::Indicator]).unwrap();
    /// ```
    #[must_use]
    pub fn leaves_nothing(self) -> Self {
        Self { indicator: Indicator::Clear, ..self }
    }

    /// The same call, made with this pending.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let before = Raised::new("ValueError", "before");
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Read));
    /// let case = case.answers(Answer::Length(3)).pending(&before).leaves(&before);
    /// case.check(&rig, &Functions::views(), &[Aspect::Answer, Aspect::Indicator]).unwrap();
    /// ```
    #[must_use]
    pub fn pending(self, raised: &Raised) -> Self {
        Self {
            name: format!("{}, {} pending", self.name, raised.exception),
            pending: Some(raised.clone()),
            ..self
        }
    }

    /// The same call, which has to call these slots.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check);
    /// let case = case.calling(&[Call::Count]);
    /// case.check(&rig, &Functions::segments(), &[Aspect::Calls]).unwrap();
    /// ```
    #[must_use]
    pub fn calling(self, calls: &[Call]) -> Self {
        Self { calls: calls.to_vec(), ..self }
    }

    /// The same call, with an argument NULL.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::As(Access::Read));
    /// let case = case.null(Null::Length).refused(Rule::NullArgument);
    /// case.check(&rig, &Functions::views(), &[Aspect::Indicator]).unwrap();
    /// ```
    #[must_use]
    pub fn null(self, null: Null) -> Self {
        Self { name: format!("{}, NULL {null:?}", self.name), null, ..self }
    }

    /// The same call, where PyPy does something else.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check).cpython_only();
    /// let pypy = MockRig::new(Family::PyPy3);
    /// assert!(case.check(&rig, &Functions::views(), &[Aspect::Answer]).is_ok());
    /// let declined = case.check(&pypy, &Functions::views(), &[Aspect::Answer]);
    /// assert!(matches!(declined, Err(Fault::Declined(_))));
    /// ```
    #[must_use]
    pub fn cpython_only(self) -> Self {
        Self { cpython_only: true, ..self }
    }

    /// Makes the call on a backend, and looks at these aspects of it.
    ///
    /// ```
    /// # use bufproto_core::request::Access;
    /// # use bufproto_core::rules::{Family, Rule};
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::call::{Answer, Aspect, Case, Function, Functions, Indicator, Null};
    /// # use bufproto_mock::conformance::law::Fault;
    /// # use bufproto_mock::conformance::recipe::{self, Raised, Recipe};
    /// # use bufproto_mock::conformance::rig::Call;
    /// let rig = MockRig::new(Family::CPython3);
    /// let case = Case::new("bytes", Recipe::frozen(b"abc"), Function::Check).answers(Answer::No);
    /// let broken = case.check(&rig, &Functions::views(), &[Aspect::Answer]).unwrap_err();
    /// assert_eq!(broken, Fault::Broken("the return value: expected 0, found 1".to_owned()));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Fault`] if the backend declines, or what happens is not what has to.
    pub fn check<R: Rig>(&self, rig: &R, functions: &Functions<R>, aspects: &[Aspect]) -> Result<(), Fault> {
        let family = rig.runtime().family();
        if self.cpython_only && matches!(family, Family::PyPy2 | Family::PyPy3) {
            return Err(Declined::because("PyPy does something else here").into());
        }
        if self.pending.is_some() {
            rig.accepts_pending()?;
        }
        let object = rig.make(&self.object)?;
        let seen = self.observe(rig, functions, &object);
        for aspect in aspects {
            match aspect {
                Aspect::Answer => self.check_answer(&seen)?,
                Aspect::Outputs => {
                    if self.answer == Answer::No && self.function != Function::Check {
                        expect("the outputs", &seen.outputs, &UNTOUCHED)?;
                    }
                }
                Aspect::Indicator => {
                    let expected = match &self.indicator {
                        Indicator::Clear => None,
                        Indicator::Holds(raised) => Some(raised.clone()),
                        Indicator::Refusal(rule) => Some(wording(*rule, family, &rig.type_name(&object))),
                    };
                    expect("the error indicator", &seen.indicator, &expected)?;
                }
                Aspect::Balance => {
                    let balances = [("views", &seen.exports), ("references", &seen.references)];
                    let mut declined = None;
                    let mut known = false;
                    for (what, [before, after]) in balances {
                        match (before, after) {
                            (Ok(before), Ok(after)) => {
                                known = true;
                                expect(&format!("{what} that exist after the call"), after, before)?;
                            }
                            (Err(reason), _) | (_, Err(reason)) => declined = Some(reason.clone()),
                        }
                    }
                    if let (false, Some(reason)) = (known, declined) {
                        return Err(reason.into());
                    }
                }
                Aspect::Calls => {
                    expect("the slots called", seen.calls.as_ref().map_err(Clone::clone)?, &self.calls)?
                }
            }
        }
        Ok(())
    }

    fn observe<R: Rig>(&self, rig: &R, functions: &Functions<R>, object: &R::Owned) -> Observed {
        let (exports, references) = (rig.exports(object), rig.references(object));
        drop(rig.take_transcript());
        drop(rig.take_raised());
        if let Some(pending) = &self.pending {
            rig.raise(pending);
        }
        let (mut pointer, mut length) = UNTOUCHED;
        let mut int = UNTOUCHED.1 as c_int;
        let argument = (self.null != Null::Object).then_some(object);
        let buffer = if self.null == Null::Buffer { ptr::null_mut() } else { &raw mut pointer };
        let place = if self.null == Null::Length { ptr::null_mut() } else { &raw mut length };
        let int_place = if self.null == Null::Length { ptr::null_mut() } else { &raw mut int };
        let returned = match self.function {
            // SAFETY: the places are null or local variables.
            Function::As(access) => unsafe { (functions.store)(rig, argument, access, buffer, place) },
            // SAFETY: as above.
            Function::AsInt(access) => unsafe {
                (functions.store_int)(rig, argument, access, buffer, int_place)
            },
            Function::Check => c_int::from((functions.check)(rig, object)),
        };
        if matches!(self.function, Function::AsInt(_)) {
            length = isize::try_from(int).unwrap_or(UNTOUCHED.1);
        }
        // In this order: finding out the number of exports may clear the indicator or call the object.
        let indicator = rig.take_raised();
        let transcript = rig.take_transcript();
        let calls = if rig.is_transcribed(object) {
            Ok(transcript.into_iter().map(|event| event.call).collect())
        } else {
            Err(Declined::because("this backend keeps no transcript of such an object"))
        };
        Observed {
            returned,
            outputs: (pointer, length),
            indicator,
            exports: [exports, rig.exports(object)],
            references: [references, rig.references(object)],
            calls,
        }
    }

    fn check_answer(&self, seen: &Observed) -> Result<(), Fault> {
        let returned = match (&self.answer, self.function) {
            (Answer::No, Function::Check) => 0,
            (Answer::No, _) => -1,
            (Answer::Yes, _) => 1,
            _ => 0,
        };
        expect("the return value", &seen.returned, &returned)?;
        let (pointer, length) = seen.outputs;
        match &self.answer {
            Answer::No | Answer::Yes => Ok(()),
            Answer::Length(expected) => expect("the length", &length, expected),
            Answer::Null(expected) => {
                expect("the pointer and the length", &(pointer.is_null(), length), &(true, *expected))
            }
            Answer::Bytes(expected) => {
                expect("the length", &length, &expected.len().cast_signed())?;
                if expected.is_empty() {
                    return Ok(());
                }
                expect("whether the pointer is null", &pointer.is_null(), &false)?;
                // SAFETY: the object, which is still referred to, has just said that so many bytes are there;
                // nothing that could move them has run since.
                let found =
                    (0..expected.len()).map(|index| unsafe { pointer.cast::<u8>().add(index).read() });
                expect("the bytes", &found.collect(), expected)
            }
        }
    }
}

/// The words in which an interpreter refuses what breaks a rule.
pub(crate) fn wording(rule: Rule, family: Family, type_name: &str) -> Raised {
    let refusal = rule.refusal(family);
    Raised::new(refusal.exception.name(), refusal.message.with_type_name(type_name).to_string())
}
