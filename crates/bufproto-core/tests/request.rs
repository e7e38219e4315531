//! Requests: the values that C passes, and what contains what.

use bufproto_core::request::Request;

/// The values in every interpreter's headers (the `flags` key of the recorded answers).
#[test]
fn the_values_are_those_of_the_headers() {
    for (request, bits) in [
        (Request::SIMPLE, 0),
        (Request::WRITABLE, 1),
        (Request::FORMAT, 4),
        (Request::ND, 8),
        (Request::STRIDES, 24),
        (Request::C_CONTIGUOUS, 56),
        (Request::F_CONTIGUOUS, 88),
        (Request::ANY_CONTIGUOUS, 152),
        (Request::INDIRECT, 280),
        (Request::CONTIG, 9),
        (Request::CONTIG_RO, 8),
        (Request::STRIDED, 25),
        (Request::STRIDED_RO, 24),
        (Request::RECORDS, 29),
        (Request::RECORDS_RO, 28),
        (Request::FULL, 285),
        (Request::FULL_RO, 284),
        (Request::MEMORY_READ, 256),
        (Request::MEMORY_WRITE, 512),
    ] {
        assert_eq!(request.bits(), bits, "{request:?}");
    }
}

#[test]
fn requests_are_put_together() {
    let mut request = Request::WRITABLE | Request::FULL;
    assert_eq!(request, Request::FULL);
    request |= Request::C_CONTIGUOUS;
    request |= Request::STRIDES;
    assert_eq!(request.bits(), 285 | 56);
}

#[test]
fn a_request_is_shown_by_its_flags() {
    assert_eq!(format!("{:?}", Request::SIMPLE), "SIMPLE");
    assert_eq!(format!("{:?}", Request::FULL), "INDIRECT | FORMAT | WRITABLE");
    assert_eq!(format!("{:?}", Request::C_CONTIGUOUS), "C_CONTIGUOUS");
    assert_eq!(format!("{:?}", Request::from_bits(0x1000)), "0x1000");
}
