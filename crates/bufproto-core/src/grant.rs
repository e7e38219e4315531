//! The exporter's side: what a request is entitled to, and who must be told.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{self, NonNull};

use crate::abi::{self, Header};
use crate::layout::{Layout, LayoutError, Order};
use crate::request::Request;
use crate::rules::{Family, Rule};
use crate::span::Span;

mod domain;

/// What a domain is made of; a test puts something else in its place.
use core::sync::atomic;

pub use domain::{Domain, Export};

/// Answers a request for a block of bytes, as the interpreter's own `PyBuffer_FillInfo` does.
///
/// The view takes over one reference to `owner`, which may be null. The length is not checked: −1 passes.
///
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::grant::fill_info;
/// use bufproto_core::request::Request;
/// use bufproto_core::rules::{Family, Rule};
/// use bufproto_core::span::Span;
/// use core::ptr::{self, NonNull};
///
/// let mut memory = *b"hello";
/// let span = Span { pointer: memory.as_mut_ptr().cast(), length: 5 };
/// let mut view = CPython3::EMPTY;
/// let place = NonNull::from(&mut view);
/// let mut fill = |request| {
///     // SAFETY: the view stays where it is.
///     unsafe { fill_info(Family::CPython3, Some(place), ptr::null_mut(), span, 1, request) }
/// };
/// assert_eq!(fill(Request::WRITABLE), Err(Rule::Writable), "it is read-only");
/// fill(Request::SIMPLE)?;
/// assert_eq!((view.header.len, view.header.readonly), (5, 1));
/// # Ok::<(), bufproto_core::rules::Rule>(())
/// ```
///
/// # Errors
///
/// Nothing is written then.
///
/// - [`Rule::Writable`] if the request is for writable memory and the memory is read-only. CPython takes only
///   `read_only == 1` for read-only here, PyPy any value but 0.
/// - [`Rule::NullView`] if there is no view. CPython 2.7 does nothing then and succeeds; PyPy crashes, which
///   is not copied.
/// - [`Rule::MemoryFlag`] if the request is exactly `PyBUF_READ` or `PyBUF_WRITE` (CPython 3.13 and later).
///
/// # Safety
///
/// `view` may be written to, and the view does not move until it is released.
pub unsafe fn fill_info<V: abi::View>(
    family: Family,
    view: Option<NonNull<V>>,
    owner: *mut c_void,
    memory: Span,
    read_only: c_int,
    request: Request,
) -> Result<(), Rule> {
    let Some(view) = view else {
        return if family == Family::CPython2 { Ok(()) } else { Err(Rule::NullView) };
    };
    request.check(family)?;
    let refuses = match family {
        Family::PyPy2 | Family::PyPy3 => read_only != 0,
        Family::CPython2 | Family::CPython3 | Family::CPython313 => read_only == 1,
    };
    if request.contains(Request::WRITABLE) && refuses {
        return Err(Rule::Writable);
    }
    // SAFETY: the caller's word that this is a view.
    let (own_shape, own_strides) = unsafe { V::own_dimension(view.as_ptr()) };
    // SAFETY: the caller's word that the view, which begins with a header, may be written to. The two places
    // are in the view, and hold the same values if they are fields of the header.
    unsafe {
        view.cast::<Header>().write(Header {
            buf: memory.pointer,
            obj: owner,
            len: memory.length,
            itemsize: 1,
            readonly: read_only,
            ndim: 1,
            format: if request.contains(Request::FORMAT) { UNSIGNED_BYTES } else { ptr::null_mut() },
            shape: if request.contains(Request::ND) { own_shape } else { ptr::null_mut() },
            strides: if request.contains(Request::STRIDES) { own_strides } else { ptr::null_mut() },
            suboffsets: ptr::null_mut(),
        });
        own_shape.write(memory.length);
        own_strides.write(1);
    }
    Ok(())
}

