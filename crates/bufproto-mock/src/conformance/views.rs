//! The 3.x dialect: what the four functions make of objects with and without views.

use bufproto_core::request::Access;
use bufproto_core::rules::Rule;

use super::call::{Answer, Aspect, Case, Function, Functions, Null};
use super::law::{Check, Law};
use super::recipe::{self, Claim, Fill, Raised, Recipe, Release, Script};
use super::rig::{Call, Rig};

const FACTS: &str = "recorded on CPython 3.6 to 3.15: the 3.x dialect";
const PENDING: &str = "recorded on CPython 3.6 to 3.15: a pending exception";
const RELEASE: &str = "recorded on CPython 3.6 to 3.15: release";

pub(super) fn laws<R: Rig>() -> Vec<Law<R>> {
    use Aspect::{Answer as A, Balance, Calls, Indicator, Outputs};
    let law = |number, name, statement, source, aspects, cases| Law {
        number,
        name,
        statement,
        source,
        check: Check::Calls { functions: Functions::views(), aspects, cases },
    };
    vec![
        law(101, "rule_0101_null_argument", "no argument may be NULL", FACTS, &[A, Indicator], nulls),
        law(
            102,
            "rule_0102_int_length",
            "a length in an int must fit",
            "PEP 353",
            &[A, Indicator],
            int_lengths,
        ),
        law(
            301,
            "rule_0301_char_exporter",
            "for characters, the type must export views",
            FACTS,
            &[A, Indicator],
            || absent(Function::As(Access::Char)),
        ),
        law(
            302,
            "rule_0302_read_exporter",
            "for reading, the type must export views",
            FACTS,
            &[A, Indicator],
            || absent(Function::As(Access::Read)),
        ),
        law(
            303,
            "rule_0303_write_exporter",
            "for writing, the type must export views",
            FACTS,
            &[A, Indicator],
            || absent(Function::As(Access::Write)),
        ),
        law(
            1101,
            "rule_1101_null_keeps_pending",
            "a pending exception stays when an argument is NULL",
            PENDING,
            &[A, Indicator],
            nulls_while_pending,
        ),
        law(
            1301,
            "rule_1301_memory",
            "success hands out the object's memory and raises nothing",
            FACTS,
            &[A, Indicator],
            memory,
        ),
        law(
            1302,
            "rule_1302_outputs_untouched",
            "the outputs are left alone on failure",
            FACTS,
            &[Outputs],
            failing,
        ),
        law(
            1303,
            "rule_1303_own_exception_kept",
            "reading keeps the exporter's own exception",
            FACTS,
            &[A, Indicator],
            || refusing(&[Function::As(Access::Char), Function::As(Access::Read)]),
        ),
        law(
            1304,
            "rule_1304_write_masks",
            "writing replaces whatever the exporter raised",
            FACTS,
            &[A, Indicator],
            || refusing(&[Function::As(Access::Write)]),
        ),
        law(
            1305,
            "rule_1305_check_clears",
            "CheckReadBuffer clears whatever the exporter raised",
            FACTS,
            &[A, Indicator],
            || refusing(&[Function::Check]),
        ),
        law(
            1306,
            "rule_1306_silent_refusal",
            "a refusal without an exception stays one, except for writing",
            FACTS,
            &[A, Indicator],
            silent,
        ),
        law(
            1307,
            "rule_1307_irregular_answer",
            "an answer other than 0 and -1 fails the As functions, and CheckReadBuffer says yes",
            FACTS,
            &[A, Indicator],
            irregular,
        ),
        law(
            1308,
            "rule_1308_success_that_raises",
            "what an exporter raises while it succeeds stays",
            FACTS,
            &[A, Indicator],
            raising_successes,
        ),
        law(
            1309,
            "rule_1309_nothing_else_checked",
            "only the exporter's return value is looked at",
            FACTS,
            &[A, Indicator],
            nonsense,
        ),
        law(
            1310,
            "rule_1310_pending_exception",
            "a pending exception outlives success, and is replaced by a failure",
            PENDING,
            &[A, Indicator],
            pending,
        ),
        law(
            1311,
            "rule_1311_released_before_returning",
            "nothing stays exported, whatever happens",
            RELEASE,
            &[Balance],
            everything,
        ),
        law(
            1312,
            "rule_1312_calls",
            "one request, simple or writable, and one release, if there is something to release",
            RELEASE,
            &[Calls],
            transcribed,
        ),
        law(
            1313,
            "rule_1313_release_that_raises",
            "what the release hook does to the error indicator stays",
            RELEASE,
            &[A, Indicator],
            releases,
        ),
    ]
}

