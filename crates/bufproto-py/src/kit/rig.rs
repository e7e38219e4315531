//! The rig: live objects by recipe.

use std::mem;
use std::sync::PoisonError;

use bufproto_mock::Raised;
use bufproto_mock::conformance::{Declined, Hostility, Recipe, Rig};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyString};

use super::exporter::{Exception, Exporter, Log, Script};
use crate::object::Object;

/// Whose objects the rules are about, where the rig has a choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    /// The interpreter's own types.
    BuiltIn,
    /// [`Exporter`], which counts.
    Counted,
}

/// Live objects.
pub(super) struct PyRig<'py> {
    py: Python<'py>,
    objects: Objects,
    log: Log,
}

/// An object, and how many references there were to it when it was made.
pub(super) struct Owned<'py> {
    object: Bound<'py, PyAny>,
    references: isize,
}

impl<'py> PyRig<'py> {
    pub(super) fn new(py: Python<'py>, objects: Objects) -> Self {
        Self { py, objects, log: Log::default() }
    }

    fn object(&self, recipe: &Recipe) -> PyResult<Result<Bound<'py, PyAny>, Declined>> {
        let py = self.py;
        let counted = self.objects == Objects::Counted;
        let honest = |content: &[u8], read_only| {
            Exporter::object(py, content, Script::Honest { read_only }, &self.log)
        };
        Ok(Ok(match recipe {
            Recipe::Frozen(content) => PyBytes::new(py, content).into_any(),
            Recipe::Writable(content) if counted => honest(content, false)?,
            Recipe::Writable(content) => PyByteArray::new(py, content).into_any(),
            Recipe::ReadOnly(content) if counted => honest(content, true)?,
            Recipe::ReadOnly(content) => {
                memoryview(&PyByteArray::new(py, content))?.call_method0("toreadonly")?
            }
            Recipe::EverySecond(memory) => {
                let every_second = py.get_type::<pyo3::types::PySlice>().call1((py.None(), py.None(), 2))?;
                memoryview(&PyByteArray::new(py, memory))?.get_item(every_second)?
            }
            Recipe::Indirect(rows) => {
                let Ok(module) = py.import("_testbuffer") else {
                    return Ok(Err(Declined::because(
                        "this interpreter comes without _testbuffer, whose ndarray has suboffsets",
                    )));
                };
                let options = PyDict::new(py);
                options.set_item("shape", vec![rows.len(), rows.first().map_or(0, |row| row.len())])?;
                options.set_item("format", "B")?;
                options.set_item("flags", module.getattr("ND_PIL")?)?;
                let items: Vec<u32> = rows.concat().into_iter().map(u32::from).collect();
                module.getattr("ndarray")?.call((items,), Some(&options))?
            }
            Recipe::Opaque => py.import("builtins")?.getattr("object")?.call0()?,
            Recipe::Hostile(hostility) => {
                let Some(script) = self.script(hostility)? else {
                    return Ok(Err(Declined::because(format!("no live object for {hostility:?}"))));
                };
                Exporter::object(py, b"evil", script, &self.log)?
            }
            _ => {
                return Ok(Err(Declined::because(format!(
                    "types of Python 3 have no object for {recipe:?}"
                ))));
            }
        }))
    }

    fn script(&self, hostility: &Hostility) -> PyResult<Option<Script>> {
        let exception = |raised| Exception::new(self.py, raised);
        let grant = |length| Script::Grant { length, no_memory: false, read_only: false, raising: None };
        Ok(Some(match hostility {
            Hostility::Raises(raised) => Script::Refuse(-1, Some(exception(raised)?)),
            Hostility::RefusesSilently => Script::Refuse(-1, None),
            Hostility::Returns(number, raised) => {
                Script::Refuse(*number, raised.as_ref().map(exception).transpose()?)
            }
            Hostility::SucceedsRaising(raised) => Script::Grant {
                length: 4,
                no_memory: false,
                read_only: false,
                raising: Some(exception(raised)?),
            },
            Hostility::NegativeLength => grant(-1),
            Hostility::NoMemory => {
                Script::Grant { length: 5, no_memory: true, read_only: false, raising: None }
            }
            Hostility::ReadOnlyForAll => {
                Script::Grant { length: 4, no_memory: false, read_only: true, raising: None }
            }
            Hostility::TooLongForAnInt => grant(1 << 31),
            _ => return Ok(None),
        }))
    }
}

impl<'py> Rig for PyRig<'py> {
    type Owned = Owned<'py>;
    type Handle<'a>
        = Object<'a, 'py>
    where
        Self: 'a;

    fn make(&self, recipe: &Recipe) -> Result<Owned<'py>, Declined> {
        // A fault of the rig is no reason to decline: the panic makes the rule fail.
        let object = match self.object(recipe) {
            Ok(object) => object?,
            Err(error) => panic!("the rig cannot make {recipe:?}: {error}"),
        };
        let references = references(&object);
        Ok(Owned { object, references })
    }

    fn handle<'a>(&'a self, owned: &'a Owned<'py>) -> Object<'a, 'py> {
        Object::from(&owned.object)
    }

    fn type_name(&self, owned: &Owned<'py>) -> String {
        owned.object.get_type().name().map_or_else(|error| error.to_string(), |name| name.to_string())
    }

    fn exports(&self, owned: &Owned<'py>) -> Result<usize, Declined> {
        if let Ok(exporter) = owned.object.cast::<Exporter>() {
            return Ok(exporter.get().exports());
        }
        // A view owns a reference to its exporter, and there are no other new ones.
        let held = usize::try_from(references(&owned.object) - owned.references).unwrap_or(usize::MAX);
        let Ok(bytearray) = owned.object.cast::<PyByteArray>() else { return Ok(held) };
        // The exporter's own count is seen by what it forbids.
        let length = bytearray.len();
        match bytearray.resize(length + 1).and_then(|()| bytearray.resize(length)) {
            Ok(()) => Ok(0),
            Err(_) => Ok(held.max(1)),
        }
    }

    fn references(&self, owned: &Owned<'py>) -> Result<usize, Declined> {
        Ok(references(&owned.object).unsigned_abs())
    }

    fn raise(&self, raised: &Raised) {
        match Exception::new(self.py, raised) {
            Ok(exception) => exception.raise(self.py),
            Err(error) => panic!("the rig cannot raise {raised:?}: {error}"),
        }
    }

    fn take_raised(&self) -> Option<Raised> {
        let error = PyErr::take(self.py)?;
        let shown = |text: PyResult<Bound<'py, PyString>>| {
            text.map_or_else(|error| error.to_string(), |text| text.to_string())
        };
        Some(Raised::new(shown(error.get_type(self.py).name()), shown(error.value(self.py).str())))
    }

    fn released(&self, among: &[&Owned<'py>]) -> Result<Vec<usize>, Declined> {
        if self.objects != Objects::Counted {
            return Err(Declined::because("built-in types do not tell in which order their views end"));
        }
        let addresses = mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        let place = |address| among.iter().position(|owned| owned.object.as_ptr().addr() == address);
        Ok(addresses.into_iter().filter_map(place).collect())
    }
}

fn memoryview<'py>(object: &Bound<'py, PyByteArray>) -> PyResult<Bound<'py, PyAny>> {
    object.py().import("builtins")?.getattr("memoryview")?.call1((object,))
}

fn references(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: the object is alive, and the thread is attached.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) }
}
