//! What a backend supplies to be tested.

use std::ffi::{c_int, c_void};
use std::fmt;

use bufproto_core::legacy::{self, Dialect, Python2, Python3};
use bufproto_core::request::Access;
use bufproto_core::runtime::{Exporter, Runtime, Segmented};

use super::recipe::{Raised, Recipe};

/// Why a backend cannot be asked something: it is no fault, but it is reported, never counted as passed.
///
/// ```
/// use bufproto_mock::conformance::rig::Declined;
///
/// assert_eq!(Declined("there are no means".to_owned()).to_string(), "there are no means");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Declined(
    /// The reason, as the report shows it.
    pub String,
);

impl Declined {
    /// Declines for a reason.
    ///
    /// ```
    /// use bufproto_mock::conformance::rig::Declined;
    ///
    /// assert_eq!(Declined::because("there are no means").0, "there are no means");
    /// ```
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A backend, as the conformance kit sees it. A rig lives as long as one run; it may borrow.
///
/// What has a default answers through core, or declines. A backend with entry points of its own, as a C ABI
/// has, overrides [`store`](Self::store), [`store_int`](Self::store_int) and
/// [`check_read_buffer`](Self::check_read_buffer) to go through them.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python3};
/// use bufproto_mock::conformance::Rig;
/// use bufproto_mock::conformance::recipe::Recipe;
///
/// /// What any backend has to do.
/// fn finds_bytes<R: Rig>(rig: &R) -> bool {
///     let object: R::Owned = rig.make(&Recipe::frozen(b"abc")).expect("every backend has bytes");
///     let handle: R::Handle<'_> = rig.handle(&object);
///     Python3::as_read_buffer(handle).is_ok_and(|span| span.length == 3)
/// }
///
/// assert!(finds_bytes(&bufproto_mock::MockRig::new(bufproto_core::rules::Family::CPython3)));
/// ```
pub trait Rig {
    /// A counted reference to an object of the backend.
    type Owned;

    /// The interpreter that the backend is attached to.
    ///
    /// ```
    /// use bufproto_core::rules::Family;
    /// use bufproto_core::runtime::Runtime;
    /// use bufproto_mock::conformance::Rig;
    ///
    /// fn family<R: Rig>(rig: &R) -> Family {
    ///     let runtime: R::Runtime<'_> = rig.runtime();
    ///     runtime.family()
    /// }
    ///
    /// assert_eq!(family(&bufproto_mock::MockRig::new(Family::PyPy3)), Family::PyPy3);
    /// ```
    type Runtime<'a>: Runtime
    where
        Self: 'a;

    /// The handle by which core sees an object.
    type Handle<'a>: Exporter<Runtime = Self::Runtime<'a>>
    where
        Self: 'a;

    /// The interpreter.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert_eq!(rig.runtime().family(), Family::CPython3);
    /// ```
    fn runtime(&self) -> Self::Runtime<'_>;

    /// Builds an object.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert_eq!(rig.type_name(&object), "object");
    /// assert!(rig.make(&Recipe::indirect(&[b"abc"], Mutability::Frozen)).is_err(), "the mock has none");
    /// ```
    ///
    /// # Errors
    ///
    /// [`Declined`] if the backend has no means to build such an object.
    fn make(&self, recipe: &Recipe) -> Result<Self::Owned, Declined>;

    /// The handle to an object.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(rig.handle(&object).exports());
    /// ```
    fn handle<'a>(&'a self, object: &'a Self::Owned) -> Self::Handle<'a>;

    /// The name of the object's type, as refusals show it.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let number = rig.make(&Recipe::opaque().type_name("int")).unwrap();
    /// assert_eq!(rig.type_name(&number), "int");
    /// ```
    fn type_name(&self, object: &Self::Owned) -> String;

    /// Puts an exception into the error indicator, in place of whatever was there.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// rig.raise(&Raised::new("ValueError", "no"));
    /// assert!(rig.runtime().is_raised());
    /// ```
    fn raise(&self, raised: &Raised);

