//! What C can do with a view that it holds.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::NonNull;
use core::slice;

use bufproto_core::abi::Header;
use bufproto_core::copy;
use bufproto_core::error::Error;
use bufproto_core::layout::{Layout, Order};
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Runtime as _;

use crate::interpreter::Interpreter;
use crate::object::{Attached, Raised};
use crate::words;

/// The layout of a view.
///
/// # Safety
///
/// The view is held.
unsafe fn layout<'a>(view: *const c_void) -> Result<(&'a Header, Layout<'a>), Rule> {
    // SAFETY: the caller's word; all views begin with a header.
    let header = unsafe { view.cast::<Header>().as_ref() }.ok_or(Rule::NullArgument)?;
    // SAFETY: the exporter keeps the arrays for as long as the view is held.
    let layout = unsafe { Layout::of_view(header) }.map_err(|_| Rule::ViewLayout)?;
    if header.buf.is_null() && layout.length() != 0 {
        return Err(Rule::NullMemory);
    }
    Ok((header, layout))
}

/// Raises what breaks a rule, and returns -1.
///
/// # Safety
///
/// The thread is attached to the interpreter.
unsafe fn refuse(interpreter: &Interpreter, rule: Rule) -> c_int {
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    Error::<Raised<'_>>::from(rule).restore_without_object_in(attached, words::of_views);
    -1
}

/// The order that a letter stands for: `C`, `F`, or `A` for that of Fortran if the items lie in it and else that of C.
fn order(letter: c_char, layout: Layout<'_>) -> Order {
    match byte(letter) {
        b'F' => Order::Fortran,
        b'A' if layout.is_contiguous(Order::Fortran) => Order::Fortran,
        _ => Order::C,
    }
}

/// The letter without a sign, which `char` has on some machines and not on others.
fn byte(letter: c_char) -> u8 {
    let [byte] = letter.to_ne_bytes();
    byte
}

/// Gives a view back, as `PyBuffer_Release` does, and what `bufproto_argument` holds. Does nothing to one that is empty
/// (all zero), and leaves it empty.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the view is empty, or was filled by
/// this interpreter, has not moved since, and is not given back twice.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_release(interpreter: &Interpreter, view: *mut c_void) {
    if let Some(view) = NonNull::new(view.cast::<Header>()) {
        // SAFETY: the caller's word.
        unsafe { Attached::<Header>::new(interpreter).release(view) };
    }
}

/// Whether a view's items lie side by side: in the order of C (`order` is 'C'), of Fortran ('F'), or in either ('A'). 1 or
/// 0, as `PyBuffer_IsContiguous`; 0 for a view that is no layout of memory.
///
/// # Safety
///
/// The view is held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_is_contiguous(view: *const c_void, order: c_char) -> c_int {
    // SAFETY: the caller's word.
    let Ok((_, layout)) = (unsafe { layout(view) }) else { return 0 };
    c_int::from(match byte(order) {
        b'C' => layout.is_contiguous(Order::C),
        b'F' => layout.is_contiguous(Order::Fortran),
        b'A' => layout.is_contiguous(Order::C) || layout.is_contiguous(Order::Fortran),
        _ => false,
    })
}

/// The address of the item with these indices, one for each dimension of the view. NULL with `IndexError` if there is no
/// such item, and with `BufferError` if the view is no layout of memory. `PyBuffer_GetPointer` checks neither.
///
/// # Safety
///
/// The thread is attached to the interpreter; the view is held; there are as many indices as dimensions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_item(
    interpreter: &Interpreter,
    view: *const c_void,
    indices: *const isize,
) -> *mut c_void {
    // SAFETY: the caller's word.
    let item = unsafe { layout(view) }.and_then(|(header, layout)| {
        let indices = match layout.dimensions() {
            0 => &[],
            // SAFETY: the caller's word. A negative index is a large one, which is past the end.
            dimensions => unsafe { slice::from_raw_parts(indices.cast(), dimensions) },
        };
        // SAFETY: the view is held.
        let pointer = unsafe { layout.pointer(header.buf.cast(), indices) }.map_err(|_| Rule::ItemIndex)?;
        // An item without bytes may be nowhere, which C could not tell from a failure.
        if pointer.is_null() { Err(Rule::NullMemory) } else { Ok(pointer) }
    });
    match item {
        Ok(pointer) => pointer.cast(),
        Err(rule) => {
            // SAFETY: the caller's word.
            unsafe { refuse(interpreter, rule) };
            core::ptr::null_mut()
        }
    }
}

