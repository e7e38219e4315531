//! Objects by recipe.

use proptest::collection::vec;
use proptest::prelude::*;

use super::exceptions;
use super::layout::{OwnedLayout, layouts_of};
use crate::conformance::recipe::{
    Answer, Claim, Count, Fill, Get, GetReturns, Layout, Mutability, Recipe, Release, Script, Slots,
};

/// Content that is not what [poisons](crate::POISON) memory, so that what has moved away is seen.
fn content(most: usize) -> impl Strategy<Value = Vec<u8>> + Clone {
    vec(0..0x80u8, 0..=most)
}

/// Objects that any backend may have: memory of all kinds, none, and exporters that misbehave.
///
/// ```
/// # use bufproto_mock::conformance::Rig;
/// # use bufproto_mock::{MockRig, strategy};
/// # use proptest::prelude::*;
/// # use proptest::strategy::ValueTree;
/// # use proptest::test_runner::TestRunner;
/// let mut runner = TestRunner::deterministic();
/// let rig = MockRig::new(bufproto_core::rules::Family::CPython3);
/// for _ in 0..100 {
///     let recipe = strategy::recipes().new_tree(&mut runner).unwrap().current();
///     rig.make(&recipe).expect("the mock can make each of them");
/// }
/// ```
pub fn recipes() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        3 => content(32).prop_map(|bytes| Recipe::writable(&bytes)),
        2 => content(32).prop_map(|bytes| Recipe::coordinated(&bytes)),
        2 => content(32).prop_map(|bytes| Recipe::frozen(&bytes)),
        1 => content(32).prop_map(|bytes| Recipe::read_only(&bytes)),
        1 => content(32).prop_map(|bytes| Recipe::moving(&bytes)),
        1 => Just(Recipe::opaque()),
        2 => layout_recipes(),
        1 => (1..4usize, 1..5usize, vec(0..0x80u8, 12)).prop_map(|(rows, columns, bytes)| {
            let rows: Vec<&[u8]> = bytes.chunks(columns).take(rows).collect();
            Recipe::indirect(&rows, Mutability::Writable)
        }),
        4 => scripts().prop_map(Recipe::script),
    ]
}

/// Objects whose items are bytes, in memory with any strides.
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
/// assert!(MockRig::new(Family::CPython3).make(&example(strategy::layout_recipes())).is_ok());
/// ```
pub fn layout_recipes() -> impl Strategy<Value = Recipe> {
    let mutability = prop_oneof![Just(Mutability::Writable), Just(Mutability::ReadOnly)];
    (layouts_of(Just(1)), mutability, any::<u8>()).prop_map(|(layout, mutability, seed)| {
        let OwnedLayout { item_size, shape, strides, .. } = &layout;
        let range = layout.layout().bounds().unwrap_or(0..0);
        let memory: Vec<u8> =
            (0..range.len()).map(|place| (place as u8).wrapping_mul(5).wrapping_add(seed) & 0x7F).collect();
        let recipe = Layout {
            format: "B".to_owned(),
            itemsize: *item_size as isize,
            shape: shape.clone(),
            strides: strides.clone(),
            offset: -range.start,
            indirect: false,
        };
        Recipe::strided(&memory, mutability, recipe)
    })
}

/// What exporters do that misbehave: no memory, a length that is none, nothing at all, success with an exception, failure
/// without one, coming back, and raising or clearing when a view is given back.
///
/// Only answers that can be given back: an owner that comes with a number other than 0 is lost for ever, in real
/// interpreters too.
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
/// let recipe = Recipe::script(example(strategy::scripts()));
/// assert!(MockRig::new(Family::CPython3).make(&recipe).is_ok());
/// ```
pub fn scripts() -> impl Strategy<Value = Script> {
    let claim = prop_oneof![
        4 => content(16).prop_map(Claim::Bytes),
        1 => prop_oneof![0..8isize, any::<isize>()].prop_map(Claim::Null),
        1 => (content(4), prop_oneof![-4..0isize, isize::MIN..0])
            .prop_map(|(bytes, length)| Claim::Negative(bytes, length)),
    ];
    let fill = (claim, prop_oneof![3 => 0..=1i32, 1 => -1..3i32], prop::bool::weighted(0.8))
        .prop_map(|(memory, read_only, owned)| Fill { memory, read_only, owned });
    let answer = (
        prop::bool::weighted(0.2),
        prop::option::weighted(0.3, exceptions()),
        prop_oneof![4 => Just(0), 2 => Just(-1), 1 => -2..2i32],
        prop::option::weighted(0.8, fill),
    )
        .prop_map(|(reenters, raises, returns, fills)| {
            let fills = fills.map(|fill| Fill { owned: fill.owned && returns == 0, ..fill });
            Answer { reenters, raises, returns, fills }
        });
    let release = prop_oneof![
        4 => Just(Release::Quiet),
        1 => exceptions().prop_map(Release::Raises),
        1 => Just(Release::Clears),
    ];
    (answer, release).prop_map(|(answer, release)| Script { answer, release })
}

/// The old slots of a type: missing, with several segments, with counts that are not true, and with failures.
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
/// let recipe = Recipe::segmented(example(strategy::slots()));
/// assert!(MockRig::new(Family::CPython2).make(&recipe).is_ok());
/// ```
pub fn slots() -> impl Strategy<Value = Slots> {
    let returns = prop_oneof![
        6 => Just(GetReturns::Segment),
        1 => content(8).prop_map(GetReturns::Bytes),
        1 => (-3..0isize).prop_map(GetReturns::Failure),
        1 => (0..8isize).prop_map(GetReturns::Null),
    ];
    let get = (returns, prop::option::weighted(0.2, exceptions()))
        .prop_map(|(returns, raises)| Get { returns, raises });
    let get = prop::option::weighted(0.8, get);
    let count = (prop::option::weighted(0.2, -2..4isize), prop::option::weighted(0.1, exceptions()))
        .prop_map(|(returns, raises)| Count { returns, raises });
    let segments = prop_oneof![3 => vec(content(8), 1), 1 => vec(content(8), 0..4)];
    (segments, prop::option::weighted(0.9, count), get.clone(), get.clone(), get)
        .prop_map(|(segments, count, char, read, write)| Slots { segments, count, char, read, write })
}
