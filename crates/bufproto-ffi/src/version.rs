//! Which library this is.

use core::ffi::{CStr, c_char};

/// The library's version, as "major.minor.patch".
#[unsafe(no_mangle)]
pub extern "C" fn bufproto_version() -> *const c_char {
    VERSION.as_ptr()
}

/// What every file has among its constants that the library is linked into: by it, the audit of the Python package knows them.
pub const LIBRARY_MARK: &CStr = c"bufproto: linked in";

/// The same of a file that has the functions of the header in it, which needs nothing of the library for them. (One that calls
/// nothing but `PyObject_CheckReadBuffer` has no constants.)
pub const HEADER_MARK: &CStr = c"bufproto: inline";

pub(crate) const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
