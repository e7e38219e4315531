//! The rules' numbers and words.

use std::ffi::{CStr, CString};

use bufproto_core::rules::{Exception, Family, Message, Rule};

const FAMILIES: [Family; 5] =
    [Family::CPython2, Family::CPython3, Family::CPython313, Family::PyPy2, Family::PyPy3];

#[test]
fn numbers_ascend_so_none_is_used_twice() {
    let numbers: Vec<u16> = Rule::ALL.iter().map(|rule| rule.number()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(numbers.iter().all(|number| (101..700).contains(number)));
}

#[test]
fn messages_are_ascii_and_have_at_most_one_place() {
    for rule in Rule::ALL {
        for family in FAMILIES {
            let message = rule.refusal(family).message;
            let text = message.as_c_str().to_str().unwrap();
            assert!(text.is_ascii() && !text.is_empty(), "{rule:?}");
            assert_eq!(text.matches('%').count(), text.matches("%.100s").count(), "{text}");
            assert_eq!(message.names_type(), text.matches("%.100s").count() == 1, "{text}");
        }
    }
}

#[test]
fn messages_are_their_texts() {
    let message = |rule: Rule| rule.refusal(Family::CPython3).message;
    for (one, other) in
        Rule::ALL.iter().flat_map(|one| Rule::ALL.map(|other| (message(*one), message(other))))
    {
        assert_eq!(one == other, one.as_c_str() == other.as_c_str());
    }
    assert_ne!(message(Rule::WriteExporter), message(Rule::ReadExporter));
    assert_eq!(format!("{:?}", message(Rule::WriteExporter)), r#""expected a writable bytes-like object""#);
}

#[test]
fn a_type_name_is_cut_at_100_bytes_and_never_inside_a_character() {
    let message = Rule::ReadExporter.refusal(Family::CPython3).message;
    let shown = |name: &str| message.with_type_name(name).to_string();
    assert_eq!(shown("int"), "a bytes-like object is required, not 'int'");
    // As CPython 3.12.1 cuts it.
    assert_eq!(
        shown(&"N".repeat(120)),
        format!("a bytes-like object is required, not '{}'", "N".repeat(100))
    );
    let cut = shown(&format!("{}ß", "N".repeat(99)));
    assert_eq!(cut, format!("a bytes-like object is required, not '{}'", "N".repeat(99)));
}

#[test]
fn a_message_without_a_place_leaves_the_name_out() {
    let message = Rule::WriteExporter.refusal(Family::CPython3).message;
    assert_eq!(message.with_type_name("int").to_string(), "expected a writable bytes-like object");
}

#[test]
fn a_text_with_a_plain_name_can_be_written_without_a_formatter() {
    let message = Rule::ReadExporter.refusal(Family::CPython3).message;
    let mut room = [0; Message::ROOM];
    let mut written = |name: &CStr| message.write_with_type_name(name, &mut room).map(CStr::to_owned);
    let longest = CString::new("N".repeat(100)).unwrap();
    for name in [c"int", c"", &longest] {
        let expected = message.with_type_name(name.to_str().unwrap()).to_string();
        assert_eq!(written(name).unwrap().to_str().unwrap(), expected);
    }
    // These are cut, or decoded, by rules of the interpreter's.
    assert_eq!(written(&CString::new("N".repeat(101)).unwrap()), None);
    assert_eq!(written(c"stra\xc3\x9fe"), None);
    let without_place = Rule::WriteExporter.refusal(Family::CPython3).message;
    assert_eq!(without_place.write_with_type_name(c"int", &mut room), None);
}

#[test]
fn only_a_null_argument_yields_to_what_is_pending() {
    for rule in Rule::ALL {
        assert_eq!(rule.refusal(Family::CPython3).yields, rule == Rule::NullArgument);
    }
}

#[test]
fn exceptions_have_their_names() {
    assert_eq!(Rule::NullArgument.refusal(Family::CPython3).exception.name(), "SystemError");
    assert_eq!(Rule::IntLength.refusal(Family::CPython2).exception, Exception::OverflowError);
    assert_eq!(Rule::Writable.refusal(Family::PyPy3).exception.name(), "ValueError");
}
