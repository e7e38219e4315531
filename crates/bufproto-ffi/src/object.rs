//! The handle by which C's objects meet core.

use core::ffi::{CStr, c_int, c_void};
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use bufproto_core::abi;
use bufproto_core::error::Error;
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::{Family, Message, Refusal, Rule};
use bufproto_core::runtime::{self, Exporter, Failure, Policy, Runtime, Segmented, Segments};
use bufproto_core::span::Span;

use crate::interpreter::{GetBuffer, Interpreter, PyObject};

/// The interpreter that the caller is attached to, whose views have the layout `V`.
pub(crate) struct Attached<'i, V>(&'i Interpreter, PhantomData<V>);

impl<V> Clone for Attached<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Attached<'_, V> {}

impl<'i, V> Attached<'i, V> {
    /// # Safety
    ///
    /// The interpreter's views have the layout `V`, and the thread is attached to it for `'i`.
    pub(crate) unsafe fn new(interpreter: &'i Interpreter) -> Self {
        Self(interpreter, PhantomData)
    }
}

/// A pending exception: dropping the token discards it.
pub(crate) struct Raised<'i>(&'i Interpreter);

impl<'i> Raised<'i> {
    /// The token of a call that the caller saw fail.
    pub(crate) fn pending(interpreter: &'i Interpreter) -> Self {
        Self(interpreter)
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        if let Some(clear) = self.0.clear {
            // SAFETY: the thread is attached for as long as the token lives.
            unsafe { clear() };
        }
    }
}

// SAFETY: who makes the value promises the layout and that the thread is attached; nothing is vouched for.
unsafe impl<'i, V: abi::View> Runtime for Attached<'i, V> {
    type View = V;
    type Raised = Raised<'i>;

    #[inline]
    fn family(self) -> Family {
        self.0.family()
    }

    #[inline]
    fn policy(self) -> Policy {
        self.0.policy()
    }

    fn is_severe(self, _: &Raised<'i>) -> bool {
        // SAFETY: the thread is attached.
        self.0.is_severe.is_some_and(|is_severe| unsafe { is_severe() } != 0)
    }

    fn is_raised(self) -> bool {
        // SAFETY: the thread is attached.
        self.0.occurred.is_some_and(|occurred| !unsafe { occurred() }.is_null())
    }

    fn raise(self, refusal: &Refusal) {
        // Hardly a function does without this one.
        core::hint::black_box(crate::version::LIBRARY_MARK.as_ptr());
        if let Some(set_string) = self.0.set_string {
            // SAFETY: the thread is attached; type and text are valid, and the text is copied.
            unsafe { set_string(self.0.exception(refusal.exception), refusal.message.as_c_str().as_ptr()) };
        }
    }

    #[inline]
    unsafe fn release(self, view: NonNull<V>) {
        let header = view.cast::<abi::Header>().as_ptr();
        // SAFETY: a view begins with a header.
        if unsafe { (*header).is_reference() } {
            // SAFETY: as above.
            let object = unsafe { core::mem::replace(&mut *header, abi::Header::EMPTY) }.obj;
            if let Some(unrefer) = self.0.unrefer {
                // SAFETY: the thread is attached; the reference was taken by `refer`.
                unsafe { unrefer(object.cast()) };
            }
        } else if let Some(release) = self.0.release {
            // SAFETY: the caller's word that the view is one to release; the thread is attached.
            unsafe { release(view.as_ptr().cast()) };
        }
    }
}

/// Raises the refusal of a rule that an object broke, or nobody in particular, and returns -1.
pub(crate) fn refuse(
    attached: Attached<'_, abi::Header>,
    object: Option<NonNull<PyObject>>,
    rule: Rule,
) -> c_int {
    let error: Error<Raised<'_>> = rule.into();
    match object {
        // SAFETY: the callers' objects are alive; the slot is not called.
        Some(object) => error.restore(unsafe { Object::new(attached, object, None) }),
        // A text that names a type needs somebody who has one: the caller forgot to say who it is about.
        None if rule.refusal(attached.family()).message.names_type() => {
            Error::<Raised<'_>>::from(Rule::MemoryFlag).restore_without_object(attached);
        }
        None => error.restore_without_object(attached),
    }
    -1
}

/// An object that C lends for a call.
pub(crate) struct Object<'i, V> {
    attached: Attached<'i, V>,
    object: NonNull<PyObject>,
    get_buffer: GetBuffer,
}

impl<V> Clone for Object<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Object<'_, V> {}

impl<'i, V: abi::View> Object<'i, V> {
    pub(crate) fn interpreter(self) -> &'i Interpreter {
        self.attached.0
    }

    /// The same object, where views have another layout.
    ///
    /// # Safety
    ///
    /// The interpreter's views have the layout `W`.
    pub(crate) unsafe fn with_views<W>(self) -> Object<'i, W> {
        Object {
            attached: Attached(self.attached.0, PhantomData),
            object: self.object,
            get_buffer: self.get_buffer,
        }
    }
}

impl<'i, V> Object<'i, V> {
    /// # Safety
    ///
    /// The object belongs to the interpreter and is alive for `'i`; `get_buffer` is its type's slot, as it is now.
    #[inline]
    pub(crate) unsafe fn new(
        attached: Attached<'i, V>,
        object: NonNull<PyObject>,
        get_buffer: GetBuffer,
    ) -> Self {
        Self { attached, object, get_buffer }
    }
}

