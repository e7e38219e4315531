//! The rules by their numbers.

use core::ffi::c_int;
use core::ptr::NonNull;

use bufproto_core::rules::Rule;

use crate::interpreter::{Interpreter, PyObject};
use crate::object::{Attached, refuse};

/// Raises the exception of a rule (`BUFPROTO_RULE_...`), in the words of the interpreter, so that exporters and consumers of
/// one's own refuse as the interpreter does. Some texts name the object's type.
///
/// `object` is what broke the rule, or NULL where the rule is about no object. A number that is no rule's is a
/// `SystemError`. Returns -1.
///
/// # Safety
///
/// The thread is attached to the interpreter; the table is filled as its fields say; the object is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bufproto_raise(
    interpreter: &Interpreter,
    rule: c_int,
    object: *mut PyObject,
) -> c_int {
    let known = Rule::ALL.into_iter().find(|known| c_int::from(known.number()) == rule);
    // "Bad argument to internal function" is what the interpreter says of such mistakes.
    let rule = known.unwrap_or(Rule::MemoryFlag);
    // SAFETY: the caller's word.
    let attached = unsafe { Attached::new(interpreter) };
    refuse(attached, NonNull::new(object), rule)
}
