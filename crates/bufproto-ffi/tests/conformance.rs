//! The C face keeps every rule of the kit: its functions are called as C calls them, by a host whose objects are the
//! mock's.

mod host;

use std::ffi::{c_int, c_void};
use std::ptr;

use bufproto_core::request::Access;
use bufproto_core::rules::Family;
use bufproto_ffi::{GetBuffer, Interpreter, PyObject};
use bufproto_mock::conformance::recipe::Recipe;
use bufproto_mock::conformance::rig::{Declined, Event, Rig, SegmentedRig};
use bufproto_mock::{Attached, Handle, Object, Raised, model, strategy};
use proptest::prelude::*;
use proptest::sample::select;

use host::Host;

/// The mock's objects, reached through C.
struct CRig(Host);

impl CRig {
    fn new(family: Family) -> Self {
        Self(Host::new(family))
    }

    /// Calls the library, attached, with the table and an object as C passes it.
    fn call<T>(
        &self,
        object: Option<&Object>,
        function: impl FnOnce(&Interpreter, *mut PyObject, GetBuffer) -> T,
    ) -> T {
        self.0.attached(|table| {
            let (pointer, slot) = object.map_or((ptr::null_mut(), None), |object| self.0.pass(object));
            function(table, pointer, slot)
        })
    }

    /// One of the three functions.
    ///
    /// # Safety
    ///
    /// The outputs are null or may be written to.
    unsafe fn as_buffer(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        self.call(object, |table, object, slot| {
            // SAFETY: the table is filled, the object is null or alive and the slot its own; the caller's word.
            unsafe {
                match access {
                    Access::Char => {
                        bufproto_ffi::bufproto_as_char_buffer(table, object, slot, buffer.cast(), length)
                    }
                    Access::Read => {
                        bufproto_ffi::bufproto_as_read_buffer(table, object, slot, buffer.cast(), length)
                    }
                    Access::Write => {
                        bufproto_ffi::bufproto_as_write_buffer(table, object, slot, buffer, length)
                    }
                }
            }
        })
    }

    /// One of the three functions, with the length in an `int`.
    ///
    /// # Safety
    ///
    /// The outputs are null or may be written to.
    unsafe fn as_buffer_int(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        self.call(object, |table, object, slot| {
            // SAFETY: the table is filled, the object is null or alive and the slot its own; the caller's word.
            unsafe {
                match access {
                    Access::Char => {
                        bufproto_ffi::bufproto_as_char_buffer_int(table, object, slot, buffer.cast(), length)
                    }
                    Access::Read => {
                        bufproto_ffi::bufproto_as_read_buffer_int(table, object, slot, buffer.cast(), length)
                    }
                    Access::Write => {
                        bufproto_ffi::bufproto_as_write_buffer_int(table, object, slot, buffer, length)
                    }
                }
            }
        })
    }

    fn check(&self, object: &Object) -> bool {
        self.call(Some(object), |table, object, slot| {
            // SAFETY: the table is filled, the object is alive and the slot its own.
            unsafe { bufproto_ffi::bufproto_check_read_buffer(table, object, slot) == 1 }
        })
    }
}

impl Rig for CRig {
    type Owned = Object;
    type Runtime<'a> = Attached<'a>;
    type Handle<'a> = Handle<'a>;

    fn runtime(&self) -> Attached<'_> {
        self.0.mock.runtime()
    }

    fn make(&self, recipe: &Recipe) -> Result<Object, Declined> {
        self.0.mock.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        self.0.mock.handle(object)
    }

    fn type_name(&self, object: &Object) -> String {
        self.0.mock.type_name(object)
    }

    fn raise(&self, raised: &Raised) {
        self.0.mock.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.0.mock.take_raised()
    }

    fn exports(&self, object: &Object) -> Result<usize, Declined> {
        self.0.mock.exports(object)
    }

    fn references(&self, object: &Object) -> Result<usize, Declined> {
        self.0.mock.references(object)
    }

    fn is_transcribed(&self, object: &Object) -> bool {
        self.0.mock.is_transcribed(object)
    }

    fn take_transcript(&self) -> Vec<Event> {
        self.0.mock.take_transcript()
    }

    fn resize(&self, object: &Object, bytes: usize) -> Result<bool, Declined> {
        self.0.mock.resize(object, bytes)
    }

    fn write(&self, object: &Object, offset: usize, byte: u8) -> Result<bool, Declined> {
        self.0.mock.write(object, offset, byte)
    }

    fn sharing(&self, object: &Object) -> Result<Object, Declined> {
        self.0.mock.sharing(object)
    }

    fn reentering(
        &self,
        object: &Object,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        self.0.mock.reentering(object, callback, body)
    }

    unsafe fn store(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        // SAFETY: the caller's word.
        unsafe { self.as_buffer(object, access, buffer, length) }
    }

    unsafe fn store_int(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        // SAFETY: the caller's word.
        unsafe { self.as_buffer_int(object, access, buffer, length) }
    }

    fn check_read_buffer(&self, object: &Object) -> bool {
        self.check(object)
    }

    fn fail_next(&self, object: &Object, raised: Option<&Raised>) -> Result<(), Declined> {
        self.0.mock.fail_next(object, raised)
    }

    fn declines(&self, rule: u16) -> bool {
        self.0.mock.declines(rule)
    }
}

impl SegmentedRig for CRig {
    type Segmented<'a> = Handle<'a>;

    fn segmented<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        self.0.mock.segmented(object)
    }

    unsafe fn store_segments(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        // SAFETY: the caller's word.
        unsafe { self.as_buffer(object, access, buffer, length) }
    }

    unsafe fn store_segments_int(
        &self,
        object: Option<&Object>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        // SAFETY: the caller's word.
        unsafe { self.as_buffer_int(object, access, buffer, length) }
    }

    fn check_segments(&self, object: &Object) -> bool {
        self.check(object)
    }
}

/// A family of interpreters, and the dialect that the functions have there.
macro_rules! family {
    ($module:ident, $family:ident, $dialect:ident) => {
        mod $module {
            use super::*;

            fn with_rig(test: impl FnOnce(&CRig)) {
                let rig = CRig::new(Family::$family);
                test(&rig);
                assert_eq!(rig.take_raised(), None);
            }

            bufproto_mock::suite!($dialect, with_rig);
        }
    };
}

family!(cpython2, CPython2, segments);
family!(pypy2, PyPy2, segments);
family!(cpython3, CPython3, views);
family!(cpython313, CPython313, views);
family!(pypy3, PyPy3, views);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_c_face_does_what_the_model_does(
        family in select(vec![Family::CPython3, Family::CPython313, Family::PyPy3]),
        objects in strategy::objects(1..4),
        operations in strategy::operations(0..24),
    ) {
        let result = model::check(&CRig::new(family), &objects, &operations);
        result.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    }
}
