//! The C face keeps every rule of the kit: its functions are called as C calls them, by a host whose objects are the
//! mock's.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, PyPy64};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use bufproto_core::runtime::{Exporter as _, Failure, Runtime as _, Segmented as _, Segments as _};
use bufproto_ffi::{GetBuffer, Interpreter, PyObject};
use bufproto_mock::conformance::recipe::Recipe;
use bufproto_mock::conformance::rig::{Declined, Event, Rig, SegmentedRig};
use bufproto_mock::{Attached, Handle, MockRig, Object, Raised};

/// A host: the mock's objects, and the table by which C reaches them.
struct CRig {
    mock: MockRig,
    /// The addresses of the exceptions' names stand for the exceptions.
    exceptions: [*mut PyObject; 7],
}

static NAMES: [&str; 7] =
    ["TypeError", "ValueError", "BufferError", "SystemError", "OverflowError", "IndexError", "MemoryError"];

thread_local! {
    /// The host that the thread is attached to, while it calls the library.
    static HOST: Cell<*const CRig> = const { Cell::new(ptr::null()) };
}

/// The host that the library was called by.
fn host<'a>() -> &'a CRig {
    // SAFETY: the table's functions are only called by the library, which `CRig::call` calls.
    unsafe { &*HOST.get() }
}

/// The object behind a pointer that the library was handed.
///
/// # Safety
///
/// The pointer is of an object that is alive.
unsafe fn object<'a>(pointer: *mut PyObject) -> Handle<'a> {
    // SAFETY: the caller's word; pointers to objects are addresses of the mock's.
    unsafe { &*pointer.cast_const().cast::<Object>() }.attach(host().mock.interpreter())
}

unsafe extern "C" fn get_buffer(pointer: *mut PyObject, view: *mut c_void, request: c_int) -> c_int {
    let Some(view) = NonNull::new(view) else { return -1 };
    // SAFETY: the library hands back an object that it was handed, whose type exports, and an empty view, which
    // begins as the mock's views do.
    match unsafe { object(pointer).export(view.cast(), Request::from_bits(request)) } {
        Ok(()) => 0,
        Err(failure) => {
            let result = if matches!(failure, Failure::Irregular(_)) { 1 } else { -1 };
            // What was raised stays pending.
            std::mem::forget(failure.into_raised());
            result
        }
    }
}

unsafe extern "C" fn release(view: *mut c_void) {
    if let Some(view) = NonNull::new(view) {
        // SAFETY: the library releases what an exporter filled, or an empty view.
        unsafe { host().mock.runtime().release(view.cast()) };
    }
}

unsafe extern "C" fn occurred() -> *mut PyObject {
    if host().mock.runtime().is_raised() { host().exceptions[0] } else { ptr::null_mut() }
}

unsafe extern "C" fn clear() {
    host().mock.take_raised();
}

fn raise(exception: *mut PyObject, message: String) {
    // SAFETY: the library hands back what it found in the table: the address of a name.
    let name = unsafe { *exception.cast_const().cast::<&str>() };
    host().mock.raise(&Raised::new(name, message));
}

fn text(text: *const c_char) -> String {
    // SAFETY: the library hands out C strings.
    unsafe { CStr::from_ptr(text) }.to_str().expect("texts are ASCII").to_owned()
}

unsafe extern "C" fn set_string(exception: *mut PyObject, message: *const c_char) {
    raise(exception, text(message));
}

unsafe extern "C" fn set_with_type(exception: *mut PyObject, message: *const c_char, pointer: *mut PyObject) {
    // SAFETY: the library hands back an object that it was handed.
    let object = unsafe { &*pointer.cast_const().cast::<Object>() };
    let name = object.type_name();
    raise(exception, text(message).replace("%.100s", &name[..name.len().min(100)]));
}

fn access(number: c_int) -> Access {
    Access::ALL[usize::try_from(number).expect("an access is 0 to 2")]
}

unsafe extern "C" fn has_segments(pointer: *mut PyObject, number: c_int) -> c_int {
    // SAFETY: the library hands back an object that it was handed.
    c_int::from(unsafe { object(pointer) }.segments(access(number)).is_some())
}

