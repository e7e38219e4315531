//! Who may look at memory, write to it and move it at the same time: the table, and a model of it.

use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{panic, thread};

use bufproto_core::grant::{Domain, Export};
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;
use proptest::prelude::*;

const CASES: u32 = if cfg!(miri) { 8 } else { 1000 };

/// What can be asked of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Begin(Export),
    Write,
    Resize,
}

const ASKS: [Ask; 5] = [
    Ask::Begin(Export::Read),
    Ask::Begin(Export::Write),
    Ask::Begin(Export::Stable),
    Ask::Write,
    Ask::Resize,
];

/// Asks, and gives back at once what was got.
fn ask(domain: &Domain, ask: Ask) -> Result<(), Rule> {
    match ask {
        Ask::Begin(export) => {
            domain.begin(export)?;
            // SAFETY: it has just begun.
            unsafe { domain.end(export) };
            Ok(())
        }
        Ask::Write => domain.write(|| ()),
        Ask::Resize => domain.resize(|| ()),
    }
}

fn answers(domain: &Domain) -> [Result<(), Rule>; 5] {
    ASKS.map(|each| ask(domain, each))
}

#[test]
fn the_table() {
    use Rule::{OwnerWrite, Resize, Resizing, StableRead, WritableView};
    let domain = Domain::new();
    let yes = Ok(());
    assert_eq!(answers(&domain), [yes; 5], "nothing is held");
    let table = [
        (Export::Read, [yes, yes, yes, yes, Err(Resize)]),
        (Export::Write, [yes, yes, Err(StableRead), yes, Err(Resize)]),
        (Export::Stable, [yes, Err(WritableView), yes, Err(OwnerWrite), Err(Resize)]),
    ];
    for (held, expected) in table {
        for count in 1..3 {
            for _ in 0..count {
                domain.begin(held).unwrap();
            }
            assert_eq!(answers(&domain), expected, "{count} of {held:?} held");
            assert_eq!(domain.exports(), count);
            assert_eq!(domain.stable_reads(), if held == Export::Stable { count } else { 0 });
            for _ in 0..count {
                // SAFETY: it has begun above.
                unsafe { domain.end(held) };
            }
        }
        assert_eq!(answers(&domain), [yes; 5], "{held:?} has ended");
    }
    let writing = domain.write(|| answers(&domain)).unwrap();
    assert_eq!(writing, [yes, yes, Err(StableRead), yes, Err(Resize)]);
    let resizing = domain.resize(|| (answers(&domain), domain.exports(), domain.stable_reads())).unwrap();
    assert_eq!(resizing, ([Err(Resizing); 5], 0, 0));
    assert_eq!(answers(&domain), [yes; 5]);
}

#[test]
fn a_view_is_writable_unless_it_must_not_be() {
    let domain = Domain::new();
    let view = |request, read_only| domain.begin_view(request, read_only);
    let end = |export| {
        // SAFETY: each has begun, in the line before.
        unsafe { domain.end(export) }
    };
    for request in [Request::SIMPLE, Request::FULL_RO] {
        assert_eq!(view(request, false), Ok(Export::Write), "a consumer may write without having asked");
        end(Export::Write);
        assert_eq!(view(request, true), Ok(Export::Read));
        end(Export::Read);
    }
    assert_eq!(view(Request::WRITABLE, false), Ok(Export::Write));
    end(Export::Write);
    assert_eq!(view(Request::FULL, true), Err(Rule::Writable));

    domain.begin(Export::Stable).unwrap();
    assert_eq!(view(Request::FULL_RO, false), Ok(Export::Read));
    assert_eq!(view(Request::FULL, false), Err(Rule::WritableView));
    assert_eq!(view(Request::FULL, true), Err(Rule::Writable));
    end(Export::Stable);
    // What was answered read-only stays so, and does not keep others from writing.
    assert_eq!(ask(&domain, Ask::Write), Ok(()));
    end(Export::Read);
    assert_eq!(domain.exports(), 0);

    let refused = domain.resize(|| view(Request::SIMPLE, false)).unwrap();
    assert_eq!(refused, Err(Rule::Resizing));

    assert_eq!(domain.begin_stable(Request::FULL), Err(Rule::Writable), "nobody writes");
    assert_eq!(domain.begin_stable(Request::FULL_RO), Ok(Export::Stable));
    end(Export::Stable);
    assert_eq!(domain.exports(), 0);
}

#[test]
fn what_is_refused_is_not_run() {
    let domain = Domain::new();
    domain.begin(Export::Stable).unwrap();
    assert_eq!(domain.write(|| unreachable!("there is a stable read")), Err(Rule::OwnerWrite));
    assert_eq!(domain.resize(|| unreachable!("there is an export")), Err(Rule::Resize));
}

#[test]
fn a_panic_ends_what_was_under_way() {
    let domain = Domain::new();
    let panics = |run: &dyn Fn()| panic::catch_unwind(panic::AssertUnwindSafe(run)).is_err();
    assert!(panics(&|| domain.resize(|| panic!("out of memory")).unwrap_or(())));
    assert!(panics(&|| domain.write(|| panic!("out of range")).unwrap_or(())));
    assert_eq!(answers(&domain), [Ok(()); 5]);
}

/// Bytes that one thread at a time may write to, as the domain has it. Miri and ThreadSanitizer see if another one looks.
struct Bytes(UnsafeCell<[u8; SIZE]>);

/// Enough to take a while.
const SIZE: usize = if cfg!(miri) { 16 } else { 4096 };

