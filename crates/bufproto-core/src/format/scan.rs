//! Reading a format, one item after the other.

use super::item::{ByteOrder, Item, Kind, Record};
use super::sizes::{self, Measure};
use super::{FormatError, MAX_DEPTH, Reason};
use crate::layout::MAX_DIMENSIONS;

/// What a byte order character puts in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    order: ByteOrder,
    native_sizes: bool,
    aligned: bool,
}

impl Mode {
    pub(super) const NATIVE: Self = Self { order: ByteOrder::NATIVE, native_sizes: true, aligned: true };

    const fn standard(order: ByteOrder) -> Self {
        Self { order, native_sizes: false, aligned: false }
    }

    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'@' => Some(Self::NATIVE),
            b'^' => Some(Self { aligned: false, ..Self::NATIVE }),
            b'=' => Some(Self::standard(ByteOrder::NATIVE)),
            b'<' => Some(Self::standard(ByteOrder::Little)),
            b'>' | b'!' => Some(Self::standard(ByteOrder::Big)),
            _ => None,
        }
    }
}

/// A place in a format, and the byte order in force there.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    position: usize,
    mode: Mode,
}

/// An item without a place.
struct Unit<'a> {
    kind: Kind<'a>,
    measure: Measure,
    count: usize,
    order: ByteOrder,
    shape: Option<&'a [u8]>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8], mode: Mode) -> Self {
        Self { text, position: 0, mode }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    /// An error at the next byte.
    pub(super) fn error(&self, reason: Reason) -> FormatError {
        FormatError { index: self.position, reason }
    }

    /// Reads to the end, or to a closing brace: the size without padding at the end, and the alignment.
    pub(super) fn measure(&mut self, depth: usize) -> Result<Measure, FormatError> {
        let (mut size, mut alignment) = (0, 1);
        while let Some((item, end)) = self.item(size, depth)? {
            size = end;
            alignment = alignment.max(item.alignment);
        }
        Ok((size, alignment))
    }

    /// Reads the next item, with the offset of its end; none at the end or at a closing brace.
    pub(super) fn item(
        &mut self,
        end: usize,
        depth: usize,
    ) -> Result<Option<(Item<'a>, usize)>, FormatError> {
        let mut stated = false;
        loop {
            match self.peek() {
                None | Some(b'}') => return Ok(None),
                // What C's `isspace` takes for a blank.
                Some(b' ' | b'\t'..=b'\r') => self.position += 1,
                Some(byte) => match Mode::of(byte) {
                    Some(mode) if !stated => {
                        stated = true;
                        self.mode = mode;
                        self.position += 1;
                    }
                    _ => break,
                },
            }
        }
        let start = self.position;
        let unit = self.unit(depth)?;
        let (size, alignment) = unit.measure;
        let overflow = FormatError { index: start, reason: Reason::Overflow };
        isize::try_from(size).map_err(|_| overflow)?;
        let offset = end.checked_next_multiple_of(alignment).ok_or(overflow)?;
        let end = length(size, unit.count, unit.shape).and_then(|length| offset.checked_add(length));
        let end = end.filter(|&end| isize::try_from(end).is_ok()).ok_or(overflow)?;
        let Unit { kind, count, order, shape, .. } = unit;
        let name = if self.peek() == Some(b':') { Some(self.enclosed(b':')?) } else { None };
        Ok(Some((Item { kind, offset, size, alignment, count, order, name, shape }, end)))
    }

    /// Reads shape, byte order, count and code.
    fn unit(&mut self, depth: usize) -> Result<Unit<'a>, FormatError> {
        let shape = if self.peek() == Some(b'(') { Some(self.shape()?) } else { None };
        if shape.is_some() {
            self.order();
        }
        let count = self.count()?;
        let code = self.peek().ok_or_else(|| self.error(Reason::Missing))?;
        let Mode { aligned, order, .. } = self.mode;
        let (kind, (size, alignment)) = match code {
            b'T' => self.record(depth)?,
            b'&' => {
                self.deepen(depth)?;
                self.position += 1;
                self.order();
                self.unit(depth + 1)?;
                (Kind::Pointer, natural(sizes::POINTER, aligned))
            }
            b'X' => {
                self.function()?;
                (Kind::Function, natural(sizes::POINTER, aligned))
            }
            _ => {
                let (kind, measure) = self.code(code)?;
                (kind, natural(measure, aligned))
            }
        };
        if matches!(kind, Kind::Bytes | Kind::PascalBytes | Kind::Ucs4 | Kind::Wide) {
            // For strings the count is the length.
            let size = count.unwrap_or(1).checked_mul(size).ok_or_else(|| self.error(Reason::Overflow))?;
            return Ok(Unit { kind, measure: (size, alignment), count: 1, order, shape });
        }
        Ok(Unit { kind, measure: (size, alignment), count: count.unwrap_or(1), order, shape })
    }

    /// Reads a byte order that stands directly in front of a count or a code.
    fn order(&mut self) {
        if let Some(mode) = self.peek().and_then(Mode::of) {
            self.mode = mode;
            self.position += 1;
        }
    }

    /// Reads a code that stands by itself.
    fn code(&mut self, code: u8) -> Result<(Kind<'a>, Measure), FormatError> {
        let native = self.mode.native_sizes;
        let sized = |platform: Measure, standard: usize| if native { platform } else { (standard, 1) };
        let (kind, measure) = match code {
            b'x' => (Kind::Padding, (1, 1)),
            b'c' => (Kind::Character, (1, 1)),
            b'?' => (Kind::Boolean, (1, 1)),
            b'b' => (Kind::Signed, (1, 1)),
            b'h' => (Kind::Signed, sized(sizes::SHORT, 2)),
            b'i' => (Kind::Signed, sized(sizes::INT, 4)),
            b'l' => (Kind::Signed, sized(sizes::LONG, 4)),
            b'q' => (Kind::Signed, sized(sizes::LONG_LONG, 8)),
            b'B' => (Kind::Unsigned, (1, 1)),
            b'H' => (Kind::Unsigned, sized(sizes::SHORT, 2)),
            b'I' => (Kind::Unsigned, sized(sizes::INT, 4)),
            b'L' => (Kind::Unsigned, sized(sizes::LONG, 4)),
            b'Q' => (Kind::Unsigned, sized(sizes::LONG_LONG, 8)),
            b'n' | b'N' if !native => return Err(self.error(Reason::NativeOnly(code))),
            b'n' => (Kind::Signed, sizes::WORD),
            b'N' => (Kind::Unsigned, sizes::WORD),
            b'e' => (Kind::Float, sizes::of::<u16>()),
            b'f' => (Kind::Float, sizes::of::<f32>()),
            b'd' => (Kind::Float, sizes::of::<f64>()),
            b'g' => (Kind::LongDouble, sizes::LONG_DOUBLE),
            b'F' => (Kind::Complex, twice(sizes::of::<f32>())),
            b'D' => (Kind::Complex, twice(sizes::of::<f64>())),
            b'G' => (Kind::ComplexLongDouble, twice(sizes::LONG_DOUBLE)),
            b'Z' => return self.complex(),
            b's' => (Kind::Bytes, (1, 1)),
            b'p' => (Kind::PascalBytes, (1, 1)),
            b'w' => (Kind::Ucs4, sizes::of::<u32>()),
            b'u' => (Kind::Wide, sizes::WIDE),
            b'P' | b'z' => (Kind::Pointer, sizes::POINTER),
            b'O' => (Kind::Object, sizes::POINTER),
            b't' => return Err(self.error(Reason::BitField)),
            _ => return Err(self.error(Reason::Unknown(code))),
        };
        self.position += 1;
        Ok((kind, measure))
    }

    /// Reads `Z` and the float behind it. Alone it is ctypes' pointer to text, which no letter ever follows.
    fn complex(&mut self) -> Result<(Kind<'a>, Measure), FormatError> {
        self.position += 1;
        let (kind, measure) = match self.peek() {
            Some(b'f') => (Kind::Complex, twice(sizes::of::<f32>())),
            Some(b'd') => (Kind::Complex, twice(sizes::of::<f64>())),
            Some(b'g') => (Kind::ComplexLongDouble, twice(sizes::LONG_DOUBLE)),
            Some(byte) if byte.is_ascii_alphanumeric() => return Err(self.error(Reason::Unknown(byte))),
            _ => return Ok((Kind::Pointer, sizes::POINTER)),
        };
        self.position += 1;
        Ok((kind, measure))
    }

    /// Reads `T{...}`.
    fn record(&mut self, depth: usize) -> Result<(Kind<'a>, Measure), FormatError> {
        self.deepen(depth)?;
        self.position += 1;
        let brace = self.brace()?;
        let (start, mode) = (self.position, self.mode);
        let (size, alignment) = self.measure(depth + 1)?;
        let Some(body) = self.text.get(start..self.position).filter(|_| self.peek().is_some()) else {
            return Err(FormatError { index: brace, reason: Reason::NotClosed(b'{') });
        };
        let alignment = if self.mode.aligned { alignment } else { 1 };
        let size = size.checked_next_multiple_of(alignment).ok_or_else(|| self.error(Reason::Overflow))?;
        self.position += 1;
        Ok((Kind::Record(Record::new(body, mode)), (size, alignment)))
    }

    /// Reads `X{...}`; any signature will do.
    fn function(&mut self) -> Result<(), FormatError> {
        self.position += 1;
        let brace = self.brace()?;
        let mut open = 1usize;
        while open != 0 {
            match self.peek() {
                None => return Err(FormatError { index: brace, reason: Reason::NotClosed(b'{') }),
                Some(b'{') => open += 1,
                Some(b'}') => open -= 1,
                Some(_) => {}
            }
            self.position += 1;
        }
        Ok(())
    }

    /// Reads an opening brace and returns where it is.
    fn brace(&mut self) -> Result<usize, FormatError> {
        if self.peek() != Some(b'{') {
            return Err(self.error(Reason::Brace));
        }
        self.position += 1;
        Ok(self.position - 1)
    }

    /// Reads digits.
    fn count(&mut self) -> Result<Option<usize>, FormatError> {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(None);
        }
        let count = number(rest.get(..digits).unwrap_or_default());
        let count = count.ok_or_else(|| self.error(Reason::Overflow))?;
        self.position += digits;
        Ok(Some(count))
    }

    /// Reads the shape of a sub-array.
    fn shape(&mut self) -> Result<&'a [u8], FormatError> {
        let start = self.position + 1;
        let shape = self.enclosed(b')')?;
        if extents(Some(shape)).count() > MAX_DIMENSIONS {
            return Err(FormatError { index: start, reason: Reason::Dimensions });
        }
        if let Some((within, reason)) = extents(Some(shape)).find_map(Result::err) {
            return Err(FormatError { index: start + within, reason });
        }
        Ok(shape)
    }

    /// Reads what stands between the byte here and the next `close`, which is read too.
    fn enclosed(&mut self, close: u8) -> Result<&'a [u8], FormatError> {
        let rest = self.text.get(self.position + 1..).unwrap_or_default();
        let Some(length) = rest.iter().position(|&byte| byte == close) else {
            let open = self.peek().unwrap_or(close);
            return Err(self.error(Reason::NotClosed(open)));
        };
        self.position += length + 2;
        Ok(rest.get(..length).unwrap_or_default())
    }

    fn deepen(&self, depth: usize) -> Result<(), FormatError> {
        if depth < MAX_DEPTH { Ok(()) } else { Err(self.error(Reason::Depth)) }
    }
}