    /// Takes the exception out of the error indicator.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// rig.raise(&Raised::new("ValueError", "no"));
    /// assert_eq!(rig.take_raised(), Some(Raised::new("ValueError", "no")));
    /// assert_eq!(rig.take_raised(), None);
    /// ```
    fn take_raised(&self) -> Option<Raised>;

    /// How many views of the object exist.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let mut slot = Slot::new();
    /// let view = slot.fill(rig.handle(&object), Request::SIMPLE).unwrap();
    /// assert_eq!(rig.exports(&object), Ok(1));
    /// # drop(view);
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let other = object.clone();
    /// assert_eq!(rig.references(&object), Ok(2));
    /// # drop(other);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Declined`] if that cannot be found out.
    fn references(&self, object: &Self::Owned) -> Result<usize, Declined> {
        let _ = object;
        Err(Declined::because("this backend cannot count an object's references"))
    }

    /// Whether calls to this object appear in the [transcript](Self::take_transcript).
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(rig.is_transcribed(&object));
    /// ```
    fn is_transcribed(&self, object: &Self::Owned) -> bool {
        let _ = object;
        false
    }

    /// The calls made to transcribed objects since this was last asked, in order.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// rig.check_read_buffer(&object);
    /// let calls: Vec<_> = rig.take_transcript().into_iter().map(|event| event.call).collect();
    /// assert_eq!(calls, [Call::Export(0), Call::Release]);
    /// ```
    fn take_transcript(&self) -> Vec<Event> {
        Vec::new()
    }

    /// Gives the object another number of bytes, as its owner may. `Ok(false)` if the object refuses; what it
    /// raises is then in the error indicator.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert_eq!(rig.resize(&object, 10), Ok(true));
    /// let mut slot = Slot::new();
    /// let view = slot.fill(rig.handle(&object), Request::SIMPLE).unwrap();
    /// assert_eq!(rig.resize(&object, 20), Ok(false));
    /// assert_eq!(rig.take_raised().unwrap().exception, "BufferError");
    /// # drop(view);
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert_eq!(rig.write(&object, 0, b'x'), Ok(true));
    /// assert_eq!(object.content(), b"xbc");
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let whole = rig.make(&Recipe::coordinated(b"abcdef")).unwrap();
    /// let part = rig.sharing(&whole).unwrap();
    /// rig.write(&whole, 1, b'x').unwrap();
    /// assert!(part.content().starts_with(b"x"));
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let again = std::cell::Cell::new(false);
    /// let callback = || again.set(rig.check_read_buffer(&object));
    /// rig.reentering(&object, &callback, &mut || assert!(rig.check_read_buffer(&object))).unwrap();
    /// assert!(again.get());
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// rig.fail_next(&object, None).unwrap();
    /// assert!(!rig.check_read_buffer(&object) && rig.check_read_buffer(&object));
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let (mut buffer, mut length) = (std::ptr::null_mut(), 0);
    /// // SAFETY: both may be written to.
    /// let status = unsafe { rig.store(Some(&object), Access::Write, &mut buffer, &mut length) };
    /// assert_eq!((status, length), (0, 3));
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let (mut buffer, mut length) = (std::ptr::null_mut(), 0);
    /// // SAFETY: both may be written to.
    /// let status = unsafe { rig.store_int(None, Access::Read, &mut buffer, &mut length) };
    /// assert_eq!((status, rig.take_raised().unwrap().exception.as_str()), (-1, "SystemError"));
    /// ```
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
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(rig.check_read_buffer(&object));
    /// ```
    fn check_read_buffer(&self, object: &Self::Owned) -> bool {
        Python3::check_read_buffer(self.handle(object))
    }

    /// Whether the functions may be called with an exception pending: debug builds of CPython abort then.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert_eq!(rig.accepts_pending(), Ok(()));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Declined`] if they may not.
    fn accepts_pending(&self) -> Result<(), Declined> {
        Ok(())
    }