// SAFETY: the domain keeps threads from meeting here, which is what is tested.
unsafe impl Sync for Bytes {}

impl Bytes {
    fn fill(&self, byte: u8) {
        // SAFETY: by the domain nobody reads or writes meanwhile: there is one owner who writes, and no writable view.
        unsafe { *self.0.get() = [byte; SIZE] };
    }

    /// # Safety
    ///
    /// Nobody writes for as long as the reference lives.
    unsafe fn get(&self) -> &[u8; SIZE] {
        // SAFETY: the caller's word.
        unsafe { &*self.0.get() }
    }
}

#[test]
fn threads_that_read_and_write_never_meet() {
    const ROUNDS: usize = if cfg!(miri) { 30 } else { 5_000 };
    let (domain, bytes, done) = (Domain::new(), Bytes(UnsafeCell::new([0; SIZE])), AtomicBool::new(false));
    let read = || {
        for _ in 0..ROUNDS {
            if domain.begin_stable(Request::SIMPLE).is_err() {
                continue;
            }
            {
                // SAFETY: nobody writes during a stable read.
                let slice = unsafe { bytes.get() };
                assert!(slice.iter().all(|byte| *byte == slice[0]), "{slice:?}");
            }
            // SAFETY: it has begun above, and the slice is gone.
            unsafe { domain.end(Export::Stable) };
        }
    };
    let write = |how: &dyn Fn(&dyn Fn())| {
        for byte in (0..=u8::MAX).cycle().take_while(|_| !done.load(Relaxed)) {
            how(&|| bytes.fill(byte));
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        scope.spawn(|| write(&|fill| domain.write(fill).unwrap_or_default()));
        scope.spawn(|| write(&|fill| domain.resize(fill).unwrap_or_default()));
        let read = readers.map(|reader| reader.join());
        done.store(true, Relaxed);
        assert!(read.into_iter().all(|read| read.is_ok()));
    });
    assert_eq!(answers(&domain), [Ok(()); 5], "something is still held");
}

/// The reference: what is held, counted one by one.
#[derive(Debug, Default)]
struct Model {
    held: [usize; 3],
}

impl Model {
    fn of(&self, export: Export) -> usize {
        self.held[export as usize]
    }

    fn answer(&self, asked: Ask) -> Result<(), Rule> {
        let (writers, stable) = (self.of(Export::Write), self.of(Export::Stable));
        match asked {
            Ask::Begin(Export::Write) if stable > 0 => Err(Rule::WritableView),
            Ask::Write if stable > 0 => Err(Rule::OwnerWrite),
            Ask::Begin(Export::Stable) if writers > 0 => Err(Rule::StableRead),
            Ask::Resize if self.held != [0; 3] => Err(Rule::Resize),
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(Export),
    View(bool, bool),
    End(Export),
    Write(Export),
    Resize,
}

fn step() -> impl Strategy<Value = Step> {
    let export = || prop_oneof![Just(Export::Read), Just(Export::Write), Just(Export::Stable)];
    prop_oneof![
        export().prop_map(Step::Begin),
        (any::<bool>(), any::<bool>()).prop_map(|(asks, read_only)| Step::View(asks, read_only)),
        export().prop_map(Step::End),
        export().prop_map(Step::Write),
        Just(Step::Resize),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn a_domain_does_as_the_model(steps in prop::collection::vec(step(), 0..40)) {
        let (domain, mut model) = (Domain::new(), Model::default());
        for step in steps {
            match step {
                Step::Begin(export) => {
                    let begun = domain.begin(export);
                    prop_assert_eq!(begun, model.answer(Ask::Begin(export)));
                    model.held[export as usize] += usize::from(begun.is_ok());
                }
                Step::View(asks, read_only) => {
                    let request = if asks { Request::WRITABLE } else { Request::SIMPLE };
                    let expected = match (asks, read_only) {
                        (true, true) => Err(Rule::Writable),
                        (false, true) => Ok(Export::Read),
                        (_, false) => match model.answer(Ask::Begin(Export::Write)) {
                            Ok(()) => Ok(Export::Write),
                            Err(_) if !asks => Ok(Export::Read),
                            Err(rule) => Err(rule),
                        },
                    };
                    prop_assert_eq!(domain.begin_view(request, read_only), expected);
                    model.held[expected.map_or(0, |export| export as usize)] += usize::from(expected.is_ok());
                }
                Step::End(export) if model.of(export) > 0 => {
                    // SAFETY: by the model there is one.
                    unsafe { domain.end(export) };
                    model.held[export as usize] -= 1;
                }
                Step::End(_) => {}
                Step::Write(export) => {
                    let inside = Cell::new(None);
                    let written = domain.write(|| inside.set(Some(ask(&domain, Ask::Begin(export)))));
                    prop_assert_eq!(written, model.answer(Ask::Write));
                    model.held[Export::Write as usize] += 1;
                    prop_assert_eq!(inside.get(), written.is_ok().then(|| model.answer(Ask::Begin(export))));
                    model.held[Export::Write as usize] -= 1;
                }
                Step::Resize => prop_assert_eq!(domain.resize(|| ()), model.answer(Ask::Resize)),
            }
            prop_assert_eq!(domain.exports(), model.held.iter().sum::<usize>());
            prop_assert_eq!(domain.stable_reads(), model.of(Export::Stable));
            prop_assert_eq!(answers(&domain), ASKS.map(|asked| model.answer(asked)));
        }
    }
}
