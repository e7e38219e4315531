//! `PyBuffer_FillInfo`.

use std::ffi::{CStr, c_void};
use std::ptr::{self, NonNull};

use bufproto_core::abi::{CPython2, CPython3, Header, PyPy36, PyPy64, View};
use bufproto_core::grant::fill_info;
use bufproto_core::request::Request;
use bufproto_core::rules::Family;
use bufproto_core::span::Span;
use bufproto_mock::Raised;

use crate::schema::{FillInfo, Recording};
use crate::{Report, family, layouts};

/// What a caller sees of a call.
#[derive(PartialEq, Debug, Default)]
struct Seen {
    rc: i32,
    raised: Option<Raised>,
    length: Option<isize>,
    item_size: Option<isize>,
    ndim: Option<i32>,
    read_only: Option<i32>,
    format: Option<String>,
    shape: Option<Vec<isize>>,
    strides: Option<Vec<isize>>,
    owned: bool,
    own_shape: Option<bool>,
    own_strides: Option<bool>,
}

pub(crate) fn check(recording: &Recording, report: &mut Report) {
    let family = family(recording);
    for row in &recording.fill_info {
        let question = format!(
            "FillInfo {}, readonly {}{}{}{}",
            row.flags,
            row.readonly,
            row.length.map(|length| format!(", length {length}")).unwrap_or_default(),
            if row.owner { ", no owner" } else { "" },
            if row.view { ", no view" } else { "" },
        );
        let ours = match (family, recording.interpreter.version.as_str()) {
            (Family::CPython2, _) => call::<CPython2>(family, row),
            (Family::CPython3 | Family::CPython313, _) => call::<CPython3>(family, row),
            (_, version) if version.starts_with("3.11") => call::<PyPy64>(family, row),
            (_, _) => call::<PyPy36>(family, row),
        };
        report.compare(&question, &recorded(row), &Ok(ours));
    }
}

fn recorded(row: &FillInfo) -> Result<Seen, String> {
    let answer = &row.answer;
    if let Some(crash) = &answer.crash {
        return Err(crash.clone());
    }
    let raised = answer
        .exception
        .as_ref()
        .map(|exception| Raised::new(exception.clone(), answer.message.clone().unwrap_or_default()));
    if answer.rc != Some(0) || answer.buf_untouched == Some(true) || row.view {
        return Ok(Seen { rc: answer.rc.unwrap(), raised, ..Seen::default() });
    }
    Ok(Seen {
        rc: 0,
        raised,
        length: answer.len,
        item_size: answer.itemsize,
        ndim: answer.ndim,
        read_only: answer.readonly,
        format: answer.format.clone(),
        shape: answer.shape.clone(),
        strides: answer.strides.clone(),
        owned: answer.owner.as_deref() == Some("self"),
        own_shape: answer.shape_is_len,
        own_strides: answer.strides_is_itemsize,
    })
}

fn call<V: View>(family: Family, row: &FillInfo) -> Seen {
    let request = row.flags.split('|').map(flag).fold(Request::SIMPLE, |all, flag| all | flag);
    let mut memory = *b"hello";
    let mut owner = 0u8;
    let owner: *mut c_void = if row.owner { ptr::null_mut() } else { (&raw mut owner).cast() };
    let span = Span { pointer: memory.as_mut_ptr().cast(), length: row.length.unwrap_or(5) };
    let mut view = V::EMPTY;
    let into = (!row.view).then_some(NonNull::from(&mut view));
    // SAFETY: the view is ours and does not move.
    if let Err(rule) = unsafe { fill_info(family, into, owner, span, row.readonly, request) } {
        let refusal = rule.refusal(family);
        let text = refusal.message.as_c_str().to_str().unwrap();
        return Seen { rc: -1, raised: Some(Raised::new(refusal.exception.name(), text)), ..Seen::default() };
    }
    if row.view {
        return Seen::default();
    }
    let header: &Header = view.header();
    // SAFETY: a one-dimensional view points to one value, or to none.
    let first = |pointer: *mut isize| (!pointer.is_null()).then(|| vec![unsafe { pointer.read() }]);
    Seen {
        rc: 0,
        raised: None,
        length: Some(header.len),
        item_size: Some(header.itemsize),
        ndim: Some(header.ndim),
        read_only: Some(header.readonly),
        // SAFETY: a format that is not null is a C string.
        format: (!header.format.is_null())
            .then(|| unsafe { CStr::from_ptr(header.format) }.to_str().unwrap().to_owned()),
        shape: first(header.shape),
        strides: first(header.strides),
        owned: !header.obj.is_null(),
        own_shape: Some(ptr::eq(header.shape, &raw const header.len)),
        own_strides: Some(ptr::eq(header.strides, &raw const header.itemsize)),
    }
}

fn flag(text: &str) -> Request {
    layouts::named(text).unwrap_or_else(|| {
        let digits = text.strip_prefix("0x");
        let bits = digits.map_or_else(|| text.parse(), |digits| i32::from_str_radix(digits, 16));
        Request::from_bits(bits.unwrap_or_else(|_| panic!("{text}")))
    })
}