    /// Whether the backend is known to decline a rule: [`suite!`](crate::suite) fails one that is declined
    /// without being announced here, and one that is announced and passes.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(!rig.declines(1307) && MockRig::new(Family::PyPy3).declines(1307));
    /// ```
    fn declines(&self, rule: u16) -> bool {
        let _ = rule;
        false
    }
}

/// A backend whose objects have the old slots: the 2.x dialect.
///
/// ```
/// use bufproto_core::legacy::{Dialect, Python2};
/// use bufproto_mock::conformance::SegmentedRig;
/// use bufproto_mock::conformance::recipe::Recipe;
///
/// fn finds_characters<R: SegmentedRig>(rig: &R) -> bool {
///     let object = rig.make(&Recipe::char_only(b"abc")).expect("every backend of 2.x has characters");
///     let handle: R::Segmented<'_> = rig.segmented(&object);
///     Python2::as_char_buffer(handle).is_ok_and(|span| span.length == 3)
/// }
///
/// assert!(finds_characters(&bufproto_mock::MockRig::new(bufproto_core::rules::Family::CPython2)));
/// ```
pub trait SegmentedRig: Rig {
    /// The handle by which core sees an object's slots.
    type Segmented<'a>: Segmented<Runtime = Self::Runtime<'a>>
    where
        Self: 'a;

    /// The handle to an object.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(rig.segmented(&object).segments(Access::Read).is_some());
    /// ```
    fn segmented<'a>(&'a self, object: &'a Self::Owned) -> Self::Segmented<'a>;

    /// One of the three `As` functions of the 2.x dialect, as C calls it.
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let (mut buffer, mut length) = (std::ptr::null_mut(), 0);
    /// // SAFETY: both may be written to.
    /// let status = unsafe { rig.store_segments(Some(&object), Access::Read, &mut buffer, &mut length) };
    /// assert_eq!((status, length), (0, 3));
    /// ```
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
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// let (mut buffer, mut length) = (std::ptr::null_mut(), 0);
    /// // SAFETY: both may be written to.
    /// let status = unsafe { rig.store_segments_int(Some(&object), Access::Char, &mut buffer, &mut length) };
    /// assert_eq!((status, length), (0, 3));
    /// ```
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
    ///
    /// ```
    /// # use bufproto_core::request::{Access, Request};
    /// # use bufproto_core::rules::Family;
    /// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
    /// # use bufproto_core::view::Slot;
    /// # use bufproto_mock::MockRig;
    /// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
    /// # use bufproto_mock::conformance::rig::{Call, Event};
    /// use bufproto_mock::conformance::recipe::Recipe;
    /// use bufproto_mock::conformance::{Rig, SegmentedRig};
    ///
    /// let rig = MockRig::new(Family::CPython3);
    /// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
    /// assert!(rig.check_segments(&object));
    /// ```
    fn check_segments(&self, object: &Self::Owned) -> bool {
        Python2::check_read_buffer(self.segmented(object))
    }
}

/// A call that was made to an object.
///
/// ```
/// # use bufproto_core::request::{Access, Request};
/// # use bufproto_core::rules::Family;
/// # use bufproto_core::runtime::{Exporter, Runtime, Segmented};
/// # use bufproto_core::view::Slot;
/// # use bufproto_mock::MockRig;
/// # use bufproto_mock::conformance::recipe::{Mutability, Raised};
/// # use bufproto_mock::conformance::rig::{Call, Event};
/// use bufproto_mock::conformance::recipe::Recipe;
/// use bufproto_mock::conformance::{Rig, SegmentedRig};
///
/// let rig = MockRig::new(Family::CPython3);
/// let object = rig.make(&Recipe::writable(b"abc")).unwrap();
/// rig.check_segments(&object);
/// assert_eq!(rig.take_transcript(), [Event { object: "object".to_owned(), call: Call::Count }]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The object's [label](Recipe::label).
    pub object: String,
    /// The call.
    pub call: Call,
}

/// A call to one of an object's slots.
///
/// ```
/// use bufproto_mock::conformance::rig::{Call, Event};
///
/// let event = Event { object: "a number".to_owned(), call: Call::Export(1) };
/// assert_eq!(event.to_string(), "Export(1) of a number");
/// ```
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
