//! Which types read which formats, and that they read what Python wrote.

use std::collections::BTreeSet;
use std::fmt::Debug;

use bufproto_core::element::{Be, Bool, Element, ElementError, Le, Ucs4};
use bufproto_core::format::Reason;

/// Recorded on 64-bit Linux on x86; `data/elements.py` says how.
const RECORDED: &str = include_str!("data/elements.txt");

/// Whether this machine has the sizes and the byte order that the values were recorded with.
const SAME_PLATFORM: bool = cfg!(all(target_pointer_width = "64", target_endian = "little", not(windows)));

/// Miri takes a thousand times as long, so it looks at some lines only.
const STEP: usize = if cfg!(miri) { 8 } else { 1 };

/// What reads a value of a type from memory of this format, if it may.
struct Reader {
    name: &'static str,
    read: fn(&[u8], &[u8]) -> Option<String>,
}

fn read<T: Element, V: Debug>(format: &[u8], memory: &[u8], get: fn(T) -> V) -> Option<String> {
    T::check(format, memory.len()).ok()?;
    assert!(T::matches(format));
    assert_eq!(memory.len(), size_of::<T>());
    // SAFETY: as many bytes as the type has, and any bytes are a value of an element.
    let value = unsafe { memory.as_ptr().cast::<T>().read_unaligned() };
    Some(format!("{:?}", get(value)))
}

macro_rules! readers {
    ($($number:ident)*) => {
        &[
            $(Reader { name: stringify!($number), read: |f, m| read::<$number, _>(f, m, |v| v) },
            Reader { name: concat!("be ", stringify!($number)), read: |f, m| read(f, m, Be::<$number>::get) },
            Reader { name: concat!("le ", stringify!($number)), read: |f, m| read(f, m, Le::<$number>::get) },)*
            Reader { name: "bool", read: |f, m| read(f, m, |v: Bool| v.get().unwrap()) },
            Reader { name: "ucs4", read: |f, m| read(f, m, |v: Ucs4| v.get().unwrap()) },
        ]
    };
}

const READERS: &[Reader] = readers!(i8 i16 i32 i64 u8 u16 u32 u64 isize usize f32 f64);

fn types_for(format: &str, memory: &[u8]) -> BTreeSet<&'static str> {
    let fits = |reader: &&Reader| (reader.read)(format.as_bytes(), memory).is_some();
    READERS.iter().filter(fits).map(|reader| reader.name).collect()
}

#[test]
fn whoever_may_look_sees_the_value_that_python_wrote() {
    let mut read = 0;
    for line in RECORDED.lines().step_by(STEP) {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[format, memory, value] = &columns[..] else { panic!("{line}") };
        let digit = |n: usize| u8::from_str_radix(&memory[n..n + 2], 16).unwrap();
        let memory: Vec<u8> = (0..memory.len()).step_by(2).map(digit).collect();
        let is_standard = format.starts_with(['<', '>', '!']) && !format.ends_with('u');
        if !SAME_PLATFORM && !is_standard {
            continue;
        }
        let value = match value {
            "True" => "true".to_owned(),
            _ if value.parse::<f64>().is_ok() => value.to_owned(),
            _ => format!("{:?}", value.parse::<char>().unwrap()),
        };
        let seen: Vec<String> =
            READERS.iter().filter_map(|reader| (reader.read)(format.as_bytes(), &memory)).collect();
        assert!(!seen.is_empty(), "nothing reads {format}");
        for seen in seen {
            let same = if value.contains('e') && value.parse::<f64>().is_ok() {
                seen.parse::<f64>() == value.parse()
            } else {
                seen == value
            };
            assert!(same, "{format}: {seen} instead of {value}");
        }
        read += 1;
    }
    assert!(read > if SAME_PLATFORM { 100 } else { 30 } / STEP, "{read}");
}

#[test]
fn kind_size_and_byte_order_decide() {
    let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    let native = if cfg!(target_endian = "little") { "le i32" } else { "be i32" };
    for format in ["i", "@i", "^i", "=i", "1i", "i:name:", " i "] {
        let mut names = set(&["i32", native]);
        if cfg!(target_pointer_width = "32") {
            names.extend(["isize", if native == "le i32" { "le isize" } else { "be isize" }]);
        }
        assert_eq!(types_for(format, &[0; 4]), names, "{format}");
    }
    for one in ["B", "<B", ">B", "c", "!c"] {
        assert_eq!(types_for(one, &[0]), set(&["u8", "be u8", "le u8"]), "{one}");
    }
    assert_eq!(types_for(">?", &[1]), set(&["bool"]));
    for format in
        ["", "x", "2i", "0i", "ii", "ix", "xi", "(1)i", "T{i}", "&i", "s", "4s", "p", "2w", "O", "P", "e"]
    {
        for size in [0, 1, 2, 4, 8] {
            assert_eq!(types_for(format, &vec![1; size]), set(&[]), "{format}");
        }
    }
}

