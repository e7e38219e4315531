//! A host without Python: its objects are the mock's, and C reaches them through the table. The fuzz target of the C face
//! uses it too.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, PyPy64};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use bufproto_core::runtime::{Exporter as _, Failure, Runtime as _, Segmented as _, Segments as _};
use bufproto_ffi::{GetBuffer, Interpreter, PyObject};
use bufproto_mock::conformance::Rig as _;
use bufproto_mock::{Handle, MockRig, Object, Raised};

/// The mock's objects, and the table by which C reaches them.
pub(crate) struct Host {
    /// The objects' interpreter.
    pub(crate) mock: MockRig,
    /// The addresses of the exceptions' names stand for the exceptions.
    exceptions: [*mut PyObject; 7],
}

static NAMES: [&str; 7] =
    ["TypeError", "ValueError", "BufferError", "SystemError", "OverflowError", "IndexError", "MemoryError"];

thread_local! {
    /// The host that the thread is attached to, while it calls the library.
    static HOST: Cell<*const Host> = const { Cell::new(ptr::null()) };
}

/// The host that the library was called by.
fn host<'a>() -> &'a Host {
    // SAFETY: the table's functions are only called by the library, which `Host::attached` calls.
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

impl Host {
    /// A host whose interpreter is of a family.
    pub(crate) fn new(family: Family) -> Self {
        let exceptions = NAMES.each_ref().map(|name| ptr::from_ref(name).cast_mut().cast());
        Self { mock: MockRig::new(family), exceptions }
    }

    /// An object as C passes it, and its type's slot.
    pub(crate) fn pass(&self, object: &Object) -> (*mut PyObject, GetBuffer) {
        let exports = object.attach(self.mock.interpreter()).exports();
        (ptr::from_ref(object).cast_mut().cast(), exports.then_some(get_buffer as _))
    }

    /// Calls the library, attached, with the table.
    pub(crate) fn attached<T>(&self, function: impl FnOnce(&Interpreter) -> T) -> T {
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
            as_read_buffer: None,
            as_write_buffer: None,
            check_read_buffer: None,
        };
        let before = HOST.replace(self);
        let answer = function(&table);
        HOST.set(before);
        answer
    }
}
