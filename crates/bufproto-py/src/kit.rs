//! The conformance kit on live objects. For tests: it is built by the feature `kit` only.

#[cfg(not(PyPy))]
use std::ffi::CStr;

use bufproto_mock::Raised;
use bufproto_mock::conformance::recipe::{Layout, Memory, Mutability, Recipe, Views};
use bufproto_mock::conformance::rig::{Declined, Event};
use bufproto_mock::conformance::{Rig, kit};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyInt};

use crate::object::{Attached, Object};

pub(crate) mod arguments;
pub(crate) mod arrays;
pub(crate) mod exporters;
mod scripted;
pub(crate) mod stable;

/// Runs the kit, and returns its report.
pub(crate) fn run(py: Python<'_>) -> String {
    kit::run(&LiveRig(py)).to_tsv()
}

/// Live objects of the interpreter that the thread is attached to.
struct LiveRig<'py>(Python<'py>);

/// A live object, and how many references there were when it had just been made.
struct Owned<'py> {
    object: Bound<'py, PyAny>,
    references: usize,
}

impl<'py> Rig for LiveRig<'py> {
    type Owned = Owned<'py>;
    type Runtime<'a>
        = Attached<'py>
    where
        Self: 'a;
    type Handle<'a>
        = Object<'a, 'py>
    where
        Self: 'a;

    fn runtime(&self) -> Attached<'py> {
        Attached::from(self.0)
    }

    fn make(&self, recipe: &Recipe) -> Result<Owned<'py>, Declined> {
        if recipe.slots.is_some() && recipe.views == Views::Absent {
            return Err(Declined::because("types of Python 3 have no old slots"));
        }
        let made = match &recipe.views {
            Views::Absent => Ok(PyInt::new(self.0, 123_456_789_i64).into_any()),
            Views::Memory(memory) if memory.moves => {
                return Err(Declined::because("no type here moves its memory when a view ends"));
            }
            Views::Memory(Memory { bytes, mutability, layout: None, .. }) => self.bytes(bytes, *mutability),
            Views::Memory(Memory { bytes, mutability, layout: Some(layout), .. }) => {
                self.items(bytes, *mutability, layout)
            }
            Views::Script(script) => scripted::make(self.0, &recipe.label, script.clone()),
        };
        let object = made.map_err(|error| Declined::because(error.to_string()))?;
        let references = references(&object);
        Ok(Owned { object, references })
    }

    fn handle<'a>(&'a self, object: &'a Owned<'py>) -> Object<'a, 'py> {
        Object::from(&object.object)
    }

    fn type_name(&self, object: &Owned<'py>) -> String {
        // PyPy's errors show the short name.
        #[cfg(PyPy)]
        return object
            .object
            .get_type()
            .name()
            .map_or_else(|error| error.to_string(), |name| name.to_string());
        #[cfg(not(PyPy))]
        {
            // SAFETY: the object is alive, and so is its type, whose name is a C string.
            let name = unsafe { CStr::from_ptr((*ffi::Py_TYPE(object.object.as_ptr())).tp_name) };
            name.to_string_lossy().into_owned()
        }
    }

    fn raise(&self, raised: &Raised) {
        // Looking the type up runs Python, which must not be done with an exception pending.
        drop(PyErr::take(self.0));
        let made = self
            .0
            .import("builtins")
            .and_then(|builtins| builtins.getattr(raised.exception.as_str()))
            .and_then(|exception| exception.call1((raised.message.as_str(),)));
        match made {
            Ok(exception) => PyErr::from_value(exception).restore(self.0),
            Err(error) => error.restore(self.0),
        }
    }

    fn take_raised(&self) -> Option<Raised> {
        let error = PyErr::take(self.0)?;
        let value = error.value(self.0);
        let exception = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        // The text of a `KeyError` is the repr of its argument.
        let message = value.getattr("args").and_then(|args| args.get_item(0)).and_then(|text| text.extract());
        Some(Raised::new(exception, message.unwrap_or_else(|_| value.to_string())))
    }

    /// Each view holds a reference, and nothing else takes one here.
    fn exports(&self, object: &Owned<'py>) -> Result<usize, Declined> {
        Ok(self.references(object)?.saturating_sub(object.references))
    }

    fn references(&self, object: &Owned<'py>) -> Result<usize, Declined> {
        let before = references(&object.object);
        let another = object.object.clone();
        let counted = references(&object.object) != before;
        drop(another);
        if counted { Ok(before) } else { Err(Declined::because("references to this object are not counted")) }
    }

    fn is_transcribed(&self, object: &Owned<'py>) -> bool {
        scripted::is_scripted(&object.object)
    }

    fn take_transcript(&self) -> Vec<Event> {
        scripted::take_transcript()
    }

    fn resize(&self, object: &Owned<'py>, bytes: usize) -> Result<bool, Declined> {
        if let Ok(object) = object.object.cast::<stable::Coordinated>() {
            return Ok(object
                .call_method1("resize", (bytes,))
                .map_err(|error| error.restore(self.0))
                .is_ok());
        }
        let Ok(array) = object.object.cast::<PyByteArray>() else {
            return Err(Declined::because("only a bytearray is resized"));
        };
        Ok(array.resize(bytes).map_err(|error| error.restore(self.0)).is_ok())
    }

    fn write(&self, object: &Owned<'py>, offset: usize, byte: u8) -> Result<bool, Declined> {
        Ok(object.object.set_item(offset, byte).map_err(|error| error.restore(self.0)).is_ok())
    }

    fn sharing(&self, object: &Owned<'py>) -> Result<Owned<'py>, Declined> {
        let declined = |error: PyErr| Declined::because(error.to_string());
        let object = object.object.call_method0("sharing").map_err(declined)?;
        let references = references(&object);
        Ok(Owned { object, references })
    }

    fn reentering(
        &self,
        object: &Owned<'py>,
        callback: &dyn Fn(),
        body: &mut dyn FnMut(),
    ) -> Result<(), Declined> {
        scripted::while_exporting(&object.object, callback, body)
    }

    fn accepts_pending(&self) -> Result<(), Declined> {
        let debug = self.0.import("sys").and_then(|sys| sys.hasattr("gettotalrefcount"));
        match debug {
            Ok(false) => Ok(()),
            _ => Err(Declined::because(
                "debug builds abort when a function is called with an exception pending",
            )),
        }
    }
}

