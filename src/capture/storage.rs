//! The bytes of a capture file as a window that moves over it: mapped where that is possible, else read in blocks.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

use super::batch::{Batch, Bytes};
use super::map::map;

/// How much of a file is mapped at once. Memory in use stays the same for files of any size; remapping is rare enough to be free.
const WINDOW: usize = 32 << 20;
/// How much of a stream is read at once: more than a pipe holds.
const BLOCK: usize = 128 << 10;
/// An arena of this size is full enough to be handed on.
const ARENA: usize = 1 << 20;

/// Where the bytes come from.
pub(super) enum Storage {
    /// A mapped file.
    Mapped(Mapped),
    /// Anything else.
    Stream(Stream),
}

impl Storage {
    /// Maps `file`; `None` where it cannot be mapped.
    pub fn map(file: File, len: u64) -> Option<Self> {
        let map = map_window(&file, 0, len, WINDOW).ok()?;
        let mut mapped = Mapped { file: Some(file), map: Arc::new(map), map_at: 0, at: 0, len, error: None };
        mapped.close_when_whole();
        Some(Self::Mapped(mapped))
    }

    /// What has not been consumed and is at hand.
    #[inline]
    pub fn window(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped.map.get(mapped.at..).unwrap_or_default(),
            Self::Stream(stream) => stream.buffer.get(stream.start..).unwrap_or_default(),
        }
    }

    /// Where the window starts in the bytes that [`Storage::lend`] will put into the batch.
    pub fn base(&self) -> u64 {
        match self {
            Self::Mapped(mapped) => mapped.at as u64,
            Self::Stream(stream) => stream.start as u64,
        }
    }

    /// Where the window starts in the (unpacked) file.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Mapped(mapped) => mapped.map_at + mapped.at as u64,
            Self::Stream(stream) => stream.offset,
        }
    }

    /// How much of the file as it is stored has been read.
    pub fn stored(&self) -> u64 {
        match self {
            Self::Mapped(_) => self.offset(),
            Self::Stream(stream) => stream.stored.load(Ordering::Relaxed),
        }
    }

    /// What made it end before its time.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Mapped(mapped) => mapped.error.as_deref(),
            Self::Stream(stream) => stream.error.as_deref(),
        }
    }

    /// Moves the window's start.
    #[inline]
    pub fn consume(&mut self, len: usize) {
        match self {
            Self::Mapped(mapped) => mapped.at += len,
            Self::Stream(stream) => {
                stream.start += len;
                stream.offset += len as u64;
            }
        }
    }

    /// Whether a batch with packets has to go before the window can grow: maps do not move under it, someone waits at a live
    /// stream, and arenas stay small.
    pub fn hands_on_first(&self) -> bool {
        match self {
            Self::Mapped(_) => true,
            Self::Stream(stream) => stream.live || stream.buffer.len() >= ARENA,
        }
    }

    /// Makes the window at least `needed` bytes long. `false` when the file ends before; the window holds all there is then.
    /// `keep` says that packets of the batch lie in front of the window.
    pub fn extend(&mut self, needed: usize, keep: bool) -> bool {
        match self {
            Self::Mapped(mapped) => mapped.extend(needed),
            Self::Stream(stream) => stream.extend(needed, keep),
        }
    }

    /// Takes what a batch that comes back has to reuse.
    pub fn reclaim(&mut self, batch: &mut Batch) {
        batch.packets.clear();
        let arena = batch.take_arena();
        if let Self::Stream(stream) = self {
            stream.reuse(arena);
        }
    }

    /// Gives a batch the bytes its packets lie in.
    pub fn lend(&mut self, batch: &mut Batch) {
        batch.bytes = match self {
            _ if batch.packets.is_empty() => Bytes::None,
            Self::Mapped(mapped) => Bytes::Mapped(Arc::clone(&mapped.map)),
            Self::Stream(stream) => Bytes::Owned(stream.hand_on()),
        };
    }
}

/// A window of a file that is mapped.
pub(super) struct Mapped {
    /// Closed when the rest of it is mapped, so that many small files can be open at once.
    file: Option<File>,
    map: Arc<Mmap>,
    map_at: u64,
    at: usize,
    len: u64,
    error: Option<String>,
}

impl Mapped {
    fn extend(&mut self, needed: usize) -> bool {
        let have = self.map.len().saturating_sub(self.at);
        if have >= needed {
            return true;
        }
        let Some(file) = &self.file else { return false };
        let offset = self.map_at + self.at as u64;
        // A file that was cut since is mapped only as far as it goes.
        let len = file.metadata().map_or(self.len, |now| now.len().min(self.len));
        let map = match map_window(file, offset, len, needed.max(WINDOW)) {
            Ok(map) => map,
            Err(e) => {
                // Where the file is at its end, nothing is wrong.
                self.error = (e.kind() != ErrorKind::UnexpectedEof).then(|| format!("no more of it can be mapped: {e}"));
                return false;
            }
        };
        self.len = len;
        self.map = Arc::new(map);
        self.map_at = offset;
        self.at = 0;
        self.close_when_whole();
        self.map.len() >= needed
    }