/// Copies a view's items to one place, side by side, in an order ('C', 'F', or 'A' for the view's own), as
/// `PyBuffer_ToContiguous`. `length` is the view's, in bytes, else `ValueError`. Returns 0, or -1 with an exception set;
/// nothing is copied then.
///
/// # Safety
///
/// The thread is attached to the interpreter; the view is held; `length` bytes at `into` may be written to, and nobody
/// else writes to the view's memory meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_copy_out(
    interpreter: &Interpreter,
    view: *const c_void,
    into: *mut c_void,
    length: isize,
    order: c_char,
) -> c_int {
    // SAFETY: the caller's word.
    match unsafe { layout(view) } {
        Ok((header, layout)) if header.len == length => {
            // SAFETY: the caller's word for both sides.
            unsafe { copy::gather(header.buf.cast(), layout, self::order(order, layout), into.cast()) };
            0
        }
        // SAFETY: the caller's word.
        Ok(_) => unsafe { refuse(interpreter, Rule::CopyLength) },
        // SAFETY: the caller's word.
        Err(rule) => unsafe { refuse(interpreter, rule) },
    }
}

/// Copies items that lie side by side in an order ('C', 'F', or 'A' for the view's own) to a view's, as
/// `PyBuffer_FromContiguous`. `length` is the view's, in bytes, else `ValueError`; the view is writable, else
/// `BufferError`. Returns 0, or -1 with an exception set; nothing is copied then.
///
/// # Safety
///
/// The thread is attached to the interpreter; the view is held; `length` bytes at `from` may be read, and nobody else
/// looks at the view's memory meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_copy_in(
    interpreter: &Interpreter,
    view: *const c_void,
    from: *const c_void,
    length: isize,
    order: c_char,
) -> c_int {
    // SAFETY: the caller's word.
    let refused = match unsafe { layout(view) } {
        Ok((header, _)) if header.readonly != 0 => Rule::ReadOnlyView,
        Ok((header, layout)) if header.len == length => {
            // SAFETY: the caller's word for both sides.
            unsafe { copy::scatter(from.cast(), header.buf.cast(), layout, self::order(order, layout)) };
            return 0;
        }
        Ok(_) => Rule::CopyLength,
        Err(rule) => rule,
    };
    // SAFETY: the caller's word.
    unsafe { refuse(interpreter, refused) }
}

/// Copies each item of a view to the item of another with the same indices. Both have the same shape and item size, else
/// `ValueError`; the target is writable, else `BufferError`. Returns 0, or -1 with an exception set; nothing is copied
/// then. Views that overlap in memory and are not both contiguous may mix their items.
///
/// # Safety
///
/// The thread is attached to the interpreter; both views are held, and nobody else looks at the target's memory or writes
/// to the source's meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_copy(
    interpreter: &Interpreter,
    from: *const c_void,
    to: *const c_void,
) -> c_int {
    // SAFETY: the caller's word.
    let views = unsafe { layout(from).and_then(|from| Ok((from, layout(to)?))) };
    let refused = match views {
        Ok((_, (target, _))) if target.readonly != 0 => Rule::ReadOnlyView,
        Ok(((source, from), (target, to))) => {
            // SAFETY: the caller's word for both sides.
            match unsafe { copy::copy((source.buf.cast(), from), (target.buf.cast(), to)) } {
                Ok(()) => return 0,
                Err(_) => Rule::CopyShape,
            }
        }
        Err(rule) => rule,
    };
    // SAFETY: the caller's word.
    unsafe { refuse(interpreter, refused) }
}