// SAFETY: who makes the value promises that the object is alive.
unsafe impl<'i, V: abi::View> runtime::Object for Object<'i, V> {
    type Runtime = Attached<'i, V>;

    #[inline]
    fn runtime(self) -> Attached<'i, V> {
        self.attached
    }

    unsafe fn refer(self, into: NonNull<V>) -> bool {
        let Some(refer) = self.attached.0.refer else { return false };
        // SAFETY: the thread is attached, and the object alive.
        unsafe { refer(self.object.as_ptr()) };
        // SAFETY: the caller's word; a view begins with a header.
        unsafe { into.cast().write(abi::Header::reference(self.object.as_ptr().cast())) };
        true
    }

    fn needs_release(self) -> bool {
        let needs_release = self.attached.0.needs_release;
        // SAFETY: the thread is attached, and the object alive.
        needs_release.is_some_and(|needs_release| unsafe { needs_release(self.object.as_ptr()) } != 0)
    }

    fn raise(self, refusal: &Refusal) {
        if refusal.message.names_type() {
            self.raise_with_type_name(refusal);
        } else {
            self.attached.raise(refusal);
        }
    }
}

impl<V> Object<'_, V> {
    /// Most names need no formatter, which costs more than all the rest.
    fn raise_with_type_name(self, refusal: &Refusal) {
        let interpreter = self.attached.0;
        let exception = interpreter.exception(refusal.exception);
        // SAFETY: the thread is attached, and the object alive.
        let name = interpreter.type_name.map_or(ptr::null(), |name| unsafe { name(self.object.as_ptr()) });
        if let (Some(set_string), false) = (interpreter.set_string, name.is_null()) {
            let mut room = [0; Message::ROOM];
            // SAFETY: a name that is not null is a C string, which lives as long as the type.
            let name = unsafe { CStr::from_ptr(name) };
            if let Some(text) = refusal.message.write_with_type_name(name, &mut room) {
                // SAFETY: the thread is attached; type and text are valid, and the text is copied.
                return unsafe { set_string(exception, text.as_ptr()) };
            }
        }
        if let Some(set_with_type) = interpreter.set_with_type {
            let text = refusal.message.as_c_str().as_ptr();
            // SAFETY: the thread is attached, the object alive, and the text has one place for a name.
            unsafe { set_with_type(exception, text, self.object.as_ptr()) };
        }
    }
}

// SAFETY: what the type's own slot does is passed on unchanged.
unsafe impl<'i, V: abi::View> Exporter for Object<'i, V> {
    #[inline]
    fn exports(self) -> bool {
        self.get_buffer.is_some()
    }

    #[inline]
    unsafe fn export(self, into: NonNull<V>, request: Request) -> Result<(), Failure<Raised<'i>>> {
        const REFUSED: c_int = -1;
        let raised = Raised(self.attached.0);
        // SAFETY: the caller has seen that there is a slot.
        let get_buffer = unsafe { self.get_buffer.unwrap_unchecked() };
        // SAFETY: the thread is attached and the object alive; the view is empty, stays in place, and has the
        // interpreter's layout.
        let result = unsafe { get_buffer(self.object.as_ptr(), into.as_ptr().cast(), request.bits()) };
        match result {
            0 => {
                core::mem::forget(raised);
                Ok(())
            }
            REFUSED => Err(Failure::Refused(raised)),
            _ => Err(Failure::Irregular(raised)),
        }
    }
}

/// The old slots of an object that has them.
pub(crate) struct Witness<'i, V> {
    object: Object<'i, V>,
    access: Access,
}

impl<V> Clone for Witness<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Witness<'_, V> {}

// SAFETY: segments are memory of the object.
unsafe impl<'i, V: abi::View> Segmented for Object<'i, V> {
    type Segments = Witness<'i, V>;

    #[inline]
    fn segments(self, access: Access) -> Option<Witness<'i, V>> {
        let has_segments = self.attached.0.has_segments?;
        // SAFETY: the thread is attached, and the object alive.
        let filled = unsafe { has_segments(self.object.as_ptr(), access as c_int) } != 0;
        filled.then_some(Witness { object: self, access })
    }
}

// SAFETY: what the slot answers is passed on unchanged.
unsafe impl<'i, V: abi::View> Segments for Witness<'i, V> {
    type Raised = Raised<'i>;

    #[inline]
    fn count(self) -> isize {
        self.count_into(ptr::null_mut())
    }

    fn count_and_total(self) -> (isize, isize) {
        let mut total = 0;
        (self.count_into(&raw mut total), total)
    }

    #[inline]
    fn get(self, index: isize) -> Result<Span, Raised<'i>> {
        let interpreter = self.object.attached.0;
        let mut pointer: *mut c_void = ptr::null_mut();
        let length = interpreter.get_segment.map_or(-1, |get_segment| {
            // SAFETY: the thread is attached, the object alive, the slot filled, and the output ours.
            unsafe { get_segment(self.object.object.as_ptr(), self.access as c_int, index, &raw mut pointer) }
        });
        if length < 0 { Err(Raised(interpreter)) } else { Ok(Span { pointer, length }) }
    }
}

impl<V> Witness<'_, V> {
    fn count_into(self, total: *mut isize) -> isize {
        self.object.attached.0.count_segments.map_or(0, |count_segments| {
            // SAFETY: the thread is attached, the object alive, the counter filled, and the output null or ours.
            unsafe { count_segments(self.object.object.as_ptr(), total) }
        })
    }
}
