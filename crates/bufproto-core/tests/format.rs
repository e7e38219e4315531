//! Item formats: what interpreters answer, where errors point, what items there are.

use bufproto_core::abi::Header;
use bufproto_core::format::{ByteOrder, Format, FormatError, Item, Kind, MAX_DEPTH, Reason};

/// Recorded answers on 64-bit Linux on x86; `data/formats.py` says how.
const RECORDED: &str = include_str!("data/formats.txt");

/// Whether this machine measures C's types as the one that the answers were recorded on.
const SAME_PLATFORM: bool = cfg!(all(target_arch = "x86_64", target_pointer_width = "64", not(windows)));

/// Which lines are looked at.
const STEP: usize = if cfg!(miri) { 20 } else { 1 };

struct Recorded {
    who: &'static str,
    text: Vec<u8>,
    size: Option<usize>,
    fields: Vec<(&'static str, usize)>,
}

fn recorded() -> impl Iterator<Item = Recorded> {
    // Miri takes a thousand times as long, so it looks at some lines only.
    RECORDED.lines().step_by(STEP).map(|line| {
        let mut columns = line.split('\t');
        let who = columns.next().unwrap();
        let mut pieces = columns.next().unwrap().split("\\x");
        let mut text = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            text.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            text.extend_from_slice(&piece.as_bytes()[2..]);
        }
        let size = columns.next().unwrap();
        // What was measured with 64 bits may be too large for fewer.
        let size = if size == "refused" { None } else { isize::try_from(size.parse::<u64>().unwrap()).ok() };
        let size = size.map(isize::cast_unsigned);
        let fields = columns.map(|field| field.split_once('@').unwrap());
        Recorded { who, text, size, fields: fields.map(|(name, at)| (name, at.parse().unwrap())).collect() }
    })
}

/// Formats that `struct` refuses and the grammar of PEP 3118 has a meaning for.
fn is_more_than_struct(text: &[u8]) -> bool {
    let is_order = |byte: &u8| b"@=<>!^".contains(byte);
    let is_standard = text.first().is_some_and(|first| b"=<>!".contains(first));
    text.starts_with(b"^")
        || text.iter().skip(1).any(is_order)
        || (is_standard && text.contains(&b'P'))
        // A lone `Z` is ctypes' pointer to text.
        || text.iter().enumerate().any(|(n, &byte)| {
            byte == b'Z' && !text.get(n + 1).is_some_and(u8::is_ascii_alphanumeric)
        })
}

#[test]
fn sizes_and_refusals_are_those_of_the_interpreters() {
    let mut compared = 0;
    for Recorded { who, text, size, fields } in recorded() {
        let shown = text.escape_ascii();
        let is_standard = text.first().is_some_and(|first| b"=<>!".contains(first));
        if !SAME_PLATFORM && (who != "struct" || !is_standard) {
            continue;
        }
        let format = Format::parse(&text);
        match (size, format) {
            (Some(size), Ok(format)) => {
                assert_eq!(format.size(), size, "{who}: {shown}");
                for (name, offset) in fields {
                    let field = format.field(name.as_bytes()).expect(name);
                    assert_eq!(field.offset, offset, "{who}: {name} in {shown}");
                }
            }
            (Some(size), Err(error)) => panic!("{who} measures {shown}: {size} bytes; {error}"),
            (None, Ok(format)) if who == "struct" && is_more_than_struct(&text) => {
                assert_eq!(format.as_bytes(), text);
            }
            (None, Ok(format)) => panic!("{who} refuses {shown}: {} bytes", format.size()),
            (None, Err(error)) => assert!(error.index <= text.len(), "{shown}: {error}"),
        }
        compared += 1;
    }
    assert!(compared > if SAME_PLATFORM { 1900 } else { 100 } / STEP, "{compared}");
}

