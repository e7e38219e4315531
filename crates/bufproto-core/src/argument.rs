//! A function's argument, read or written in place: what `PyArg_ParseTuple` does for `y*` and `w*`, with words that
//! say what to do about a refusal.
//!
//! Source: `getbuffer` and `convertsimple` in CPython's `Python/getargs.c`, and what functions that use the two
//! formats raise on CPython 3.8 to 3.15. The exceptions have the types that those have. Beyond them, an exporter's
//! answer that cannot be memory is refused, and read-only memory that answers a request for writable memory.

use crate::abi::Header;
use crate::error::ErrorOf;
use crate::layout::Order;
use crate::request::{Access, Request};
use crate::rules::Rule;
use crate::runtime::{Exporter, Runtime, ViewOf};
use crate::stable::StableViewFor;
use crate::view::{Slot, SlotFor, View, ViewFor};

/// Acquires memory to read. The answer's [span](crate::view::View::span) can be read: its length is not negative, its
/// pointer not null unless it is empty, and its items lie side by side in C order.
///
/// ```
/// use bufproto_core::argument;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// let view = argument::read(object.attach(&interpreter), &mut slot).unwrap();
/// assert!(view.shared().unwrap().iter().eq(*b"hello"));
/// drop(view);
/// let refused = argument::read(Object::opaque().attach(&interpreter), &mut slot).unwrap_err().rule();
/// assert_eq!(refused, Some(Rule::ViewExporter));
/// ```
///
/// # Errors
///
/// - [`Rule::ViewExporter`] if the type exports no views, and the exporter's own exception.
/// - [`Rule::ArgumentOrder`] if the exporter answers with items that do not lie side by side, which it was not
///   asked for. Exporters that know better refuse; [`why_refused`] says why they did.
/// - [`Rule::NegativeLength`] and [`Rule::NullMemory`] if its answer cannot be memory.
#[inline]
pub fn read<O: Exporter>(object: O, slot: &mut SlotFor<O>) -> Result<ViewFor<'_, O>, ErrorOf<O>> {
    let view = ask(object, Access::Read, slot)?;
    check(&view, Access::Read)?;
    Ok(view)
}

/// Acquires memory to read and write, as [`read`] does in everything else.
///
/// ```
/// use bufproto_core::argument;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytearray(b"hello");
/// let mut slot = Slot::new();
/// argument::write(object.attach(&interpreter), &mut slot).unwrap().shared_mut().unwrap().set(0, b'j');
/// assert_eq!(object.content(), b"jello");
/// assert!(argument::write(Object::bytes(b"hello").attach(&interpreter), &mut slot).is_err());
/// ```
///
/// # Errors
///
/// As [`read`], and [`Rule::ReadOnlyView`] if the exporter answers with read-only memory. `w*` replaces whatever the
/// exporter raised by a `TypeError`: [`why_refused`] says which.
#[inline]
pub fn write<O: Exporter>(object: O, slot: &mut SlotFor<O>) -> Result<ViewFor<'_, O>, ErrorOf<O>> {
    let view = ask(object, Access::Write, slot)?;
    check(&view, Access::Write)?;
    Ok(view)
}

/// The first half of [`read`] and [`write()`], for a caller that tells the [usual](is_usual) answer from all others: asks.
/// Of the answer nothing has been looked at yet.
///
/// ```
/// use bufproto_core::argument;
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::Slot;
/// use bufproto_mock::Answer;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::scripted(Answer::null(5));
/// let mut slot = Slot::new();
/// let view = argument::ask(object.attach(&interpreter), Access::Read, &mut slot).unwrap();
/// assert_eq!(argument::check(&view, Access::Read), Err(Rule::NullMemory));
/// ```
///
/// # Errors
///
/// [`Rule::ViewExporter`] if the type exports no views, and the exporter's own exception.
#[inline]
pub fn ask<O: Exporter>(
    object: O,
    access: Access,
    slot: &mut SlotFor<O>,
) -> Result<ViewFor<'_, O>, ErrorOf<O>> {
    slot.fill(object, access.request())
}

/// The other half: whether what was answered is memory for the access.
///
/// ```
/// use bufproto_core::argument;
/// use bufproto_core::request::Access;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let mut slot = Slot::new();
/// let view = argument::ask(object.attach(&interpreter), Access::Read, &mut slot).unwrap();
/// assert_eq!(argument::check(&view, Access::Read), Ok(()));
/// assert_eq!(argument::check(&view, Access::Write), Err(Rule::ArgumentReadOnly));
/// ```
///
/// # Errors
///
/// As [`read`] and [`write()`].
#[inline]
pub fn check<R: Runtime>(view: &View<'_, R>, access: Access) -> Result<(), Rule> {
    let checked = match access {
        Access::Char | Access::Read => view.shared().map(|_| ()),
        Access::Write => view.shared_mut().map(|_| ()),
    };
    checked.map_err(in_words_for_arguments)
}

