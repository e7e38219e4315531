//! What a backend supplies to be tested.

use std::ffi::{c_int, c_void};
use std::fmt;

use bufproto_core::legacy::{self, Dialect, Python2, Python3};
use bufproto_core::request::Access;
use bufproto_core::runtime::{Exporter, Runtime, Segmented};

use super::recipe::{Raised, Recipe};

/// Why a backend cannot be asked something: it is no fault, but it is reported, never counted as passed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Declined(
    /// The reason, as the report shows it.
    pub String,
);

impl Declined {
    /// Declines for a reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A backend, as the conformance kit sees it. A rig lives as long as one run; it may borrow.
///
/// What has a default answers through core, or declines. A backend with entry points of its own, as a C ABI
/// has, overrides [`store`](Self::store), [`store_int`](Self::store_int) and
/// [`check_read_buffer`](Self::check_read_buffer) to go through them.
pub trait Rig {
    /// A counted reference to an object of the backend.
    type Owned;

    /// The interpreter that the backend is attached to.
    type Runtime<'a>: Runtime
    where
        Self: 'a;

    /// The handle by which core sees an object.
    type Handle<'a>: Exporter<Runtime = Self::Runtime<'a>>
    where
        Self: 'a;

    /// The interpreter.
    fn runtime(&self) -> Self::Runtime<'_>;

    /// Builds an object.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend has no means to build such an object.
    fn make(&self, recipe: &Recipe) -> Result<Self::Owned, Declined>;

    /// The handle to an object.
    fn handle<'a>(&'a self, object: &'a Self::Owned) -> Self::Handle<'a>;

    /// The name of the object's type, as refusals show it.
    fn type_name(&self, object: &Self::Owned) -> String;

    /// Puts an exception into the error indicator, in place of whatever was there.
    fn raise(&self, raised: &Raised);

    /// Takes the exception out of the error indicator.
    fn take_raised(&self) -> Option<Raised>;

    /// How many views of the object exist.
    ///
    /// # Errors
    ///
    /// [`Declined`] if that cannot be found out.
    fn exports(&self, object: &Self::Owned) -> Result<usize, Declined> {
        let _ = object;
        Err(Declined::because("this backend cannot count an object's exports"))
    }

    /// How many references to the object exist.
    ///
    /// # Errors
    ///
    /// [`Declined`] if that cannot be found out.
    fn references(&self, object: &Self::Owned) -> Result<usize, Declined> {
        let _ = object;
        Err(Declined::because("this backend cannot count an object's references"))
    }

    /// Whether calls to this object appear in the [transcript](Self::take_transcript).
    fn is_transcribed(&self, object: &Self::Owned) -> bool {
        let _ = object;
        false
    }

    /// The calls made to transcribed objects since this was last asked, in order.
    fn take_transcript(&self) -> Vec<Event> {
        Vec::new()
    }

    /// Gives the object another number of bytes, as its owner may. `Ok(false)` if the object refuses; what it
    /// raises is then in the error indicator.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the object is none that can be resized.
    fn resize(&self, object: &Self::Owned, bytes: usize) -> Result<bool, Declined> {
        let _ = (object, bytes);
        Err(Declined::because("this backend cannot resize an object"))
    }

    /// Writes a byte to the object's memory in place, as its owner may. `Ok(false)` if the object refuses; what it raises is
    /// then in the error indicator.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the object is none that can be written to.
    fn write(&self, object: &Self::Owned, offset: usize, byte: u8) -> Result<bool, Declined> {
        let _ = (object, offset, byte);
        Err(Declined::because("this backend cannot write to an object as its owner"))
    }

    /// Another object, which exports memory of this one's, all of it or a part.
    ///
    /// # Errors
    ///
    /// [`Declined`] if there are no such objects.
    fn sharing(&self, object: &Self::Owned) -> Result<Self::Owned, Declined> {
        let _ = object;
        Err(Declined::because("this backend has no objects that share their memory"))
    }

