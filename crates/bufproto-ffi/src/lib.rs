//! The C face: the four functions of the old buffer protocol, exported to C.
//!
//! The library knows no interpreter's symbols. Its callers hand it a table of them ([`Interpreter`]), which the
//! header `bufproto/python.h` fills with the user's own Python headers; one library therefore serves every
//! version, and links where there is no Python at all.
//!
//! Nothing here allocates, formats, or unwinds. The library that C links with is built by
//!
//! ```sh
//! cargo rustc -p bufproto-ffi --release --features library --crate-type staticlib
//! ```
#![no_std]

mod interpreter;
mod legacy;
mod object;
mod scope;

pub use interpreter::{GetBuffer, Interpreter, PyObject};
pub use legacy::{
    bufproto_as_char_buffer, bufproto_as_char_buffer_int, bufproto_as_read_buffer,
    bufproto_as_read_buffer_int, bufproto_as_write_buffer, bufproto_as_write_buffer_int,
    bufproto_check_read_buffer, bufproto_version,
};

pub use scope::{
    Scope, bufproto_scope_as_char_buffer, bufproto_scope_as_read_buffer, bufproto_scope_as_write_buffer,
    bufproto_scope_begin, bufproto_scope_end, bufproto_scope_room,
};

/// No path here panics; if one did, going on would be worse.
// Where panics unwind, which the library's build does not let them, `std` says it.
#[cfg(all(feature = "library", panic = "abort"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        safe fn abort() -> !;
    }
    abort()
}
