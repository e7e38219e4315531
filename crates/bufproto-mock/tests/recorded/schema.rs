//! The files in `tests/data/recorded`. Unknown fields are refused: a field that nobody looks at checks nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    pub schema: u32,
    pub interpreter: Interpreter,
    pub flags: BTreeMap<String, i32>,
    pub layout: BTreeMap<String, Value>,
    pub cases: Vec<Case>,
    pub null_arguments: BTreeMap<String, Answer>,
    pub odd_requests: BTreeMap<String, Answer>,
    pub fill_info: Vec<FillInfo>,
}

#[derive(Deserialize)]
pub struct Interpreter {
    pub implementation: String,
    pub version: String,
    pub pointer_bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    #[serde(default)]
    pub functions: BTreeMap<String, Answer>,
    #[serde(default)]
    pub pending: BTreeMap<String, Answer>,
    #[serde(default)]
    pub get_buffer: BTreeMap<String, Answer>,
    #[serde(default)]
    pub object: Object,
    /// Why the object could not be made there.
    pub unavailable: Option<Value>,
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
pub struct Object {
    #[serde(rename = "type", default)]
    pub type_name: String,
    #[serde(default)]
    pub slots: BTreeMap<String, bool>,
    #[serde(default)]
    pub old_slots: BTreeMap<String, OldSlot>,
    #[serde(rename = "crash")]
    _crash: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct OldSlot {
    pub returned: isize,
    pub total: Option<isize>,
    pub data: Option<String>,
    pub pointer: Option<String>,
    pub exception: Option<String>,
    pub message: Option<String>,
}

#[derive(Deserialize, Clone, Default, Debug)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub rc: Option<i32>,
    pub len: Option<isize>,
    pub data: Option<String>,
    pub pointer: Option<String>,
    pub exception: Option<String>,
    pub message: Option<String>,
    pub crash: Option<String>,
    pub itemsize: Option<isize>,
    pub ndim: Option<i32>,
    pub readonly: Option<i32>,
    pub format: Option<String>,
    pub shape: Option<Vec<isize>>,
    pub strides: Option<Vec<isize>>,
    pub owner: Option<String>,
    pub internal: Option<String>,
    pub shape_is_len: Option<bool>,
    pub strides_is_itemsize: Option<bool>,
    pub buf_untouched: Option<bool>,
    // Told by other fields too, or by the interpreter on its standard error.
    #[serde(rename = "contiguous")]
    _contiguous: Option<String>,
    #[serde(rename = "stderr")]
    _stderr: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillInfo {
    pub flags: String,
    pub readonly: i32,
    pub length: Option<isize>,
    /// Present, and null, where no owner was given.
    #[serde(default, deserialize_with = "present")]
    pub owner: bool,
    /// Present, and null, where no view was given.
    #[serde(default, deserialize_with = "present")]
    pub view: bool,
    pub answer: Answer,
}

/// True for a key that is there, whatever its value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|_| true)
}
