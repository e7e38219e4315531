//! Exports, writes and resizes on several threads, in every order that the memory model allows: nobody reads memory while it
//! is resized, nor as it is while it is written to, and what was written is seen by whoever exports afterwards.
#![cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]

use std::sync::OnceLock;

use bufproto_core::request::Request;
use bufproto_core::{request, rules};
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread;

/// The domain of core, made of the atomics below.
#[path = "../src/grant/domain.rs"]
#[allow(missing_docs, unreachable_pub, dead_code, reason = "it is core's, and not all of it is used here")]
mod domain;

use domain::{Domain, Export};

/// Loom's atomics, which cannot be made in a constant: they are made when they are first used.
mod atomic {
    use super::OnceLock;
    use loom::sync::atomic;
    pub(crate) use loom::sync::atomic::Ordering;

    #[derive(Debug, Default)]
    pub(crate) struct AtomicUsize {
        first: usize,
        made: OnceLock<atomic::AtomicUsize>,
    }

    impl AtomicUsize {
        pub(crate) const fn new(first: usize) -> Self {
            Self { first, made: OnceLock::new() }
        }

        fn made(&self) -> &atomic::AtomicUsize {
            self.made.get_or_init(|| atomic::AtomicUsize::new(self.first))
        }

        pub(crate) fn load(&self, order: Ordering) -> usize {
            self.made().load(order)
        }

        pub(crate) fn store(&self, value: usize, order: Ordering) {
            self.made().store(value, order);
        }

        pub(crate) fn compare_exchange(
            &self,
            current: usize,
            new: usize,
            success: Ordering,
            failure: Ordering,
        ) -> Result<usize, usize> {
            self.made().compare_exchange(current, new, success, failure)
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: usize,
            new: usize,
            success: Ordering,
            failure: Ordering,
        ) -> Result<usize, usize> {
            self.made().compare_exchange_weak(current, new, success, failure)
        }
    }
}

/// An exporter whose memory is a number. Loom complains about every read that a write may happen during, and about two
/// writes, which is why writers here take turns.
struct Exporter {
    domain: Domain,
    memory: UnsafeCell<usize>,
    turn: Mutex<()>,
}

// SAFETY: the domain keeps reads and writes apart, which is what is tested.
unsafe impl Sync for Exporter {}

impl Exporter {
    fn new() -> Arc<Self> {
        let exporter = Self { domain: Domain::new(), memory: UnsafeCell::new(0), turn: Mutex::new(()) };
        // The word is made before there are threads.
        assert_eq!(exporter.domain.exports(), 0);
        Arc::new(exporter)
    }

    /// Reads while it is exported; `None` if it cannot be. Of what others may write to, only the address is looked at.
    fn read(&self, export: Export) -> Option<usize> {
        self.domain.begin(export).ok()?;
        // SAFETY: loom sees if anybody writes.
        let read = self.memory.with(|memory| unsafe { *memory });
        // SAFETY: it has begun above.
        unsafe { self.domain.end(export) };
        Some(read)
    }

    /// Writes through a view, if there can be one, and says whether.
    fn write(&self) -> bool {
        if self.domain.begin(Export::Write).is_err() {
            return false;
        }
        self.add();
        // SAFETY: it has begun above.
        unsafe { self.domain.end(Export::Write) };
        true
    }

    /// Writes as the owner does.
    fn write_in_place(&self) -> bool {
        self.domain.write(|| self.add()).is_ok()
    }

    fn add(&self) {
        let turn = self.turn.lock();
        // SAFETY: loom sees if anybody reads.
        self.memory.with_mut(|memory| unsafe { *memory += 1 });
        drop(turn);
    }

    /// Writes if it is not exported, and says whether.
    fn resize(&self) -> bool {
        // SAFETY: loom sees if anybody reads or writes.
        self.domain.resize(|| self.memory.with_mut(|memory| unsafe { *memory += 1 })).is_ok()
    }
}

/// Tries every order in which threads are interrupted up to three times: what goes wrong does with fewer.
fn in_every_order(model: impl Fn() + Sync + Send + 'static) {
    in_orders_of(3, model);
}

fn in_orders_of(interruptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(model);
}

