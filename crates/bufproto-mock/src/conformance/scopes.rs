//! Scopes: many views, one lifetime.

use std::cell::RefCell;

use bufproto_core::request::{Access, Request};
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Runtime as _;
use bufproto_core::scope::Scope;
use bufproto_core::view::Slot;

use super::call::wording;
use super::holding::{exported, not_granted};
use super::law::{Check, Fault, Law, Trial, expect};
use super::recipe::{Answer, Claim, Fill, Raised, Recipe};
use super::rig::{Call, Declined, Event, Rig};

const SCOPE: &str = "bufproto: scopes";

pub(super) fn laws<R: Rig>() -> Vec<Law<R>> {
    let law = |number, name, statement, check| Law {
        number,
        name,
        statement,
        source: SCOPE,
        check: Check::Procedure(check),
    };
    vec![
        law(
            601,
            "rule_0601_scope_full",
            "a full scope refuses, asks no exporter, and leaves nothing more exported",
            full,
        ),
        law(1611, "rule_1611_kept_until_the_end", "every view lives until its scope ends", kept),
        law(1612, "rule_1612_last_first", "the view that was acquired last is released first", last_first),
        law(
            1613,
            "rule_1613_claimed_first",
            "an exporter that comes back gets a slot of its own",
            claimed_first,
        ),
        law(1614, "rule_1614_failure_frees_the_slot", "a request that fails takes no room", failure_frees),
        law(1615, "rule_1615_same_answers", "a scope's functions fail as the plain ones do", same_answers),
    ]
}

fn scripted(label: &str) -> Recipe {
    Recipe::scripted(Answer::memory(Claim::Bytes(b"abc".to_vec()))).label(label)
}

fn transcribed<R: Rig>(rig: &R, objects: &[&R::Owned]) -> Result<(), Declined> {
    if objects.iter().all(|object| rig.is_transcribed(object)) {
        drop(rig.take_transcript());
        return Ok(());
    }
    Err(Declined::because("this backend keeps no transcript of such objects"))
}

fn full<R: Rig>(rig: &R, trial: &mut Trial) {
    for room in [0, 1, 2] {
        trial.case(&format!("{room} slots"), || {
            let object = rig.make(&Recipe::writable(b"abc"))?;
            let mut slots: [Slot<_>; 2] = [const { Slot::new() }; 2];
            let scope = Scope::new(rig.runtime(), &mut slots[..room]);
            for _ in 0..room {
                if scope.acquire(rig.handle(&object), Request::SIMPLE).is_err() {
                    return Err(not_granted(rig, &object, Request::SIMPLE));
                }
            }
            for access in Access::ALL {
                let refused = scope.locate(rig.handle(&object), access).err().and_then(|error| error.rule());
                expect("one more", &refused, &Some(Rule::ScopeFull))?;
            }
            let refused =
                scope.acquire(rig.handle(&object), Request::FULL).err().and_then(|error| error.rule());
            expect("one more", &refused, &Some(Rule::ScopeFull))?;
            exported(rig, &object, room, "in the full scope")?;
            drop(scope);
            exported(rig, &object, 0, "after the scope")
        });
    }
    trial.case("asks no exporter", || {
        let object = rig.make(&scripted("object"))?;
        transcribed(rig, &[&object])?;
        let scope = Scope::new(rig.runtime(), &mut []);
        drop(scope.locate(rig.handle(&object), Access::Read));
        drop(scope);
        expect("the slots called", &rig.take_transcript(), &Vec::new())
    });
}

