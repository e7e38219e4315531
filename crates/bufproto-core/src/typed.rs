//! A view as items of one type, in as many dimensions as it has.

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;

use crate::copy::{self, CopyError};
use crate::element::{Element, ElementError, check_item};
use crate::format::Format;
use crate::layout::{IndexError, Layout, LayoutError, MAX_DIMENSIONS, Order};
use crate::rules::Rule;
use crate::runtime::Runtime;
use crate::shared::{Shared, SharedMut};
use crate::stable::StableView;
use crate::view::Held;

/// The items of a view that is held for `'held`, which others may write to meanwhile.
///
/// An item lies where shape, strides and suboffsets say, at any address, and each of its bytes is read by itself: of one that is being
/// written to some bytes may be old and some new. Ask for the view with
/// [`FULL_RO`](crate::request::Request::FULL_RO), or what of it the consumer can do with.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// use bufproto_mock::Strided;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// // A table of two rows and three columns, in big-endian order.
/// let table = Object::strided(&Strided {
///     memory: &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6],
///     offset: 0,
///     item_size: 2,
///     format: c">H".to_owned(),
///     shape: &[2, 3],
///     strides: &[6, 2],
///     read_only: true,
/// }).unwrap();
/// let mut slot = Slot::new();
/// let view = slot.fill(table.attach(&interpreter), Request::FULL_RO).unwrap();
/// let items = view.held().typed::<bufproto_core::element::Be<u16>>().unwrap();
/// assert!(items.shape().eq([2, 3]));
/// assert_eq!(items.get(&[1, 0]).map(|item| item.get()), Ok(4));
/// assert_eq!(items.iter().map(|item| item.get()).sum::<u16>(), 21);
/// ```
pub struct TypedView<'held, T> {
    /// Invariant: the `buf` of a view with this layout, which is held for `'held`; not null if there is an item.
    memory: *mut u8,
    layout: Layout<'held>,
    /// Where in an item of the layout that of the type begins, which does not go past its end.
    offset: usize,
    /// Invariant: if it is set, nobody writes to the items during `'held`.
    frozen: bool,
    items: PhantomData<fn() -> T>,
}

/// The items of a view that is held for `'held`, to read and write.
///
/// ```
/// use bufproto_core::request::Request;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let table = Object::indirect(&[b"abc", b"xyz"]);
/// let mut slot = Slot::new();
/// let view = slot.fill(table.attach(&interpreter), Request::FULL).unwrap();
/// view.held().typed_mut::<u8>().unwrap().set(&[1, 2], b'!').unwrap();
/// assert_eq!(table.content(), b"abcxy!");
/// ```
pub struct TypedViewMut<'held, T>(
    /// Invariant: the memory may be written to.
    TypedView<'held, T>,
);

impl<T> Clone for TypedView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TypedView<'_, T> {}

impl<T> Clone for TypedViewMut<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TypedViewMut<'_, T> {}

impl<'held, R: Runtime> Held<'held, R> {
    /// The view's items, to read. A view without a format has unsigned bytes.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert_eq!(view.held().typed::<u8>().unwrap().len(), 5);
    /// assert_eq!(
    ///     view.held().typed::<i32>().unwrap_err().to_string(),
    ///     "the items have format 'B', but '=i' is wanted"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`TypedError`]: the format is another type's, or the exporter is at fault.
    pub fn typed<T: Element>(self) -> Result<TypedView<'held, T>, TypedError<'held>> {
        let layout = self.layout().map_err(TypedError::Layout)?;
        let format = self.format().map_or(&b"B"[..], |format| format.to_bytes());
        T::check(format, layout.item_size()).map_err(TypedError::Element)?;
        let memory: *mut u8 = self.span().pointer.cast();
        if memory.is_null() && layout.items() != 0 {
            return Err(TypedError::Rule(Rule::NullMemory));
        }
        // The view is held for `'held`, has this layout and items of this type.
        let frozen = self.has_frozen_items(layout);
        Ok(TypedView { memory, layout, offset: 0, frozen, items: PhantomData })
    }

