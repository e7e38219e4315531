//! The 2.x dialect: what the four functions make of the old slots.

use bufproto_core::request::Access;
use bufproto_core::rules::Rule;
use bufproto_core::runtime::Segmented as _;
use bufproto_core::segments::{gather, iter};

use super::call::{Answer, Aspect, Case, Function, Functions, Null};
use super::law::{Check, Fault, Law, Trial, expect};
use super::recipe::{Count, Get, GetReturns, Raised, Recipe, Slots};
use super::rig::{Call, SegmentedRig};

const FACTS: &str = "recorded on CPython 2.7.18: the 2.x dialect";

pub(super) fn laws<R: SegmentedRig>() -> Vec<Law<R>> {
    use Aspect::{Answer as A, Balance, Calls, Indicator, Outputs};
    let law = |number, name, statement, aspects, cases| Law {
        number,
        name,
        statement,
        source: FACTS,
        check: Check::Calls { functions: Functions::segments(), aspects, cases },
    };
    vec![
        law(101, "rule_0101_null_argument", "no argument may be NULL", &[A, Indicator], nulls),
        law(102, "rule_0102_int_length", "a length in an int must fit", &[A, Indicator], int_lengths),
        law(
            201,
            "rule_0201_char_slots",
            "for characters, the type needs a character slot and a segment counter",
            &[A, Indicator],
            || missing(Access::Char),
        ),
        law(
            202,
            "rule_0202_read_slots",
            "for reading, the type needs a read slot and a segment counter",
            &[A, Indicator],
            || missing(Access::Read),
        ),
        law(
            203,
            "rule_0203_write_slots",
            "for writing, the type needs a write slot and a segment counter",
            &[A, Indicator],
            || missing(Access::Write),
        ),
        law(
            204,
            "rule_0204_single_segment",
            "the object must have exactly one segment",
            &[A, Indicator],
            several,
        ),
        law(
            1101,
            "rule_1101_null_keeps_pending",
            "a pending exception stays when an argument is NULL",
            &[A, Indicator],
            nulls_while_pending,
        ),
        law(
            1201,
            "rule_1201_memory",
            "success hands out the segment's memory and raises nothing",
            &[A, Indicator],
            memory,
        ),
        law(
            1202,
            "rule_1202_outputs_untouched",
            "the outputs are left alone on failure",
            &[Outputs],
            failing,
        ),
        law(
            1203,
            "rule_1203_order_of_checks",
            "first the slots, then the count alone, then segment 0; CheckReadBuffer stops at the count",
            &[Calls],
            transcribed,
        ),
        law(
            1204,
            "rule_1204_own_exception_kept",
            "what an access slot that fails raises is kept, if it raises anything",
            &[A, Indicator],
            refusing,
        ),
        law(
            1205,
            "rule_1205_count_that_raises",
            "what the counter raises is replaced by the refusal of its count, and else stays",
            &[A, Indicator],
            raising_counts,
        ),
        law(
            1206,
            "rule_1206_success_that_raises",
            "what an access slot raises while it succeeds stays",
            &[A, Indicator],
            raising_successes,
        ),
        law(
            1207,
            "rule_1207_check_asks_no_slot",
            "CheckReadBuffer says yes where reading would fail",
            &[A, Indicator],
            unasked,
        ),
        law(
            1208,
            "rule_1208_nothing_else_checked",
            "a null pointer passes, whatever its length",
            &[A, Indicator],
            nonsense,
        ),
        law(
            1209,
            "rule_1209_pending_exception",
            "a pending exception outlives success, and is replaced by a failure",
            &[A, Indicator],
            pending,
        ),
        law(1210, "rule_1210_views_never_asked", "bf_getbuffer is never called", &[A, Calls], with_views),
        law(1211, "rule_1211_nothing_kept", "no reference is kept, whatever happens", &[Balance], everything),
        Law {
            number: 1220,
            name: "rule_1220_several_segments",
            statement: "several segments are read one after the other, and gathered in order",
            source: "CPython 2.7's C API reference: bf_getsegcount, bf_getreadbuffer",
            check: Check::Procedure(gathered),
        },
    ]
}

