//! Whatever C calls, in whichever order: it succeeds, or it fails with an exception and without a trace, and in the end
//! every view has been given back once.
#![no_main]

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use arbitrary::Arbitrary;
use bufproto_core::abi::Header;
use bufproto_core::request::Access;
use bufproto_core::rules::Family;
use bufproto_ffi as c;
use bufproto_ffi::{Interpreter, Memory};
use bufproto_mock::conformance::Rig as _;
use bufproto_mock::{Answer, Fault, Object, OldSlots, Raised};
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/bufproto-ffi/tests/host/mod.rs"]
mod host;

use host::Host;

#[derive(Arbitrary, Debug)]
enum Call {
    As { object: u8, access: u8, short: bool, without: u8 },
    Check { object: u8 },
    Acquire { object: u8, view: u8, request: i32 },
    Argument { object: u8, view: u8, access: u8 },
    Release { view: u8 },
    Contiguous { view: u8, order: u8 },
    Item { view: u8, indices: [i8; 4] },
    CopyOut { view: u8, order: u8, wrong: bool },
    CopyIn { view: u8, order: u8, wrong: bool },
    Copy { from: u8, to: u8 },
    Begin { room: u8 },
    ScopeAs { scope: u8, object: u8, access: u8, without: u8 },
    ScopeAcquire { scope: u8, object: u8, request: i32 },
    End,
    Fill { view: u8, shape: Vec<i8>, stride: i8, item_size: u8, arrays: u8, read_only: bool, request: i32 },
    FillInfo { view: u8, length: isize, read_only: i32, request: i32 },
    Resize { object: u8, length: u8 },
    Fail { object: u8, call: u8, silently: bool },
    Pending,
    Forget,
}

const FAMILIES: [Family; 5] =
    [Family::CPython2, Family::CPython3, Family::CPython313, Family::PyPy2, Family::PyPy3];

/// Room for any interpreter's view, all zero.
type Room = [usize; 140];

/// How many views and open scopes there are at most.
const VIEWS: usize = 4;
const SCOPES: usize = 3;

/// A scope and the room for its views. Neither moves.
struct Open {
    scope: MaybeUninit<c::Scope>,
    room: Vec<Room>,
}

fuzz_target!(|input: (u8, Vec<Call>)| {
    let (family, calls) = input;
    let host = Host::new(FAMILIES[usize::from(family) % FAMILIES.len()]);
    let objects = [
        Object::bytes(b"frozen").with_old_slots(OldSlots::of(&[b"frozen"], true)),
        Object::bytearray(b"grows").with_old_slots(OldSlots::of(&[b"grows"], false)),
        Object::read_only(b"read"),
        Object::indirect(&[b"ab", b"cd"]),
        Object::segmented(OldSlots::of(&[b"one", b"two"], false)),
        Object::scripted(Answer::null(5)),
        Object::scripted(Answer::negative(b"what", -3)),
        Object::opaque(),
    ];
    host.attached(|table| {
        let mut session = Session {
            host: &host,
            table,
            objects: &objects,
            views: std::array::from_fn(|_| None),
            scopes: Vec::new(),
            memory: Vec::new(),
        };
        calls.into_iter().for_each(|call| session.make(call));
        session.finish();
    });
    drop(host.mock.take_raised());
    host.mock.interpreter().ledger().assert_balanced();
    assert!(objects.iter().all(|object| object.exports() == 0 && object.references() == 1));
});

struct Session<'a> {
    host: &'a Host,
    table: &'a Interpreter,
    objects: &'a [Object],
    /// The views that are held.
    views: [Option<Box<Room>>; VIEWS],
    scopes: Vec<Box<Open>>,
    /// What views that were filled refer to.
    memory: Vec<Box<[isize]>>,
}

fn order(number: u8) -> c_char {
    b"CFAx"[usize::from(number) % 4].cast_signed()
}