    /// One field of items that are records, by its name ([`Format::field`]), in every item, to read. It keeps the shape of
    /// the view. A field of several items, as a sub-array, is none that a type can look at.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// use bufproto_mock::Strided;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let points = Object::strided(&Strided {
    ///     memory: b"abxy",
    ///     offset: 0,
    ///     item_size: 2,
    ///     format: c"T{B:kind:B:value:}".to_owned(),
    ///     shape: &[2],
    ///     strides: &[2],
    ///     read_only: false,
    /// }).unwrap();
    /// let mut slot = Slot::new();
    /// let view = slot.fill(points.attach(&interpreter), Request::FULL).unwrap();
    /// let kinds = view.held().field::<u8>(b"kind").unwrap();
    /// assert!(kinds.iter().eq(*b"ax"));
    /// assert!(view.held().field::<u8>(b"size").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`typed`](Self::typed), and [`TypedError::NoField`].
    pub fn field<T: Element>(self, name: &[u8]) -> Result<TypedView<'held, T>, TypedError<'held>> {
        let layout = self.layout().map_err(TypedError::Layout)?;
        let format = self.format().map_or(&b"B"[..], |format| format.to_bytes());
        let parsed = Format::parse(format)
            .map_err(|error| TypedError::Element(ElementError::Malformed { format, error }))?;
        let (size, item_size) = (parsed.size(), layout.item_size());
        if size != item_size {
            return Err(TypedError::Element(ElementError::Size { format, size, item_size }));
        }
        let field = parsed.field(name).ok_or(TypedError::NoField { format })?;
        let single = (field.count == 1 && field.dimensions() == 0).then_some(field);
        check_item::<T>(single, format).map_err(TypedError::Element)?;
        let memory: *mut u8 = self.span().pointer.cast();
        if memory.is_null() && layout.items() != 0 {
            return Err(TypedError::Rule(Rule::NullMemory));
        }
        // The field lies within the format, which is as large as an item; and the view is held for `'held`.
        let frozen = self.has_frozen_items(layout);
        Ok(TypedView { memory, layout, offset: field.offset, frozen, items: PhantomData })
    }

    /// Whether the runtime vouches for all items: it speaks of the first `len` bytes at `buf`, and strides may lead elsewhere.
    /// A view that claims to be writable gives out a way to write.
    fn has_frozen_items(self, layout: Layout<'_>) -> bool {
        self.header().readonly != 0 && self.is_frozen() && is_within_length(layout)
    }

    /// The same, to read and write.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// use bufproto_mock::Strided;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let points = Object::strided(&Strided {
    ///     memory: b"abxy",
    ///     offset: 0,
    ///     item_size: 2,
    ///     format: c"T{B:kind:B:value:}".to_owned(),
    ///     shape: &[2],
    ///     strides: &[2],
    ///     read_only: false,
    /// }).unwrap();
    /// let mut slot = Slot::new();
    /// let view = slot.fill(points.attach(&interpreter), Request::FULL).unwrap();
    /// view.held().field_mut::<u8>(b"value").unwrap().fill(0);
    /// assert_eq!(points.content(), b"a\0x\0");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`field`](Self::field), and [`Rule::ReadOnlyView`].
    pub fn field_mut<T: Element>(self, name: &[u8]) -> Result<TypedViewMut<'held, T>, TypedError<'held>> {
        if self.header().readonly != 0 {
            return Err(TypedError::Rule(Rule::ReadOnlyView));
        }
        self.field(name).map(TypedViewMut)
    }

    /// The view's items, to read and write.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    /// use bufproto_core::typed::TypedError;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::bytes(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    /// let refused = view.held().typed_mut::<u8>().unwrap_err();
    /// assert_eq!(refused, TypedError::Rule(Rule::ReadOnlyView));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`typed`](Self::typed), and [`Rule::ReadOnlyView`].
    pub fn typed_mut<T: Element>(self) -> Result<TypedViewMut<'held, T>, TypedError<'held>> {
        if self.header().readonly != 0 {
            return Err(TypedError::Rule(Rule::ReadOnlyView));
        }
        self.typed().map(TypedViewMut)
    }
}

fn is_within_length(layout: Layout<'_>) -> bool {
    layout.bounds().is_some_and(|bounds| bounds.start == 0 && bounds.end.unsigned_abs() <= layout.length())
}