    fn close_when_whole(&mut self) {
        if self.map_at + self.map.len() as u64 >= self.len {
            self.file = None;
        }
    }
}

fn map_window(file: &File, offset: u64, len: u64, window: usize) -> io::Result<Mmap> {
    let rest = len.checked_sub(offset).filter(|rest| *rest > 0).ok_or(ErrorKind::UnexpectedEof)?;
    map(file, offset, rest.min(window as u64) as usize)
}

/// A stream that is read in blocks into what will be the batch's arena.
pub(super) struct Stream {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The arena to go on in when this one is handed on.
    spare: Vec<u8>,
    start: usize,
    offset: u64,
    stored: Arc<AtomicU64>,
    live: bool,
    ended: bool,
    error: Option<String>,
}

impl Stream {
    /// A stream of `source`; a `live` one is never waited for while packets are at hand.
    pub fn new(source: impl Read + Send + 'static, live: bool) -> Self {
        let stored = Arc::new(AtomicU64::new(0));
        let source = Counted { source, count: Arc::clone(&stored) };
        Self {
            source: Box::new(source),
            buffer: Vec::new(),
            spare: Vec::new(),
            start: 0,
            offset: 0,
            stored,
            live,
            ended: false,
            error: None,
        }
    }

    /// The stream of what this one unpacks to; nothing of it has been consumed yet.
    pub fn unpack(self, compression: super::compress::Compression) -> io::Result<Self> {
        let packed = io::Cursor::new(self.buffer).chain(self.source);
        Ok(Self { source: compression.reader(packed)?, buffer: Vec::new(), error: None, ended: false, ..self })
    }

    /// Whether somebody may be writing into it right now.
    pub fn live(&self) -> bool {
        self.live
    }

    fn extend(&mut self, needed: usize, keep: bool) -> bool {
        // What is there already is not moved: after damage this is asked again and again.
        if self.buffer.len() - self.start >= needed {
            return true;
        }
        if !keep {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        // A file is read by whole blocks; a live stream gives what it has.
        let wanted = self.start + if self.live { needed } else { needed.max(BLOCK) };
        while self.buffer.len() < wanted && !self.ended {
            self.read_block();
        }
        self.buffer.len() - self.start >= needed
    }

    fn read_block(&mut self) {
        let have = self.buffer.len();
        self.buffer.resize(have + BLOCK, 0);
        let got = self.source.read(self.buffer.get_mut(have..).unwrap_or_default());
        self.buffer.truncate(have + *got.as_ref().unwrap_or(&0));
        match got {
            Ok(0) => self.ended = true,
            Err(e) if e.kind() != ErrorKind::Interrupted => {
                self.ended = true;
                self.error = Some(e.to_string());
            }
            _ => {}
        }
    }

    fn reuse(&mut self, arena: Vec<u8>) {
        if self.spare.capacity() == 0 {
            self.spare = arena;
        }
    }

    /// The arena with the packets; what comes after them moves to the next one.
    fn hand_on(&mut self) -> Vec<u8> {
        let mut next = std::mem::take(&mut self.spare);
        next.clear();
        next.extend_from_slice(self.buffer.get(self.start..).unwrap_or_default());
        self.start = 0;
        std::mem::replace(&mut self.buffer, next)
    }
}

/// Counts what is read.
struct Counted<R> {
    source: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.source.read(buffer)?;
        self.count.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_can_no_longer_be_mapped_is_not_taken_for_a_cut_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, [7; 10_000]).unwrap();
        let map = Arc::new(map(&File::open(&path).unwrap(), 0, 4096).unwrap());
        // What is open for writing alone cannot be mapped for reading.
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut storage = Storage::Mapped(Mapped { file: Some(file), map, map_at: 0, at: 4000, len: 10_000, error: None });
        assert!(!storage.extend(200, false));
        assert!(storage.error().is_some_and(|error| error.contains("no more of it can be mapped")), "{:?}", storage.error());
        assert_eq!(storage.window().len(), 96);
    }

    #[test]
    fn a_file_that_ends_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, [7; 100]).unwrap();
        let mut storage = Storage::map(File::open(&path).unwrap(), 100).unwrap();
        storage.consume(100);
        assert!(!storage.extend(1, false) && storage.error().is_none());
    }
}