fn raised() -> Raised {
    Raised::new("ValueError", "not today")
}

fn pending_one() -> Raised {
    Raised::new("KeyError", "before")
}

fn as_functions() -> impl Iterator<Item = Function> {
    Access::ALL.into_iter().map(Function::As)
}

fn access(function: Function) -> Access {
    match function {
        Function::As(access) | Function::AsInt(access) => access,
        Function::Check => Access::Read,
    }
}

fn absent(case: Case) -> Case {
    match case.function {
        Function::Check => case.answers(Answer::No),
        function => case.refused(match access(function) {
            Access::Char => Rule::CharSlots,
            Access::Read => Rule::ReadSlots,
            Access::Write => Rule::WriteSlots,
        }),
    }
}

/// All slots over one segment, with these two in place of the counter and of every access slot.
fn slots(count: Count, get: Get) -> Recipe {
    let [char, read, write] = [0; 3].map(|_| Some(get.clone()));
    Recipe::segmented(Slots { count: Some(count), char, read, write, ..Slots::single(b"abc") })
}

fn nulls() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in as_functions() {
        for null in [Null::Object, Null::Buffer, Null::Length] {
            for (name, object) in [("bytes", Recipe::frozen(b"abc")), ("no slots", Recipe::opaque())] {
                cases.push(Case::new(name, object, function).null(null).refused(Rule::NullArgument));
            }
        }
    }
    cases
}

fn nulls_while_pending() -> Vec<Case> {
    nulls().into_iter().map(|case| case.pending(&pending_one()).leaves(&pending_one())).collect()
}

fn int_lengths() -> Vec<Case> {
    let largest = i32::MAX as isize;
    let claim = |length| slots(Count::default(), Get::returning(GetReturns::Null(length)));
    let mut cases = Vec::new();
    for access in Access::ALL {
        let function = Function::AsInt(access);
        cases.push(Case::new("2**31 - 1 bytes", claim(largest), function).answers(Answer::Null(largest)));
        if let Some(more) = largest.checked_add(1) {
            cases.push(Case::new("2**31 bytes", claim(more), function).refused(Rule::IntLength));
        }
    }
    cases
}

fn missing(wanted: Access) -> Vec<Case> {
    let all = Slots::single(b"abc");
    let without_access = match wanted {
        Access::Char => Slots { char: None, ..all.clone() },
        Access::Read => Slots { read: None, ..all.clone() },
        Access::Write => Slots { write: None, ..all.clone() },
    };
    let functions: &[Function] = if wanted == Access::Read {
        &[Function::As(Access::Read), Function::Check]
    } else {
        &[Function::As(wanted)]
    };
    let mut cases = Vec::new();
    for function in functions {
        for (name, object) in [
            ("no slots", Recipe::opaque()),
            ("no counter", Recipe::segmented(Slots { count: None, ..all.clone() })),
            ("no access slot", Recipe::segmented(without_access.clone())),
        ] {
            cases.push(absent(Case::new(name, object, *function)));
        }
    }
    cases
}

fn several() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in Function::ALL {
        let refused = |case: Case| match function {
            Function::Check => case.answers(Answer::No),
            _ => case.refused(Rule::SingleSegment),
        };
        for count in [0, 2, 3, 100, -1] {
            let object = slots(Count::returning(count), Get::default());
            cases.push(refused(Case::new(&format!("{count} segments"), object, function)));
        }
        for segments in [&[] as &[&[u8]], &[b"ab", b"c"]] {
            let object = Recipe::segmented(Slots::several(segments));
            cases.push(refused(Case::new(&format!("{} true segments", segments.len()), object, function)));
        }
    }
    cases
}