impl<'a> Shared<'a> {
    /// Some of the bytes, from the one at `first` on, as items of a type that lie as a layout says. `None` if one of them does
    /// not lie within the bytes, or if the layout has items of another size.
    ///
    /// ```
    /// use bufproto_core::layout::{Layout, Order};
    /// use bufproto_core::shared::Shared;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array outlives the bytes, and nobody has a reference to it meanwhile.
    /// let bytes = unsafe { Shared::new(memory.as_mut_ptr(), memory.len()) };
    /// let mut every_second = [0; 3];
    /// let layout = Layout::new(1, &[3], Some(&[-2]), None)?;
    /// bytes.view(4, layout).unwrap().copy_to_slice(Order::C, &mut every_second)?;
    /// assert_eq!(every_second, *b"olh");
    /// assert!(bytes.view::<u8>(3, layout).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn view<T: Element>(self, first: usize, layout: Layout<'a>) -> Option<TypedView<'a, T>> {
        let bounds = layout.bounds()?;
        let lowest = first.checked_add_signed(bounds.start)?;
        let highest = first.checked_add_signed(bounds.end)?;
        let fits = layout.item_size() == size_of::<T>() && lowest <= highest && highest <= self.len();
        // SAFETY: all items lie within the bytes, which can be read for `'a` as those of shared memory.
        fits.then(|| unsafe { TypedView::new(self.as_ptr().cast_mut().wrapping_add(first), layout) })
    }
}

impl<'a> SharedMut<'a> {
    /// As [`Shared::view`], to read and write.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::shared::SharedMut;
    ///
    /// let mut memory = *b"hello";
    /// // SAFETY: the array stays, and nobody else uses it.
    /// let bytes = unsafe { SharedMut::new(memory.as_mut_ptr(), memory.len()) };
    /// let every_second = Layout::new(1, &[3], Some(&[2]), None)?;
    /// bytes.view::<u8>(0, every_second).unwrap().fill(b'-');
    /// assert_eq!(memory, *b"-e-l-");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn view<T: Element>(self, first: usize, layout: Layout<'a>) -> Option<TypedViewMut<'a, T>> {
        // The bytes may be written to, and so may the items, which are some of them.
        self.as_shared().view(first, layout).map(TypedViewMut)
    }
}