fn raised() -> Raised {
    Raised::new("ValueError", "not today")
}

fn pending_one() -> Raised {
    Raised::new("KeyError", "before")
}

fn functions() -> impl Iterator<Item = Function> {
    Function::ALL.into_iter()
}

fn as_functions() -> impl Iterator<Item = Function> {
    Access::ALL.into_iter().map(Function::As)
}

fn request(function: Function) -> Call {
    match function {
        Function::As(access) | Function::AsInt(access) => Call::Export(access.request().bits()),
        Function::Check => Call::Export(0),
    }
}

/// How the 3.x functions fail for a type without exporter.
fn without_exporter(case: Case) -> Case {
    match case.function {
        Function::As(Access::Char) | Function::AsInt(Access::Char) => case.refused(Rule::CharExporter),
        Function::As(Access::Read) | Function::AsInt(Access::Read) => case.refused(Rule::ReadExporter),
        Function::As(Access::Write) | Function::AsInt(Access::Write) => case.refused(Rule::WriteExporter),
        Function::Check => case.answers(Answer::No),
    }
}

/// How they fail when the exporter refuses, raising this.
fn refused_with(case: Case, raised: Option<&Raised>) -> Case {
    match case.function {
        Function::As(Access::Write) | Function::AsInt(Access::Write) => case.refused(Rule::WriteExporter),
        Function::Check => case.answers(Answer::No).leaves_nothing(),
        _ => match raised {
            Some(raised) => case.answers(Answer::No).leaves(raised),
            None => case.answers(Answer::No),
        },
    }
}