unsafe extern "C" fn count_segments(pointer: *mut PyObject, total: *mut isize) -> isize {
    // SAFETY: the library hands back an object that it was handed.
    let object = unsafe { object(pointer) };
    // The counter is the same for every access for which there is one.
    let Some(segments) = Access::ALL.iter().find_map(|access| object.segments(*access)) else { return 0 };
    if total.is_null() {
        return segments.count();
    }
    let (count, sum) = segments.count_and_total();
    // SAFETY: the output is not null, so it may be written to.
    unsafe { total.write(sum) };
    count
}

unsafe extern "C" fn get_segment(
    pointer: *mut PyObject,
    number: c_int,
    index: isize,
    output: *mut *mut c_void,
) -> isize {
    // SAFETY: the library hands back an object that it was handed.
    let Some(segments) = (unsafe { object(pointer) }).segments(access(number)) else { return -1 };
    match segments.get(index) {
        Ok(span) => {
            // SAFETY: the output may be written to.
            unsafe { output.write(span.pointer) };
            span.length
        }
        Err(raised) => {
            std::mem::forget(raised);
            -1
        }
    }
}

impl CRig {
    fn new(family: Family) -> Self {
        let exceptions = NAMES.each_ref().map(|name| ptr::from_ref(name).cast_mut().cast());
        Self { mock: MockRig::new(family), exceptions }
    }

    /// Calls the library, attached, with the table and an object as C passes it.
    fn call<T>(
        &self,
        object: Option<&Object>,
        function: impl FnOnce(&Interpreter, *mut PyObject, GetBuffer) -> T,
    ) -> T {
        let family = self.mock.runtime().family();
        let place = |number: usize| ptr::from_ref(&self.exceptions[number]).cast_mut();
        let table = Interpreter {
            size: size_of::<Interpreter>(),
            family: family as c_int,
            view_size: if family == Family::PyPy3 { size_of::<PyPy64>() } else { size_of::<CPython3>() },
            policy: 0,
            refer: None,
            unrefer: None,
            type_name: None,
            is_severe: None,
            needs_release: None,
            allocate: None,
            deallocate: None,
            release: Some(release),
            occurred: Some(occurred),
            clear: Some(clear),
            set_string: Some(set_string),
            set_with_type: Some(set_with_type),
            exceptions: std::array::from_fn(place),
            has_segments: Some(has_segments),
            count_segments: Some(count_segments),
            get_segment: Some(get_segment),
        };
        let slot: GetBuffer = object
            .is_some_and(|object| object.attach(self.mock.interpreter()).exports())
            .then_some(get_buffer as _);
        let before = HOST.replace(self);
        let answer = function(
            &table,
            object.map_or(ptr::null_mut(), |object| ptr::from_ref(object).cast_mut().cast()),
            slot,
        );
        HOST.set(before);
        answer
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
        self.mock.runtime()
    }

    fn make(&self, recipe: &Recipe) -> Result<Object, Declined> {
        self.mock.make(recipe)
    }

    fn handle<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        self.mock.handle(object)
    }

    fn type_name(&self, object: &Object) -> String {
        self.mock.type_name(object)
    }

    fn raise(&self, raised: &Raised) {
        self.mock.raise(raised);
    }

    fn take_raised(&self) -> Option<Raised> {
        self.mock.take_raised()
    }

    fn exports(&self, object: &Object) -> Result<usize, Declined> {
        self.mock.exports(object)
    }

    fn references(&self, object: &Object) -> Result<usize, Declined> {
        self.mock.references(object)
    }

    fn is_transcribed(&self, object: &Object) -> bool {
        self.mock.is_transcribed(object)
    }

    fn take_transcript(&self) -> Vec<Event> {
        self.mock.take_transcript()
    }

    fn resize(&self, object: &Object, bytes: usize) -> Result<bool, Declined> {
        self.mock.resize(object, bytes)
    }

    fn reentering(
        &self,
        object: &Object,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        self.mock.reentering(object, callback, body)
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

    fn declines(&self, rule: u16) -> bool {
        self.mock.declines(rule)
    }
}

impl SegmentedRig for CRig {
    type Segmented<'a> = Handle<'a>;

    fn segmented<'a>(&'a self, object: &'a Object) -> Handle<'a> {
        self.mock.segmented(object)
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
