//! Whatever is done with an object, in whatever order: the ledger balances.

use std::ffi::c_int;

use bufproto_core::legacy::{Dialect, Python3};
use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Family;
use bufproto_core::scope::Scope;
use bufproto_core::view::{Slot, View};
use bufproto_mock::conformance::Rig;
use bufproto_mock::conformance::recipe::{Answer, Claim, Fill, Recipe, Script};
use bufproto_mock::{Fault, MockRig, Raised};
use proptest::prelude::*;

/// What can be done with an object.
#[derive(Clone, Debug)]
enum Step {
    Call(Access),
    Check,
    Hold(c_int),
    Release(usize),
    Scope(Vec<Access>, usize),
    Resize(usize),
    Fail(usize, bool),
    Raise,
    Again(Access),
    Stable(bool),
    ReleaseStable,
    Write(usize, u8),
}

fn raised() -> Raised {
    Raised::new("ValueError", "not today")
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::Char), Just(Access::Read), Just(Access::Write)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        access().prop_map(Step::Call),
        Just(Step::Check),
        prop_oneof![Just(0), Just(1), Just(8), Just(0x18), Just(0x11C), any::<c_int>()].prop_map(Step::Hold),
        any::<usize>().prop_map(Step::Release),
        (prop::collection::vec(access(), 0..5), 0..5usize).prop_map(|(calls, room)| Step::Scope(calls, room)),
        (0..64usize).prop_map(Step::Resize),
        (1..4usize, any::<bool>()).prop_map(|(nth, silent)| Step::Fail(nth, silent)),
        Just(Step::Raise),
        access().prop_map(Step::Again),
        any::<bool>().prop_map(Step::Stable),
        Just(Step::ReleaseStable),
        (0..32usize, any::<u8>()).prop_map(|(offset, byte)| Step::Write(offset, byte)),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let claim = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..16).prop_map(Claim::Bytes),
        any::<isize>().prop_map(Claim::Null),
        (isize::MIN..0).prop_map(|length| Claim::Negative(vec![1, 2, 3], length)),
    ];
    let fill = (claim, -1..3, any::<bool>()).prop_map(|(memory, read_only, owned)| Fill {
        memory,
        read_only,
        owned,
    });
    (any::<bool>(), any::<bool>(), -2..2, prop::option::of(fill)).prop_map(
        |(reenters, raises, returns, fills)| {
            // An owner that comes with an irregular answer is lost for ever, in real interpreters too.
            let fills = fills.map(|fill| Fill { owned: fill.owned && matches!(returns, 0 | -1), ..fill });
            Answer { reenters, raises: raises.then(raised), returns, fills }
        },
    )
}

fn object() -> impl Strategy<Value = Recipe> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..32);
    prop_oneof![
        bytes().prop_map(|bytes| Recipe::frozen(&bytes)),
        bytes().prop_map(|bytes| Recipe::read_only(&bytes)),
        bytes().prop_map(|bytes| Recipe::writable(&bytes)),
        bytes().prop_map(|bytes| Recipe::moving(&bytes)),
        bytes().prop_map(|bytes| Recipe::coordinated(&bytes)),
        bytes().prop_map(|bytes| Recipe::coordinated(&bytes)),
        Just(Recipe::opaque()),
        answer().prop_map(|answer| Recipe::script(Script { answer, release: Default::default() })),
    ]
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![
        Just(Family::CPython2),
        Just(Family::CPython3),
        Just(Family::CPython313),
        Just(Family::PyPy2),
        Just(Family::PyPy3),
    ]
}

