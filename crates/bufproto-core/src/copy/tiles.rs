//! Items that are dense in one dimension at the source, and in another at the target.
//!
//! Rows of the source become columns of the target. Small squares are turned within the processor, and they are visited
//! so that each line of the caches is brought there once and is done with soon: strides are often powers of two, for
//! which caches have few places.

use core::mem::MaybeUninit;

use crate::copy::access::{Access, Plain};
use crate::copy::grid;
use crate::copy::plan::{Loop, Places};
use crate::copy::vector::{self, Vector, WIDTH};

/// How many bytes of a row are done before the next row: a line of the caches.
const PANEL: usize = 64;

/// How many rows are done before the next panel.
const ROWS: usize = 128;

/// How many rows are done before the next panel where there are no squares.
const FEW_ROWS: usize = 16;

/// Copies a block in each round of both loops: the first one goes along the rows of the source, and the second along
/// those of the target.
///
/// # Safety
///
/// In each round a block at the source may be read and one at the target may be written to, by this kind of access.
pub(super) unsafe fn copy<A: Access>(block: usize, &[mut along, down]: &[Loop; 2], mut at: Places) {
    let item = block.cast_signed();
    if along.source == item.wrapping_neg() {
        at = along.at(along.extent.wrapping_sub(1), at);
        along = Loop { source: item, target: along.target.wrapping_neg(), ..along };
    }
    let panel = PANEL.checked_div(block).unwrap_or(0).max(1);
    let side = WIDTH.checked_div(block).unwrap_or(0);
    let side_by_side = along.source == item && down.target == item;
    let Some(turn) = turn::<A>(block).filter(|_| side_by_side && along.extent >= side && down.extent >= side)
    else {
        // SAFETY: the same rounds, if in another order.
        unsafe { for_parts(block, &[along, down], [panel, FEW_ROWS], at, grid::copy::<A>) };
        return;
    };
    // The side is a power of two.
    let whole = |along: &Loop| Loop { extent: along.extent & !(side - 1), ..*along };
    let rest = |along: &Loop| Loop { extent: along.extent & (side - 1), ..*along };
    let (wide, high) = (whole(&along), whole(&down));
    // SAFETY: whole squares, and what is left of the loops beside and below them; else the caller's word.
    unsafe {
        for_parts(block, &[wide, high], [panel, ROWS], at, turn);
        grid::copy::<A>(block, &[down, rest(&along)], along.at(wide.extent, at));
        grid::copy::<A>(block, &[wide, rest(&down)], down.at(high.extent, at));
    }
}

/// A way to copy, as [`copy`].
type Way = unsafe fn(usize, &[Loop; 2], Places);

/// How to turn parts that consist of whole squares, whose sides are as long as a vector.
fn turn<A: Access>(block: usize) -> Option<Way> {
    match block {
        _ if !vector::CAN_ZIP => None,
        // Many short columns are put together in a place nearby, so that all of a line is written at once.
        1 | 2 => Some(turn_nearby::<A>),
        4 => Some(turn_squares::<A, 4, 4>),
        8 => Some(turn_squares::<A, 8, 2>),
        _ => None,
    }
}

/// Divides both loops, and copies all rows, some at a time, for one panel after the other.
///
/// # Safety
///
/// As [`copy`]; the way is one for parts of this kind.
#[inline(never)]
unsafe fn for_parts(
    block: usize,
    [along, down]: &[Loop; 2],
    [panel, rows]: [usize; 2],
    at: Places,
    way: Way,
) {
    // Far down, the rows that are read for one panel are forgotten before the next one needs them again.
    let mut top = 0;
    while top < down.extent {
        let part = Loop { extent: rows.min(down.extent - top), ..*down };
        let mut left = 0;
        while left < along.extent {
            let columns = Loop { extent: panel.min(along.extent - left), ..*along };
            // SAFETY: a part of the loops; else the caller's word.
            unsafe { way(block, &[columns, part], along.at(left, down.at(top, at))) };
            left += columns.extent;
        }
        top += part.extent;
    }
}

/// # Safety
///
/// As [`copy`], for a part of at most a panel and [`ROWS`], of items of one or two bytes, in whole squares.
unsafe fn turn_nearby<A: Access>(block: usize, [along, down]: &[Loop; 2], [from, into]: Places) {
    let mut nearby = MaybeUninit::<[u8; PANEL * ROWS]>::uninit();
    let nearby: *mut u8 = nearby.as_mut_ptr().cast();
    let packed = Loop { target: (ROWS * block).cast_signed(), ..*along };
    let turn = if block == 1 { turn_squares::<A, 1, 16> } else { turn_squares::<A, 2, 8> };
    // SAFETY: as many columns of at most that length have place there; else the caller's word.
    unsafe { turn(block, &[packed, *down], [from, nearby]) };
    for column in 0..along.extent {
        let [_, from] = packed.at(column, [nearby; 2]);
        let [_, into] = along.at(column, [into; 2]);
        let mut byte = 0;
        while byte < down.extent * block {
            // SAFETY: the column was written above. It is as long as some vectors, and there is place for it by the
            // caller's word.
            unsafe { A::store_vector(into.wrapping_add(byte), Plain::load_vector(from.wrapping_add(byte))) };
            byte += WIDTH;
        }
    }
}

/// # Safety
///
/// As [`copy`], for items of `ITEM` bytes, in whole squares of `SIDE` items.
unsafe fn turn_squares<A: Access, const ITEM: usize, const SIDE: usize>(
    _: usize,
    [along, down]: &[Loop; 2],
    [mut rows, mut columns]: Places,
) {
    let side = SIDE.cast_signed();
    for _ in 0..down.extent / SIDE {
        let (mut from, mut into) = (rows, columns);
        for _ in 0..along.extent / SIDE {
            // SAFETY: the square is within the loops; else the caller's word.
            unsafe { turn_square::<A, ITEM, SIDE>([down.source, along.target], [from, into]) };
            // Items lie side by side along the rows of the source, and along those of the target.
            from = from.wrapping_add(WIDTH);
            into = into.wrapping_offset(along.target.wrapping_mul(side));
        }
        rows = rows.wrapping_offset(down.source.wrapping_mul(side));
        columns = columns.wrapping_add(WIDTH);
    }
}

/// # Safety
///
/// As [`turn_squares`], for one of them, whose rows are as far from one another at the source and at the target.
#[inline(always)]
unsafe fn turn_square<A: Access, const ITEM: usize, const SIDE: usize>(
    [source, target]: [isize; 2],
    [from, into]: Places,
) {
    let mut rows: [Vector; SIDE] = core::array::from_fn(|row| {
        // SAFETY: a row of the square is as long as a vector, and may be read by the caller's word.
        unsafe { A::load_vector(from.wrapping_offset(source.wrapping_mul(row.cast_signed()))) }
    });
    // Each round of zipping rows with those half a square further down turns one bit of the item's row number into one
    // of its column number.
    for _ in 0..SIDE.ilog2() {
        let before = rows;
        for pair in 0..SIDE / 2 {
            let zipped = vector::zip::<ITEM>(before[pair], before[pair + SIDE / 2]);
            (rows[2 * pair], rows[2 * pair + 1]) = zipped;
        }
    }
    for (row, vector) in rows.iter().enumerate() {
        // SAFETY: a row of the square is as long as a vector, and may be written to by the caller's word.
        unsafe { A::store_vector(into.wrapping_offset(target.wrapping_mul(row.cast_signed())), *vector) };
    }
}