fn kept<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("three views of two objects", || {
        let (first, second) = (rig.make(&Recipe::writable(b"abc"))?, rig.make(&Recipe::writable(b"defg"))?);
        let mut slots: [Slot<_>; 4] = [const { Slot::new() }; 4];
        let scope = Scope::new(rig.runtime(), &mut slots);
        for (object, bytes) in [(&first, b"abc".as_slice()), (&second, b"defg"), (&first, b"abc")] {
            let Ok(view) = scope.locate(rig.handle(object), Access::Write) else {
                return Err(not_granted(rig, object, Request::WRITABLE));
            };
            let found = view.shared().map(|shared| shared.iter().collect());
            expect("the bytes", &found, &Ok(bytes.to_vec()))?;
        }
        expect("the room left", &scope.room(), &1)?;
        exported(rig, &first, 2, "in the scope")?;
        exported(rig, &second, 1, "in the scope")?;
        drop(scope);
        exported(rig, &first, 0, "after the scope")?;
        exported(rig, &second, 0, "after the scope")
    });
    trial.case("no resizing meanwhile", || {
        let object = rig.make(&Recipe::writable(b"abc"))?;
        let mut slots = [const { Slot::new() }; 1];
        let scope = Scope::new(rig.runtime(), &mut slots);
        if scope.locate(rig.handle(&object), Access::Read).is_err() {
            return Err(not_granted(rig, &object, Request::SIMPLE));
        }
        expect("whether it resizes in the scope", &rig.resize(&object, 5000)?, &false)?;
        drop(rig.take_raised());
        drop(scope);
        expect("whether it resizes afterwards", &rig.resize(&object, 5000)?, &true)
    });
}

fn last_first<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("three objects", || {
        let labels = ["first", "second", "third"];
        let (first, second, third) = (
            rig.make(&scripted(labels[0]))?,
            rig.make(&scripted(labels[1]))?,
            rig.make(&scripted(labels[2]))?,
        );
        transcribed(rig, &[&first, &second, &third])?;
        let mut slots: [Slot<_>; 3] = [const { Slot::new() }; 3];
        let scope = Scope::new(rig.runtime(), &mut slots);
        for object in [&first, &second, &third] {
            if scope.locate(rig.handle(object), Access::Read).is_err() {
                return Err(not_granted(rig, object, Request::SIMPLE));
            }
        }
        let events =
            |labels: [&str; 3], call| labels.map(|label| Event { object: label.to_owned(), call }).to_vec();
        expect("the slots called at first", &rig.take_transcript(), &events(labels, Call::Export(0)))?;
        drop(scope);
        let reversed = [labels[2], labels[1], labels[0]];
        expect("the slots called at the end", &rig.take_transcript(), &events(reversed, Call::Release))
    });
}

/// Live objects only call back where a script has them do so.
fn calling_back() -> Recipe {
    Recipe::scripted(Answer::memory(Claim::Bytes(b"outer".to_vec())))
}

fn claimed_first<R: Rig>(rig: &R, trial: &mut Trial) {
    trial.case("acquires another object in the same scope", || {
        let (outer, inner) = (rig.make(&calling_back())?, rig.make(&Recipe::writable(b"in"))?);
        let mut slots: [Slot<_>; 2] = [const { Slot::new() }; 2];
        let scope = Scope::new(rig.runtime(), &mut slots);
        let nested = RefCell::new(None);
        let direct = RefCell::new(None);
        rig.reentering(
            &outer,
            &|| {
                *nested.borrow_mut() =
                    scope.locate(rig.handle(&inner), Access::Read).ok().map(|view| view.span())
            },
            &mut || {
                *direct.borrow_mut() =
                    scope.locate(rig.handle(&outer), Access::Read).ok().map(|view| view.span())
            },
        )?;
        let (nested, direct) = (nested.into_inner(), direct.into_inner());
        expect("the inner view's length", &nested.map(|span| span.length), &Some(2))?;
        expect("the outer view's length", &direct.map(|span| span.length), &Some(5))?;
        expect("the room left", &scope.room(), &0)?;
        exported(rig, &outer, 1, "in the scope")?;
        exported(rig, &inner, 1, "in the scope")?;
        drop(scope);
        exported(rig, &outer, 0, "after the scope")?;
        exported(rig, &inner, 0, "after the scope")
    });
    trial.case("finds the scope full", || {
        let (outer, inner) = (rig.make(&calling_back())?, rig.make(&Recipe::writable(b"in"))?);
        let mut slots = [const { Slot::new() }; 1];
        let scope = Scope::new(rig.runtime(), &mut slots);
        let nested = RefCell::new(None);
        let direct = RefCell::new(None);
        rig.reentering(
            &outer,
            &|| {
                *nested.borrow_mut() =
                    scope.locate(rig.handle(&inner), Access::Read).err().and_then(|error| error.rule())
            },
            &mut || {
                *direct.borrow_mut() =
                    scope.locate(rig.handle(&outer), Access::Read).ok().map(|view| view.span().length)
            },
        )?;
        expect("the inner request", &nested.into_inner(), &Some(Rule::ScopeFull))?;
        expect("the outer view's length", &direct.into_inner(), &Some(5))?;
        drop(scope);
        exported(rig, &outer, 0, "after the scope")?;
        exported(rig, &inner, 0, "after the scope")
    });
}

