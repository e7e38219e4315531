//! The kit finds what is wrong: backends with one fault each break the rule that the fault is about.
// What they do wrong is nothing that Miri would want to see.
#![cfg(not(miri))]

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use bufproto_core::abi::CPython3;
use bufproto_core::legacy::{self, Python2, Python3};
use bufproto_core::request::Access;
use bufproto_core::request::Request;
use bufproto_core::rules::{Family, Refusal, Rule};
use bufproto_core::runtime::{Exporter, Failure, Object, Runtime, StableFailure};
use bufproto_mock::MockRig;
use bufproto_mock::conformance::recipe::{Raised, Recipe};
use bufproto_mock::conformance::rig::{Declined, Event};
use bufproto_mock::conformance::{Rig, SegmentedRig, kit};
use bufproto_mock::{Attached, Token};
use bufproto_mock::{Handle, Object as Owned};
use std::ptr::NonNull;

/// What a mutant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing: the control.
    None,
    /// Releases no view.
    Leaks,
    /// Tells the exporter twice.
    ReleasesTwice,
    /// Asks for more than was asked for.
    ChangesRequest,
    /// Refuses in other words.
    Wording,
    /// Vouches for memory that may change.
    VouchesForAll,
    /// Writes to the outputs before it knows that it will succeed.
    TouchesOutputs,
    /// Reports what the exporter raised where it has to be masked.
    DoesNotMask,
    /// Leaves what the exporter raised where it has to be cleared.
    DoesNotClear,
    /// Clears what was pending.
    LosesPending,
    /// Takes NULL for an object without a buffer.
    AcceptsNull,
    /// Truncates lengths to an `int`.
    Truncates,
    /// Asks the segment counter only after the segment.
    AsksSegmentFirst,
    /// Accepts any number of segments.
    AcceptsSegments,
    /// Has objects that resize under a view.
    Resizes,
    /// Takes any view for a stable read.
    StableForAll,
    /// Begins no stable read, where some are offered, but a view.
    ForgetsStable,
    /// Answers views that are not read-only while there is a stable read.
    AnswersWritable,
    /// Lets owners write while there is a stable read.
    WritesMeanwhile,
    /// Takes a slice for memory of its own.
    ForgetsDomain,
}

struct Mutant {
    mock: MockRig,
    fault: Fault,
}

/// The mock's runtime, with a fault.
#[derive(Clone, Copy)]
struct Faulty<'a>(Attached<'a>, Fault);

// SAFETY: as the mock's own, except where the fault is about that; no test then uses what it is given.
unsafe impl<'a> Runtime for Faulty<'a> {
    type View = CPython3;
    type Raised = Token<'a>;

    fn family(self) -> Family {
        self.0.family()
    }

    fn is_raised(self) -> bool {
        self.1 != Fault::LosesPending && self.0.is_raised()
    }

    fn raise(self, refusal: &Refusal) {
        Runtime::raise(self.0, &self.words(refusal));
    }

    unsafe fn release(self, view: NonNull<CPython3>) {
        if self.1 == Fault::Leaks {
            return;
        }
        // SAFETY: the caller's word. The mock records a release too many, and does no more.
        unsafe {
            let owner = (*view.as_ptr()).header.obj;
            self.0.release(view);
            if self.1 == Fault::ReleasesTwice {
                (*view.as_ptr()).header.obj = owner;
                self.0.release(view);
            }
        }
    }

    fn is_frozen(self, view: &CPython3) -> bool {
        self.1 == Fault::VouchesForAll || self.0.is_frozen(view)
    }
}

impl Faulty<'_> {
    fn words(self, refusal: &Refusal) -> Refusal {
        if self.1 != Fault::Wording {
            return *refusal;
        }
        Refusal { message: Rule::Resize.refusal(self.0.family()).message, ..*refusal }
    }
}

/// The mock's handle, with a fault.
#[derive(Clone, Copy)]
struct FaultyHandle<'a>(Handle<'a>, Fault);

// SAFETY: as the mock's own.
unsafe impl<'a> Object for FaultyHandle<'a> {
    type Runtime = Faulty<'a>;

    fn runtime(self) -> Faulty<'a> {
        Faulty(self.0.runtime(), self.1)
    }

    fn raise(self, refusal: &Refusal) {
        Object::raise(self.0, &self.runtime().words(refusal));
    }
}

