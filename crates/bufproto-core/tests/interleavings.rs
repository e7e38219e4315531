//! Exports and resizes on several threads, in every order that the memory model allows: nobody reads memory while it is
//! resized, and what a resize has written is seen by whoever exports afterwards.
#![cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]

use std::sync::OnceLock;

use bufproto_core::rules;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// The count of core, made of the atomics below.
#[path = "../src/grant/count.rs"]
#[allow(missing_docs, unreachable_pub, dead_code, reason = "it is core's, and not all of it is used here")]
mod count;

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

        pub(crate) fn fetch_update(
            &self,
            set: Ordering,
            fetch: Ordering,
            change: impl FnMut(usize) -> Option<usize>,
        ) -> Result<usize, usize> {
            self.made().fetch_update(set, fetch, change)
        }
    }
}

/// An exporter whose memory is a number. Loom complains about every read that a write may happen during.
struct Exporter {
    exports: count::ExportCount,
    memory: UnsafeCell<usize>,
}

// SAFETY: the count keeps reads and writes apart, which is what is tested.
unsafe impl Sync for Exporter {}

impl Exporter {
    fn new() -> Arc<Self> {
        let exporter = Self { exports: count::ExportCount::new(), memory: UnsafeCell::new(0) };
        // The count is made before there are threads.
        assert_eq!(exporter.exports.get(), 0);
        Arc::new(exporter)
    }

    /// Reads while it is exported; `None` if it cannot be.
    fn read(&self) -> Option<usize> {
        self.exports.begin().ok()?;
        // SAFETY: loom sees if anybody writes.
        let read = self.memory.with(|memory| unsafe { *memory });
        self.exports.end();
        Some(read)
    }

    /// Writes if it is not exported, and says whether.
    fn resize(&self) -> bool {
        // SAFETY: loom sees if anybody reads or writes.
        self.exports.resize(|| self.memory.with_mut(|memory| unsafe { *memory += 1 })).is_ok()
    }
}

/// Tries every order in which a thread is interrupted up to three times: what goes wrong does with fewer.
fn in_every_order(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn every_order_keeps_readers_from_what_is_resized() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let [one, other] = [exporter.clone(), exporter.clone()];
        let reader = thread::spawn(move || one.read());
        let resizer = thread::spawn(move || other.resize());
        let here = exporter.read();
        let there = reader.join().unwrap();
        let resized = resizer.join().unwrap();
        // Whatever happened is over.
        assert_eq!(exporter.exports.get(), 0);
        assert_eq!(exporter.read(), Some(usize::from(resized)));
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
        assert_eq!(exporter.read(), Some(usize::from(here) + usize::from(there)));
    });
}

#[test]
fn every_order_survives_an_export_too_many_given_back() {
    in_every_order(|| {
        let exporter = Exporter::new();
        let [one, other] = [exporter.clone(), exporter.clone()];
        let resizer = thread::spawn(move || one.resize());
        let careless = thread::spawn(move || {
            other.exports.end();
            other.read()
        });
        resizer.join().unwrap();
        careless.join().unwrap();
        assert_eq!(exporter.exports.get(), 0);
    });
}
