//! Mapping a part of a file: the only unsafe code of this folder.

use std::fs::File;
use std::io;

use memmap2::{Advice, Mmap, MmapOptions};

/// Maps `len` bytes of `file` from `offset` on, to be read from start to end.
#[expect(unsafe_code, reason = "mapping is what makes reading a file cheaper than copying it")]
pub(super) fn map(file: &File, offset: u64, len: usize) -> io::Result<Mmap> {
    // SAFETY: the map is private and never written. Should another process change the file meanwhile, the bytes read differ, which
    // no reader relies on; should it cut the file, touching the lost pages ends this process with SIGBUS, as it does any tool that
    // maps files. `Storage` asks for the length again before every window to keep that rare.
    let map = unsafe { MmapOptions::new().offset(offset).len(len).map_copy_read_only(file)? };
    // Advice only: a kernel that does not know it reads all the same.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}
