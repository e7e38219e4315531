//! Sizes and alignments of C's types on this platform.

use core::ffi::{c_int, c_long, c_longlong, c_short};

/// A size and an alignment in bytes.
pub(super) type Measure = (usize, usize);

pub(super) const fn of<T>() -> Measure {
    (size_of::<T>(), align_of::<T>())
}

pub(super) const SHORT: Measure = of::<c_short>();
pub(super) const INT: Measure = of::<c_int>();
pub(super) const LONG: Measure = of::<c_long>();
pub(super) const LONG_LONG: Measure = of::<c_longlong>();
pub(super) const WORD: Measure = of::<usize>();
pub(super) const POINTER: Measure = of::<*const u8>();

/// C's `wchar_t`, which ctypes calls `u` whatever its size. Source: the platforms' C ABIs.
pub(super) const WIDE: Measure =
    if cfg!(any(windows, target_os = "uefi")) { of::<u16>() } else { of::<u32>() };

/// C's `long double`, which Rust has no type for. Source: the platforms' C ABIs.
pub(super) const LONG_DOUBLE: Measure = {
    let is_double = cfg!(target_env = "msvc")
        || cfg!(all(target_vendor = "apple", target_arch = "aarch64"))
        || cfg!(all(target_os = "android", target_pointer_width = "32"))
        || cfg!(any(target_arch = "arm", target_arch = "mips"));
    if is_double {
        of::<f64>()
    } else if cfg!(all(target_arch = "x86", not(target_vendor = "apple"))) {
        (12, 4)
    } else if cfg!(target_arch = "s390x") {
        (16, 8)
    } else {
        (16, 16)
    }
};
