//! Who may look at memory, write to it and move it at the same time. `tests/interleavings.rs` compiles this file a second
//! time, with atomics whose every order it tries.

use super::atomic::{AtomicUsize, Ordering};
use crate::request::Request;
use crate::rules::Rule;

/// What an export of memory lets its holder rely on.
///
/// ```
/// use bufproto_core::grant::{Domain, Export};
/// use bufproto_core::rules::Rule;
///
/// let domain = Domain::new();
/// domain.begin(Export::Write)?;
/// domain.begin(Export::Read)?;
/// assert_eq!(domain.begin(Export::Stable), Err(Rule::StableRead));
/// # Ok::<(), bufproto_core::rules::Rule>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Export {
    /// A read-only view: the memory stays where it is. Others may write to it.
    Read = 0,
    /// A view that is not read-only: the memory stays where it is, and its holder may write to it, asked for or not.
    Write = 1,
    /// A stable read: nobody writes to the memory, and it stays where it is.
    Stable = 2,
}

/// The exports of some memory, for all who export it: who may begin what while they last.
///
/// | held | read-only view | writable view | stable read | owner writes | owner resizes |
/// |---|---|---|---|---|---|
/// | nothing | yes | yes | yes | yes | yes |
/// | read-only views | yes | yes | yes | yes | [602](Rule::Resize) |
/// | writable views | yes | yes | [605](Rule::StableRead) | yes | [602](Rule::Resize) |
/// | stable reads | yes | [606](Rule::WritableView) | yes | [607](Rule::OwnerWrite) | [602](Rule::Resize) |
/// | the owner is writing | yes | yes | [605](Rule::StableRead) | yes | [602](Rule::Resize) |
/// | the owner is resizing | [608](Rule::Resizing) | 608 | 608 | 608 | 608 |
///
/// Exporters of the same memory (slices, say) share one domain. It is a word, usable from several threads, and never
/// waits: what does not go together is refused. It keeps readers from writers, but writers neither from each other nor
/// from readers who are not stable: those share memory, as views always do.
///
/// What a holder of an export sees, and what others see of it, is ordered: a stable read sees all that was written
/// before it began, and what is written after it ended is written after its last read.
///
/// ```
/// use bufproto_core::grant::{Domain, Export};
/// use bufproto_core::request::Request;
/// use bufproto_core::rules::Rule;
///
/// let domain = Domain::new();
/// domain.begin(Export::Stable)?;
/// assert_eq!(domain.write(|| ()), Err(Rule::OwnerWrite));
/// assert_eq!(domain.begin_view(Request::WRITABLE, false), Err(Rule::WritableView));
/// // A request that does not ask for writable memory gets a view that is not.
/// assert_eq!(domain.begin_view(Request::SIMPLE, false), Ok(Export::Read));
/// // SAFETY: both have begun, and nobody uses the memory.
/// unsafe {
///     domain.end(Export::Stable);
///     domain.end(Export::Read);
/// }
/// // As a `bytearray` does, for consumers that write to what is not read-only without having asked.
/// assert_eq!(domain.begin_view(Request::SIMPLE, false), Ok(Export::Write));
/// # Ok::<(), Rule>(())
/// ```
///
/// Source: the draft PEP "Stable Reads for the Buffer Protocol" (July 2026) for stable reads; CPython's `bytearray` for the
/// rest.
#[derive(Debug, Default)]
pub struct Domain(AtomicUsize);

/// While the owner resizes; no state has this word.
const RESIZING: usize = usize::MAX;