// SAFETY: as the mock's own.
unsafe impl<'a> Exporter for FaultyHandle<'a> {
    fn exports(self) -> bool {
        self.0.exports()
    }

    unsafe fn export(self, into: NonNull<CPython3>, request: Request) -> Result<(), Failure<Token<'a>>> {
        let request = if self.1 == Fault::ChangesRequest { request | Request::ND } else { request };
        // SAFETY: the caller's word.
        unsafe {
            self.0.export(into, request)?;
            if self.1 == Fault::AnswersWritable && self.0.is_coordinated() {
                (*into.as_ptr()).header.readonly = 0;
            }
        }
        Ok(())
    }

    unsafe fn export_stable(
        self,
        into: NonNull<CPython3>,
        request: Request,
    ) -> Result<(), StableFailure<Token<'a>>> {
        let offered = self.0.is_coordinated();
        if self.0.exports() && self.1 == if offered { Fault::ForgetsStable } else { Fault::StableForAll } {
            // SAFETY: the caller's word.
            return unsafe { self.0.export(into, request) }
                .map_err(|failure| StableFailure::Refused(failure.into_raised()));
        }
        // SAFETY: the caller's word.
        unsafe { self.0.export_stable(into, request) }
    }
}

impl Rig for Mutant {
    type Owned = Owned;
    type Runtime<'a> = Faulty<'a>;
    type Handle<'a> = FaultyHandle<'a>;

    fn runtime(&self) -> Faulty<'_> {
        Faulty(self.mock.runtime(), self.fault)
    }

    fn make(&self, recipe: &Recipe) -> Result<Owned, Declined> {
        self.mock.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Owned) -> FaultyHandle<'a> {
        FaultyHandle(self.mock.handle(object), self.fault)
    }

    fn type_name(&self, object: &Owned) -> String {
        self.mock.type_name(object)
    }

    fn raise(&self, raised: &Raised) {
        self.mock.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.mock.take_raised()
    }

    fn exports(&self, object: &Owned) -> Result<usize, Declined> {
        self.mock.exports(object)
    }

    fn references(&self, object: &Owned) -> Result<usize, Declined> {
        self.mock.references(object)
    }

    fn is_transcribed(&self, object: &Owned) -> bool {
        self.mock.is_transcribed(object)
    }

    fn take_transcript(&self) -> Vec<Event> {
        self.mock.take_transcript()
    }

    fn resize(&self, object: &Owned, bytes: usize) -> Result<bool, Declined> {
        if self.fault == Fault::Resizes { Ok(true) } else { self.mock.resize(object, bytes) }
    }

    fn write(&self, object: &Owned, offset: usize, byte: u8) -> Result<bool, Declined> {
        let written = self.mock.write(object, offset, byte)?;
        Ok(written || (self.fault == Fault::WritesMeanwhile && self.mock.take_raised().is_some()))
    }

    fn sharing(&self, object: &Owned) -> Result<Owned, Declined> {
        let slice = self.mock.sharing(object)?;
        let forgets = self.fault == Fault::ForgetsDomain;
        Ok(if forgets { Owned::buffer(&slice.content()) } else { slice })
    }

    unsafe fn store(
        &self,
        object: Option<&Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        match (self.fault, object) {
            (Fault::TouchesOutputs, _) if !length.is_null() => {
                // SAFETY: the caller's word, and it is not null.
                unsafe { length.write(0) };
            }
            (Fault::AcceptsNull, None) => return 0,
            (Fault::DoesNotMask, Some(object))
                if access == Access::Write && !buffer.is_null() && !length.is_null() =>
            {
                // SAFETY: the caller's word. Reading does not mask.
                let read = unsafe { self.store(Some(object), Access::Read, buffer, length) };
                if read == -1 {
                    return -1;
                }
            }
            _ => {}
        }
        let object = object.map(|object| self.handle(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python3, _, _>(self.runtime(), object, access, buffer, length) }
    }

    unsafe fn store_int(
        &self,
        object: Option<&Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        if self.fault == Fault::Truncates {
            let mut long = 0;
            // SAFETY: the caller's word, and a local variable.
            let returned = unsafe { self.store(object, access, buffer, &raw mut long) };
            if returned == 0 {
                // SAFETY: the caller's word; the kit passes no null here.
                unsafe { length.write(long as c_int) };
            }
            return returned;
        }
        let object = object.map(|object| self.handle(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python3, _, _>(self.runtime(), object, access, buffer, length) }
    }

    fn check_read_buffer(&self, object: &Owned) -> bool {
        let mut answer = (std::ptr::null_mut(), 0);
        if self.fault == Fault::DoesNotClear && self.handle(object).exports() {
            // SAFETY: local variables. Reading keeps what the exporter raised.
            let read =
                unsafe { self.store(Some(object), Access::Read, &raw mut answer.0, &raw mut answer.1) };
            return read == 0;
        }
        self.mock.check_read_buffer(object)
    }
}

impl SegmentedRig for Mutant {
    type Segmented<'a> = SegmentedHandle<'a>;

    fn segmented<'a>(&'a self, object: &'a Owned) -> SegmentedHandle<'a> {
        SegmentedHandle(self.handle(object))
    }

    unsafe fn store_segments(
        &self,
        object: Option<&Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        let object = object.map(|object| self.segmented(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python2, _, _>(self.runtime(), object, access, buffer, length) }
    }
}

/// The same handle for the old slots.
#[derive(Clone, Copy)]
struct SegmentedHandle<'a>(FaultyHandle<'a>);

// SAFETY: as the mock's own.
unsafe impl<'a> Object for SegmentedHandle<'a> {
    type Runtime = Faulty<'a>;

    fn runtime(self) -> Faulty<'a> {
        self.0.runtime()
    }

    fn raise(self, refusal: &Refusal) {
        Object::raise(self.0, refusal);
    }
}

