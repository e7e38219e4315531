//! Item formats.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Formats that the `struct` module takes: a byte order, or none, and items with counts and white space between them.
///
/// ```
/// # use bufproto_core::format::Format;
/// # use bufproto_mock::strategy;
/// # use proptest::prelude::*;
/// # use proptest::strategy::ValueTree;
/// # use proptest::test_runner::TestRunner;
/// let mut runner = TestRunner::deterministic();
/// for _ in 0..100 {
///     let format = strategy::formats().new_tree(&mut runner).unwrap().current();
///     assert!(Format::parse(format.as_bytes()).is_ok(), "{format}");
/// }
/// ```
pub fn formats() -> impl Strategy<Value = String> {
    let count = || prop_oneof![4 => Just(String::new()), 2 => (0..20u32).prop_map(|count| count.to_string())];
    let space = || select(vec!["", "", "", " ", "\t ", "\n"]);
    let items = move |codes: &'static str| {
        let code = select(codes.chars().collect::<Vec<_>>());
        let item = (space(), count(), code).prop_map(|(space, count, code)| format!("{space}{count}{code}"));
        vec(item, 0..6).prop_map(|items| items.concat())
    };
    let native = (select(vec!["", "", "@"]), items("bBchHiIlLqQnNfdesp?xP"));
    let standard = (select(vec!["=", "<", ">", "!"]), items("bBchHiIlLqQfdesp?x"));
    prop_oneof![native, standard].prop_map(|(order, items)| format!("{order}{items}"))
}

/// Texts of the characters that formats are made of, most of which are none.
///
/// ```
/// # use bufproto_core::format::Format;
/// # use bufproto_core::request::{Access, Request};
/// # use bufproto_core::rules::Family;
/// # use bufproto_mock::conformance::{Rig, recipe::Recipe};
/// # use bufproto_mock::{MockRig, Object, model};
/// use bufproto_mock::strategy;
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// fn example<T>(strategy: impl Strategy<Value = T>) -> T {
///     strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current()
/// }
///
/// if let Err(error) = Format::parse(&example(strategy::format_texts())) {
///     assert!(error.index <= 40);
/// }
/// ```
pub fn format_texts() -> impl Strategy<Value = Vec<u8>> {
    vec(select(br"@=<>!^&:{}()TXtcbB?hHiIlLqQnNefdgspPOuwxZ 0123456789,".to_vec()), 0..40)
}