#[test]
fn every_order_keeps_readers_from_what_is_resized() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let [one, other] = [exporter.clone(), exporter.clone()];
        let reader = thread::spawn(move || one.read(Export::Read));
        let resizer = thread::spawn(move || other.resize());
        let here = exporter.read(Export::Stable);
        let there = reader.join().unwrap();
        let resized = resizer.join().unwrap();
        // Whatever happened is over.
        assert_eq!(exporter.domain.exports(), 0);
        assert_eq!(exporter.read(Export::Read), Some(usize::from(resized)));
        assert!([here, there].into_iter().flatten().all(|read| read <= usize::from(resized)));
    });
}

#[test]
fn every_order_has_one_resize_at_a_time() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let other = exporter.clone();
        let resizer = thread::spawn(move || other.resize());
        let here = exporter.resize();
        let there = resizer.join().unwrap();
        assert!(here || there, "each kept the other from it");
        assert_eq!(exporter.read(Export::Read), Some(usize::from(here) + usize::from(there)));
    });
}

#[test]
fn every_order_keeps_writers_from_stable_reads() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let [one, other] = [exporter.clone(), exporter.clone()];
        let writer = thread::spawn(move || one.write());
        let owner = thread::spawn(move || other.write_in_place());
        let here = exporter.read(Export::Stable);
        let written =
            [writer.join().unwrap(), owner.join().unwrap()].into_iter().filter(|wrote| *wrote).count();
        assert_eq!(exporter.read(Export::Stable), Some(written));
        assert!(here.is_none_or(|read| read <= written));
        assert!(here.is_some() || written > 0, "each kept the others from it");
    });
}

/// Whatever can be done to an exporter.
#[derive(Clone, Copy, Debug)]
enum Act {
    Read,
    View,
    Write,
    OwnerWrite,
    Stable,
    Resize,
}

impl Act {
    const ALL: [Self; 6] =
        [Self::Read, Self::View, Self::Write, Self::OwnerWrite, Self::Stable, Self::Resize];

    /// Does it, if it may be done, and says whether it was.
    fn run(self, exporter: &Exporter) -> bool {
        match self {
            Self::Read => {
                // Others may write, so the memory is not looked at.
                let begun = exporter.domain.begin(Export::Read).is_ok();
                if begun {
                    // SAFETY: it has just begun.
                    unsafe { exporter.domain.end(Export::Read) };
                }
                begun
            }
            Self::View => {
                // A consumer that writes if it may, without having asked.
                let Ok(export) = exporter.domain.begin_view(Request::SIMPLE, false) else { return false };
                if export == Export::Write {
                    exporter.add();
                }
                // SAFETY: it has begun above.
                unsafe { exporter.domain.end(export) };
                true
            }
            Self::Write => exporter.write(),
            Self::OwnerWrite => exporter.write_in_place(),
            Self::Stable => exporter.read(Export::Stable).is_some(),
            Self::Resize => exporter.resize(),
        }
    }
}

/// What two threads and this one do to an exporter. One of them at least gets its way, and afterwards nothing is held.
/// Those are many models, so each is interrupted less often.
fn three(acts: [Act; 3]) {
    in_orders_of(2, move || {
        let exporter = Exporter::new();
        let spawn = |act: Act| {
            let exporter = exporter.clone();
            thread::spawn(move || act.run(&exporter))
        };
        let [here, one, other] = acts;
        let threads = [spawn(one), spawn(other)];
        let mut any = here.run(&exporter);
        for thread in threads {
            any |= thread.join().unwrap();
        }
        assert!(any, "{acts:?}: each kept the others from it");
        assert_eq!((exporter.domain.exports(), exporter.domain.stable_reads()), (0, 0), "{acts:?}");
        assert!(exporter.resize(), "{acts:?}: something is still held");
    });
}

#[test]
fn every_order_of_any_three_acts_keeps_the_table() {
    for (first, here) in Act::ALL.into_iter().enumerate() {
        for (second, one) in Act::ALL.into_iter().enumerate().skip(first) {
            for other in Act::ALL.into_iter().skip(second) {
                three([here, one, other]);
            }
        }
    }
}

#[test]
fn every_order_has_stable_reads_side_by_side() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let threads = [exporter.clone(), exporter.clone()]
            .map(|exporter| thread::spawn(move || exporter.read(Export::Stable)));
        assert_eq!(exporter.read(Export::Stable), Some(0));
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == Some(0)));
    });
}
