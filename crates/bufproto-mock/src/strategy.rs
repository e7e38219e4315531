//! Strategies for property tests with [proptest](https://docs.rs/proptest), by the feature `proptest`: what consumers ask,
//! what exporters answer, how items lie in memory, and what is done in which order.
//!
//! What fails is made smaller: to fewer operations, fewer and smaller objects, requests with fewer flags, layouts with fewer
//! and shorter dimensions.
//!
//! A consumer's property, whatever the exporter answers:
//!
//! ```
//! use bufproto_core::view::Slot;
//! use bufproto_mock::conformance::Rig;
//! use bufproto_mock::{MockRig, strategy};
//! use proptest::prelude::*;
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
//!     # /*
//!     #[test]
//!     # */
//!     fn a_view_that_is_granted_is_given_back(
//!         family in strategy::families(), recipe in strategy::recipes(), request in strategy::requests(),
//!     ) {
//!         let rig = MockRig::new(family);
//!         let object = rig.make(&recipe)?;
//!         drop(Slot::new().fill(rig.handle(&object), request));
//!         prop_assert_eq!(object.exports(), 0);
//!     }
//! }
//! # a_view_that_is_granted_is_given_back();
//! ```
//!
//! A backend's property, whatever is done with its objects:
//!
//! ```
//! use bufproto_core::rules::Family;
//! use bufproto_mock::model::{self, Failure};
//! use bufproto_mock::{MockRig, strategy};
//! use proptest::prelude::*;
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
//!     # /*
//!     #[test]
//!     # */
//!     fn the_backend_does_what_the_model_does(
//!         objects in strategy::objects(1..3), operations in strategy::operations(0..16),
//!     ) {
//!         // Your own rig here.
//!         match model::check(&MockRig::new(Family::CPython3), &objects, &operations) {
//!             Err(Failure::Declined(_)) | Ok(()) => {}
//!             Err(broken) => return Err(TestCaseError::fail(broken.to_string())),
//!         }
//!     }
//! }
//! # the_backend_does_what_the_model_does();
//! ```

use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use proptest::collection::SizeRange;
use proptest::prelude::*;
use proptest::sample::select;

use crate::conformance::recipe::Raised;
use crate::fault::Fault;
use crate::model::Operation;

mod format;
mod layout;
mod recipe;

pub use format::{format_texts, formats};
pub use layout::{Blocks, OwnedLayout, layout_pairs, layouts, overlapping_layouts};
pub use recipe::{layout_recipes, recipes, scripts, slots};

/// Every family of interpreters.
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
/// assert!(Family::CPython2 as u8 <= example(strategy::families()) as u8);
/// ```
pub fn families() -> impl Strategy<Value = Family> + Clone {
    select(vec![Family::CPython3, Family::CPython313, Family::CPython2, Family::PyPy3, Family::PyPy2])
}

/// The three functions that hand out memory.
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
/// assert!(Access::ALL.contains(&example(strategy::accesses())));
/// ```
pub fn accesses() -> impl Strategy<Value = Access> + Clone {
    select(Access::ALL.to_vec())
}

/// What a consumer may ask for: mostly the requests that have names, alone and combined, and now and then any bits.
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
/// let request = example(strategy::requests());
/// assert_eq!(Request::from_bits(request.bits()), request);
/// ```
pub fn requests() -> impl Strategy<Value = Request> {
    let named = [
        Request::SIMPLE,
        Request::WRITABLE,
        Request::FORMAT,
        Request::ND,
        Request::STRIDES,
        Request::C_CONTIGUOUS,
        Request::F_CONTIGUOUS,
        Request::ANY_CONTIGUOUS,
        Request::INDIRECT,
        Request::CONTIG,
        Request::STRIDED,
        Request::RECORDS,
        Request::FULL,
        Request::FULL_RO,
    ];
    prop_oneof![
        8 => select(named.to_vec()),
        4 => (select(named.to_vec()), select(named.to_vec())).prop_map(|(one, other)| one | other),
        1 => any::<i32>().prop_map(Request::from_bits),
    ]
}