impl<R: Runtime> StableView<'_, R> {
    /// The view's items, which [stay as they are](TypedView::is_frozen) for as long as the view is held.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert!(view.typed::<u8>().unwrap().is_frozen());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Held::typed`].
    pub fn typed<T: Element>(&self) -> Result<TypedView<'_, T>, TypedError<'_>> {
        self.held().typed().map(|items| self.freeze(items))
    }

    /// One field of items that are records, which stay as they are for as long as the view is held.
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::typed::TypedError;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let object = Object::buffer(b"hello");
    /// let mut slot = Slot::new();
    /// let view = slot.fill_stable(object.attach(&interpreter), Request::FULL_RO).unwrap();
    /// assert_eq!(view.field::<u8>(b"kind").unwrap_err(), TypedError::NoField { format: b"B" });
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Held::field`].
    pub fn field<T: Element>(&self, name: &[u8]) -> Result<TypedView<'_, T>, TypedError<'_>> {
        self.held().field(name).map(|items| self.freeze(items))
    }

    /// The exporter promised for all items, unless it is the runtime that vouches, which has been asked.
    fn freeze<'held, T>(&self, items: TypedView<'held, T>) -> TypedView<'held, T> {
        TypedView { frozen: items.frozen || !self.held().is_frozen(), ..items }
    }
}

impl<'held, T: Element> TypedView<'held, T> {
    /// The items of memory that is not a view's, for exporters.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.get(&[1, 0]), Ok(4));
    /// ```
    ///
    /// # Safety
    ///
    /// At `memory` is the item whose indices are all zero. All items that the layout has are of the size of the type, and may
    /// be read for `'held`, and nobody holds a reference to them that forbids others to write or to read.
    #[must_use]
    pub unsafe fn new(memory: *mut u8, layout: Layout<'held>) -> Self {
        Self { memory, layout, offset: 0, frozen: false, items: PhantomData }
    }

    /// Where the items lie; of a [field](Held::field), the records that it is in.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.layout().length(), 12);
    /// ```
    #[must_use]
    pub fn layout(self) -> Layout<'held> {
        self.layout
    }

    /// The number of items; 1 without dimensions.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.len(), 6);
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.layout.items()
    }

    /// Whether there are no items.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert!(!items.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The number of items in each dimension.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert!(items.shape().eq([2, 3]));
    /// ```
    pub fn shape(self) -> impl ExactSizeIterator<Item = usize> + 'held {
        (0..self.layout.dimensions()).map(move |dimension| self.layout.extent(dimension))
    }

    /// Whether nobody writes to the items as long as the view is held: those of an exact `bytes`, or of a
    /// [stable read](crate::stable::StableView).
    ///
    /// ```
    /// use bufproto_core::request::Request;
    /// use bufproto_core::view::Slot;
    /// # use bufproto_mock::{Interpreter, Object};
    /// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
    ///
    /// let is_frozen = |object: Object| {
    ///     let mut slot = Slot::new();
    ///     let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
    ///     view.held().typed::<u8>().unwrap().is_frozen()
    /// };
    /// assert!(is_frozen(Object::bytes(b"hello")) && !is_frozen(Object::bytearray(b"hello")));
    /// ```
    #[must_use]
    pub fn is_frozen(self) -> bool {
        self.frozen
    }

    /// The address of the item whose indices are all zero; anything if there are no items. Where items lie
    /// [behind pointers](Layout::is_indirect), those are still to be followed.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.as_ptr(), numbers.as_ptr().cast());
    /// ```
    #[must_use]
    pub fn as_ptr(self) -> *const T {
        // Within the item, so it does not overflow.
        self.memory.wrapping_add(self.offset).cast_const().cast()
    }

    /// The bytes of all items, if they lie side by side in C order, with nothing in between.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.shared().map(|bytes| bytes.len()), Some(12));
    /// ```
    #[must_use]
    pub fn shared(self) -> Option<Shared<'held>> {
        let whole = self.layout.item_size() == size_of::<T>() && self.layout.is_contiguous(Order::C);
        // SAFETY: the items of a contiguous layout are its length in bytes at `memory`, and the view is held for `'held`.
        whole.then(|| unsafe { Shared::new(self.memory, self.layout.length()) })
    }

    /// The item at these indices, one for each dimension, as it is now.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.get(&[0, 2]), Ok(3));
    /// assert_eq!(items.get(&[0]).unwrap_err().to_string(), "1 indices for 2 dimensions");
    /// ```
    ///
    /// # Errors
    ///
    /// [`IndexError`] if there is no such item.
    pub fn get(self, indices: &[usize]) -> Result<T, IndexError> {
        self.address(indices).map(|address| {
            // SAFETY: an item's address.
            unsafe { self.item(address) }
        })
    }

    /// The items in C order (the last index varies fastest), each as it is when its turn comes.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert!(items.iter().eq([1, 2, 3, 4, 5, 6]));
    /// ```
    #[must_use]
    pub fn iter(self) -> Items<'held, T> {
        let side_by_side = self.layout.is_contiguous(Order::C);
        Items { view: self, next: 0, indices: [0; MAX_DIMENSIONS], side_by_side }
    }

    /// Copies all items, side by side, in the given order, each as it is when its turn comes: one that is being written to
    /// may be some old and some new bytes. Many bytes move at a time, whatever the layout ([`copy`]).
    ///
    /// ```
    /// use bufproto_core::layout::Order;
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// let mut copy = [0; 6];
    /// items.copy_to_slice(Order::Fortran, &mut copy).unwrap();
    /// assert_eq!(copy, [1, 4, 2, 5, 3, 6]);
    /// assert!(items.copy_to_slice(Order::C, &mut copy[..5]).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`CopyError::Places`] if there are not as many places as [items](Self::len). Nothing is copied then.
    pub fn copy_to_slice(self, order: Order, into: &mut [T]) -> Result<(), CopyError> {
        // SAFETY: any bytes at all are an `Element`, so only initialised items are written over initialised ones.
        self.copy_to_uninit(order, unsafe { &mut *(ptr::from_mut(into) as *mut [MaybeUninit<T>]) })
    }

    /// As [`copy_to_slice`](Self::copy_to_slice). All places are initialised then.
    ///
    /// ```
    /// use bufproto_core::layout::Order;
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedView;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// let mut copy: Vec<i16> = Vec::with_capacity(items.len());
    /// items.copy_to_uninit(Order::C, &mut copy.spare_capacity_mut()[..6]).unwrap();
    /// // SAFETY: so many are initialised.
    /// unsafe { copy.set_len(6) };
    /// assert_eq!(copy, [1, 2, 3, 4, 5, 6]);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`copy_to_slice`](Self::copy_to_slice).
    pub fn copy_to_uninit(self, order: Order, into: &mut [MaybeUninit<T>]) -> Result<(), CopyError> {
        self.compare(into.len())?;
        let (from, into) = (self.memory.cast_const(), into.as_mut_ptr().cast());
        let layout = self.layout;
        let has_gaps = layout.item_size() != size_of::<T>()
            || !(layout.is_contiguous(Order::C) || layout.is_contiguous(Order::Fortran));
        if self.frozen && !has_gaps {
            // SAFETY: the type's invariant: the view is held, nobody writes to its items, and nothing lies between them. The
            // slice has place for them, and is the caller's own.
            unsafe { copy::gather(from, layout, order, into) };
        } else {
            // SAFETY: as above, or others may write to the items, of which those of the type are part.
            unsafe { copy::shared::gather_fields(from, layout, self.field(), order, into) };
        }
        Ok(())
    }

    /// Which bytes of an item of the layout are that of the type.
    fn field(self) -> Range<usize> {
        // It does not go past the item's end.
        self.offset..self.offset + size_of::<T>()
    }

    fn compare(self, places: usize) -> Result<(), CopyError> {
        let items = self.len();
        if items == places { Ok(()) } else { Err(CopyError::Places { items, places }) }
    }

    fn address(self, indices: &[usize]) -> Result<*mut u8, IndexError> {
        // SAFETY: the type's invariant.
        let item = unsafe { self.layout.pointer(self.memory, indices) }?;
        // Within the item, so it does not overflow.
        Ok(item.wrapping_add(self.offset))
    }

    /// # Safety
    ///
    /// The address is that of an item of the view.
    unsafe fn item(self, address: *mut u8) -> T {
        // SAFETY: an item has the size of the type, which was checked, and the view is held for `'held`.
        let bytes = unsafe { Shared::new(address, size_of::<T>()) };
        // There are as many bytes as the item has.
        bytes.item(0).unwrap_or_else(|| unreachable!())
    }
}

