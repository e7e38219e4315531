//! The C face: the four functions of the old buffer protocol, exported to C.
//!
//! The library knows no interpreter's symbols. Its callers hand it a table of them ([`Interpreter`]), which the
//! header `bufproto/python.h` fills with the user's own Python headers; one library therefore serves every
//! version, and links where there is no Python at all.
//!
//! Nothing here allocates, formats, or unwinds. The library that C links with is built by
//!
//! ```sh
//! cargo rustc -p bufproto-ffi --profile library --features library --crate-type staticlib
//! ```
#![no_std]

mod api;
mod export;
mod interpreter;
mod legacy;
mod object;
mod places;
mod rule;
mod scope;
mod version;
mod view;
mod words;

pub use api::{Function, Functions, NAMES, bufproto_functions};
pub use export::*;
pub use interpreter::{GetBuffer, Interpreter, PyObject};
pub use legacy::*;
pub use places::Kept;
pub use rule::*;
pub use scope::*;
pub use version::*;
pub use view::*;

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