/// Whether [`check`] certainly holds of an answer, as it does of nearly every exporter's: a pointer and a length.
///
/// ```
/// use bufproto_core::abi::Header;
/// use bufproto_core::argument::is_usual;
/// use bufproto_core::request::Access;
///
/// let mut memory = *b"hello";
/// let read_only = Header { buf: memory.as_mut_ptr().cast(), len: 5, readonly: 1, ..Header::EMPTY };
/// assert!(is_usual(&read_only, Access::Read) && !is_usual(&read_only, Access::Write));
/// assert!(!is_usual(&Header { len: -1, ..read_only }, Access::Read));
/// ```
#[inline]
#[must_use]
pub fn is_usual(answer: &Header, access: Access) -> bool {
    let may_be_written = access != Access::Write || answer.readonly == 0;
    answer.is_dense() && !answer.buf.is_null() && answer.len >= 0 && may_be_written
}

/// Acquires memory that stays as it is while it is read, as [`read`] does in everything else.
///
/// ```
/// use bufproto_core::argument;
/// use bufproto_core::rules::Rule;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::buffer(b"hello");
/// let mut slot = Slot::new();
/// let view = argument::stable(object.attach(&interpreter), &mut slot).unwrap();
/// assert_eq!(view.as_slice(), Ok(&b"hello"[..]));
/// assert!(object.write(&interpreter, 0, b"j").is_err(), "not while it is read");
/// drop(view);
/// let array = Object::bytearray(b"hello");
/// let refused = argument::stable(array.attach(&interpreter), &mut slot).unwrap_err();
/// assert_eq!(refused.rule(), Some(Rule::ArgumentStable));
/// ```
///
/// # Errors
///
/// As [`read`]; [`Rule::ArgumentStable`] if the exporter offers no stable reads, and what it raises if it offers some but
/// not now.
#[inline]
pub fn stable<O: Exporter>(object: O, slot: &mut SlotFor<O>) -> Result<StableViewFor<'_, O>, ErrorOf<O>> {
    let view = slot.fill_stable(object, Request::SIMPLE)?;
    match view.as_slice() {
        Ok(_) => Ok(view),
        Err(rule) => Err(in_words_for_arguments(rule).into()),
    }
}

#[cold]
fn in_words_for_arguments(rule: Rule) -> Rule {
    match rule {
        Rule::Contiguous => Rule::ArgumentOrder,
        Rule::ReadOnlyView => Rule::ArgumentReadOnly,
        rule => rule,
    }
}

/// Why an exporter refused [`read`] or [`write()`]: it is asked once more, for memory of any layout, which is released
/// at once. `None` if that does not tell. Whatever it raises meanwhile is discarded.
///
/// ```
/// use bufproto_core::argument::{Why, why_refused, write};
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let bytes = Object::bytes(b"hello");
/// assert!(write(bytes.attach(&interpreter), &mut Slot::new()).is_err());
/// assert_eq!(why_refused(bytes.attach(&interpreter)), Some(Why::ReadOnly));
/// ```
#[cold]
pub fn why_refused<O: Exporter>(object: O) -> Option<Why> {
    let mut slot = Slot::<ViewOf<O>>::new();
    let view = slot.fill(object, Request::FULL_RO).ok()?;
    let layout = view.held().layout().ok()?;
    if !layout.is_contiguous(Order::C) {
        return Some(Why::Order);
    }
    (view.held().header().readonly != 0).then_some(Why::ReadOnly)
}

/// What is the matter with an object's memory.
///
/// ```
/// use bufproto_core::argument::{Why, why_refused};
/// use bufproto_mock::Strided;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let every_second = Object::strided(&Strided {
///     memory: b"abcdef",
///     offset: 0,
///     item_size: 1,
///     format: c"B".to_owned(),
///     shape: &[3],
///     strides: &[2],
///     read_only: true,
/// })?;
/// assert_eq!(why_refused(every_second.attach(&interpreter)), Some(Why::Order), "the first that is asked");
/// # Ok::<(), bufproto_mock::OutOfBounds>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The items do not lie side by side in C order.
    Order,
    /// The memory is read-only.
    ReadOnly,
}

/// Makes the copy of a view refer to itself wherever the original, which was at the address `from`, referred to
/// itself. With that it is as good as the original, wherever it is.
///
/// ```
/// use bufproto_core::abi::{CPython3, Header, View};
/// use bufproto_core::argument::settle;
/// use core::ptr::NonNull;
///
/// let mut view = CPython3::EMPTY;
/// view.header.shape = &raw mut view.header.len;
/// let from = (&raw mut view).addr();
/// let mut copy = view;
/// // SAFETY: this is a copy of what was there.
/// unsafe { settle(NonNull::from(&mut copy), from) };
/// assert_eq!(copy.header.shape, &raw mut copy.header.len);
/// ```
///
/// # Safety
///
/// `copy` points to a whole view, which may be written to and is a copy of the one that was at `from`.
pub unsafe fn settle<V: crate::abi::View>(copy: core::ptr::NonNull<V>, from: usize) {
    let settled = |address: usize| {
        let inside = address.wrapping_sub(from);
        (inside < size_of::<V>()).then(|| copy.as_ptr().wrapping_byte_add(inside))
    };
    // SAFETY: the caller's word; a view begins with a header.
    let header = unsafe { &mut *copy.cast::<Header>().as_ptr() };
    macro_rules! settle {
        ($($field:ident)*) => {$(
            if let Some(pointer) = settled(header.$field.addr()) {
                header.$field = pointer.cast();
            }
        )*};
    }
    settle!(buf format shape strides suboffsets);
}
