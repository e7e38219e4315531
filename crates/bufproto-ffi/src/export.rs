//! The exporter's side: C fills views by the rules of the interpreter.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;
use core::slice;

use bufproto_core::abi::{CPython2, CPython3, Header, PyPy36, PyPy64, View};
use bufproto_core::grant::{Block, fill_info};
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::span::Span;

use crate::interpreter::{Interpreter, PyObject};
use crate::object::{Attached, refuse};

/// Memory of an exporter, with its layout. The arrays have `ndim` entries each and stay as they are for as long as
/// there are views.
#[repr(C)]
#[derive(Debug)]
pub struct Memory {
    /// The item with all indices zero.
    pub buffer: *mut c_void,
    /// The size of an item in bytes.
    pub item_size: isize,
    /// The item format, as the `struct` module has it.
    pub format: *const c_char,
    /// The number of dimensions, at most 64.
    pub ndim: c_int,
    /// Whether the memory must not be written to: 0 or 1.
    pub read_only: c_int,
    /// The number of items in each dimension.
    pub shape: *const isize,
    /// The distance in bytes from one item to the next in each dimension.
    pub strides: *const isize,
    /// For each dimension the offset in bytes to add after following a pointer, negative for none; NULL if there are no
    /// pointers.
    pub suboffsets: *const isize,
}

/// Raises what kept an exporter from filling a view, or counts the view's reference to its owner.
///
/// # Safety
///
/// As [`bufproto_fill`].
unsafe fn finish(interpreter: &Interpreter, owner: *mut PyObject, filled: Result<(), Rule>) -> c_int {
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    let owner = NonNull::new(owner);
    if let Err(rule) = filled {
        return refuse(attached, owner, rule);
    }
    if let (Some(owner), Some(refer)) = (owner, interpreter.refer) {
        // SAFETY: the thread is attached, and the owner alive.
        unsafe { refer(owner.as_ptr()) };
    }
    0
}

/// `PyBuffer_FillInfo`: answers a request for a block of bytes. The view refers to `owner`, which may be NULL.
///
/// Returns 0, or -1 with an exception set: `BufferError` if the request is for writable memory and `read_only` is 1, or if
/// `view` is NULL. Nothing is written then. The length is not looked at.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; `view` is NULL or has room for a
/// view, and does not move until it is released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_fill_info(
    interpreter: &Interpreter,
    view: *mut c_void,
    owner: *mut PyObject,
    buffer: *mut c_void,
    length: isize,
    read_only: c_int,
    request: c_int,
) -> c_int {
    /// # Safety
    ///
    /// As the outer function, and views have the layout `V`.
    unsafe fn fill<V: View>(
        interpreter: &Interpreter,
        (view, owner): (*mut c_void, *mut PyObject),
        memory: Span,
        read_only: c_int,
        request: c_int,
    ) -> Result<(), Rule> {
        let view = NonNull::new(view.cast::<V>());
        let request = Request::from_bits(request);
        // SAFETY: the caller's word for the view.
        unsafe { fill_info(interpreter.family(), view, owner.cast(), memory, read_only, request) }
    }
    let memory = Span { pointer: buffer, length };
    let place = (view, owner);
    // SAFETY: the caller's word for the view, and for its size, from which its layout follows.
    unsafe {
        let filled = match interpreter.view_size {
            size if size == size_of::<CPython2>() => {
                fill::<CPython2>(interpreter, place, memory, read_only, request)
            }
            size if size == size_of::<PyPy36>() => {
                fill::<PyPy36>(interpreter, place, memory, read_only, request)
            }
            size if size == size_of::<PyPy64>() => {
                fill::<PyPy64>(interpreter, place, memory, read_only, request)
            }
            _ => fill::<CPython3>(interpreter, place, memory, read_only, request),
        };
        // A view that is not there refers to nothing.
        finish(interpreter, if view.is_null() { core::ptr::null_mut() } else { owner }, filled)
    }
}

/// Answers a request for memory with a layout: strides, suboffsets, a format, as far as the request takes them. The view
/// refers to `owner`, which may be NULL.
///
/// Returns 0, or -1 with `BufferError` set if the request does not take what the memory needs, or the memory's layout is
/// none. Nothing is written then.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; `view` has room for a view, and does
/// not move until it is released; the memory is what its fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_fill(
    interpreter: &Interpreter,
    view: *mut c_void,
    owner: *mut PyObject,
    memory: &Memory,
    request: c_int,
) -> c_int {
    // SAFETY: the caller's word.
    unsafe {
        let filled = block(memory).and_then(|block| {
            let view = NonNull::new(view.cast::<Header>()).ok_or(Rule::NullView)?;
            block.fill(view, owner.cast(), Request::from_bits(request))
        });
        finish(interpreter, owner, filled)
    }
}

/// # Safety
///
/// The memory is what its fields say.
unsafe fn block(memory: &Memory) -> Result<Block<'_>, Rule> {
    let dimensions = usize::try_from(memory.ndim).map_err(|_| Rule::ViewLayout)?;
    let array = |values: *const isize| {
        let given = !values.is_null() && dimensions != 0;
        // SAFETY: the caller's word for arrays that are there.
        if given { unsafe { slice::from_raw_parts(values, dimensions) } } else { &[] }
    };
    let format = match memory.format.is_null() {
        true => c"B",
        // SAFETY: the caller's word: a format is a C string.
        false => unsafe { CStr::from_ptr(memory.format) },
    };
    let item_size = usize::try_from(memory.item_size).map_err(|_| Rule::ViewLayout)?;
    let suboffsets = (!memory.suboffsets.is_null()).then(|| array(memory.suboffsets));
    let (shape, strides) = (array(memory.shape), array(memory.strides));
    // Arrays that are missing are shorter than `ndim`.
    if shape.len() != dimensions {
        return Err(Rule::ViewLayout);
    }
    Block::new(memory.buffer.cast(), (item_size, format), shape, strides, suboffsets, memory.read_only != 0)
        .map_err(|_| Rule::ViewLayout)
}
