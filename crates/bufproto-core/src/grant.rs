//! The exporter's side: what a request is entitled to, and who must be told.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::abi::{self, Header};
use crate::request::Request;
use crate::rules::{Family, Rule};
use crate::span::Span;

/// Answers a request for a block of bytes, as the interpreter's own `PyBuffer_FillInfo` does.
///
/// The view takes over one reference to `owner`, which may be null. The length is not checked: −1 passes.
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

/// Counts an object's exports, so that it is not resized under one.
///
/// One word, usable from several threads: an export and a resize cannot both happen.
#[derive(Debug, Default)]
pub struct ExportCount(AtomicUsize);

/// A count that no object reaches, while its memory is being resized.
const RESIZING: usize = usize::MAX;

impl ExportCount {
    /// No exports.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The number of exports, or 0 while a resize is under way.
    #[must_use]
    pub fn get(&self) -> usize {
        match self.0.load(Ordering::Acquire) {
            RESIZING => 0,
            count => count,
        }
    }

    /// Counts one export.
    ///
    /// # Errors
    ///
    /// [`Rule::Resize`] while another thread resizes the memory.
    pub fn begin(&self) -> Result<(), Rule> {
        self.0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |count| {
                (count != RESIZING).then(|| count.saturating_add(1).min(RESIZING - 1))
            })
            .map(drop)
            .map_err(|_| Rule::Resize)
    }

    /// Counts one export less. Does nothing when there is none.
    pub fn end(&self) {
        let _ = self.0.fetch_update(Ordering::Release, Ordering::Relaxed, |count| {
            if count == RESIZING { None } else { count.checked_sub(1) }
        });
    }

    /// Resizes: runs `resize` while no export exists and none can begin.
    ///
    /// # Errors
    ///
    /// [`Rule::Resize`] if there are exports, or another resize is under way; `resize` is not run then.
    pub fn resize<T>(&self, resize: impl FnOnce() -> T) -> Result<T, Rule> {
        self.0
            .compare_exchange(0, RESIZING, Ordering::AcqRel, Ordering::Relaxed)
            .map_err(|_| Rule::Resize)?;
        let reset = Reset(&self.0);
        let result = resize();
        drop(reset);
        Ok(result)
    }
}

/// Ends a resize, also when it panics.
struct Reset<'a>(&'a AtomicUsize);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}