/// The extents in the shape of a sub-array, or why and where in it there is none.
pub(super) fn extents(shape: Option<&[u8]>) -> impl Iterator<Item = Result<usize, (usize, Reason)>> {
    let mut place = 0;
    shape.into_iter().flat_map(|shape| shape.split(|&byte| byte == b',')).map(move |extent| {
        let start = place;
        place += extent.len() + 1;
        let digits = extent.trim_ascii();
        let blanks = extent.len() - extent.trim_ascii_start().len();
        match digits.iter().position(|byte| !byte.is_ascii_digit()) {
            Some(odd) => Err((start + blanks + odd, Reason::Shape)),
            None if digits.is_empty() => Err((start + blanks, Reason::Shape)),
            None => number(digits).ok_or((start + blanks, Reason::Overflow)),
        }
    })
}

/// The bytes that a number of items in a sub-array take, however large the extents of an empty one are.
fn length(size: usize, count: usize, shape: Option<&[u8]>) -> Option<usize> {
    let extents = || extents(shape).filter_map(Result::ok).chain([count]);
    if extents().any(|extent| extent == 0) {
        return Some(0);
    }
    extents().try_fold(size, usize::checked_mul)
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0usize, |number, digit| {
        number.checked_mul(10)?.checked_add(usize::from(digit.wrapping_sub(b'0')))
    })
}

fn natural((size, alignment): Measure, aligned: bool) -> Measure {
    (size, if aligned { alignment } else { 1 })
}

fn twice((size, alignment): Measure) -> Measure {
    (2 * size, alignment)
}