/// The format of unsigned bytes. Consumers do not write to it; the C type just is not const.
const UNSIGNED_BYTES: *mut c_char = c"B".as_ptr().cast_mut();

/// A block of memory that is exported with its layout.
///
/// | the request asks for | the consumer may look at | else the field is |
/// |---|---|---|
/// | `ND` | `shape`, and `ndim` as it is | null, and `ndim` is 1 |
/// | `STRIDES` | `strides` | null |
/// | `INDIRECT` | `suboffsets` | null |
/// | `FORMAT` | `format` | null |
/// | `WRITABLE` | memory that it may write to | memory of either kind |
///
/// `len`, `itemsize` and `readonly` are always filled. What a request does not take and memory needs, refuses
/// it: strides unless the items are contiguous in C order, suboffsets always.
///
/// Source: PEP 3118, and what CPython's `memoryview` answers for every request.
///
/// ```
/// use bufproto_core::abi::{CPython3, View};
/// use bufproto_core::grant::Block;
/// use bufproto_core::request::Request;
/// use core::ptr::{self, NonNull};
///
/// // Two rows of three numbers.
/// let mut numbers = [[1i16, 2, 3], [4, 5, 6]];
/// let block = Block::new(numbers.as_mut_ptr().cast(), (2, c"h"), &[2, 3], &[6, 2], None, false)?;
/// let mut view = CPython3::EMPTY;
/// // SAFETY: the view stays where it is, and what it points to, too.
/// unsafe { block.fill(NonNull::from(&mut view), ptr::null_mut(), Request::FULL) }.unwrap();
/// assert_eq!((view.header.ndim, view.header.len, view.header.itemsize), (2, 12, 2));
/// # Ok::<(), bufproto_core::layout::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    memory: *mut u8,
    layout: Layout<'a>,
    shape: &'a [isize],
    strides: &'a [isize],
    suboffsets: Option<&'a [isize]>,
    format: &'a CStr,
    read_only: bool,
}

impl<'a> Block<'a> {
    /// Memory whose first item is at `memory`, with a layout as in [`Layout::new`].
    ///
    /// ```
    /// use bufproto_core::grant::Block;
    ///
    /// let mut bytes = *b"abcdef";
    /// // The second and the fourth.
    /// let block = Block::new(bytes[1..].as_mut_ptr(), (1, c"B"), &[2], &[2], None, true)?;
    /// assert_eq!(block.layout().items(), 2);
    /// assert!(Block::new(bytes.as_mut_ptr(), (1, c"B"), &[-1], &[1], None, true).is_err());
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if the layout is none.
    pub fn new(
        memory: *mut u8,
        (item_size, format): (usize, &'a CStr),
        shape: &'a [isize],
        strides: &'a [isize],
        suboffsets: Option<&'a [isize]>,
        read_only: bool,
    ) -> Result<Self, LayoutError> {
        let layout = Layout::new(item_size, shape, Some(strides), suboffsets)?;
        Ok(Self { memory, layout, shape, strides, suboffsets, format, read_only })
    }

    /// The layout.
    ///
    /// ```
    /// use bufproto_core::grant::Block;
    /// use bufproto_core::layout::Order;
    ///
    /// let mut bytes = *b"abcdef";
    /// let block = Block::new(bytes.as_mut_ptr(), (1, c"B"), &[3, 2], &[1, 3], None, true)?;
    /// assert!(block.layout().is_contiguous(Order::Fortran));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn layout(self) -> Layout<'a> {
        self.layout
    }