impl Domain {
    /// Nothing is exported.
    ///
    /// ```
    /// use bufproto_core::grant::Domain;
    ///
    /// static EXPORTS: Domain = Domain::new();
    /// assert_eq!(EXPORTS.exports(), 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Begins an export. It lasts until it is [ended](Self::end), by the exporter that is told of the release; one that
    /// is never ended does no harm but to whom it stands in the way of.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    /// use bufproto_core::rules::Rule;
    ///
    /// let domain = Domain::new();
    /// domain.begin(Export::Read)?;
    /// assert_eq!(domain.resize(|| ()), Err(Rule::Resize), "the memory stays where it is");
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Rule::StableRead`]: a stable read, while there are writable views or the owner is writing.
    /// - [`Rule::WritableView`]: a writable view, while there are stable reads.
    /// - [`Rule::Resizing`]: any, while the owner is resizing.
    /// - [`Rule::ExportLimit`]: there are as many exports as can be counted: 2³¹ − 2, or 32766 where pointers have 32 bits.
    pub fn begin(&self, export: Export) -> Result<(), Rule> {
        self.change(Ordering::Acquire, |state| {
            let count = match export {
                Export::Read => &mut state.reads,
                Export::Write if state.stable => return Err(Rule::WritableView),
                Export::Stable if !state.stable && state.others > 0 => return Err(Rule::StableRead),
                Export::Write | Export::Stable => &mut state.others,
            };
            if *count >= State::LIMIT {
                return Err(Rule::ExportLimit);
            }
            *count += 1;
            state.stable |= export == Export::Stable;
            Ok(())
        })
    }

    /// Begins the export of an ordinary view, and says which it is: the view is to be answered as read-only unless this
    /// is [`Export::Write`].
    ///
    /// A consumer that does not ask for writable memory, as `memoryview` does not, may still write to what is not
    /// read-only. So a view of writable memory is writable whatever was asked for, unless there are stable reads.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    ///
    /// let domain = Domain::new();
    /// assert_eq!(domain.begin_view(Request::SIMPLE, true), Ok(Export::Read));
    /// assert_eq!(domain.begin_view(Request::WRITABLE, true), Err(Rule::Writable));
    /// assert_eq!(domain.begin_view(Request::SIMPLE, false), Ok(Export::Write));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::Writable`] if writable memory is asked for and the memory is `read_only`, else as [`begin`](Self::begin).
    pub fn begin_view(&self, request: Request, read_only: bool) -> Result<Export, Rule> {
        let asked = request.contains(Request::WRITABLE);
        if read_only && asked {
            return Err(Rule::Writable);
        }
        if !read_only {
            match self.begin(Export::Write) {
                Err(Rule::WritableView) if !asked => {}
                begun => return begun.map(|()| Export::Write),
            }
        }
        self.begin(Export::Read).map(|()| Export::Read)
    }

    /// Begins a stable read for a request, whose answer is read-only.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    /// use bufproto_core::request::Request;
    /// use bufproto_core::rules::Rule;
    ///
    /// let domain = Domain::new();
    /// assert_eq!(domain.begin_stable(Request::SIMPLE), Ok(Export::Stable));
    /// assert_eq!(domain.begin_stable(Request::WRITABLE), Err(Rule::Writable));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::Writable`] if writable memory is asked for, else as [`begin`](Self::begin).
    pub fn begin_stable(&self, request: Request) -> Result<Export, Rule> {
        if request.contains(Request::WRITABLE) {
            return Err(Rule::Writable);
        }
        self.begin(Export::Stable).map(|()| Export::Stable)
    }

    /// Ends an export.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    ///
    /// let domain = Domain::new();
    /// domain.begin(Export::Stable)?;
    /// // SAFETY: it has begun, and nobody reads.
    /// unsafe { domain.end(Export::Stable) };
    /// assert_eq!(domain.resize(|| "moved"), Ok("moved"));
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    ///
    /// # Safety
    ///
    /// Such an export has [begun](Self::begin) in this domain, and has not been ended. Nobody uses the memory any more
    /// because of it: others rely on the exports that are left.
    pub unsafe fn end(&self, export: Export) {
        // There is an export, so this cannot fail.
        let _ = self.change(Ordering::Release, |state| {
            let count = if export == Export::Read { &mut state.reads } else { &mut state.others };
            *count = count.saturating_sub(1);
            state.stable &= state.others > 0;
            Ok(())
        });
    }

    /// Runs `write`, which writes to the memory in place, while no stable read exists and none can begin. Others may
    /// write meanwhile, and views exist. The memory stays where it is.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    /// use bufproto_core::rules::Rule;
    ///
    /// let (domain, mut memory) = (Domain::new(), *b"hello");
    /// domain.write(|| memory[0] = b'j')?;
    /// assert_eq!(memory, *b"jello");
    /// domain.begin(Export::Stable)?;
    /// assert_eq!(domain.write(|| memory[0] = b'c'), Err(Rule::OwnerWrite));
    /// assert_eq!(memory, *b"jello");
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::OwnerWrite`] if there are stable reads, [`Rule::Resizing`] and [`Rule::ExportLimit`] as
    /// [`begin`](Self::begin); `write` is not run then.
    pub fn write<T>(&self, write: impl FnOnce() -> T) -> Result<T, Rule> {
        self.begin(Export::Write).map_err(|rule| match rule {
            Rule::WritableView => Rule::OwnerWrite,
            rule => rule,
        })?;
        let end = OnEnd(|| {
            // SAFETY: it has begun above, and `write` is over.
            unsafe { self.end(Export::Write) }
        });
        let result = write();
        drop(end);
        Ok(result)
    }

    /// Runs `resize`, which may move the memory or do with it what it likes, while nothing else happens to it.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    /// use bufproto_core::rules::Rule;
    ///
    /// let (domain, mut memory) = (Domain::new(), vec![1, 2]);
    /// domain.resize(|| memory.push(3))?;
    /// domain.begin(Export::Read)?;
    /// assert_eq!(domain.resize(|| memory.push(4)), Err(Rule::Resize));
    /// assert_eq!(memory, [1, 2, 3]);
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::Resize`] if there is any export or the owner is writing, [`Rule::Resizing`] if another resize is under way;
    /// `resize` is not run then.
    pub fn resize<T>(&self, resize: impl FnOnce() -> T) -> Result<T, Rule> {
        self.0
            .compare_exchange(0, RESIZING, Ordering::Acquire, Ordering::Relaxed)
            .map_err(|word| if word == RESIZING { Rule::Resizing } else { Rule::Resize })?;
        let end = OnEnd(|| self.0.store(0, Ordering::Release));
        let result = resize();
        drop(end);
        Ok(result)
    }

    /// How many exports there are, writes of the owner among them; 0 while it is resizing. Just as it is now: for what
    /// is shown to people.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    ///
    /// let domain = Domain::new();
    /// domain.begin(Export::Read)?;
    /// assert_eq!(domain.write(|| domain.exports())?, 2);
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    #[must_use]
    pub fn exports(&self) -> usize {
        State::of(self.0.load(Ordering::Acquire)).map_or(0, |state| state.reads + state.others)
    }

    /// How many stable reads there are. As with [`exports`](Self::exports), just now.
    ///
    /// ```
    /// use bufproto_core::grant::{Domain, Export};
    ///
    /// let domain = Domain::new();
    /// domain.begin(Export::Read)?;
    /// domain.begin(Export::Stable)?;
    /// assert_eq!((domain.exports(), domain.stable_reads()), (2, 1));
    /// # Ok::<(), bufproto_core::rules::Rule>(())
    /// ```
    #[must_use]
    pub fn stable_reads(&self) -> usize {
        State::of(self.0.load(Ordering::Acquire))
            .map_or(0, |state| if state.stable { state.others } else { 0 })
    }

    /// Goes from one state to another in one step; what `change` refuses changes nothing.
    fn change(&self, order: Ordering, change: impl Fn(&mut State) -> Result<(), Rule>) -> Result<(), Rule> {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let mut state = State::of(word)?;
            change(&mut state)?;
            match self.0.compare_exchange_weak(word, state.word(), order, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }
}

/// The exports, taken out of the word: one half of it has the read-only views, the other the rest, and in its highest bit
/// whether those are stable reads.
struct State {
    reads: usize,
    /// Stable reads, or else writable views and writes of the owner: the two do not go together.
    others: usize,
    stable: bool,
}

impl State {
    const HALF: u32 = usize::BITS / 2;
    /// The highest bit of a half is not counted in, and no count has all the others.
    const LIMIT: usize = (1 << (Self::HALF - 1)) - 2;
    const STABLE: usize = 1 << (usize::BITS - 1);

    fn of(word: usize) -> Result<Self, Rule> {
        if word == RESIZING {
            return Err(Rule::Resizing);
        }
        let (reads, others) = (word & ((1 << Self::HALF) - 1), (word & !Self::STABLE) >> Self::HALF);
        Ok(Self { reads, others, stable: word & Self::STABLE != 0 })
    }

    fn word(&self) -> usize {
        self.reads | self.others << Self::HALF | if self.stable { Self::STABLE } else { 0 }
    }
}

/// Ends what is under way, also when it panics.
struct OnEnd<F: Fn()>(F);

impl<F: Fn()> Drop for OnEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