impl Session<'_> {
    fn object(&self, number: u8) -> &Object {
        &self.objects[usize::from(number) % self.objects.len()]
    }

    /// The view of this number, if it is held.
    fn view(&mut self, number: u8) -> *mut c_void {
        let view = self.views[usize::from(number) % VIEWS].as_deref_mut();
        view.map_or(ptr::null_mut(), |room| ptr::from_mut(room).cast())
    }

    /// Fills the view of this number, which is given back before. It is kept if the call succeeds.
    fn fill(&mut self, number: u8, call: impl FnOnce(&Self, *mut c_void) -> c_int) -> bool {
        self.release(number);
        let mut room = Box::new([0; 140]);
        let answer = call(self, ptr::from_mut(&mut *room).cast());
        if answer == 0 {
            self.views[usize::from(number) % VIEWS] = Some(room);
        }
        self.judge(answer);
        answer == 0
    }

    fn release(&mut self, number: u8) {
        let view = self.view(number);
        // SAFETY: the view is held, or there is none.
        unsafe { c::bufproto_release(self.table, view) };
        if let Some(room) = self.views[usize::from(number) % VIEWS].take() {
            // SAFETY: all views begin with a header, which is whole after a release.
            let header = unsafe { &*ptr::from_ref(&*room).cast::<Header>() };
            assert!(header.obj.is_null(), "it would be given back twice");
        }
    }

    /// An answer is 0 or -1.
    fn judge(&self, answer: c_int) {
        assert!(answer == 0 || answer == -1, "the answer is {answer}");
    }

    /// Outputs are written on success, and only then; those that are `without` are NULL.
    fn outputs(&self, without: u8, call: impl FnOnce(*mut *mut c_void, *mut isize) -> c_int) {
        let untouched: *mut c_void = ptr::without_provenance_mut(77);
        let (mut pointer, mut length) = (untouched, -77);
        let answer = call(
            if without % 8 == 1 { ptr::null_mut() } else { &raw mut pointer },
            if without % 8 == 2 { ptr::null_mut() } else { &raw mut length },
        );
        self.judge(answer);
        assert_eq!(pointer != untouched, answer == 0);
        assert_eq!(length != -77, answer == 0);
    }

    /// The call of C for an object, or for NULL.
    fn pass(&self, object: u8, without: u8) -> (*mut c::PyObject, c::GetBuffer) {
        if without % 8 == 3 { (ptr::null_mut(), None) } else { self.host.pass(self.object(object)) }
    }

    fn scope(&self, number: u8) -> Option<&c::Scope> {
        let open = self.scopes.get(usize::from(number) % SCOPES)?;
        // SAFETY: the scope has begun.
        Some(unsafe { open.scope.assume_init_ref() })
    }

    fn make(&mut self, call: Call) {
        let table = self.table;
        match call {
            Call::As { object, access, short, without } => {
                let (object, slot) = self.pass(object, without);
                // SAFETY: the object is NULL or alive and the slot its own; outputs are NULL or ours.
                self.outputs(without, |pointer, length| unsafe {
                    let mut count: c_int = -77;
                    let counted = if length.is_null() { ptr::null_mut() } else { &raw mut count };
                    let answer = match (access % 3, short) {
                        (0, false) => c::bufproto_as_char_buffer(table, object, slot, pointer.cast(), length),
                        (1, false) => c::bufproto_as_read_buffer(table, object, slot, pointer.cast(), length),
                        (_, false) => c::bufproto_as_write_buffer(table, object, slot, pointer, length),
                        (0, _) => {
                            c::bufproto_as_char_buffer_int(table, object, slot, pointer.cast(), counted)
                        }
                        (1, _) => {
                            c::bufproto_as_read_buffer_int(table, object, slot, pointer.cast(), counted)
                        }
                        _ => c::bufproto_as_write_buffer_int(table, object, slot, pointer, counted),
                    };
                    if short && !length.is_null() {
                        length.write(count as isize);
                    }
                    answer
                });
            }
            Call::Check { object } => {
                let (object, slot) = self.pass(object, 0);
                // SAFETY: the object is alive, and the slot its own.
                let answer = unsafe { c::bufproto_check_read_buffer(table, object, slot) };
                assert!(answer == 0 || answer == 1);
            }
            Call::Acquire { object, view, request } => {
                self.fill(view, |session, room| {
                    let (object, slot) = session.pass(object, request as u8);
                    // SAFETY: as above; the room is for a view.
                    unsafe { c::bufproto_acquire(table, object, slot, room, request) }
                });
            }
            Call::Argument { object, view, access } => {
                self.fill(view, |session, room| {
                    let (object, slot) = session.pass(object, 0);
                    let (mut pointer, mut length) = (ptr::null_mut(), 0);
                    // SAFETY: as above.
                    unsafe {
                        let access = c_int::from(access % 3);
                        c::bufproto_argument(
                            table,
                            object,
                            slot,
                            access,
                            room,
                            &raw mut pointer,
                            &raw mut length,
                        )
                    }
                });
            }
            Call::Release { view } => self.release(view),
            Call::Contiguous { view, order } => {
                let view = self.view(view);
                // SAFETY: the view is held, or there is none.
                let answer = unsafe { c::bufproto_is_contiguous(view, self::order(order)) };
                assert!(answer == 0 || answer == 1 && !view.is_null());
            }
            Call::Item { view, indices } => {
                // Enough for every dimension that a view here may have.
                let mut all = [0isize; 64];
                all.iter_mut().zip(indices).for_each(|(index, given)| *index = given.into());
                let view = self.view(view);
                // SAFETY: the view is held, or there is none; there are indices for every dimension.
                let item = unsafe { c::bufproto_item(table, view, all.as_ptr()) };
                assert!(item.is_null() || !view.is_null());
            }
            Call::CopyOut { view, order, wrong } => {
                let view = self.view(view);
                let Some(length) = size(view) else { return };
                let mut into = vec![0u8; length];
                let length = length.cast_signed() + isize::from(wrong);
                // SAFETY: the view is held, and the place is as long as it says, or the length is refused.
                let answer = unsafe {
                    c::bufproto_copy_out(table, view, into.as_mut_ptr().cast(), length, self::order(order))
                };
                self.judge(answer);
                assert!(answer == -1 || !wrong);
            }
            Call::CopyIn { view, order, wrong } => {
                let view = self.view(view);
                let Some(length) = size(view) else { return };
                let from = vec![7u8; length];
                let length = length.cast_signed() + isize::from(wrong);
                // SAFETY: as above; what is filled with memory that is none has no items, or is read-only.
                let answer = unsafe {
                    c::bufproto_copy_in(table, view, from.as_ptr().cast(), length, self::order(order))
                };
                self.judge(answer);
                assert!(answer == -1 || !wrong);
            }
            Call::Copy { from, to } => {
                let (from, to) = (self.view(from), self.view(to));
                // SAFETY: both views are held, or there is none.
                self.judge(unsafe { c::bufproto_copy(table, from, to) });
            }
            Call::Begin { room } => {
                if self.scopes.len() < SCOPES {
                    let room = vec![[0; 140]; usize::from(room % 4)];
                    self.scopes.push(Box::new(Open { scope: MaybeUninit::uninit(), room }));
                    let open = self.scopes.last_mut().expect("it was pushed");
                    // The library takes views to be of the size that the table says.
                    let count = open.room.len();
                    // SAFETY: scope and room stay where they are; a view of the interpreter's is smaller than a room.
                    let answer = unsafe {
                        let views = open.room.as_mut_ptr().cast();
                        c::bufproto_scope_begin(open.scope.as_mut_ptr(), table, views, count)
                    };
                    assert_eq!(answer, 0);
                }
            }
            Call::ScopeAs { scope, object, access, without } => {
                let Some(scope) = self.scope(scope) else { return };
                let (object, slot) = self.pass(object, without);
                // SAFETY: the scope has begun; else as above.
                self.outputs(without, |pointer, length| unsafe {
                    let answer = match Access::ALL[usize::from(access) % 3] {
                        Access::Char => {
                            c::bufproto_scope_as_char_buffer(scope, object, slot, pointer.cast(), length)
                        }
                        Access::Read => {
                            c::bufproto_scope_as_read_buffer(scope, object, slot, pointer.cast(), length)
                        }
                        Access::Write => {
                            c::bufproto_scope_as_write_buffer(scope, object, slot, pointer, length)
                        }
                    };
                    if answer == 0 {
                        // It stays as long as the scope: AddressSanitizer sees if not.
                        if let Ok(length @ 1..) = usize::try_from(length.read())
                            && !pointer.read().is_null()
                        {
                            let bytes: *const u8 = pointer.read().cast_const().cast();
                            std::hint::black_box((
                                bytes.read_volatile(),
                                bytes.add(length - 1).read_volatile(),
                            ));
                        }
                    }
                    answer
                });
            }
            Call::ScopeAcquire { scope, object, request } => {
                let Some(scope) = self.scope(scope) else { return };
                let (object, slot) = self.pass(object, request as u8);
                // SAFETY: as above.
                let view = unsafe { c::bufproto_scope_acquire(scope, object, slot, request) };
                assert!(view.is_null() || view.is_aligned());
            }
            Call::End => {
                if let Some(mut open) = self.scopes.pop() {
                    // SAFETY: the scope has begun; that it ended before does nothing.
                    unsafe {
                        c::bufproto_scope_end(open.scope.as_mut_ptr());
                        c::bufproto_scope_end(open.scope.as_mut_ptr());
                    }
                }
            }
            Call::Fill { view, shape, stride, item_size, arrays, read_only, request } => {
                let shape: Box<[isize]> = shape.into_iter().take(8).map(isize::from).collect();
                let strides: Box<[isize]> = vec![stride.into(); shape.len()].into();
                let suboffsets: Box<[isize]> = vec![-1; shape.len()].into();
                let items: isize = shape.iter().product();
                let memory = Memory {
                    // No memory but for views that have no bytes, so nothing can be copied.
                    buffer: ptr::null_mut(),
                    item_size: item_size.into(),
                    format: ptr::null(),
                    ndim: c_int::try_from(shape.len()).expect("there are few"),
                    read_only: c_int::from(read_only),
                    shape: if arrays & 1 == 0 { shape.as_ptr() } else { ptr::null() },
                    strides: if arrays & 2 == 0 { strides.as_ptr() } else { ptr::null() },
                    suboffsets: if arrays & 4 == 0 { ptr::null() } else { suboffsets.as_ptr() },
                };
                self.memory.extend([shape, strides, suboffsets]);
                // SAFETY: the memory is what its fields say, or none; the arrays stay; the room is for a view.
                let filled = self.fill(view, |session, room| unsafe {
                    c::bufproto_fill(session.table, room, ptr::null_mut(), &memory, request)
                });
                assert!(!filled || items >= 0);
            }
            Call::FillInfo { view, length, read_only, request } => {
                // SAFETY: the room is for a view. Null memory is refused by all that look at it.
                self.fill(view, |session, room| unsafe {
                    let nothing = ptr::null_mut();
                    c::bufproto_fill_info(
                        session.table,
                        room,
                        nothing,
                        nothing.cast(),
                        length,
                        read_only,
                        request,
                    )
                });
            }
            Call::Resize { object, length } => {
                drop(self.object(object).resize(self.host.mock.interpreter(), usize::from(length)));
            }
            Call::Fail { object, call, silently } => {
                let raised = (!silently).then(|| Raised::new("ValueError", "as told"));
                self.object(object).on_export(usize::from(call), Fault::Fail(raised));
            }
            Call::Pending => self.host.mock.raise(&Raised::new("KeyError", "before")),
            Call::Forget => drop(self.host.mock.take_raised()),
        }
    }

    /// Gives back what is still held, scopes from the inside out.
    fn finish(&mut self) {
        while !self.scopes.is_empty() {
            self.make(Call::End);
        }
        (0..VIEWS as u8).for_each(|view| self.release(view));
    }
}

/// The length of a view that is held, unless it is negative or too large to make a copy of.
fn size(view: *const c_void) -> Option<usize> {
    // SAFETY: the view is held, or there is none; all views begin with a header.
    let header = unsafe { view.cast::<Header>().as_ref() }?;
    usize::try_from(header.len).ok().filter(|length| *length < 1 << 16)
}
