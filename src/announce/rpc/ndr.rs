//! Parameters of a call as they are marshalled: NDR (C706 chapter 14) and NDR64 ([MS-RPCE] section 2.2.5), in either byte order.

use crate::recognize::Uuid;

/// How a stub is marshalled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Format {
    /// The low byte comes first.
    pub little: bool,
    /// NDR64: pointers and counts have eight bytes.
    pub wide: bool,
}

/// A checked walk through a stub. Alignment counts from its first byte.
#[derive(Clone, Debug)]
pub struct Ndr<'a> {
    bytes: &'a [u8],
    at: usize,
    format: Format,
}

impl<'a> Ndr<'a> {
    /// From the first byte on.
    pub fn new(bytes: &'a [u8], format: Format) -> Self {
        Self { bytes, at: 0, format }
    }

    /// Goes on to a multiple of `to`.
    pub fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(n)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.align(N.min(8));
        self.take(N)?.try_into().ok()
    }

    /// 32 bits.
    pub fn u32(&mut self) -> Option<u32> {
        let bytes = self.array()?;
        Some(if self.format.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// A count or a pointer's referent: 32 bits, in NDR64 64.
    pub fn size(&mut self) -> Option<u64> {
        if !self.format.wide {
            return self.u32().map(u64::from);
        }
        let bytes = self.array()?;
        Some(if self.format.little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) })
    }

    /// A UUID.
    pub fn uuid(&mut self) -> Option<Uuid> {
        self.align(4);
        Some(Uuid::from_wire(self.take(16)?.try_into().ok()?, self.format.little))
    }

    /// The alignment of what holds a pointer.
    pub fn align_pointer(&mut self) {
        self.align(if self.format.wide { 8 } else { 4 });
    }
}