// SAFETY: as the mock's own.
unsafe impl<'a> bufproto_core::runtime::Segmented for SegmentedHandle<'a> {
    type Segments = FaultySegments<'a>;

    fn segments(self, access: Access) -> Option<FaultySegments<'a>> {
        let segments = bufproto_core::runtime::Segmented::segments(self.0.0, access)?;
        Some(FaultySegments(segments, self.0.1))
    }
}

#[derive(Clone, Copy)]
struct FaultySegments<'a>(bufproto_mock::Witness<'a>, Fault);

// SAFETY: as the mock's own.
unsafe impl<'a> bufproto_core::runtime::Segments for FaultySegments<'a> {
    type Raised = Token<'a>;

    fn count(self) -> isize {
        if self.1 == Fault::AsksSegmentFirst {
            drop(self.0.get(0));
        }
        let count = self.0.count();
        if self.1 == Fault::AcceptsSegments { 1 } else { count }
    }

    fn count_and_total(self) -> (isize, isize) {
        self.0.count_and_total()
    }

    fn get(self, index: isize) -> Result<bufproto_core::span::Span, Token<'a>> {
        self.0.get(index)
    }
}

fn mutant(fault: Fault) -> Mutant {
    Mutant { mock: MockRig::new(Family::CPython3), fault }
}

/// The rules that a backend with this fault breaks include these.
fn breaks(fault: Fault, rules: &[u16]) {
    let report = kit::run(&mutant(fault));
    let failed = report.failed();
    for rule in rules {
        assert!(failed.contains(rule), "{fault:?} must break rule {rule}\n{report}");
    }
    assert!(!report.passed().is_empty(), "{fault:?} must not break everything\n{report}");
}

fn breaks_segments(fault: Fault, rules: &[u16]) {
    let report = kit::run_segments(&mutant(fault));
    for rule in rules {
        assert!(report.failed().contains(rule), "{fault:?} must break rule {rule}\n{report}");
    }
    assert!(!report.passed().is_empty(), "{fault:?} must not break everything\n{report}");
}

#[test]
fn without_a_fault_nothing_is_broken() {
    let report = kit::run(&mutant(Fault::None));
    assert_eq!((report.failed(), report.declined()), (vec![], vec![1613]), "{report}");
    let report = kit::run_segments(&mutant(Fault::None));
    assert_eq!((report.failed(), report.declined()), (vec![], vec![]), "{report}");
}

#[test]
fn a_leak() {
    breaks(Fault::Leaks, &[1311, 1312, 1601, 1611, 1612]);
}