#[test]
fn errors_point_at_the_offending_byte() {
    let cases: &[(&[u8], usize, Reason)] = &[
        (b"ik", 1, Reason::Unknown(b'k')),
        (b"3 i", 1, Reason::Unknown(b' ')),
        (b"i\xc3\xa9", 1, Reason::Unknown(0xc3)),
        (b"i\0", 1, Reason::Unknown(0)),
        (b"i :a:", 2, Reason::Unknown(b':')),
        (b"<i n", 3, Reason::NativeOnly(b'n')),
        (b"i3t", 2, Reason::BitField),
        (b"i 12", 4, Reason::Missing),
        (b"(2,3)", 5, Reason::Missing),
        (b"&", 1, Reason::Missing),
        (b"< >i", 2, Reason::Unknown(b'>')),
        (b"2<i", 1, Reason::Unknown(b'<')),
        (b"Zi", 1, Reason::Unknown(b'i')),
        (b"bT{i:a:", 2, Reason::NotClosed(b'{')),
        (b"T{iX{f}", 1, Reason::NotClosed(b'{')),
        (b"X{{}", 1, Reason::NotClosed(b'{')),
        (b"i:a", 1, Reason::NotClosed(b':')),
        (b"i(2,3i", 1, Reason::NotClosed(b'(')),
        (b"T{i}}", 4, Reason::NotOpened),
        (b"iT i", 2, Reason::Brace),
        (b"X", 1, Reason::Brace),
        (b"b(2,)i", 4, Reason::Shape),
        (b"()i", 1, Reason::Shape),
        (b"( 2, -3)i", 5, Reason::Shape),
        (b"(2 3)i", 2, Reason::Shape),
        (b"b(1,99999999999999999999)i", 4, Reason::Overflow),
        (b"b 99999999999999999999i", 2, Reason::Overflow),
        (b"b(65536,65536,65536,65536)i", 1, Reason::Overflow),
        (b"T{ik}", 3, Reason::Unknown(b'k')),
    ];
    for &(text, index, reason) in cases {
        assert_eq!(Format::parse(text), Err(FormatError { index, reason }), "{}", text.escape_ascii());
    }
    assert_eq!(
        Format::parse(b"T{i:a:k:b:}").unwrap_err().to_string(),
        "byte 6 of the item format: 'k' does not stand for an item"
    );
}

#[test]
fn sub_arrays_have_as_many_dimensions_as_views() {
    let text = |dimensions: usize| format!("({}1)b", "1,".repeat(dimensions - 1));
    assert_eq!(Format::parse(text(64).as_bytes()).unwrap().size(), 1);
    let error = Format::parse(text(65).as_bytes()).unwrap_err();
    assert_eq!(error, FormatError { index: 1, reason: Reason::Dimensions });
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("T{", "}"), ("&", ""), ("&T{", "}")] {
        let levels = open.trim_end_matches('{').len();
        let text = |depth: usize| format!("{}i{}", open.repeat(depth / levels), close.repeat(depth / levels));
        assert!(Format::parse(text(MAX_DEPTH).as_bytes()).is_ok(), "{open}");
        let error = Format::parse(text(MAX_DEPTH + levels).as_bytes()).unwrap_err();
        assert_eq!(error, FormatError { index: MAX_DEPTH / levels * open.len(), reason: Reason::Depth });
        let endless = open.repeat(100_000);
        assert_eq!(Format::parse(endless.as_bytes()).unwrap_err().reason, Reason::Depth);
    }
    // Braces in the signature of a function are skipped without going deeper.
    let text = format!("X{}{}", "{".repeat(100_000), "}".repeat(100_000));
    assert!(Format::parse(text.as_bytes()).is_ok());
}

#[test]
fn items_have_their_places_counts_and_names() {
    let text = b"<h:tag: 3x >2i:pair: (2,3)d:grid: 5s ?:flag:";
    let format = Format::parse(text).unwrap();
    let items: Vec<Item<'_>> = format.items().collect();
    let offsets: Vec<_> =
        items.iter().map(|item| (item.offset, item.size, item.count, item.length())).collect();
    // By hand: standard sizes, no alignment.
    assert_eq!(
        offsets,
        [(0, 2, 1, 2), (2, 1, 3, 3), (5, 4, 2, 8), (13, 8, 1, 48), (61, 5, 1, 5), (66, 1, 1, 1)]
    );
    assert_eq!(format.size(), 67);
    let names: Vec<_> = items.iter().filter_map(|item| item.name).collect();
    assert_eq!(names, [&b"tag"[..], b"pair", b"grid", b"flag"]);
    assert_eq!(items[3].extents().collect::<Vec<_>>(), [2, 3]);
    assert_eq!((items[0].order, items[2].order), (ByteOrder::Little, ByteOrder::Big));
    assert_eq!(items[1].kind, Kind::Padding);
    assert_eq!(items[4].kind, Kind::Bytes);
}

