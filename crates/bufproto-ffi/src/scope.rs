//! Scopes, as C declares them: every buffer that is taken through one stays until the scope ends.

use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void};
use core::mem::{ManuallyDrop, size_of};
use core::ptr::{self, NonNull};

use bufproto_core::abi::Header;
use bufproto_core::error::Error;
use bufproto_core::legacy::store_from_in;
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Refusal, Rule};
use bufproto_core::runtime::Object as _;
use bufproto_core::scope;
use bufproto_core::span::Span;
use bufproto_core::view::{acquire_in, argument_in};

use crate::interpreter::{GetBuffer, Interpreter, PyObject};
use crate::legacy::access;
use crate::object::{Attached, Object, Raised};
use crate::places::{Blocks, Kept};
use crate::words;

/// The scope of core. What the views' layout is, only their places need to know.
///
/// cbindgen:ignore
type Core<'i> = scope::Scope<'i, Attached<'i, Header>, Blocks<'i>>;

/// A scope, on the caller's stack: every buffer that is taken through it stays where it is until the scope ends. It
/// must not move. Extensions declare one by `BUFPROTO_SCOPE`, in `bufproto/scope.h`.
#[repr(C)]
#[derive(Debug)]
pub struct Scope {
    /// The interpreter; NULL before the scope has begun, and after it has ended.
    pub interpreter: Cell<*const Interpreter>,
    /// Where the views are.
    // Exporters may come back to it while it is used.
    pub places: Kept,
}

impl Scope {
    /// The scope of core, and its interpreter; `None` if it has not begun, or has ended. Dropping it ends the scope.
    ///
    /// # Safety
    ///
    /// The table lives as long as the scope.
    unsafe fn open(&self) -> Option<(&Interpreter, ManuallyDrop<Core<'_>>)> {
        // SAFETY: the caller's word.
        let interpreter = unsafe { self.interpreter.get().as_ref() }?;
        // SAFETY: a scope that has an interpreter has places of it.
        let (attached, places) =
            unsafe { (Attached::new(interpreter), Blocks::new(interpreter, &self.places)) };
        Some((interpreter, ManuallyDrop::new(scope::Scope::in_places(attached, places))))
    }
}

/// One of the three functions, whose answer is held.
fn locate<'i>(
    scope: &Core<'i>,
    object: Object<'i, Header>,
    access: Access,
) -> Result<Span, Error<Raised<'i>>> {
    if object.interpreter().is_native() {
        scope.locate_segment(object, access)
    } else {
        scope.locate(object, access).map(|held| held.span())
    }
}

/// # Safety
///
/// As [`bufproto_scope_as_char_buffer`].
#[inline]
unsafe fn store(
    scope: &Scope,
    (object, get_buffer): (*mut PyObject, GetBuffer),
    access: Access,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    // SAFETY: the table lives as long as the scope.
    let Some((interpreter, core)) = (unsafe { scope.open() }) else { return -1 };
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::<Header>::new(interpreter) };
    // SAFETY: the caller's word for the object and its slot.
    let object = NonNull::new(object).map(|object| unsafe { Object::new(attached, object, get_buffer) });
    // SAFETY: the caller's word for the outputs.
    unsafe {
        store_from_in(
            attached,
            object,
            buffer,
            length,
            |object| locate(&core, object, access),
            words::of_functions,
        )
    }
}

/// Begins a scope with room for `count` views, of the interpreter's `view_size` bytes each, at `views`. Returns 0, or -1
/// if the table is of a version that the library does not know; nothing is raised then.
///
/// A scope that is full takes more memory from the interpreter, if the table says how, or refuses with `BufferError`.
///
/// # Safety
///
/// `scope` and `views` may be written to, neither moves until the scope ends, and `views` has room for `count` views.
/// The table lives as long as the scope.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_begin(
    scope: *mut Scope,
    interpreter: &Interpreter,
    views: *mut c_void,
    count: usize,
) -> c_int {
    let known = interpreter.size >= size_of::<Interpreter>() && interpreter.view_size >= size_of::<Header>();
    // SAFETY: the caller's word.
    unsafe {
        (&raw mut (*scope).interpreter).write(Cell::new(if known { interpreter } else { ptr::null() }))
    };
    if !known {
        return -1;
    }
    // SAFETY: the caller's word.
    unsafe { (&raw mut (*scope).places).write(Kept::new(views, count, interpreter.view_size)) };
    0
}

