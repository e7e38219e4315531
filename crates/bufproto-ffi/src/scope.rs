//! Scopes, as C declares them: every buffer that is taken through one stays until the scope ends.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_void};
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::{self, NonNull};
use core::slice;

use bufproto_core::abi::{CPython2, CPython3, PyPy36, PyPy64, View};
use bufproto_core::legacy::store_from;
use bufproto_core::request::Access;
use bufproto_core::rules::Family;
use bufproto_core::scope;
use bufproto_core::view::Slot;

use crate::interpreter::{GetBuffer, Interpreter, PyObject};
use crate::object::{Attached, Object};

/// The scope of core, over views of a layout.
type Core<'a, V> = scope::Scope<'a, Attached<'a, V>>;

/// A scope, on C's stack. Its content is the library's.
#[repr(C)]
#[derive(Debug)]
pub struct Scope {
    /// The interpreter; null before the scope has begun, and after it has ended.
    interpreter: *const Interpreter,
    /// A [`Core`], over views of the interpreter's layout. Exporters may come back to it while it is used.
    content: UnsafeCell<MaybeUninit<[usize; 4]>>,
}

const _: () = {
    // References to views of whatever layout are all alike.
    assert!(size_of::<Core<'_, CPython3>>() <= size_of::<[usize; 4]>());
    assert!(align_of::<Core<'_, CPython3>>() <= align_of::<usize>());
    assert!(size_of::<Core<'_, PyPy64>>() <= size_of::<[usize; 4]>());
};

/// What is done with a scope, whatever the layout of its views.
trait Visitor {
    type Answer;

    /// # Safety
    ///
    /// The interpreter's views have the layout `V`.
    unsafe fn visit<V: View>(
        self,
        interpreter: &Interpreter,
        content: NonNull<Core<'static, V>>,
    ) -> Self::Answer;
}

impl Scope {
    /// Visits the scope with the layout of its interpreter's views; `None` if that is none that is known.
    ///
    /// # Safety
    ///
    /// The interpreter says the truth about its views.
    unsafe fn visit<T: Visitor>(&self, interpreter: &Interpreter, visitor: T) -> Option<T::Answer> {
        // SAFETY: the address of a cell's content is not null.
        let content = unsafe { NonNull::new_unchecked(self.content.get()) };
        // SAFETY: the caller's word.
        Some(unsafe {
            match interpreter.view_size {
                size if size == size_of::<CPython3>() => {
                    visitor.visit::<CPython3>(interpreter, content.cast())
                }
                size if size == size_of::<CPython2>() => {
                    visitor.visit::<CPython2>(interpreter, content.cast())
                }
                size if size == size_of::<PyPy36>() => visitor.visit::<PyPy36>(interpreter, content.cast()),
                size if size == size_of::<PyPy64>() => visitor.visit::<PyPy64>(interpreter, content.cast()),
                _ => return None,
            }
        })
    }
}

struct Begin {
    views: *mut c_void,
    count: usize,
}

impl Visitor for Begin {
    type Answer = ();

    unsafe fn visit<V: View>(self, interpreter: &Interpreter, content: NonNull<Core<'static, V>>) {
        let first: *mut Slot<V> = self.views.cast();
        for place in 0..self.count {
            // SAFETY: the caller has room for as many views, and a slot is as long as one.
            unsafe { first.add(place).write(Slot::new()) };
        }
        // SAFETY: they have just been written, and are the scope's until it ends.
        let slots = unsafe { slice::from_raw_parts_mut(first, self.count) };
        // SAFETY: the interpreter outlives the scope, and the caller's word for the layout.
        let attached = unsafe { Attached::<V>::new(&*ptr::from_ref(interpreter)) };
        // SAFETY: the content has room for it, as asserted above.
        unsafe { content.write(scope::Scope::new(attached, slots)) };
    }
}

struct End;

impl Visitor for End {
    type Answer = ();

    unsafe fn visit<V: View>(self, _: &Interpreter, content: NonNull<Core<'static, V>>) {
        // SAFETY: the scope has begun, and ends once.
        unsafe { content.drop_in_place() };
    }
}

struct Room;

impl Visitor for Room {
    type Answer = usize;

    unsafe fn visit<V: View>(self, _: &Interpreter, content: NonNull<Core<'static, V>>) -> usize {
        // SAFETY: the scope has begun.
        unsafe { content.as_ref() }.room()
    }
}

struct Locate {
    object: *mut PyObject,
    get_buffer: Option<GetBuffer>,
    access: Access,
    buffer: *mut *mut c_void,
    length: *mut isize,
}

impl Visitor for Locate {
    type Answer = c_int;

    unsafe fn visit<V: View>(self, interpreter: &Interpreter, content: NonNull<Core<'static, V>>) -> c_int {
        // SAFETY: the scope has begun. Exporting may come back to it, by shared references as this one.
        let scope = unsafe { content.as_ref() };
        // SAFETY: the table outlives the scope, and the caller's word for the layout.
        let attached = unsafe { Attached::<V>::new(&*ptr::from_ref(interpreter)) };
        // SAFETY: the caller's word for the object and its slot.
        let object =
            NonNull::new(self.object).map(|object| unsafe { Object::new(attached, object, self.get_buffer) });
        let access = self.access;
        let native = matches!(interpreter.family(), Family::CPython2 | Family::PyPy2);
        // SAFETY: the caller's word for the outputs.
        unsafe {
            store_from(attached, object, self.buffer, self.length, |object| {
                if native {
                    // What is left in the view is a reference, or nothing.
                    scope.locate_segment(object, access, |view| object.refer(view))
                } else {
                    scope.locate(object, access).map(|held| held.span())
                }
            })
        }
    }
}

/// Begins a scope with room for `count` views at `views`. Returns 0, or −1 if the interpreter's views have a layout
/// that the library does not know; nothing is raised then.
///
/// # Safety
///
/// `scope` and `views` may be written to, neither moves until the scope ends, and `views` has room for `count`
/// views. The table lives as long as the scope.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_begin(
    scope: &mut MaybeUninit<Scope>,
    interpreter: &Interpreter,
    views: *mut c_void,
    count: usize,
) -> c_int {
    let scope =
        scope.write(Scope { interpreter: ptr::null(), content: UnsafeCell::new(MaybeUninit::uninit()) });
    // SAFETY: the caller's word.
    match unsafe { scope.visit(interpreter, Begin { views, count }) } {
        Some(()) => {
            scope.interpreter = interpreter;
            0
        }
        None => -1,
    }
}

/// Ends a scope: gives back everything that was taken through it, the last first. Does nothing to one that has not
/// begun, or has ended.
///
/// Exporters may run code, and may leave an exception; a pending one should be put aside before.
///
/// # Safety
///
/// The thread is attached to the interpreter; `scope` was passed to [`bufproto_scope_begin`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_end(scope: *mut Scope) {
    // SAFETY: the caller's word.
    let interpreter = unsafe { (*scope).interpreter };
    // SAFETY: the table lives as long as the scope.
    let Some(known) = (unsafe { interpreter.as_ref() }) else { return };
    // SAFETY: the scope has begun, and does not end twice, since it forgets its interpreter.
    unsafe {
        (*scope).interpreter = ptr::null();
        let _ = (*scope).visit(known, End);
    }
}

/// How many more buffers the scope can take.
///
/// # Safety
///
/// As [`bufproto_scope_end`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_scope_room(scope: &Scope) -> usize {
    // SAFETY: the table lives as long as the scope.
    let interpreter = unsafe { scope.interpreter.as_ref() };
    // SAFETY: the caller's word.
    interpreter.and_then(|interpreter| unsafe { scope.visit(interpreter, Room) }).unwrap_or(0)
}