/// Exceptions that exporters raise, among them those that some functions mask.
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
/// assert!(!example(strategy::exceptions()).message.is_empty());
/// ```
pub fn exceptions() -> impl Strategy<Value = Raised> + Clone {
    let exception =
        select(vec!["ValueError", "BufferError", "TypeError", "MemoryError", "KeyboardInterrupt"]);
    exception.prop_map(|exception| Raised::new(exception, "not today"))
}

/// What an exporter may do wrong on a call, but for calling back: a function cannot be made smaller.
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
/// let object = Object::bytes(b"abc");
/// object.on_next_export(example(strategy::faults()));
/// ```
pub fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        prop::option::of(exceptions()).prop_map(Fault::Fail),
        (prop_oneof![1..100i32, -100..-1i32], prop::option::of(exceptions()))
            .prop_map(|(number, raised)| Fault::Irregular(number, raised)),
        exceptions().prop_map(Fault::SucceedRaising),
    ]
}

/// So many recipes of objects that any backend may have.
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
/// let recipes = example(strategy::objects(2..=3));
/// assert!((2..=3).contains(&recipes.len()));
/// ```
pub fn objects(
    number: impl Into<SizeRange>,
) -> impl Strategy<Value = Vec<crate::conformance::recipe::Recipe>> {
    prop::collection::vec(recipes(), number)
}

/// So many operations, one after the other; scopes have further ones inside, and scopes in these.
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
/// let (objects, operations) = (example(strategy::objects(1..3)), example(strategy::operations(0..16)));
/// model::check(&MockRig::new(Family::CPython3), &objects, &operations).unwrap();
/// ```
pub fn operations(number: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Operation>> {
    let object = || 0..4usize;
    let plain = prop_oneof![
        4 => (object(), accesses()).prop_map(|(object, access)| Operation::Call { object, access }),
        1 => object().prop_map(|object| Operation::Check { object }),
        4 => (object(), requests()).prop_map(|(object, request)| Operation::View { object, request }),
        2 => (object(), prop_oneof![4 => Just(Request::SIMPLE), 1 => requests()])
            .prop_map(|(object, request)| Operation::Stable { object, request }),
        1 => (object(), 0..32usize, 0..0x80u8)
            .prop_map(|(object, offset, byte)| Operation::OwnerWrite { object, offset, byte }),
        3 => (0..8usize).prop_map(|view| Operation::Release { view }),
        2 => (0..8usize, 0..0x80u8).prop_map(|(view, byte)| Operation::Write { view, byte }),
        4 => (object(), accesses()).prop_map(|(object, access)| Operation::Keep { object, access }),
        2 => (object(), accesses(), accesses())
            .prop_map(|(object, access, again)| Operation::Reenter { object, access, again }),
        2 => (object(), 0..40usize).prop_map(|(object, length)| Operation::Resize { object, length }),
        2 => (object(), prop::option::of(exceptions()))
            .prop_map(|(object, raised)| Operation::Fail { object, raised }),
        1 => exceptions().prop_map(Operation::Raise),
    ];
    // In one row, so that each of them can be left out, also what begins a scope.
    let step = prop_oneof![
        20 => plain.prop_map(Step::Do),
        3 => (0..6usize).prop_map(Step::Begin),
        2 => Just(Step::End),
    ];
    prop::collection::vec(step, number).prop_map(nest)
}

#[derive(Clone, Debug)]
enum Step {
    Do(Operation),
    Begin(usize),
    End,
}

/// Puts what is between the beginning and the end of a scope into it.
fn nest(steps: Vec<Step>) -> Vec<Operation> {
    let mut outer = Vec::new();
    let mut current = Vec::new();
    for step in steps {
        match step {
            Step::Do(operation) => current.push(operation),
            Step::Begin(room) => outer.push((room, std::mem::take(&mut current))),
            Step::End => end(&mut outer, &mut current),
        }
    }
    while !outer.is_empty() {
        end(&mut outer, &mut current);
    }
    current
}

/// Ends the innermost scope, if there is one.
fn end(outer: &mut Vec<(usize, Vec<Operation>)>, current: &mut Vec<Operation>) {
    if let Some((room, around)) = outer.pop() {
        let operations = std::mem::replace(current, around);
        current.push(Operation::Scope { room, operations });
    }
}
