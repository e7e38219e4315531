//! Whose functions a shared library calls: what `python -m bufproto audit` asks of each file.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use memchr::memmem;
use object::read::macho::{FatArch, MachOFatFile, MachOFatFile32, MachOFatFile64};
use object::read::{NameOrOrdinal, ReadCache, ReadRef};
use object::{BinaryFormat, FileKind, Object as _, ObjectKind, ObjectSection as _, SectionKind};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The four functions.
const NAMES: [&[u8]; 4] = [
    b"PyObject_AsCharBuffer",
    b"PyObject_AsReadBuffer",
    b"PyObject_AsWriteBuffer",
    b"PyObject_CheckReadBuffer",
];

/// What the names of our functions begin with, for C.
const OURS: &[u8] = b"bufproto_";

/// Texts that are in no other files, and how those have our functions: in them, by the headers or by the library, or by the
/// name under which the package hands them out.
const MARKS: [(&[u8], &str); 3] = [
    (bufproto_ffi::HEADER_MARK.to_bytes(), "inline"),
    (bufproto_ffi::LIBRARY_MARK.to_bytes(), "linked in"),
    (b"bufproto._C_API", "capsule"),
];

/// What one file says of itself.
#[derive(Default)]
struct Findings {
    format: &'static str,
    /// Which of the four functions it takes from another library, which is the interpreter.
    imports: BTreeSet<String>,
    /// By what it can be seen that it uses ours.
    bufproto: BTreeSet<&'static str>,
}

/// Reads a shared library. `OSError` if it cannot be read, `ValueError` if it is none.
#[pyfunction]
pub(crate) fn read_library<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyDict>> {
    let Findings { format, imports, bufproto } = py.detach(|| {
        let file = ReadCache::new(File::open(path)?);
        findings(&file).map_err(|error| PyValueError::new_err(error.to_string()))
    })?;
    let report = PyDict::new(py);
    report.set_item("format", format)?;
    report.set_item("imports", Vec::from_iter(imports))?;
    report.set_item("bufproto", Vec::from_iter(bufproto))?;
    Ok(report)
}

/// Why a file says nothing.
#[derive(Debug)]
enum Unreadable {
    NotALibrary,
    /// Without it neither imports nor texts are found, and a file that says nothing would pass for clean.
    NoSections,
    Malformed(object::Error),
}

impl From<object::Error> for Unreadable {
    fn from(error: object::Error) -> Self {
        Self::Malformed(error)
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotALibrary => f.write_str("it is not a shared library in ELF, Mach-O or PE"),
            Self::NoSections => f.write_str("its table of sections was removed"),
            Self::Malformed(error) => write!(f, "it is malformed: {error}"),
        }
    }
}

fn findings(file: &ReadCache<File>) -> Result<Findings, Unreadable> {
    let mut findings = Findings::default();
    match FileKind::parse(file).map_err(|_| Unreadable::NotALibrary)? {
        FileKind::MachOFat32 => each_architecture(&MachOFatFile32::parse(file)?, file, &mut findings)?,
        FileKind::MachOFat64 => each_architecture(&MachOFatFile64::parse(file)?, file, &mut findings)?,
        FileKind::Elf32
        | FileKind::Elf64
        | FileKind::MachO32
        | FileKind::MachO64
        | FileKind::Pe32
        | FileKind::Pe64 => read(file, &mut findings)?,
        _ => return Err(Unreadable::NotALibrary),
    }
    Ok(findings)
}

/// A universal file of macOS holds a library for each architecture.
fn each_architecture<Fat: FatArch>(
    library: &MachOFatFile<'_, Fat>,
    file: &ReadCache<File>,
    findings: &mut Findings,
) -> Result<(), Unreadable> {
    for architecture in library.arches() {
        let (offset, size) = (architecture.offset().into(), architecture.size().into());
        read(file.range(offset, size), findings)?;
    }
    Ok(())
}

fn read<'data>(data: impl ReadRef<'data>, findings: &mut Findings) -> Result<(), Unreadable> {
    let library = object::File::parse(data)?;
    findings.format = match library.format() {
        BinaryFormat::Elf => "ELF",
        BinaryFormat::MachO => "Mach-O",
        _ => "PE",
    };
    if matches!(library.kind(), ObjectKind::Relocatable | ObjectKind::Core) {
        return Err(Unreadable::NotALibrary);
    }
    if library.sections().next().is_none() {
        return Err(Unreadable::NoSections);
    }
    for import in library.imports()? {
        if let NameOrOrdinal::Name(name) = import?.name() {
            let name = in_c(name, library.format());
            if is_old(name) {
                findings.imports.insert(String::from_utf8_lossy(name).into_owned());
            } else if name.starts_with(OURS) {
                findings.bufproto.insert("shared library");
            }
        }
    }
    for (text, how) in MARKS {
        if holds(&library, text)? {
            findings.bufproto.insert(how);
        }
    }
    Ok(())
}

/// The name of a symbol, as C has it.
fn in_c(name: &[u8], format: BinaryFormat) -> &[u8] {
    // The C compilers of macOS put an underscore before every name.
    let without = if format == BinaryFormat::MachO { name.strip_prefix(b"_") } else { None };
    without.unwrap_or(name)
}

/// Whether it is one of the four functions, which the headers of PyPy call `PyPyObject` and so on.
fn is_old(name: &[u8]) -> bool {
    NAMES.contains(&name) || name.strip_prefix(b"Py").is_some_and(|name| NAMES.contains(&name))
}

/// Whether the text is somewhere among the constants, which stay where symbols are stripped.
fn holds<'data>(library: &object::File<'data, impl ReadRef<'data>>, text: &[u8]) -> Result<bool, Unreadable> {
    let finder = memmem::Finder::new(text);
    for section in library.sections() {
        if matches!(section.kind(), SectionKind::ReadOnlyData | SectionKind::ReadOnlyString)
            && finder.find(section.data()?).is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