#[test]
fn a_release_too_many() {
    breaks(Fault::ReleasesTwice, &[1312, 1601, 1612]);
}

#[test]
fn a_changed_request() {
    breaks(Fault::ChangesRequest, &[1312, 1401, 1402]);
}

#[test]
fn other_words() {
    breaks(Fault::Wording, &[101, 301, 302, 303, 304]);
    breaks_segments(Fault::Wording, &[101, 201, 202, 203, 204]);
}

#[test]
fn memory_called_frozen() {
    breaks(Fault::VouchesForAll, &[1501]);
}

#[test]
fn outputs_touched() {
    breaks(Fault::TouchesOutputs, &[1302]);
}

#[test]
fn nothing_masked() {
    breaks(Fault::DoesNotMask, &[1304]);
}

#[test]
fn the_indicator_left_set() {
    breaks(Fault::DoesNotClear, &[1305]);
}

#[test]
fn a_pending_exception_lost() {
    breaks(Fault::LosesPending, &[1101]);
    breaks_segments(Fault::LosesPending, &[1101]);
}

#[test]
fn null_accepted() {
    breaks(Fault::AcceptsNull, &[101, 1101]);
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "a length is an `int` here")]
fn a_length_cut() {
    breaks(Fault::Truncates, &[102]);
}

#[test]
fn checks_in_another_order() {
    breaks_segments(Fault::AsksSegmentFirst, &[1203]);
}

#[test]
fn several_segments_accepted() {
    breaks_segments(Fault::AcceptsSegments, &[204]);
}

#[test]
fn memory_resized_under_a_view() {
    breaks(Fault::Resizes, &[602, 1611]);
}

#[test]
fn a_view_taken_for_a_stable_read() {
    breaks(Fault::StableForAll, &[518]);
    breaks(Fault::ForgetsStable, &[605, 606, 607, 1621, 1622]);
}

#[test]
fn a_writer_beside_a_stable_read() {
    breaks(Fault::AnswersWritable, &[1622]);
    breaks(Fault::WritesMeanwhile, &[607, 1624]);
    breaks(Fault::ForgetsDomain, &[1624]);
}

#[test]
fn what_a_report_says() {
    let report = kit::run(&mutant(Fault::VouchesForAll));
    let text = report.to_string();
    assert!(text.contains(" 1501  failed"), "{text}");
    assert!(text.contains("writable bytes: memory that may change is called frozen"), "{text}");
    let tsv = report.to_tsv();
    assert_eq!(tsv.lines().count(), report.rows.len());
    let line =
        tsv.lines().find(|line| line.starts_with("1501\t")).map(|line| line.split('\t').collect::<Vec<_>>());
    assert_eq!(line.map(|fields| (fields[1], fields.len())), Some(("failed", 5)));
}

struct Unannounced<'a>(&'a MockRig, Cell<u16>);

/// A rig that says it declines what it does not.
impl Rig for Unannounced<'_> {
    type Owned = Owned;
    type Runtime<'a>
        = Attached<'a>
    where
        Self: 'a;
    type Handle<'a>
        = Handle<'a>
    where
        Self: 'a;

    fn runtime(&self) -> Attached<'_> {
        self.0.runtime()
    }

    fn make(&self, recipe: &Recipe) -> Result<Owned, Declined> {
        self.0.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Owned) -> Handle<'a> {
        self.0.handle(object)
    }

    fn type_name(&self, object: &Owned) -> String {
        self.0.type_name(object)
    }

    fn raise(&self, raised: &Raised) {
        self.0.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.0.take_raised()
    }

    fn declines(&self, rule: u16) -> bool {
        rule == self.1.get()
    }
}

#[test]
#[should_panic(expected = "announces that it declines, and passes")]
fn declining_needs_a_reason() {
    let mock = MockRig::new(Family::CPython3);
    kit::test(&Unannounced(&mock, Cell::new(301)), kit::laws(), "rule_0301_char_exporter");
}

#[test]
#[should_panic(expected = "declines without announcing it")]
fn declining_is_announced() {
    let mock = MockRig::new(Family::CPython3);
    kit::test(&Unannounced(&mock, Cell::new(0)), kit::laws(), "rule_1312_calls");
}
