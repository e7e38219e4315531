//! The values of the flags, and where the fields of a view are.

use std::mem::{offset_of, size_of};

use bufproto_core::abi::{CPython2, CPython3, Header, PyPy36, PyPy64};
use bufproto_core::layout::MAX_DIMENSIONS;
use bufproto_core::request::Request;

use crate::Report;
use crate::schema::Recording;

pub(crate) fn check(recording: &Recording, report: &mut Report) {
    for (name, value) in &recording.flags {
        let ours = match name.as_str() {
            "PyBUF_MAX_NDIM" => i32::try_from(MAX_DIMENSIONS).unwrap(),
            name => named(name).unwrap_or_else(|| panic!("{name}")).bits(),
        };
        report.compare(name, value, &ours);
    }
    for (field, value) in recording.layout["Py_buffer"].as_object().unwrap() {
        let Some(value) = value.as_u64() else { continue };
        let (implementation, version) =
            (recording.interpreter.implementation.as_str(), recording.interpreter.version.as_str());
        let ours = match (field.as_str(), implementation) {
            ("buf", _) => offset_of!(Header, buf),
            ("obj", _) => offset_of!(Header, obj),
            ("len", _) => offset_of!(Header, len),
            ("itemsize", _) => offset_of!(Header, itemsize),
            ("readonly", _) => offset_of!(Header, readonly),
            ("ndim", _) => offset_of!(Header, ndim),
            ("format", _) => offset_of!(Header, format),
            ("shape", _) => offset_of!(Header, shape),
            ("strides", _) => offset_of!(Header, strides),
            ("suboffsets", _) => offset_of!(Header, suboffsets),
            ("internal", "CPython") if version.starts_with("2.") => offset_of!(CPython2, internal),
            ("internal", "CPython") => offset_of!(CPython3, internal),
            ("internal", _) => offset_of!(PyPy36, internal),
            // What the storage at the end takes, with padding.
            ("extra_after_internal", _) if version.starts_with("3.11") => {
                size_of::<PyPy64>() - offset_of!(PyPy64, flags)
            }
            ("extra_after_internal", _) => size_of::<PyPy36>() - offset_of!(PyPy36, flags),
            ("smalltable", _) => offset_of!(CPython2, smalltable),
            ("flags", _) => offset_of!(PyPy36, flags),
            ("_strides", _) => offset_of!(PyPy36, strides),
            ("_shape", _) if version.starts_with("3.11") => offset_of!(PyPy64, shape),
            ("_shape", _) => offset_of!(PyPy36, shape),
            ("sizeof", "CPython") if version.starts_with("2.") => size_of::<CPython2>(),
            ("sizeof", "CPython") => size_of::<CPython3>(),
            ("sizeof", _) if version.starts_with("3.11") => size_of::<PyPy64>(),
            ("sizeof", _) => size_of::<PyPy36>(),
            other => panic!("{other:?}"),
        };
        report.compare(&format!("Py_buffer.{field}"), &value, &(ours as u64));
    }
}

/// The request that C calls by this name.
pub(crate) fn named(name: &str) -> Option<Request> {
    Some(match name {
        "PyBUF_SIMPLE" => Request::SIMPLE,
        "PyBUF_WRITABLE" | "PyBUF_WRITEABLE" => Request::WRITABLE,
        "PyBUF_FORMAT" => Request::FORMAT,
        "PyBUF_ND" => Request::ND,
        "PyBUF_STRIDES" => Request::STRIDES,
        "PyBUF_C_CONTIGUOUS" => Request::C_CONTIGUOUS,
        "PyBUF_F_CONTIGUOUS" => Request::F_CONTIGUOUS,
        "PyBUF_ANY_CONTIGUOUS" => Request::ANY_CONTIGUOUS,
        "PyBUF_INDIRECT" => Request::INDIRECT,
        "PyBUF_CONTIG" => Request::CONTIG,
        "PyBUF_CONTIG_RO" => Request::CONTIG_RO,
        "PyBUF_STRIDED" => Request::STRIDED,
        "PyBUF_STRIDED_RO" => Request::STRIDED_RO,
        "PyBUF_RECORDS" => Request::RECORDS,
        "PyBUF_RECORDS_RO" => Request::RECORDS_RO,
        "PyBUF_FULL" => Request::FULL,
        "PyBUF_FULL_RO" => Request::FULL_RO,
        "PyBUF_READ" => Request::MEMORY_READ,
        "PyBUF_WRITE" => Request::MEMORY_WRITE,
        _ => return None,
    })
}