    /// Runs `body`; while it runs, exporting `object` first calls `callback`, as code that an exporter runs
    /// may call back into the consumer.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend has no such objects; `body` is not run then.
    fn reentering(
        &self,
        object: &Self::Owned,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        let _ = (object, callback, body);
        Err(Declined::because("this backend cannot have an exporter call back"))
    }

    /// Has the next export of the object fail before it does anything else, raising this, or nothing.
    ///
    /// # Errors
    ///
    /// [`Declined`] if the object cannot be told so.
    fn fail_next(&self, object: &Self::Owned, raised: Option<&Raised>) -> Result<(), Declined> {
        let _ = (object, raised);
        Err(Declined::because("this backend cannot have an object fail once"))
    }

    /// One of the three `As` functions of the 3.x dialect, as C calls it.
    ///
    /// # Safety
    ///
    /// As [`legacy::store`].
    unsafe fn store(
        &self,
        object: Option<&Self::Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        let object = object.map(|object| self.handle(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python3, _, _>(self.runtime(), object, access, buffer, length) }
    }

    /// The same with the length in an `int`, as before Python 2.5.
    ///
    /// # Safety
    ///
    /// As [`legacy::store`].
    unsafe fn store_int(
        &self,
        object: Option<&Self::Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        let object = object.map(|object| self.handle(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python3, _, _>(self.runtime(), object, access, buffer, length) }
    }

    /// `PyObject_CheckReadBuffer` of the 3.x dialect.
    fn check_read_buffer(&self, object: &Self::Owned) -> bool {
        Python3::check_read_buffer(self.handle(object))
    }

    /// Whether the functions may be called with an exception pending: debug builds of CPython abort then.
    ///
    /// # Errors
    ///
    /// [`Declined`] if they may not.
    fn accepts_pending(&self) -> Result<(), Declined> {
        Ok(())
    }

    /// Whether the backend is known to decline a rule: [`suite!`](crate::suite) fails one that is declined
    /// without being announced here, and one that is announced and passes.
    fn declines(&self, rule: u16) -> bool {
        let _ = rule;
        false
    }
}

/// A backend whose objects have the old slots: the 2.x dialect.
pub trait SegmentedRig: Rig {
    /// The handle by which core sees an object's slots.
    type Segmented<'a>: Segmented<Runtime = Self::Runtime<'a>>
    where
        Self: 'a;

    /// The handle to an object.
    fn segmented<'a>(&'a self, object: &'a Self::Owned) -> Self::Segmented<'a>;

    /// One of the three `As` functions of the 2.x dialect, as C calls it.
    ///
    /// # Safety
    ///
    /// As [`legacy::store`].
    unsafe fn store_segments(
        &self,
        object: Option<&Self::Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut isize,
    ) -> c_int {
        let object = object.map(|object| self.segmented(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python2, _, _>(self.runtime(), object, access, buffer, length) }
    }

    /// The same with the length in an `int`, as before Python 2.5.
    ///
    /// # Safety
    ///
    /// As [`legacy::store`].
    unsafe fn store_segments_int(
        &self,
        object: Option<&Self::Owned>,
        access: Access,
        buffer: *mut *mut c_void,
        length: *mut c_int,
    ) -> c_int {
        let object = object.map(|object| self.segmented(object));
        // SAFETY: the caller's word.
        unsafe { legacy::store::<Python2, _, _>(self.runtime(), object, access, buffer, length) }
    }

    /// `PyObject_CheckReadBuffer` of the 2.x dialect.
    fn check_segments(&self, object: &Self::Owned) -> bool {
        Python2::check_read_buffer(self.segmented(object))
    }
}

/// A call that was made to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The object's [label](Recipe::label).
    pub object: String,
    /// The call.
    pub call: Call,
}

/// A call to one of an object's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `bf_getbuffer`, with the flags.
    Export(c_int),
    /// What begins a stable read, with the flags.
    ExportStable(c_int),
    /// `bf_releasebuffer`, or what the backend does in its place.
    Release,
    /// `bf_getsegcount` with NULL: the number of segments alone.
    Count,
    /// `bf_getsegcount` with a place for the sum of the lengths.
    CountAndTotal,
    /// An access slot, for a segment.
    Get(Access, isize),
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} of {}", self.call, self.object)
    }
}