proptest! {
    #[test]
    fn exports_balance(family in family(), recipe in object(), steps in prop::collection::vec(step(), 0..24)) {
        let rig = MockRig::new(family);
        let (python, object) = (rig.interpreter(), rig.make(&recipe).expect("a sound recipe"));
        let coordinated = object.attach(python).is_coordinated();
        let mut slots: Vec<_> = (0..steps.len()).map(|_| Slot::new()).collect();
        let mut free = slots.iter_mut();
        let (mut held, mut stable) = (Vec::new(), Vec::new());
        for step in steps {
            // By the reference model, what exists before a step exists after it, but for what is kept.
            let before = object.exports();
            let writers = held.iter().any(|view: &View<'_, _>| view.held().header().readonly == 0);
            let frozen = recipe == Recipe::frozen(&object.content());
            let content = object.content();
            match step {
                Step::Call(access) => drop(Python3::locate(object.attach(python), access)),
                Step::Check => drop(Python3::check_read_buffer(object.attach(python))),
                Step::Hold(bits) => {
                    let Some(slot) = free.next() else { break };
                    let granted = slot.fill(object.attach(python), Request::from_bits(bits));
                    held.extend(granted);
                }
                Step::Release(which) if !held.is_empty() => {
                    let which = which % held.len();
                    drop(held.remove(which));
                }
                Step::Release(_) => {}
                Step::Scope(calls, room) => {
                    let mut slots = [const { Slot::new() }; 5];
                    let scope = Scope::new(python.attach(), &mut slots[..room]);
                    for access in calls {
                        let left = scope.room();
                        let answer = scope.locate(object.attach(python), access);
                        // A view that names no owner is held together with a reference to the object.
                        let taken =
                            answer.map_or(0, |held| 1 + usize::from(held.header().obj.is_null()));
                        prop_assert_eq!(scope.room(), left - taken);
                    }
                }
                Step::Resize(length) => {
                    let resized = object.resize(python, length).is_ok();
                    prop_assert!(!(resized && before > 0), "resized under {} views", before);
                    if resized {
                        prop_assert_eq!(object.content().len(), length);
                    }
                }
                Step::Stable(writable) => {
                    let Some(slot) = free.next() else { break };
                    let request = if writable { Request::WRITABLE } else { Request::SIMPLE };
                    let granted = slot.fill_stable(object.attach(python), request).ok();
                    let offered = coordinated;
                    prop_assert!(granted.is_none() || !writable && (frozen || offered && !writers));
                    stable.extend(granted.map(|view| (view, content.clone())));
                }
                Step::ReleaseStable => drop(stable.pop()),
                Step::Write(offset, byte) => {
                    let written = object.write(python, offset, &[byte]).is_ok();
                    prop_assert!(!written || stable.is_empty(), "written to under a stable read");
                    if written && offset < content.len() {
                        prop_assert_eq!(object.content()[offset], byte);
                    }
                }
                Step::Fail(nth, silent) => {
                    object.on_export(nth, Fault::Fail((!silent).then(raised)));
                }
                Step::Raise => python.raise(raised()),
                Step::Again(access) => object.while_exporting(
                    &|| drop(Python3::locate(object.attach(python), Access::Write)),
                    || drop(Python3::locate(object.attach(python), access)),
                ),
            }
            if frozen {
                prop_assert_eq!(object.content(), content);
            }
            // A view without an owner needs no release and is not counted.
            prop_assert!(object.exports() <= held.len() + stable.len());
            prop_assert_eq!(object.references(), 1 + object.exports());
            prop_assert_eq!(python.ledger().check().is_ok(), object.exports() == 0);
            for view in &held {
                // Every safe way to look at what a script claims.
                let _ = view.shared().map(|bytes| bytes.iter().count());
                let _ = view.shared_mut().map(|bytes| bytes.fill(7));
                let _ = view.frozen().map(<[u8]>::len);
            }
            for (view, content) in &stable {
                prop_assert_eq!(view.as_slice(), Ok(&content[..]));
            }
        }
        drop((held, stable));
        prop_assert_eq!(object.exports(), 0);
        prop_assert!(python.ledger().check().is_ok());
        prop_assert_eq!(object.references(), 1);
    }
}
