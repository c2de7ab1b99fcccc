//! Telling the processor what will be read soon: the only unsafe code of this folder.

/// The size of what a cache holds at least of its memory.
const LINE: usize = 64;

/// Asks for the cache line that holds the element at `at`. Nothing is read, and nothing happens where there is none.
#[inline]
pub fn prefetch<T>(of: &[T], at: usize) {
    if let Some(wanted) = of.get(at) {
        ask(std::ptr::from_ref(wanted).cast());
    }
}

/// Asks for all cache lines of a value.
#[inline]
pub fn prefetch_whole<T>(of: &T) {
    for offset in (0..size_of::<T>()).step_by(LINE) {
        ask(std::ptr::from_ref(of).cast::<u8>().wrapping_add(offset));
    }
}

#[inline]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "it hides the wait for memory, and there is no safe one"))]
fn ask(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch only fills caches; it may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