#[test]
fn records_have_fields() {
    let format = Format::parse(b"T{b:kind:T{<h:x:>h:y:}:place:(2)&T{i}:links:X{i->d}:call:}").unwrap();
    let place = format.field(b"place").unwrap();
    let Kind::Record(record) = place.kind else { panic!("{place:?}") };
    let y = record.field(b"y").unwrap();
    assert_eq!((place.offset, y.offset, y.size, y.order), (1, 2, 2, ByteOrder::Big));
    assert_eq!(format.field(b"links").unwrap().kind, Kind::Pointer);
    assert_eq!(format.field(b"call").unwrap().kind, Kind::Function);
    assert_eq!(format.field(b"x"), None);
    // A record among others is not what the fields are looked up in.
    assert!(Format::parse(b"T{i:a:}2x").unwrap().field(b"a").is_none());
    assert!(Format::parse(b"2T{i:a:}").unwrap().field(b"a").is_none());
    assert_eq!(Format::parse(b"b:a:i:b:").unwrap().field(b"b").unwrap().offset, align_of::<i32>());
}

#[test]
fn the_alignment_is_the_largest_that_native_parts_ask_for() {
    let alignment = |text: &[u8]| Format::parse(text).unwrap().alignment();
    assert_eq!(alignment(b"bdh"), align_of::<f64>());
    assert_eq!(alignment(b"2xT{bi}"), align_of::<i32>());
    // None without alignment, with standard sizes, and for bytes.
    for text in [&b"^bdh"[..], b"<bdh", b"3s", b""] {
        assert_eq!(alignment(text), 1, "{}", text.escape_ascii());
    }
    assert_eq!(Format::BYTES.alignment(), 1);
}

#[test]
fn formats_and_records_are_shown_as_their_text() {
    let format = Format::parse(b"T{i:caf\xc3\xa9:}").unwrap();
    assert_eq!(format!("{format:?}"), r"Format(T{i:caf\xc3\xa9:})");
    assert_eq!(format!("{:?}", format.record()), r"Record(i:caf\xc3\xa9:)");
}

#[test]
fn an_empty_sub_array_takes_no_bytes_however_far_it_reaches() {
    for text in ["(0,999999999,999999999,999999999)i:a:b:b:", "(999999999,999999999,999999999,0)i:a:b:b:"] {
        let format = Format::parse(text.as_bytes()).unwrap();
        assert_eq!(format.field(b"a").unwrap().length(), 0);
        assert_eq!(format.size(), 1);
    }
    // A single item must fit all the same.
    let text = format!("b(0){}s", isize::MAX as usize + 1);
    assert_eq!(Format::parse(text.as_bytes()), Err(FormatError { index: 1, reason: Reason::Overflow }));
}

#[test]
fn the_count_of_a_string_is_its_length() {
    for (text, kind, size) in [("3s", Kind::Bytes, 3), ("3p", Kind::PascalBytes, 3), ("3w", Kind::Ucs4, 12)] {
        let item = Format::parse(text.as_bytes()).unwrap().single().unwrap();
        assert_eq!((item.kind, item.size, item.count), (kind, size, 1));
    }
    let wide = Format::parse(b"3u").unwrap().single().unwrap();
    assert_eq!((wide.kind, wide.size), (Kind::Wide, if cfg!(windows) { 6 } else { 12 }));
    assert!(Format::parse(b"3c").unwrap().single().is_none());
}

#[test]
fn a_view_without_a_format_holds_bytes() {
    let mut view = Header::EMPTY;
    // SAFETY: the format is null.
    let format = unsafe { Format::of_view(&view) }.unwrap();
    assert_eq!((format, format.size()), (Format::parse(b"B").unwrap(), 1));
    view.format = c">q".as_ptr().cast_mut();
    // SAFETY: the format is a C string that lives as long as the program.
    let format = unsafe { Format::of_view(&view) }.unwrap();
    assert_eq!((format.to_string().as_str(), format.size()), (">q", 8));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(text: Vec<u8>) {
        check(&text);
    }

    #[test]
    fn what_the_struct_module_takes_is_read(format in bufproto_mock::strategy::formats()) {
        assert!(Format::parse(format.as_bytes()).is_ok());
        check(format.as_bytes());
    }

    #[test]
    fn texts_of_its_characters_are_read_or_refused(text in bufproto_mock::strategy::format_texts()) {
        check(&text);
    }

    #[test]
    fn any_characters_of_the_grammar_are_read_or_refused(
        text in "([xcbhiqPdsp]|[0-9]{1,3}|T\\{|\\}|X\\{|&|:a:|:|\\(|2,3|\\)|Z|[@<>=!^]| ){0,24}"
    ) {
        check(text.as_bytes());
    }
}

/// Whatever is read has items that lie one behind the other within the size.
fn check(text: &[u8]) {
    match Format::parse(text) {
        Err(error) => assert!(error.index <= text.len()),
        Ok(format) => {
            let end = format.items().fold(0, |end, item| {
                assert!(item.offset >= end && item.offset % item.alignment == 0);
                item.offset + item.length()
            });
            assert_eq!(end, format.size());
        }
    }
}