impl<'py> LiveRig<'py> {
    fn bytes(&self, bytes: &[u8], mutability: Mutability) -> PyResult<Bound<'py, PyAny>> {
        let array = || PyByteArray::new(self.0, bytes).into_any();
        Ok(match mutability {
            Mutability::Frozen => PyBytes::new(self.0, bytes).into_any(),
            Mutability::Writable => array(),
            Mutability::Coordinated => Bound::new(self.0, stable::Coordinated::new(bytes))?.into_any(),
            Mutability::ReadOnly => {
                let view = self.0.import("builtins")?.getattr("memoryview")?;
                view.call1((array(),))?.call_method0("toreadonly")?
            }
        })
    }

    /// The interpreter's own test exporter, where it is installed, can take any layout.
    fn items(&self, bytes: &[u8], mutability: Mutability, layout: &Layout) -> PyResult<Bound<'py, PyAny>> {
        let module = self.0.import("_testbuffer")?;
        let options = PyDict::new(self.0);
        let mut flags: u32 = 0;
        if mutability == Mutability::Writable {
            flags |= module.getattr("ND_WRITABLE")?.extract::<u32>()?;
        }
        if layout.indirect {
            flags |= module.getattr("ND_PIL")?.extract::<u32>()?;
        } else {
            options.set_item("strides", layout.strides.clone())?;
            options.set_item("offset", layout.offset)?;
        }
        options.set_item("shape", layout.shape.clone())?;
        options.set_item("format", layout.format.as_str())?;
        options.set_item("flags", flags)?;
        let items: Vec<u32> = bytes.iter().copied().map(u32::from).collect();
        module.getattr("ndarray")?.call((items,), Some(&options))
    }
}

fn references(object: &Bound<'_, PyAny>) -> usize {
    // SAFETY: the object is alive, and the thread is attached.
    usize::try_from(unsafe { ffi::Py_REFCNT(object.as_ptr()) }).unwrap_or(0)
}
