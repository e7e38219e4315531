//! Stable reads: who may do what while somebody reads memory as it is.

use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Runtime as _;
use bufproto_core::stable::StableViewFor;
use bufproto_core::view::{Slot, SlotFor, ViewFor};

use super::call::wording;
use super::holding::{exported, not_granted};
use super::law::{Check, Fault, Law, Trial, expect};
use super::recipe::{Raised, Recipe};
use super::rig::Rig;

const STABLE: &str = "the draft PEP \"Stable Reads for the Buffer Protocol\"; bufproto_core::grant::Domain";

/// What memory holds here.
const CONTENT: &[u8] = b"abcdef";

pub(super) fn laws<R: Rig>() -> Vec<Law<R>> {
    let law = |number, name, statement, check| Law {
        number,
        name,
        statement,
        source: STABLE,
        check: Check::Procedure(check),
    };
    vec![
        law(
            518,
            "rule_0518_argument_stable",
            "without an exporter that offers stable reads there are none",
            unsupported,
        ),
        law(
            605,
            "rule_0605_stable_read",
            "a stable read needs memory that nobody may be writing to",
            stable_read,
        ),
        law(
            606,
            "rule_0606_writable_view",
            "a writable view needs memory that no stable read is held of",
            writable_view,
        ),
        law(
            607,
            "rule_0607_owner_write",
            "an owner writes to its memory while no stable read is held of it",
            owner_write,
        ),
        law(
            1621,
            "rule_1621_stable_bytes",
            "a stable read has the memory itself, which is held until it ends",
            stable_bytes,
        ),
        law(
            1622,
            "rule_1622_read_only_meanwhile",
            "a view that is not asked to be writable is not while there is a stable read, and is otherwise",
            read_only_meanwhile,
        ),
        law(
            1623,
            "rule_1623_not_resized_meanwhile",
            "memory is not resized while there is a stable read",
            not_resized,
        ),
        law(1624, "rule_1624_shared_domain", "objects that share memory go together as one", shared_domain),
        law(
            1625,
            "rule_1625_frozen_is_stable",
            "memory that is frozen needs no exporter that offers stable reads",
            frozen,
        ),
    ]
}

/// A stable read that has to be granted.
fn stable<'o, 's, R: Rig>(
    rig: &'o R,
    object: &'o R::Owned,
    slot: &'s mut SlotFor<R::Handle<'o>>,
) -> Result<StableViewFor<'s, R::Handle<'o>>, Fault> {
    let handle = rig.handle(object);
    slot.fill_stable(handle, Request::SIMPLE).map_err(|error| {
        error.restore(handle);
        Fault::Broken(match rig.take_raised() {
            Some(raised) => format!("there is no stable read: {raised}"),
            None => "there is no stable read".to_owned(),
        })
    })
}

/// A view that has to be granted.
fn view<'o, 's, R: Rig>(
    rig: &'o R,
    object: &'o R::Owned,
    slot: &'s mut SlotFor<R::Handle<'o>>,
    request: Request,
) -> Result<ViewFor<'s, R::Handle<'o>>, Fault> {
    slot.fill(rig.handle(object), request).map_err(|_| not_granted(rig, object, request))
}

/// What a request is refused with: for a stable read, or for an ordinary view.
fn refusal<R: Rig>(
    rig: &R,
    object: &R::Owned,
    request: Request,
    stable: bool,
) -> Result<Option<Raised>, Fault> {
    let handle = rig.handle(object);
    let mut slot = Slot::new();
    let refused =
        if stable { slot.fill_stable(handle, request).err() } else { slot.fill(handle, request).err() };
    let Some(error) = refused else {
        return Err(Fault::Broken(format!("the object grants {request:?}, which it must refuse")));
    };
    error.restore(handle);
    Ok(rig.take_raised())
}

fn words<R: Rig>(rig: &R, object: &R::Owned, rule: Rule) -> Option<Raised> {
    Some(wording(rule, rig.runtime().family(), &rig.type_name(object)))
}

/// What an owner is refused with. Memory does not always know the name of its owner's type.
fn refused_to_owner<R: Rig>(rig: &R, object: &R::Owned, rule: Rule) -> Result<(), Fault> {
    let (raised, words) = (rig.take_raised(), words(rig, object, rule));
    let tail = |raised: &Raised| {
        let tail = raised.message.split_once(" object ").map_or(&*raised.message, |(_, tail)| tail);
        (raised.exception.clone(), tail.to_owned())
    };
    expect(
        "what is raised, after the name of the object",
        &raised.as_ref().map(tail),
        &words.as_ref().map(tail),
    )
}