/// Ends a scope: gives back everything that was taken through it, the last first. Does nothing to one that has not begun,
/// or has ended.
///
/// Exporters may run code, and may leave an exception; a pending one should be put aside before, as
/// `bufproto_python_scope_end` does.
///
/// # Safety
///
/// The thread is attached to the interpreter; `scope` was passed to `bufproto_scope_begin`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_end(scope: *mut Scope) {
    // SAFETY: the caller's word. The scope does not end twice, since it forgets its interpreter and its places; while it
    // ends, nobody can take anything through it.
    unsafe {
        let scope = &*scope;
        let Some(interpreter) = scope.interpreter.replace(ptr::null()).as_ref() else { return };
        let kept = scope.places.take();
        let places = Blocks::new(interpreter, &kept);
        drop(Core::in_places(Attached::new(interpreter), places));
        places.free();
    }
}

/// How many more buffers the scope can take without asking the interpreter for memory. 0 for one that has ended.
///
/// # Safety
///
/// As `bufproto_scope_end`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_room(scope: &Scope) -> usize {
    // SAFETY: the table lives as long as the scope.
    unsafe { scope.open() }.map_or(0, |(_, core)| core.room())
}

/// As `bufproto_as_char_buffer`, but the memory stays until the scope ends. A scope that is full and cannot have more
/// memory is a `BufferError`. -1 without an exception for a scope that has ended.
///
/// # Safety
///
/// The thread is attached to the interpreter; `scope` was passed to `bufproto_scope_begin`; the rest is as for
/// `bufproto_as_char_buffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_as_char_buffer(
    scope: &Scope,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_char,
    length: *mut isize,
) -> c_int {
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(scope, (object, get_buffer), Access::Char, buffer.cast(), length) }
}

/// As `bufproto_as_read_buffer`, but the memory stays until the scope ends. The rest is as for
/// `bufproto_scope_as_char_buffer`.
///
/// # Safety
///
/// As [`bufproto_scope_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_as_read_buffer(
    scope: &Scope,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *const c_void,
    length: *mut isize,
) -> c_int {
    // SAFETY: the caller's word; pointers have one representation, whatever they point to.
    unsafe { store(scope, (object, get_buffer), Access::Read, buffer.cast(), length) }
}

/// As `bufproto_as_write_buffer`, but the memory stays until the scope ends. The rest is as for
/// `bufproto_scope_as_char_buffer`.
///
/// # Safety
///
/// As [`bufproto_scope_as_char_buffer`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_as_write_buffer(
    scope: &Scope,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    // SAFETY: the caller's word.
    unsafe { store(scope, (object, get_buffer), Access::Write, buffer, length) }
}

/// Acquires a view for any request, as `PyObject_GetBuffer` does, which stays until the scope ends. Returns the view, the
/// interpreter's `Py_buffer`, or NULL with an exception set. NULL without one for a scope that has ended.
///
/// # Safety
///
/// The thread is attached to the interpreter; `scope` was passed to `bufproto_scope_begin`; the object is alive, and
/// `get_buffer` its type's slot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_acquire(
    scope: &Scope,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    request: c_int,
) -> *const c_void {
    // SAFETY: the table lives as long as the scope.
    let Some((interpreter, core)) = (unsafe { scope.open() }) else { return ptr::null() };
    let Some(object) = NonNull::new(object) else { return ptr::null() };
    // SAFETY: the caller's word.
    let object = unsafe { Object::new(Attached::<Header>::new(interpreter), object, get_buffer) };
    match core.acquire(object, Request::from_bits(request)) {
        Ok(held) => ptr::from_ref(held.raw()).cast(),
        Err(error) => {
            error.restore_in(object, words::of_functions);
            ptr::null()
        }
    }
}

