//! gzip and zstd, told by their magic numbers.

use std::io::{self, BufReader, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

/// How much of a compressed file is read at once.
const BLOCK: usize = 128 << 10;

/// A compression that can be undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compression {
    /// RFC 1952, several members too.
    Gzip,
    /// RFC 8878, several frames too.
    Zstd,
}

impl Compression {
    /// That of a file that starts so.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            // Eight is deflate, the only method there is.
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // The second is a skippable frame in front, as parallel and seekable packers write it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What `packed` unpacks to.
    pub fn reader(self, packed: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let packed = BufReader::with_capacity(BLOCK, packed);
        let source: Box<dyn Read + Send> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(packed)?),
        };
        Ok(Box::new(Unpacked { source, name: self.name() }))
    }
}

/// Unpacked data; its errors say what they mean.
struct Unpacked {
    source: Box<dyn Read + Send>,
    name: &'static str,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer).map_err(|e| match e.kind() {
            ErrorKind::Interrupted => e,
            ErrorKind::UnexpectedEof => io::Error::new(e.kind(), format!("the {} data is cut", self.name)),
            kind => io::Error::new(kind, format!("the {} data is damaged ({e})", self.name)),
        })
    }
}
