//! The functions as a table, for extensions that link with no library: the Python package hands it out.

use core::ffi::c_char;

use crate::*;

/// A function of whatever type.
pub type Function = Option<unsafe extern "C" fn()>;

/// The library's functions, for callers that did not link with it. `bufproto/import.h` takes it from the Python package
/// `bufproto` and knows the types.
#[repr(C)]
#[derive(Debug)]
pub struct Functions {
    /// The library's version, as "major.minor.patch".
    pub version: *const c_char,
    /// How many functions there are: later versions add some at the end.
    pub count: usize,
    /// The functions, in an order that never changes.
    pub functions: *const Function,
}

// SAFETY: it is constant, and points to constants.
unsafe impl Sync for Functions {}

macro_rules! functions {
    ($($name:ident)*) => {
        /// The functions' names, in the order of the table. New ones come at the end.
        ///
        /// ```
        /// use bufproto_ffi::{NAMES, bufproto_functions};
        ///
        /// let table = bufproto_functions();
        /// assert_eq!(table.count, NAMES.len());
        /// assert_eq!(NAMES[0], "bufproto_version");
        /// ```
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        static FUNCTIONS: [Function; NAMES.len()] = [$(
            // SAFETY: function pointers have one representation; whoever calls one gives it its type back.
            Some(unsafe { core::mem::transmute::<*const (), unsafe extern "C" fn()>($name as *const ()) })
        ),*];
    };
}

functions! {
    bufproto_version
    bufproto_as_char_buffer
    bufproto_as_read_buffer
    bufproto_as_write_buffer
    bufproto_as_char_buffer_int
    bufproto_as_read_buffer_int
    bufproto_as_write_buffer_int
    bufproto_check_read_buffer
    bufproto_fail
    bufproto_raise
    bufproto_scope_begin
    bufproto_scope_end
    bufproto_scope_room
    bufproto_scope_as_char_buffer
    bufproto_scope_as_read_buffer
    bufproto_scope_as_write_buffer
    bufproto_scope_acquire
    bufproto_scope_keep
    bufproto_argument
    bufproto_acquire
    bufproto_release
    bufproto_is_contiguous
    bufproto_item
    bufproto_copy_out
    bufproto_copy_in
    bufproto_copy
    bufproto_fill_info
    bufproto_fill
}

static TABLE: Functions =
    Functions { version: version::VERSION.as_ptr(), count: NAMES.len(), functions: FUNCTIONS.as_ptr() };

/// The library's functions as a table.
#[unsafe(no_mangle)]
pub extern "C" fn bufproto_functions() -> &'static Functions {
    &TABLE
}