fn failure_frees<R: Rig>(rig: &R, trial: &mut Trial) {
    let raised = || Raised::new("ValueError", "not today");
    let owner = Fill { memory: Claim::Bytes(b"abc".to_vec()), read_only: 0, owned: true };
    let table = [
        ("no exporter", Recipe::opaque()),
        ("refuses", Recipe::scripted(Answer::refusal(raised()))),
        ("refuses, and names an owner", Recipe::scripted(Answer::refusal(raised()).filling(owner))),
        ("read-only", Recipe::frozen(b"abc")),
    ];
    for (name, recipe) in table {
        trial.case(name, || {
            let (failing, object) = (rig.make(&recipe)?, rig.make(&Recipe::writable(b"abc"))?);
            let mut slots = [const { Slot::new() }; 1];
            let scope = Scope::new(rig.runtime(), &mut slots);
            for _ in 0..3 {
                if scope.locate(rig.handle(&failing), Access::Write).is_ok() {
                    return Err(Fault::Broken("a request that has to fail succeeds".to_owned()));
                }
            }
            expect("the room left", &scope.room(), &1)?;
            if scope.locate(rig.handle(&object), Access::Write).is_err() {
                return Err(not_granted(rig, &object, Request::WRITABLE));
            }
            drop(scope);
            exported(rig, &object, 0, "after the scope")?;
            match rig.exports(&failing) {
                Ok(exports) => expect("the views of the failing object", &exports, &0),
                Err(_) => Ok(()),
            }
        });
    }
}

fn same_answers<R: Rig>(rig: &R, trial: &mut Trial) {
    let raised = Raised::new("ValueError", "not today");
    let refusing = Recipe::scripted(Answer::refusal(raised.clone()));
    let table = [
        ("no exporter", Recipe::opaque(), Access::Char, Err(Rule::CharExporter)),
        ("no exporter", Recipe::opaque(), Access::Read, Err(Rule::ReadExporter)),
        ("no exporter", Recipe::opaque(), Access::Write, Err(Rule::WriteExporter)),
        ("refuses", refusing.clone(), Access::Char, Ok(raised.clone())),
        ("refuses", refusing.clone(), Access::Read, Ok(raised)),
        ("refuses", refusing, Access::Write, Err(Rule::WriteExporter)),
        ("frozen bytes", Recipe::frozen(b"abc"), Access::Write, Err(Rule::WriteExporter)),
    ];
    for (name, recipe, access, expected) in table {
        trial.case(&format!("{name}, {access:?}"), || {
            let object = rig.make(&recipe)?;
            let mut slots = [const { Slot::new() }; 1];
            let scope = Scope::new(rig.runtime(), &mut slots);
            let handle = rig.handle(&object);
            let Err(error) = scope.locate(handle, access) else {
                return Err(Fault::Broken("a request that has to fail succeeds".to_owned()));
            };
            error.restore(handle);
            let words = |rule| wording(rule, rig.runtime().family(), &rig.type_name(&object));
            expect("the error indicator", &rig.take_raised(), &Some(expected.unwrap_or_else(words)))
        });
    }
}
