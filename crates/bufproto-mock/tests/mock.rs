//! What the mock does that real objects do, and what it sees that they do not.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use bufproto_core::abi::CPython3;
use bufproto_core::legacy::{Dialect, Python2, Python3};
use bufproto_core::request::Request;
use bufproto_core::rules::Family;
use bufproto_core::runtime::{Exporter, Runtime};
use bufproto_core::view::Slot;
use bufproto_mock::interpreter::{Interpreter, POISON};
use bufproto_mock::ledger::Misuse;
use bufproto_mock::object::{Owned, RecipeError};
use bufproto_mock::recipe::{
    Answer, Claim, Get, GetReturns, Layout, Mutability, Raised, Recipe, Script, Slots,
};

fn python() -> Interpreter {
    Interpreter::new(Family::CPython3)
}

fn make(python: &Interpreter, recipe: &Recipe) -> Owned {
    python.make(recipe).expect("a sound recipe")
}

fn read(pointer: *mut std::ffi::c_void, length: usize) -> Vec<u8> {
    // SAFETY: all memory that a mock interpreter handed out stays allocated while it exists.
    unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), length) }.to_vec()
}

#[test]
fn memory_that_moves_on_release_poisons_what_it_leaves() {
    let python = python();
    let object = make(&python, &Recipe::moving(b"abc"));
    let span = Python3::as_read_buffer(python.handle(&object)).expect("memory");
    assert_eq!(read(span.pointer, 3), [POISON; 3], "the wrapper's pointer is dead on arrival");
    assert_eq!(object.bytes(), b"abc");

    let (mut first, mut second) = (Slot::new(), Slot::new());
    let held = first.fill(python.handle(&object), Request::SIMPLE).expect("memory");
    second.fill(python.handle(&object), Request::SIMPLE).expect("memory").release();
    assert_eq!(held.shared().expect("bytes").iter().collect::<Vec<_>>(), b"abc", "a view is still held");
    held.release();
    python.assert_balanced();
}

#[test]
fn resizing_and_the_end_poison_too() {
    let python = python();
    let object = make(&python, &Recipe::writable(b"abc"));
    let before = Python2::as_read_buffer(python.handle(&object)).expect("memory");
    assert_eq!(object.resize(5), Ok(()));
    assert_eq!(object.bytes(), b"abc\0\0");
    assert_eq!(read(before.pointer, 3), [POISON; 3]);

    let after = Python2::as_read_buffer(python.handle(&object)).expect("memory");
    assert_eq!(read(after.pointer, 5), b"abc\0\0", "the old slots follow");
    let other = object.clone();
    drop(object);
    assert_eq!(read(after.pointer, 5), b"abc\0\0", "there is another reference");
    drop(other);
    assert_eq!(read(after.pointer, 5), [POISON; 5]);
}

#[test]
fn a_view_keeps_its_object() {
    let python = python();
    let object = make(&python, &Recipe::writable(b"abc"));
    let mut slot = Slot::new();
    let view = slot.fill(python.handle(&object), Request::SIMPLE).expect("memory");
    assert_eq!((object.references(), object.exports()), (2, 1));
    drop(object);
    assert_eq!(view.shared().expect("bytes").iter().collect::<Vec<_>>(), b"abc");
    let pointer = view.span().pointer;
    drop(view);
    assert_eq!(read(pointer, 3), [POISON; 3]);
    python.assert_balanced();
}

#[test]
fn only_the_owner_writes_to_read_only_memory_and_nobody_to_frozen() {
    let python = python();
    let (frozen, read_only) = (make(&python, &Recipe::frozen(b"a")), make(&python, &Recipe::read_only(b"a")));
    assert!(!frozen.set(0, b'x') && read_only.set(0, b'x') && !read_only.set(1, b'x'));
    assert_eq!((frozen.bytes(), read_only.bytes()), (b"a".to_vec(), b"x".to_vec()));
    assert_eq!(frozen.resize(9), Err(Raised::new("TypeError", "'bytes' object cannot be resized")));
}

#[test]
fn a_resize_under_a_view_is_refused_in_the_words_of_bytearray() {
    let python = python();
    let object = make(&python, &Recipe::writable(b"abc"));
    let mut slot = Slot::new();
    let _view = slot.fill(python.handle(&object), Request::SIMPLE).expect("memory");
    let words = "Existing exports of data: object cannot be re-sized";
    assert_eq!(object.resize(0), Err(Raised::new("BufferError", words)));
}

#[test]
fn a_view_that_was_forgotten_is_named() {
    let python = python();
    let object = make(&python, &Recipe::writable(b"abc").label("the image"));
    let mut slot = Slot::new();
    let view = ManuallyDrop::new(slot.fill(python.handle(&object), Request::WRITABLE).expect("memory"));
    let report = python.check_balanced().expect_err("a view is held");
    assert_eq!(report, "export 1, of the image for WRITABLE, was never released\n");
    drop(ManuallyDrop::into_inner(view));
    python.assert_balanced();
}

