//! What exporters answer: general layouts against memoryview's answers, and counting exports.

use core::ffi::CStr;
use core::ptr::{self, NonNull};

use bufproto_core::abi::{CPython3, View as _};
use bufproto_core::grant::Block;
use bufproto_core::request::Request;
use bufproto_core::rules::Rule;

#[test]
fn every_request_is_answered_as_memoryview_answers_it() {
    let mut cases = 0;
    for line in include_str!("data/grants.txt").lines().filter(|line| !line.starts_with('#')) {
        let (memory, rest) = line.split_once(' ').unwrap();
        let (name, expected) = rest.split_once(' ').unwrap();
        let answer = answer(block(memory), request(name));
        assert_eq!(answer, expected, "{memory} {name}");
        cases += 1;
    }
    assert_eq!(cases, 4 * 13);
}

fn block(name: &str) -> Block<'static> {
    static POINTERS: [isize; 2] = [0, -1];
    let (shape, strides, suboffsets, read_only): (&[isize], &[isize], Option<&[isize]>, bool) = match name {
        "c" => (&[2, 3], &[6, 2], None, true),
        "f" => (&[2, 3], &[2, 4], None, false),
        "s" => (&[3], &[4], None, true),
        "p" => (&[2, 3], &[8, 2], Some(&POINTERS), true),
        other => panic!("{other}"),
    };
    Block::new(ptr::null_mut(), (2, c"H"), shape, strides, suboffsets, read_only).unwrap()
}

fn request(name: &str) -> Request {
    match name {
        "SIMPLE" => Request::SIMPLE,
        "WRITABLE" => Request::WRITABLE,
        "FORMAT" => Request::FORMAT,
        "ND" => Request::ND,
        "STRIDES" => Request::STRIDES,
        "C_CONTIGUOUS" => Request::C_CONTIGUOUS,
        "F_CONTIGUOUS" => Request::F_CONTIGUOUS,
        "ANY_CONTIGUOUS" => Request::ANY_CONTIGUOUS,
        "INDIRECT" => Request::INDIRECT,
        "FULL_RO" => Request::FULL_RO,
        "FULL" => Request::FULL,
        "ND+FORMAT" => Request::ND | Request::FORMAT,
        "ND+WRITABLE" => Request::CONTIG,
        other => panic!("{other}"),
    }
}

fn answer(block: Block<'_>, request: Request) -> String {
    let mut view = CPython3::EMPTY;
    // SAFETY: the view is ours, and everything in the block is static.
    match unsafe { block.fill(NonNull::from(&mut view), ptr::null_mut(), request) } {
        Ok(()) => {
            let header = &view.header;
            assert_eq!((header.len, header.itemsize), (block.layout().length().cast_signed(), 2));
            let list = |pointer: *mut isize| {
                if pointer.is_null() {
                    return "-".to_owned();
                }
                // SAFETY: a field that is given has an entry for each dimension.
                let entries = unsafe { std::slice::from_raw_parts(pointer, header.ndim as usize) };
                entries.iter().map(isize::to_string).collect::<Vec<_>>().join(",")
            };
            // SAFETY: a format that is given is a C string.
            let format = (!header.format.is_null()).then(|| unsafe { CStr::from_ptr(header.format) });
            format!(
                "ok {} {} {} {} {}",
                header.ndim,
                list(header.shape),
                list(header.strides),
                list(header.suboffsets),
                format.map_or("-", |format| format.to_str().unwrap())
            )
        }
        Err(rule) => {
            assert!(view.header.obj.is_null() && view.header.len == 0, "nothing is written");
            let text = match rule {
                Rule::Writable => "underlying buffer is not writable",
                Rule::GrantCContiguous => "underlying buffer is not C-contiguous",
                Rule::GrantFContiguous => "underlying buffer is not Fortran contiguous",
                Rule::GrantContiguous => "underlying buffer is not contiguous",
                Rule::GrantIndirect => "underlying buffer requires suboffsets",
                Rule::GrantFormat => "cannot cast to unsigned bytes if the format flag is present",
                other => panic!("{other:?}"),
            };
            format!("refused {text}")
        }
    }
}