/// Keeps an object alive until the scope ends. Returns 0, or -1 with an exception set; without one for a scope that has
/// ended.
///
/// # Safety
///
/// The thread is attached to the interpreter; `scope` was passed to `bufproto_scope_begin`; the object is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_keep(scope: &Scope, object: *mut PyObject) -> c_int {
    // SAFETY: the table lives as long as the scope.
    let Some((interpreter, core)) = (unsafe { scope.open() }) else { return -1 };
    let Some(object) = NonNull::new(object) else { return -1 };
    // SAFETY: the caller's word; the slot is not called.
    let object = unsafe { Object::new(Attached::<Header>::new(interpreter), object, None) };
    match core.keep(object) {
        Ok(()) => 0,
        Err(error) => {
            error.restore_in(object, words::of_functions);
            -1
        }
    }
}

/// Takes an argument, by the rules of `PyArg_ParseTuple`: those of `y*` to read, of `w*` to write, and where types have
/// old slots, those of the old functions. `view` is room for a view, which holds the memory until it is given back by
/// `bufproto_release`.
///
/// `access` is one of `BUFPROTO_CHAR`, `BUFPROTO_READ` and `BUFPROTO_WRITE`. Returns 0, or -1 with an exception set; then
/// there is nothing to give back.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is alive, and
/// `get_buffer` its type's slot; `view`, `buffer` and `length` may be written to, and `view` does not move until it is
/// given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_argument(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    access: c_int,
    view: *mut c_void,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    let access = self::access(access);
    // SAFETY: the caller's word: one view has room.
    unsafe {
        hold_one(
            interpreter,
            (object, get_buffer),
            view,
            |object, place, places| {
                let span = if interpreter.is_native() {
                    // What this scope holds, a view or a reference, is given back by the caller.
                    let scope = ManuallyDrop::new(scope::Scope::in_places(object.runtime(), places));
                    locate(&scope, object, access)?
                } else {
                    argument_in(object, place, access)?;
                    let header = place.as_ref();
                    Span { pointer: header.buf, length: header.len }
                };
                buffer.write(span.pointer);
                length.write(span.length);
                Ok(())
            },
            words::of_functions,
        )
    }
}

/// Acquires a view for any request into the caller's room, as `PyObject_GetBuffer` does. It is given back by
/// `bufproto_release`, and does not move until then; one that names no owner keeps nothing alive. Returns 0, or -1 with an
/// exception set.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is NULL or alive, and
/// `get_buffer` its type's slot; `view` has room for a view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_acquire(
    interpreter: &Interpreter,
    object: *mut PyObject,
    get_buffer: GetBuffer,
    view: *mut c_void,
    request: c_int,
) -> c_int {
    // SAFETY: the caller's word: one view has room.
    unsafe {
        hold_one(
            interpreter,
            (object, get_buffer),
            view,
            |object, place, _| acquire_in(object, place, Request::from_bits(request)),
            words::of_views,
        )
    }
}

/// Has one view held in the caller's room.
///
/// # Safety
///
/// As [`bufproto_acquire`].
unsafe fn hold_one(
    interpreter: &Interpreter,
    (object, get_buffer): (*mut PyObject, GetBuffer),
    view: *mut c_void,
    hold: impl for<'i> FnOnce(Object<'i, Header>, NonNull<Header>, Blocks<'i>) -> Result<(), Error<Raised<'i>>>,
    words: impl FnOnce(Rule, Family) -> Refusal,
) -> c_int {
    let kept = Kept::new(view, 1, interpreter.view_size);
    // SAFETY: the caller's word.
    let (attached, places) = unsafe { (Attached::new(interpreter), Blocks::new(interpreter, &kept)) };
    let (Some(object), Some(place)) = (NonNull::new(object), NonNull::new(view.cast())) else {
        Error::<Raised<'_>>::from(Rule::NullArgument).restore_without_object_in(attached, words);
        return -1;
    };
    // SAFETY: the caller's word.
    let object = unsafe { Object::new(attached, object, get_buffer) };
    match hold(object, place, places) {
        Ok(()) => 0,
        Err(error) => {
            error.restore_in(object, words);
            -1
        }
    }
}