#[test]
fn what_is_exported_is_read_as_the_same_type() {
    fn exported<T: Element>() -> &'static str {
        let format = T::EXPORTED.to_bytes();
        assert_eq!(T::check(format, size_of::<T>()), Ok(()), "{:?}", T::EXPORTED);
        std::str::from_utf8(format).unwrap()
    }
    let native = [exported::<i8>(), exported::<i16>(), exported::<i32>(), exported::<i64>()];
    assert_eq!(native, ["b", "h", "i", "q"]);
    let native = [exported::<u8>(), exported::<u16>(), exported::<u32>(), exported::<u64>()];
    assert_eq!(native, ["B", "H", "I", "Q"]);
    assert_eq!(
        [exported::<f32>(), exported::<f64>(), exported::<Bool>(), exported::<Ucs4>()],
        ["f", "d", "?", "w"]
    );
    assert_eq!([exported::<Be<i32>>(), exported::<Le<f64>>(), exported::<Be<u8>>()], [">i", "<d", "B"]);
    let size = if cfg!(target_pointer_width = "64") { ["q", "Q"] } else { ["i", "I"] };
    assert_eq!([exported::<isize>(), exported::<usize>()], size);
}

#[test]
fn a_mismatch_says_both_formats() {
    let other = if cfg!(target_endian = "little") { (">i", "<i") } else { ("<i", ">i") };
    let error = i32::check(other.0.as_bytes(), 4).unwrap_err();
    assert_eq!(error, ElementError::Order { format: other.0.as_bytes(), wanted: "=i" });
    assert_eq!(
        Be::<u16>::check(b"T{h:a:}", 2).unwrap_err().to_string(),
        "the items have format 'T{h:a:}', but '>H' is wanted"
    );
    assert_eq!(Bool::check(b"B", 1), Err(ElementError::Format { format: b"B", wanted: "?" }));
    assert_eq!(
        f32::check(b"f\xff", 4).unwrap_err().to_string(),
        "the items have format 'f\\xff': byte 1 of the item format: '\\xff' does not stand for an item"
    );
    // A format that need not be parsed is not believed either.
    assert_eq!(i32::check(b"i", 8), Err(ElementError::Size { format: b"i", size: 4, item_size: 8 }));
    assert!(!i32::matches(b"d") && !i32::matches(b"2i") && !i32::matches(b"h"));
    assert!(matches!(u8::check(b"B ", 2), Err(ElementError::Size { format: b"B ", size: 1, item_size: 2 })));
    let Err(ElementError::Malformed { error, .. }) = u8::check(b"3", 1) else { panic!() };
    assert_eq!(error.reason, Reason::Missing);
}

#[test]
fn truth_and_text_are_validated() {
    assert_eq!([0, 1, 2].map(|byte| Bool(byte).get()), [Some(false), Some(true), None]);
    assert!(Bool(2).is_true() && !Bool(0).is_true());
    assert_eq!([0x3bb, 0xd800, 0x11_0000].map(|code| Ucs4(code).get()), [Some('λ'), None, None]);
    assert_eq!((Bool::from(true), Ucs4::from('λ')), (Bool(1), Ucs4(0x3bb)));
}

#[test]
fn a_stated_order_is_that_in_memory() {
    fn bytes<T: Element>(value: T) -> Vec<u8> {
        // SAFETY: all bytes of an element are initialised.
        unsafe { std::slice::from_raw_parts((&raw const value).cast(), size_of::<T>()) }.to_vec()
    }
    assert_eq!(bytes(Be::new(0x0102_0304i32)), [1, 2, 3, 4]);
    assert_eq!(bytes(Le::new(0x0102u16)), [2, 1]);
    assert_eq!(bytes(Be::new(1.0f64)), 1.0f64.to_be_bytes());
    // A signalling NaN keeps its bits.
    let nan = f32::from_bits(0x7fa0_0001);
    assert_eq!(bytes(Be::new(nan)), [0x7f, 0xa0, 0, 1]);
    assert_eq!(Be::new(-5i64), Be::new(-5));
    assert_eq!(format!("{:?}", Le::new(-5isize)), "-5");
}