impl<'held, T: Element> TypedViewMut<'held, T> {
    /// The items of memory that is not a view's, for exporters.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// items.set(&[0, 0], 10).unwrap();
    /// assert_eq!(numbers[0][0], 10);
    /// ```
    ///
    /// # Safety
    ///
    /// As [`TypedView::new`], and the items may be written to.
    #[must_use]
    pub unsafe fn new(memory: *mut u8, layout: Layout<'held>) -> Self {
        // SAFETY: the caller's word.
        Self(unsafe { TypedView::new(memory, layout) })
    }

    /// The same items, to read.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.as_view().len(), 6);
    /// ```
    #[must_use]
    pub fn as_view(self) -> TypedView<'held, T> {
        self.0
    }

    /// As [`TypedView::as_ptr`], to write to.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert_eq!(items.as_mut_ptr(), numbers.as_mut_ptr().cast());
    /// ```
    #[must_use]
    pub fn as_mut_ptr(self) -> *mut T {
        self.0.as_ptr().cast_mut()
    }

    /// Writes the item at these indices, one for each dimension.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// assert!(items.set(&[1, 2], 60).is_ok() && items.set(&[2, 0], 70).is_err());
    /// assert_eq!(numbers, [[1, 2, 3], [4, 5, 60]]);
    /// ```
    ///
    /// # Errors
    ///
    /// [`IndexError`] if there is no such item.
    pub fn set(self, indices: &[usize], item: T) -> Result<(), IndexError> {
        self.0.address(indices).map(|address| {
            // SAFETY: an item's address; it has the size of the type, and the memory may be written to.
            unsafe { SharedMut::new(address, size_of::<T>()) }.set_item(0, item);
        })
    }

    /// Writes all items, which are side by side in the given order in the slice. Where two items of the view share a place, one
    /// of the two will be there. Many bytes move at a time, whatever the layout ([`copy`]).
    ///
    /// ```
    /// use bufproto_core::layout::Order;
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// items.copy_from_slice(Order::Fortran, &[1, 4, 2, 5, 3, 60]).unwrap();
    /// assert_eq!(numbers, [[1, 2, 3], [4, 5, 60]]);
    /// ```
    ///
    /// # Errors
    ///
    /// [`CopyError::Places`] if there are not as many [items](TypedView::len) in the slice. Nothing is written then.
    pub fn copy_from_slice(self, order: Order, from: &[T]) -> Result<(), CopyError> {
        self.0.compare(from.len())?;
        // SAFETY: nobody writes to what is behind a reference, and it has as many items. The view is held and may be written
        // to, by others too; the items of the type are part of its own.
        unsafe {
            copy::shared::scatter_fields(
                from.as_ptr().cast(),
                self.0.memory,
                self.0.layout,
                self.0.field(),
                order,
            )
        };
        Ok(())
    }

    /// Sets every item.
    ///
    /// ```
    /// use bufproto_core::layout::Layout;
    /// use bufproto_core::typed::TypedViewMut;
    ///
    /// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
    /// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
    /// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
    /// let items = unsafe { TypedViewMut::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
    /// items.fill(7);
    /// assert_eq!(numbers, [[7; 3]; 2]);
    /// ```
    pub fn fill(self, item: T) {
        let mut items = self.0.iter();
        while let Some(address) = items.next_address() {
            // SAFETY: as in `set`.
            unsafe { SharedMut::new(address, size_of::<T>()) }.set_item(0, item);
        }
    }
}