macro_rules! functions {
    ($($(#[$documentation:meta])* $name:ident $access:ident $buffer:ty;)*) => {$(
        $(#[$documentation])*
        ///
        /// Returns 0, or −1 with an exception set, as the function without a scope; `BufferError` if the scope is
        /// full. The outputs are written on success only.
        ///
        /// # Safety
        ///
        /// The thread is attached to the interpreter; the scope has begun and not ended; the object is null or
        /// alive, and `get_buffer` its type's `bf_getbuffer`; the outputs are null or may be written to.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            scope: &Scope,
            object: *mut PyObject,
            get_buffer: Option<GetBuffer>,
            buffer: *mut $buffer,
            length: *mut isize,
        ) -> c_int {
            // SAFETY: the table lives as long as the scope.
            let Some(interpreter) = (unsafe { scope.interpreter.as_ref() }) else { return -1 };
            let locate = Locate { object, get_buffer, access: Access::$access, buffer: buffer.cast(), length };
            // SAFETY: the caller's word; pointers have one representation, whatever they point to.
            unsafe { scope.visit(interpreter, locate) }.unwrap_or(-1)
        }
    )*};
}

functions! {
    /// `PyObject_AsCharBuffer`: memory to read as characters, until the scope ends.
    bufproto_scope_as_char_buffer Char *const c_char;
    /// `PyObject_AsReadBuffer`: memory to read, whatever it holds, until the scope ends.
    bufproto_scope_as_read_buffer Read *const c_void;
    /// `PyObject_AsWriteBuffer`: memory to write to, until the scope ends.
    bufproto_scope_as_write_buffer Write *mut c_void;
}
