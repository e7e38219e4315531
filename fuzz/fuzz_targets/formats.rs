//! Whatever a format string says: it is refused at a byte of it, or its items lie one behind the other within its size.
#![no_main]

use bufproto_core::element::{Be, Bool, Element, Le, Ucs4};
use bufproto_core::format::{Format, Items, Kind};
use libfuzzer_sys::fuzz_target;

/// The most items that are walked in each record: repeated records could go on for hours.
const WALKED: usize = 64;

fuzz_target!(|text: &[u8]| {
    check::<u8>(text);
    check::<i16>(text);
    check::<f64>(text);
    check::<Be<u32>>(text);
    check::<Le<isize>>(text);
    check::<Bool>(text);
    check::<Ucs4>(text);
    let format = match Format::parse(text) {
        Ok(format) => format,
        Err(error) => {
            assert!(error.index <= text.len(), "{error} is not in the text");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(format.as_bytes(), text);
    assert!(isize::try_from(format.size()).is_ok());
    assert!(format.alignment().is_power_of_two());
    // There is no padding behind the last item.
    assert_eq!(walk(format.items(), format.size()).unwrap_or(format.size()), format.size());
    if let Some(single) = format.single() {
        assert_eq!((single.offset, single.length(), single.dimensions()), (0, format.size(), 0));
    }
    // The text can be printed, and a name leads to the first item that has it.
    assert!(format.to_string().is_ascii());
    for item in format.record().items().take(WALKED) {
        if let Some(name) = item.name {
            let first = format.field(name).expect("an item has the name");
            assert!(first.offset <= item.offset && first.name == Some(name));
        }
    }
});

/// Checks the items, and those of the records in them; returns where the last one ends, if all of them were walked.
fn walk(items: Items<'_>, size: usize) -> Option<usize> {
    let mut end = 0;
    let mut left = WALKED;
    for item in items {
        left = left.checked_sub(1)?;
        assert!(item.offset >= end, "it begins within the one before");
        assert!(item.alignment.is_power_of_two() && item.offset % item.alignment == 0);
        end = item.offset.checked_add(item.length()).expect("its end fits");
        assert!(end <= size, "it ends behind the record");
        if let Kind::Record(record) = item.kind {
            let inside = walk(record.items(), item.size).unwrap_or(0);
            assert!(inside <= item.size);
        }
    }
    Some(end)
}

/// A type fits a format only if both have one size, and an error names the format.
fn check<T: Element>(text: &[u8]) {
    match T::check(text, size_of::<T>()) {
        Ok(()) => {
            let format = Format::parse(text).expect("what fits is a format");
            assert_eq!(format.size(), size_of::<T>());
            assert!(T::check(text, size_of::<T>() + 1).is_err(), "the view's size matters");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_eq!(T::matches(text), T::check(text, size_of::<T>()).is_ok());
}
