//! Which library this is.

use core::ffi::{CStr, c_char};

/// The library's version, as "major.minor.patch".
#[unsafe(no_mangle)]
pub extern "C" fn bufproto_version() -> *const c_char {
    VERSION.as_ptr()
}

/// What every file has among its constants that the library is linked into: by it, the audit of the Python package knows them.
///
/// ```
/// use bufproto_ffi::LIBRARY_MARK;
///
/// /// As the audit does.
/// fn is_linked(file: &[u8]) -> bool {
///     file.windows(LIBRARY_MARK.count_bytes() + 1).any(|part| part == LIBRARY_MARK.to_bytes_with_nul())
/// }
///
/// assert!(is_linked(b"...\0bufproto: linked in\0...") && !is_linked(b"...\0bufproto\0..."));
/// ```
pub const LIBRARY_MARK: &CStr = c"bufproto: linked in";

/// The same of a file that has the functions of the header in it, which needs nothing of the library for them. (One that calls
/// nothing but `PyObject_CheckReadBuffer` has no constants.)
///
/// ```
/// use bufproto_ffi::{HEADER_MARK, LIBRARY_MARK};
///
/// assert_eq!(HEADER_MARK, c"bufproto: inline");
/// assert_ne!(HEADER_MARK, LIBRARY_MARK);
/// ```
pub const HEADER_MARK: &CStr = c"bufproto: inline";

pub(crate) const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
