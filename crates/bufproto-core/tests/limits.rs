//! As many exports as can be counted: nobody begins two thousand million of them one by one.

use bufproto_core::{request, rules};
use rules::Rule;

/// The domain of core, whose word the tests set.
#[path = "../src/grant/domain.rs"]
#[allow(missing_docs, unreachable_pub, dead_code, reason = "it is core's, and not all of it is used here")]
mod domain;

use domain::{Domain, Export};

/// A word for each thread, and so for each test.
mod atomic {
    use std::cell::Cell;
    pub(crate) use std::sync::atomic::Ordering;

    thread_local! {
        pub(crate) static WORD: Cell<usize> = const { Cell::new(0) };
    }

    #[derive(Debug, Default)]
    pub(crate) struct AtomicUsize;

    impl AtomicUsize {
        pub(crate) const fn new(_: usize) -> Self {
            Self
        }

        pub(crate) fn load(&self, _: Ordering) -> usize {
            WORD.get()
        }

        pub(crate) fn store(&self, value: usize, _: Ordering) {
            WORD.set(value);
        }

        pub(crate) fn compare_exchange(
            &self,
            current: usize,
            new: usize,
            _: Ordering,
            _: Ordering,
        ) -> Result<usize, usize> {
            if WORD.get() != current {
                return Err(WORD.get());
            }
            WORD.set(new);
            Ok(current)
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: usize,
            new: usize,
            set: Ordering,
            fetch: Ordering,
        ) -> Result<usize, usize> {
            self.compare_exchange(current, new, set, fetch)
        }
    }
}

/// How many exports of a kind there can be, and the words with one more of them.
const HALF: u32 = usize::BITS / 2;
const LIMIT: usize = (1 << (HALF - 1)) - 2;
const READ: usize = 1;
const OTHER: usize = 1 << HALF;
const STABLE: usize = 1 << (usize::BITS - 1);

#[test]
fn the_last_export_that_can_be_counted() {
    let domain = Domain::new();
    let table = [
        (Export::Read, (LIMIT - 1) * READ, LIMIT * READ),
        (Export::Write, (LIMIT - 1) * OTHER, LIMIT * OTHER),
        (Export::Stable, STABLE | ((LIMIT - 1) * OTHER), STABLE | (LIMIT * OTHER)),
        // The other kind is as full.
        (Export::Stable, STABLE | ((LIMIT - 1) * OTHER) | LIMIT, STABLE | (LIMIT * OTHER) | LIMIT),
    ];
    for (export, before, full) in table {
        atomic::WORD.set(before);
        assert_eq!(domain.begin(export), Ok(()));
        assert_eq!(atomic::WORD.get(), full);
        let exports = domain.exports();
        assert_eq!(domain.begin(export), Err(Rule::ExportLimit), "{export:?}");
        assert_eq!(domain.resize(|| ()), Err(Rule::Resize), "that is no resize");
        assert_eq!(domain.exports(), exports);
        // SAFETY: by the word there are some.
        unsafe { domain.end(export) };
        assert_eq!(atomic::WORD.get(), before);
    }
    atomic::WORD.set(LIMIT * OTHER);
    assert_eq!(domain.write(|| unreachable!("it cannot be counted")), Err(Rule::ExportLimit));
    assert_eq!(domain.begin(Export::Read), Ok(()), "the kinds are counted apart");
    assert_eq!(domain.begin(Export::Stable), Err(Rule::StableRead));
}