fn memory() -> Vec<Case> {
    let mut cases = Vec::new();
    for bytes in [b"abc".as_slice(), b"", &[7; 5000]] {
        for function in Function::ALL {
            let object = Recipe::segmented(Slots::single(bytes));
            let case = Case::new(&format!("{} bytes", bytes.len()), object, function);
            cases.push(case.answers(Answer::Bytes(bytes.to_vec())));
        }
    }
    let char_only = Case::new("only characters", Recipe::char_only(b"abc"), Function::As(Access::Char));
    cases.push(char_only.answers(Answer::Bytes(b"abc".to_vec())));
    let characters = Get::returning(GetReturns::Bytes(b"xyz".to_vec()));
    let object = Recipe::segmented(Slots { char: Some(characters), ..Slots::single(b"abc") });
    for (access, bytes) in [(Access::Char, b"xyz"), (Access::Read, b"abc"), (Access::Write, b"abc")] {
        let case = Case::new("characters of its own", object.clone(), Function::As(access));
        cases.push(case.answers(Answer::Bytes(bytes.to_vec())));
    }
    cases
}

fn refusing() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in as_functions() {
        for exception in ["ValueError", "MemoryError", "KeyboardInterrupt"] {
            let raised = Raised::new(exception, "not today");
            let object = slots(Count::default(), Get::failure(raised.clone()));
            cases.push(Case::new(exception, object, function).leaves(&raised));
        }
        for length in [-1, -2] {
            let object = slots(Count::default(), Get::returning(GetReturns::Failure(length)));
            cases.push(Case::new(&format!("{length}, silently"), object, function));
        }
    }
    cases
}

fn raising_counts() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in Function::ALL {
        for count in [0, 2] {
            let object = slots(Count::returning(count).raising(raised()), Get::default());
            let case = Case::new(&format!("{count} segments and raises"), object, function);
            cases.push(match function {
                Function::Check => case.answers(Answer::No).leaves(&raised()),
                _ => case.refused(Rule::SingleSegment),
            });
        }
        let object = slots(Count::default().raising(raised()), Get::default());
        let case = Case::new("1 segment and raises", object, function);
        cases.push(case.answers(Answer::Bytes(b"abc".to_vec())).leaves(&raised()));
    }
    cases
}

fn raising_successes() -> Vec<Case> {
    let object = slots(Count::default(), Get::default().raising(raised()));
    let case = |function| Case::new("succeeds and raises", object.clone(), function);
    as_functions()
        .map(|function| case(function).answers(Answer::Bytes(b"abc".to_vec())).leaves(&raised()))
        .collect()
}

fn unasked() -> Vec<Case> {
    let failing = slots(Count::default(), Get::failure(raised()));
    let silent = slots(Count::default(), Get::returning(GetReturns::Failure(-1)));
    [("read slot fails", failing), ("read slot fails silently", silent)]
        .map(|(name, object)| Case::new(name, object, Function::Check))
        .to_vec()
}

fn nonsense() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in as_functions() {
        for length in [0, 5, isize::MAX] {
            let object = slots(Count::default(), Get::returning(GetReturns::Null(length)));
            cases.push(
                Case::new(&format!("null, {length} bytes"), object, function).answers(Answer::Null(length)),
            );
        }
    }
    cases
}

fn pending() -> Vec<Case> {
    let before = pending_one();
    let mut cases = Vec::new();
    for function in Function::ALL {
        let check = function == Function::Check;
        let object = Recipe::segmented(Slots::single(b"abc"));
        let succeeds = Case::new("bytes", object, function).answers(Answer::Bytes(b"abc".to_vec()));
        cases.push(succeeds.pending(&before).leaves(&before));

        let no_slots = absent(Case::new("no slots", Recipe::opaque(), function).pending(&before));
        cases.push(if check { no_slots.leaves(&before) } else { no_slots });

        let two =
            Case::new("2 segments", slots(Count::returning(2), Get::default()), function).pending(&before);
        cases.push(if check {
            two.answers(Answer::No).leaves(&before)
        } else {
            two.refused(Rule::SingleSegment)
        });

        if !check {
            let fails = slots(Count::default(), Get::failure(raised()));
            cases.push(Case::new("slot fails", fails, function).pending(&before).leaves(&raised()));
            let silent = slots(Count::default(), Get::returning(GetReturns::Failure(-1)));
            cases.push(Case::new("slot fails silently", silent, function).pending(&before).leaves(&before));
        }
    }
    cases
}