impl<'held, T: Element> IntoIterator for TypedView<'held, T> {
    type Item = T;
    type IntoIter = Items<'held, T>;

    fn into_iter(self) -> Items<'held, T> {
        self.iter()
    }
}

/// The items of a view one after the other, in C order.
///
/// ```
/// use bufproto_core::layout::Layout;
/// use bufproto_core::typed::TypedView;
///
/// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
/// let layout = Layout::new(2, &[2, 3], None, None).unwrap();
/// // SAFETY: the numbers have this layout, stay, and are used by nobody else.
/// let items = unsafe { TypedView::<i16>::new(numbers.as_mut_ptr().cast(), layout) };
/// let mut rest = items.iter();
/// assert_eq!((rest.next(), rest.len()), (Some(1), 5));
/// ```
pub struct Items<'held, T> {
    view: TypedView<'held, T>,
    /// How many there have been.
    next: usize,
    /// The indices of the next item; not looked at if the items lie side by side.
    indices: [usize; MAX_DIMENSIONS],
    side_by_side: bool,
}

impl<T: Element> Items<'_, T> {
    fn next_address(&mut self) -> Option<*mut u8> {
        let layout = self.view.layout;
        if self.next == layout.items() {
            return None;
        }
        let address = if self.side_by_side {
            // Within the memory, so it does not overflow.
            self.view.memory.wrapping_add(self.next * layout.item_size() + self.view.offset)
        } else {
            let indices = &mut self.indices[..layout.dimensions()];
            let address = self.view.address(indices).ok()?;
            for (dimension, index) in indices.iter_mut().enumerate().rev() {
                *index += 1;
                if *index < layout.extent(dimension) {
                    break;
                }
                *index = 0;
            }
            address
        };
        self.next += 1;
        Some(address)
    }
}

impl<T: Element> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.next_address().map(|address| {
            // SAFETY: the address of an item.
            unsafe { self.view.item(address) }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.view.layout.items() - self.next;
        (left, Some(left))
    }
}

impl<T: Element> ExactSizeIterator for Items<'_, T> {}

impl<T> fmt::Debug for TypedView<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TypedView").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for TypedViewMut<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TypedViewMut").field(&self.0).finish()
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Items").field("next", &self.next).finish_non_exhaustive()
    }
}

/// Why a view is not one of items of a type.
///
/// ```
/// use bufproto_core::element::ElementError;
/// use bufproto_core::request::Request;
/// use bufproto_core::typed::TypedError;
/// use bufproto_core::view::Slot;
/// # use bufproto_mock::{Interpreter, Object};
/// # let interpreter = Interpreter::new(bufproto_core::rules::Family::CPython3);
///
/// let object = Object::bytes(b"hello");
/// let mut slot = Slot::new();
/// let view = slot.fill(object.attach(&interpreter), Request::FULL_RO).unwrap();
/// let error = view.held().typed::<f64>().unwrap_err();
/// assert_eq!(error, TypedError::Element(ElementError::Format { format: b"B", wanted: "=d" }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedError<'a> {
    /// The items are of another type.
    Element(ElementError<'a>),
    /// The exporter's fields are no layout; it is at fault.
    Layout(LayoutError),
    /// The items are no records, or have no such field.
    NoField {
        /// The view's format.
        format: &'a [u8],
    },
    /// A rule was broken.
    Rule(Rule),
}

impl core::error::Error for TypedError<'_> {}

impl fmt::Display for TypedError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(error) => error.fmt(f),
            Self::Layout(error) => error.fmt(f),
            Self::NoField { format } => {
                write!(f, "the items have no field of that name; their format is '{}'", format.escape_ascii())
            }
            Self::Rule(rule) => rule.broken(f),
        }
    }
}
