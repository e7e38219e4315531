//! The files in `tests/data/recorded`. Unknown fields are refused: a field that nobody looks at checks nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    pub(crate) schema: u32,
    pub(crate) interpreter: Interpreter,
    pub(crate) flags: BTreeMap<String, i32>,
    pub(crate) layout: BTreeMap<String, Value>,
    pub(crate) cases: Vec<Case>,
    pub(crate) null_arguments: BTreeMap<String, Answer>,
    pub(crate) odd_requests: BTreeMap<String, Answer>,
    pub(crate) fill_info: Vec<FillInfo>,
}

#[derive(Deserialize)]
pub(crate) struct Interpreter {
    pub(crate) implementation: String,
    pub(crate) version: String,
    pub(crate) pointer_bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) functions: BTreeMap<String, Answer>,
    #[serde(default)]
    pub(crate) pending: BTreeMap<String, Answer>,
    #[serde(default)]
    pub(crate) get_buffer: BTreeMap<String, Answer>,
    #[serde(default)]
    pub(crate) object: Object,
    /// Why the object could not be made there.
    pub(crate) unavailable: Option<Value>,
    // How the object is made, and what other tests look at.
    #[serde(rename = "setup")]
    _setup: Option<String>,
    #[serde(rename = "expr")]
    _expr: Option<String>,
    #[serde(rename = "formats")]
    _formats: Option<Value>,
    #[serde(rename = "pointers")]
    _pointers: Option<Value>,
    #[serde(rename = "lifetime")]
    _lifetime: Option<Value>,
    #[serde(rename = "peek")]
    _peek: Option<Value>,
    #[serde(rename = "disturb")]
    _disturb: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    #[serde(rename = "type", default)]
    pub(crate) type_name: String,
    #[serde(default)]
    pub(crate) slots: BTreeMap<String, bool>,
    #[serde(default)]
    pub(crate) old_slots: BTreeMap<String, OldSlot>,
    #[serde(rename = "crash")]
    _crash: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldSlot {
    pub(crate) returned: isize,
    pub(crate) total: Option<isize>,
    pub(crate) data: Option<String>,
    pub(crate) pointer: Option<String>,
    pub(crate) exception: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Deserialize, Clone, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) rc: Option<i32>,
    pub(crate) len: Option<isize>,
    pub(crate) data: Option<String>,
    pub(crate) pointer: Option<String>,
    pub(crate) exception: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) crash: Option<String>,
    pub(crate) itemsize: Option<isize>,
    pub(crate) ndim: Option<i32>,
    pub(crate) readonly: Option<i32>,
    pub(crate) format: Option<String>,
    pub(crate) shape: Option<Vec<isize>>,
    pub(crate) strides: Option<Vec<isize>>,
    pub(crate) owner: Option<String>,
    #[serde(rename = "internal")]
    _internal: Option<String>,
    pub(crate) shape_is_len: Option<bool>,
    pub(crate) strides_is_itemsize: Option<bool>,
    pub(crate) buf_untouched: Option<bool>,
    // Told by other fields too, or by the interpreter on its standard error.
    #[serde(rename = "contiguous")]
    _contiguous: Option<String>,
    #[serde(rename = "stderr")]
    _stderr: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillInfo {
    pub(crate) flags: String,
    pub(crate) readonly: i32,
    pub(crate) length: Option<isize>,
    /// Present, and null, where no owner was given.
    #[serde(default, deserialize_with = "present")]
    pub(crate) owner: bool,
    /// Present, and null, where no view was given.
    #[serde(default, deserialize_with = "present")]
    pub(crate) view: bool,
    pub(crate) answer: Answer,
}

/// True for a key that is there, whatever its value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|_| true)
}