fn nulls() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in as_functions() {
        for null in [Null::Object, Null::Buffer, Null::Length] {
            for (name, object) in [("bytes", Recipe::frozen(b"abc")), ("no exporter", Recipe::opaque())] {
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
    let claim = |length| Recipe::scripted(recipe::Answer::memory(Claim::Null(length)));
    let mut cases = Vec::new();
    for access in Access::ALL {
        let function = Function::AsInt(access);
        cases.push(Case::new("2**31 - 1 bytes", claim(largest), function).answers(Answer::Null(largest)));
        if let Some(more) = largest.checked_add(1) {
            cases.push(Case::new("2**31 bytes", claim(more), function).refused(Rule::IntLength));
        }
        cases.push(
            Case::new("bytes", Recipe::writable(b"abc"), function).answers(Answer::Bytes(b"abc".to_vec())),
        );
    }
    cases
}

fn absent(function: Function) -> Vec<Case> {
    vec![without_exporter(Case::new("no exporter", Recipe::opaque(), function))]
}

fn memory() -> Vec<Case> {
    let mut cases = Vec::new();
    for bytes in [b"abc".as_slice(), b"", &[0, 1, 2, 0xFF], &[7; 5000]] {
        for function in functions() {
            let answer = Answer::Bytes(bytes.to_vec());
            if function != Function::As(Access::Write) {
                let name = format!("{} frozen bytes", bytes.len());
                cases.push(Case::new(&name, Recipe::frozen(bytes), function).answers(answer.clone()));
                let name = format!("{} read-only bytes", bytes.len());
                cases.push(Case::new(&name, Recipe::read_only(bytes), function).answers(answer.clone()));
            }
            let name = format!("{} writable bytes", bytes.len());
            cases.push(Case::new(&name, Recipe::writable(bytes), function).answers(answer));
        }
    }
    let write = Function::As(Access::Write);
    cases.push(Case::new("frozen bytes", Recipe::frozen(b"abc"), write).refused(Rule::WriteExporter));
    cases.push(Case::new("read-only bytes", Recipe::read_only(b"abc"), write).refused(Rule::WriteExporter));
    cases
}

fn refusing(functions: &[Function]) -> Vec<Case> {
    let mut cases = Vec::new();
    for exception in ["ValueError", "BufferError", "MemoryError", "KeyboardInterrupt"] {
        for function in functions {
            let raised = Raised::new(exception, "not today");
            let object = Recipe::scripted(recipe::Answer::refusal(raised.clone()));
            cases.push(refused_with(Case::new(exception, object, *function), Some(&raised)));
        }
    }
    cases
}

fn silent() -> Vec<Case> {
    let object = || Recipe::scripted(recipe::Answer::silent_refusal());
    functions().map(|function| refused_with(Case::new("-1, silently", object(), function), None)).collect()
}

fn irregular() -> Vec<Case> {
    let mut cases = Vec::new();
    for returns in [1, -2] {
        for function in functions() {
            let answer = recipe::Answer::irregular(returns);
            let check = function == Function::Check;
            let quiet = Case::new(&returns.to_string(), Recipe::scripted(answer.clone()), function);
            let loud = Case::new(
                &format!("{returns} and raises"),
                Recipe::scripted(answer.raising(raised())),
                function,
            );
            cases.push(if check { quiet } else { refused_with(quiet, None) }.cpython_only());
            cases.push(
                if check { loud.leaves(&raised()) } else { refused_with(loud, Some(&raised())) }
                    .cpython_only(),
            );
        }
    }
    cases
}

fn raising_successes() -> Vec<Case> {
    let answer = recipe::Answer::memory(Claim::Bytes(b"abc".to_vec())).raising(raised());
    let case = |function| Case::new("succeeds and raises", Recipe::scripted(answer.clone()), function);
    functions().map(|function| case(function).answers(Answer::Length(3)).leaves(&raised())).collect()
}

fn nonsense() -> Vec<Case> {
    let three = || b"abc".to_vec();
    let fill = |memory, read_only| Fill { memory, read_only, owned: true };
    let mut cases = Vec::new();
    for function in functions() {
        for (name, fill, answer) in [
            ("read-only memory", fill(Claim::Bytes(three()), 1), Answer::Length(3)),
            ("null, no bytes", fill(Claim::Null(0), 0), Answer::Null(0)),
            ("null, 5 bytes", fill(Claim::Null(5), 0), Answer::Null(5)),
            ("-1 bytes", fill(Claim::Negative(three(), -1), 0), Answer::Length(-1)),
            (
                "no owner",
                Fill { memory: Claim::Bytes(three()), read_only: 0, owned: false },
                Answer::Length(3),
            ),
        ] {
            let object = Recipe::scripted(recipe::Answer::irregular(0).filling(fill));
            cases.push(Case::new(name, object, function).answers(answer));
        }
        let object = Recipe::scripted(recipe::Answer::irregular(0));
        cases.push(Case::new("an empty view", object, function).answers(Answer::Null(0)));
    }
    cases
}

fn pending() -> Vec<Case> {
    let before = pending_one();
    let mut cases = Vec::new();
    for function in functions() {
        let succeeds = Case::new("writable bytes", Recipe::writable(b"abc"), function);
        cases.push(succeeds.answers(Answer::Bytes(b"abc".to_vec())).pending(&before).leaves(&before));

        let absent = Case::new("no exporter", Recipe::opaque(), function).pending(&before);
        // Without an exporter to call, the function that checks has no reason to touch the indicator.
        cases.push(if function == Function::Check {
            absent.answers(Answer::No).leaves(&before)
        } else {
            without_exporter(absent)
        });

        let refuses = Recipe::scripted(recipe::Answer::refusal(raised()));
        cases.push(refused_with(Case::new("refuses", refuses, function).pending(&before), Some(&raised())));

        let silent = Recipe::scripted(recipe::Answer::silent_refusal());
        cases.push(refused_with(
            Case::new("refuses silently", silent, function).pending(&before),
            Some(&before),
        ));
    }
    cases
}

fn left_behind() -> Vec<Case> {
    let fill = Fill { memory: Claim::Bytes(b"abc".to_vec()), read_only: 0, owned: true };
    let refuses = recipe::Answer::refusal(raised()).filling(fill.clone());
    let mut cases = Vec::new();
    for function in functions() {
        let refusing = Case::new("refuses, and names an owner", Recipe::scripted(refuses.clone()), function);
        cases.push(refused_with(refusing, Some(&raised())).calling(&[request(function)]));
    }
    let irregular = Recipe::scripted(recipe::Answer::irregular(1).filling(fill));
    let check = Case::new("answers 1, and names an owner", irregular, Function::Check);
    cases.push(check.calling(&[Call::Export(0), Call::Release]).cpython_only());
    cases
}

fn failing() -> Vec<Case> {
    let absent = as_functions().flat_map(absent);
    let frozen = Case::new("frozen bytes", Recipe::frozen(b"abc"), Function::As(Access::Write));
    let mut cases: Vec<Case> = nulls().into_iter().chain(absent).collect();
    cases.push(frozen.refused(Rule::WriteExporter));
    cases.extend(refusing(&Function::ALL));
    cases.extend(silent());
    cases.extend(irregular());
    cases.extend(left_behind());
    cases.extend(int_lengths());
    cases
}

fn everything() -> Vec<Case> {
    let reentrant = recipe::Answer::memory(Claim::Bytes(b"abc".to_vec())).reentering();
    let reentrant = |function| Case::new("acquires itself", Recipe::scripted(reentrant.clone()), function);
    let mut cases = failing();
    cases.extend(memory());
    cases.extend(raising_successes());
    cases.extend(nonsense());
    cases.extend(pending());
    cases.extend(releases());
    cases.extend(functions().map(reentrant));
    cases
}

fn transcribed() -> Vec<Case> {
    let answer = recipe::Answer::memory(Claim::Bytes(b"abc".to_vec()));
    let unowned = Fill { memory: Claim::Bytes(b"abc".to_vec()), read_only: 0, owned: false };
    let mut cases = left_behind();
    for function in functions() {
        let asked = request(function);
        let case = |name, object| Case::new(name, Recipe::scripted(object), function);
        cases.push(case("succeeds", answer.clone()).calling(&[asked, Call::Release]));
        cases.push(case("no owner", recipe::Answer::irregular(0).filling(unowned.clone())).calling(&[asked]));
        cases.push(case("refuses", recipe::Answer::refusal(raised())).calling(&[asked]));
        let nested = [asked, asked, Call::Release, Call::Release];
        cases.push(case("acquires itself", answer.clone().reentering()).calling(&nested));
    }
    for function in as_functions() {
        for null in [Null::Object, Null::Buffer, Null::Length] {
            cases.push(Case::new("succeeds", Recipe::scripted(answer.clone()), function).null(null));
        }
    }
    cases
}

fn releases() -> Vec<Case> {
    let object = |release| {
        let answer = recipe::Answer::memory(Claim::Bytes(b"abc".to_vec()));
        Recipe::script(Script { answer, release })
    };
    let mut cases = Vec::new();
    for function in functions() {
        let case = |name, release| Case::new(name, object(release), function).answers(Answer::Length(3));
        cases.push(case("raises on release", Release::Raises(raised())).leaves(&raised()));
        cases.push(case("clears on release", Release::Clears).pending(&pending_one()));
    }
    cases
}
