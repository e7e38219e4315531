//! Which library this is.

use core::ffi::{CStr, c_char};

/// The library's version, as "major.minor.patch".
#[unsafe(no_mangle)]
pub extern "C" fn bufproto_version() -> *const c_char {
    VERSION.as_ptr()
}

pub(crate) const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