fn failing() -> Vec<Case> {
    let mut cases = nulls();
    cases.extend(Access::ALL.into_iter().flat_map(missing));
    cases.extend(several());
    cases.extend(refusing());
    cases.extend(int_lengths());
    cases
}

fn transcribed() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in Function::ALL {
        let check = function == Function::Check;
        let asked = [Call::Count, Call::Get(access(function), 0)];
        let whole = if check { &asked[..1] } else { &asked[..] };
        let case = |name, object| Case::new(name, object, function);
        cases.push(case("bytes", Recipe::segmented(Slots::single(b"abc"))).calling(whole));
        cases.push(case("slot fails", slots(Count::default(), Get::failure(raised()))).calling(whole));
        cases.push(case("2 segments", slots(Count::returning(2), Get::default())).calling(&[Call::Count]));
        let raising = slots(Count::returning(0).raising(raised()), Get::default());
        cases.push(case("0 segments and raises", raising).calling(&[Call::Count]));
        let bare =
            Slots { segments: vec![b"abc".to_vec()], count: Some(Count::default()), ..Slots::default() };
        cases.push(case("only a counter", Recipe::segmented(bare)));
    }
    for function in as_functions() {
        for null in [Null::Object, Null::Buffer, Null::Length] {
            cases.push(Case::new("bytes", Recipe::segmented(Slots::single(b"abc")), function).null(null));
        }
    }
    cases
}

fn with_views() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in Function::ALL {
        let asked = [Call::Count, Call::Get(access(function), 0)];
        let whole = if function == Function::Check { &asked[..1] } else { &asked[..] };
        let both = Case::new("bytes, by both protocols", Recipe::writable(b"abc"), function);
        cases.push(both.answers(Answer::Bytes(b"abc".to_vec())).calling(whole));
        let object = Recipe { slots: None, ..Recipe::writable(b"abc") };
        cases.push(absent(Case::new("views alone", object, function)));
    }
    cases
}

fn everything() -> Vec<Case> {
    let mut cases = failing();
    cases.extend(memory());
    cases.extend(raising_counts());
    cases.extend(raising_successes());
    cases.extend(nonsense());
    cases.extend(pending());
    cases.extend(with_views());
    cases
}

fn gathered<R: SegmentedRig>(rig: &R, trial: &mut Trial) {
    const TABLE: [&[&[u8]]; 4] = [&[], &[b"abc"], &[b"ab", b"c"], &[b"", b"a", b"", b"bc", b""]];
    for segments in TABLE {
        trial.case(&format!("{} segments", segments.len()), || {
            let object = rig.make(&Recipe::segmented(Slots::several(segments)))?;
            let Some(found) = rig.segmented(&object).segments(Access::Read) else {
                return Err(Fault::Broken("the object has no read slot and segment counter".to_owned()));
            };
            let lengths = iter(found).map(|segment| segment.map_or(-1, |span| span.length));
            let expected: Vec<_> = segments.iter().map(|segment| segment.len().cast_signed()).collect();
            expect("the lengths of the segments", &lengths.collect(), &expected)?;
            let mut bytes = [0; 8];
            // SAFETY: the object is the rig's own and alive; nothing else runs; `bytes` is a local variable.
            let filled = unsafe { gather(found, &mut bytes) }.ok();
            let all = segments.concat();
            expect("the bytes gathered", &filled.map(|filled| bytes[..filled].to_vec()), &Some(all))
        });
    }
}