#[test]
fn wrong_releases_are_recorded_and_harmless() {
    let python = python();
    let object = make(&python, &Recipe::writable(b"abc").label("the image"));
    let runtime = python.attached();
    let empty = || CPython3 { header: bufproto_core::abi::Header::EMPTY, internal: std::ptr::null_mut() };
    let mut view = empty();
    let place = NonNull::from(&mut view);
    // SAFETY: the object exports, and the view is empty. What follows breaks the contract of `release` on
    // purpose: the mock promises to record that and to do nothing else.
    unsafe {
        assert!(python.handle(&object).export(place, Request::SIMPLE).is_ok());
        let mut moved = empty();
        moved.header.obj = (*place.as_ptr()).header.obj;
        let owner = moved.header.obj;
        runtime.release(NonNull::from(&mut moved));
        assert_eq!(object.exports(), 1, "the true view is still held");

        runtime.release(place);
        runtime.release(place);
        (*place.as_ptr()).header.obj = owner;
        runtime.release(place);

        let mut stray = empty();
        stray.header.obj = std::ptr::without_provenance_mut(0x10);
        runtime.release(NonNull::from(&mut stray));
    }
    let label = || "the image".to_owned();
    assert_eq!(
        python.misuses(),
        [
            Misuse::MovedView { object: label() },
            Misuse::DoubleRelease { object: label() },
            Misuse::NeverExported,
        ]
    );
    assert_eq!((object.exports(), object.references()), (0, 1));
    assert_eq!(python.counts(), (1, 1));
}

#[test]
fn a_script_goes_from_answer_to_answer() {
    let python = python();
    let bytes = Answer::memory(Claim::Bytes(b"abc".to_vec()));
    let answers = vec![bytes, Answer::silent_refusal(), Answer::memory(Claim::Null(7))];
    let object = make(&python, &Recipe::script(Script { answers, release: Default::default() }));
    let lengths: Vec<_> = (0..4)
        .map(|_| Python3::as_read_buffer(python.handle(&object)).map(|span| span.length).ok())
        .collect();
    assert_eq!(lengths, [Some(3), None, Some(7), Some(7)]);
    python.assert_balanced();
}

#[test]
fn recipes_that_contradict_themselves_are_refused() {
    let python = python();
    let refused = |recipe: Recipe| python.make(&recipe).err();
    let object = || "object".to_owned();
    let script = Recipe::script(Script { answers: vec![], release: Default::default() });
    assert_eq!(refused(script), Some(RecipeError::EmptyScript(object())));
    let positive = Recipe::scripted(Answer::memory(Claim::Negative(b"abc".to_vec(), 1000)));
    assert_eq!(refused(positive), Some(RecipeError::NotNegative(object())));
    for returns in [GetReturns::Failure(0), GetReturns::Null(-1)] {
        let read = Some(Get::returning(returns));
        let slots = Recipe::segmented(Slots { read, ..Slots::single(b"abc") });
        assert_eq!(refused(slots), Some(RecipeError::SlotLength(object())));
    }
}

#[test]
fn no_layout_leaves_its_memory() {
    let python = python();
    let refused = |bytes: &[u8], layout: Layout| {
        python.make(&Recipe::strided(bytes, Mutability::Writable, layout)).err()
    };
    let line = |length, stride, offset| Layout {
        strides: vec![stride],
        offset,
        ..Layout::c_order("B", 1, &[length])
    };
    let out =
        |low, high| Some(RecipeError::OutOfBounds { object: "object".to_owned(), low, high, length: 4 });
    assert_eq!(refused(b"abcd", line(4, 1, 0)), None);
    assert_eq!(refused(b"abcd", line(4, -1, 3)), None);
    assert_eq!(refused(b"abcd", line(400, 0, 3)), None);
    assert_eq!(refused(b"abcd", line(4, 1, 1)), out(1, 5));
    assert_eq!(refused(b"abcd", line(4, -1, 2)), out(-1, 3));
    assert_eq!(refused(b"abcd", line(3, 2, 0)), out(0, 5));
    assert_eq!(refused(b"abcd", line(isize::MAX, 0, 0)), None);
    assert!(refused(b"abcd", Layout::c_order("d", isize::MAX, &[isize::MAX])).is_some());
    assert!(refused(b"abcd", Layout::c_order("d", -8, &[1])).is_some());
    let wide = Layout { indirect: true, ..Recipe::indirect(&[b"ab", b"cd"], Mutability::Writable).layout() };
    assert_eq!(refused(b"abcd", wide.clone()), None);
    assert!(refused(b"abcd", Layout { shape: vec![2, 3], ..wide.clone() }).is_some());
    assert!(refused(b"abcd", Layout { strides: vec![1, 1], ..wide }).is_some());
}

/// The layout of a recipe that has one.
trait LayoutOf {
    fn layout(self) -> Layout;
}

impl LayoutOf for Recipe {
    fn layout(self) -> Layout {
        match self.views {
            bufproto_mock::recipe::Views::Memory(memory) => memory.layout.expect("a layout"),
            _ => panic!("no memory"),
        }
    }
}

#[test]
fn rows_behind_pointers_are_where_the_pointers_say() {
    let python = python();
    let object = make(&python, &Recipe::indirect(&[b"abc", b"defg", b"h"], Mutability::Writable));
    let mut slot = Slot::new();
    let view = slot.fill(python.handle(&object), Request::FULL).expect("indirect memory");
    let held = view.held();
    // SAFETY: the mock fills its views by the rules: pointers to rows, side by side.
    let rows = unsafe { std::slice::from_raw_parts(held.header().buf.cast::<*mut std::ffi::c_void>(), 3) };
    let found: Vec<_> = rows.iter().map(|row| read(*row, 3)).collect();
    assert_eq!(found, [b"abc", b"def", b"h\0\0"]);
}