    /// Whether the request can be answered.
    ///
    /// ```
    /// use bufproto_core::grant::Block;
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    ///
    /// let mut bytes = *b"abcdef";
    /// let every_second = Block::new(bytes.as_mut_ptr(), (1, c"B"), &[3], &[2], None, true)?;
    /// assert_eq!(every_second.check(Request::STRIDED_RO), Ok(()));
    /// assert_eq!(every_second.check(Request::STRIDED), Err(Rule::Writable));
    /// assert_eq!(every_second.check(Request::SIMPLE), Err(Rule::GrantCContiguous));
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Rule::Writable`]: writable memory was asked for, and this is read-only.
    /// - [`Rule::GrantCContiguous`], [`Rule::GrantFContiguous`], [`Rule::GrantContiguous`]: the items do not lie
    ///   in the order that was asked for, or strides were not asked for.
    /// - [`Rule::GrantIndirect`]: suboffsets were not asked for.
    /// - [`Rule::GrantFormat`]: a format was asked for without a shape to make sense of it.
    pub fn check(self, request: Request) -> Result<(), Rule> {
        let (c, fortran) = (self.layout.is_contiguous(Order::C), self.layout.is_contiguous(Order::Fortran));
        let refused = [
            (request.contains(Request::WRITABLE) && self.read_only, Rule::Writable),
            (request.contains(Request::C_CONTIGUOUS) && !c, Rule::GrantCContiguous),
            (request.contains(Request::F_CONTIGUOUS) && !fortran, Rule::GrantFContiguous),
            (request.contains(Request::ANY_CONTIGUOUS) && !(c || fortran), Rule::GrantContiguous),
            (!request.contains(Request::INDIRECT) && self.suboffsets.is_some(), Rule::GrantIndirect),
            (!request.contains(Request::STRIDES) && !c, Rule::GrantCContiguous),
            (!request.contains(Request::ND) && request.contains(Request::FORMAT), Rule::GrantFormat),
        ];
        match refused.iter().find(|(refuses, _)| *refuses) {
            Some((_, rule)) => Err(*rule),
            None => Ok(()),
        }
    }

    /// Fills a view as the request is entitled to. The view takes over one reference to `owner`.
    ///
    /// ```
    /// use bufproto_core::abi::{CPython3, View};
    /// use bufproto_core::grant::Block;
    /// use bufproto_core::request::Request;
    /// use core::ptr::{self, NonNull};
    ///
    /// let mut bytes = *b"abcdef";
    /// let block = Block::new(bytes.as_mut_ptr(), (1, c"B"), &[6], &[1], None, false)?;
    /// let mut view = CPython3::EMPTY;
    /// // SAFETY: the view stays where it is, and what it points to, too.
    /// unsafe { block.fill(NonNull::from(&mut view), ptr::null_mut(), Request::SIMPLE) }.unwrap();
    /// assert!(view.header.is_plain(), "neither shape nor format were asked for");
    /// # Ok::<(), bufproto_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check); nothing is written then.
    ///
    /// # Safety
    ///
    /// `view` may be written to. Memory, shape, strides, suboffsets and format stay as they are until the view
    /// is released.
    pub unsafe fn fill<V: abi::View>(
        self,
        view: NonNull<V>,
        owner: *mut c_void,
        request: Request,
    ) -> Result<(), Rule> {
        self.check(request)?;
        let array = |flag, values: &[isize]| {
            let given = request.contains(flag) && !values.is_empty();
            if given { values.as_ptr().cast_mut() } else { ptr::null_mut() }
        };
        // The layout's invariants: everything fits.
        let ndim = if request.contains(Request::ND) { self.shape.len() as c_int } else { 1 };
        // SAFETY: the caller's word that this is a view, which begins with a header, and may be written to.
        unsafe {
            view.cast::<Header>().write(Header {
                buf: self.memory.cast(),
                obj: owner,
                len: self.layout.length().cast_signed(),
                itemsize: self.layout.item_size().cast_signed(),
                readonly: c_int::from(self.read_only),
                ndim,
                format: if request.contains(Request::FORMAT) {
                    self.format.as_ptr().cast_mut()
                } else {
                    ptr::null_mut()
                },
                shape: array(Request::ND, self.shape),
                strides: array(Request::STRIDES, self.strides),
                suboffsets: self
                    .suboffsets
                    .map_or(ptr::null_mut(), |values| array(Request::INDIRECT, values)),
            });
        }
        Ok(())
    }
}