fn unsupported<R: Rig>(rig: &R, trial: &mut Trial) {
    for (name, recipe) in
        [("writable bytes", Recipe::writable(CONTENT)), ("read-only", Recipe::read_only(CONTENT))]
    {
        trial.case(name, || {
            let object = rig.make(&recipe)?;
            let raised = refusal(rig, &object, Request::SIMPLE, true)?;
            expect("the error indicator", &raised, &words(rig, &object, Rule::ArgumentStable))?;
            match exported(rig, &object, 0, "after the refusal") {
                Err(Fault::Declined(_)) => Ok(()),
                other => other,
            }
        });
    }
    trial.case("what exports nothing", || {
        let object = rig.make(&Recipe::opaque())?;
        let raised = refusal(rig, &object, Request::SIMPLE, true)?;
        expect("the error indicator", &raised, &words(rig, &object, Rule::ViewExporter))
    });
}

fn stable_read<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::SIMPLE, Request::FULL_RO, Request::WRITABLE] {
        trial.case(&format!("while there is a view for {request:?}"), || {
            let object = rig.make(&Recipe::coordinated(CONTENT))?;
            let mut slot = Slot::new();
            let held = view(rig, &object, &mut slot, request)?;
            expect("whether the view is read-only", &(held.held().header().readonly != 0), &false)?;
            let raised = refusal(rig, &object, Request::SIMPLE, true)?;
            expect("the error indicator", &raised, &words(rig, &object, Rule::StableRead))?;
            held.release();
            stable(rig, &object, &mut Slot::new()).map(drop)
        });
    }
    trial.case("a stable read to write to", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        let raised = refusal(rig, &object, Request::WRITABLE, true)?;
        expect("the error indicator", &raised, &words(rig, &object, Rule::Writable))
    });
}

fn writable_view<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::WRITABLE, Request::CONTIG, Request::FULL] {
        trial.case(&format!("{request:?}"), || {
            let object = rig.make(&Recipe::coordinated(CONTENT))?;
            let (mut first, mut second) = (Slot::new(), Slot::new());
            let one = stable(rig, &object, &mut first)?;
            let other = stable(rig, &object, &mut second)?;
            let refused = || {
                let raised = refusal(rig, &object, request, false)?;
                expect("the error indicator", &raised, &words(rig, &object, Rule::WritableView))
            };
            refused()?;
            one.release();
            refused()?;
            other.release();
            view(rig, &object, &mut Slot::new(), request).map(drop)
        });
    }
}

fn owner_write<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("one byte", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        expect("whether it writes", &rig.write(&object, 1, b'B')?, &true)?;
        let mut slot = Slot::new();
        let held = stable(rig, &object, &mut slot)?;
        expect("whether it writes while it is read", &rig.write(&object, 1, b'!')?, &false)?;
        refused_to_owner(rig, &object, Rule::OwnerWrite)?;
        expect("the bytes", &held.as_slice(), &Ok(b"aBcdef".as_slice()))?;
        held.release();
        expect("whether it writes afterwards", &rig.write(&object, 1, b'b')?, &true)
    });
    trial.case("while there are views", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        let mut slot = Slot::new();
        let held = view(rig, &object, &mut slot, Request::WRITABLE)?;
        expect("whether it writes", &rig.write(&object, 0, b'A')?, &true)?;
        expect("the bytes", &held.shared().map(|bytes| bytes.get(0)), &Ok(Some(b'A')))
    });
}

fn stable_bytes<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("the bytes", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        let (mut first, mut second) = (Slot::new(), Slot::new());
        let held = stable(rig, &object, &mut first)?;
        let address = view(rig, &object, &mut second, Request::SIMPLE)?.span().pointer;
        expect("the bytes", &held.as_slice(), &Ok(CONTENT))?;
        expect("whether it is the memory itself", &(held.held().span().pointer == address), &true)?;
        expect("whether it is read-only", &(held.held().header().readonly != 0), &true)
    });
    trial.case("the views that exist", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        exported(rig, &object, 0, "before")?;
        let (mut first, mut second) = (Slot::new(), Slot::new());
        let one = stable(rig, &object, &mut first)?;
        let other = stable(rig, &object, &mut second)?;
        exported(rig, &object, 2, "while there are two stable reads")?;
        drop((one, other));
        exported(rig, &object, 0, "afterwards")
    });
}

fn read_only_meanwhile<R: Rig>(rig: &R, trial: &mut Trial) {
    for request in [Request::SIMPLE, Request::ND, Request::FULL_RO] {
        trial.case(&format!("{request:?}"), || {
            let object = rig.make(&Recipe::coordinated(CONTENT))?;
            let read_only = |when: &str, expected: bool| {
                let mut slot = Slot::new();
                let held = view(rig, &object, &mut slot, request)?;
                expect(
                    &format!("whether it is read-only {when}"),
                    &(held.held().header().readonly != 0),
                    &expected,
                )
            };
            read_only("before", false)?;
            let mut slot = Slot::new();
            let held = stable(rig, &object, &mut slot)?;
            read_only("while there is a stable read", true)?;
            held.release();
            read_only("afterwards", false)
        });
    }
    trial.case("a view that was answered read-only is no writer", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        let (mut first, mut second) = (Slot::new(), Slot::new());
        let held = stable(rig, &object, &mut first)?;
        let reading = view(rig, &object, &mut second, Request::SIMPLE)?;
        held.release();
        expect("to write", &reading.shared_mut().err(), &Some(Rule::ReadOnlyView))?;
        stable(rig, &object, &mut Slot::new()).map(drop)
    });
}

fn not_resized<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("longer and shorter", || {
        let object = rig.make(&Recipe::coordinated(CONTENT))?;
        let mut slot = Slot::new();
        let held = stable(rig, &object, &mut slot)?;
        for bytes in [5000, 0] {
            expect("whether it resizes while it is read", &rig.resize(&object, bytes)?, &false)?;
            refused_to_owner(rig, &object, Rule::Resize)?;
        }
        expect("the bytes", &held.as_slice(), &Ok(CONTENT))?;
        held.release();
        expect("whether it resizes afterwards", &rig.resize(&object, 5000)?, &true)
    });
}

fn shared_domain<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("two objects of the same memory", || {
        let whole = rig.make(&Recipe::coordinated(CONTENT))?;
        let sharing = rig.sharing(&whole)?;
        for (one, other) in [(&whole, &sharing), (&sharing, &whole)] {
            let mut slot = Slot::new();
            let held = stable(rig, one, &mut slot)?;
            let part = held.as_slice().unwrap_or_default();
            let found = part.len() > 1 && CONTENT.windows(part.len()).any(|bytes| bytes == part);
            expect("whether the bytes are some of the memory", &found, &true)?;
            let raised = refusal(rig, other, Request::WRITABLE, false)?;
            expect("the other's refusal", &raised, &words(rig, other, Rule::WritableView))?;
            expect("whether the other writes", &rig.write(other, 0, b'!')?, &false)?;
            drop(rig.take_raised());
            held.release();
            let writing = view(rig, other, &mut slot, Request::WRITABLE)?;
            let raised = refusal(rig, one, Request::SIMPLE, true)?;
            expect("this one's refusal", &raised, &words(rig, one, Rule::StableRead))?;
            writing.release();
        }
        let mut slot = Slot::new();
        let held = stable(rig, &sharing, &mut slot)?;
        expect("whether the whole resizes", &rig.resize(&whole, 2)?, &false)?;
        drop(rig.take_raised());
        held.release();
        expect("whether the whole resizes afterwards", &rig.resize(&whole, 2)?, &true)
    });
}

fn frozen<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("frozen bytes", || {
        let object = rig.make(&Recipe::frozen(CONTENT))?;
        let mut slot = Slot::new();
        if !view(rig, &object, &mut slot, Request::SIMPLE)?.held().is_frozen() {
            // A runtime may vouch for nothing at all. Then it is refused plainly.
            let raised = refusal(rig, &object, Request::SIMPLE, true)?;
            return expect("the error indicator", &raised, &words(rig, &object, Rule::ArgumentStable));
        }
        expect("the bytes", &stable(rig, &object, &mut slot)?.as_slice(), &Ok(CONTENT))
    });
}
