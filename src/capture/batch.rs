//! A run of packets on its way from a source to the workers.

use std::sync::Arc;

use memmap2::Mmap;

use crate::net::{Frame, LinkType, Timestamp};

/// Where the frames of a batch lie.
#[derive(Clone, Debug, Default)]
pub enum Bytes {
    /// Nowhere yet.
    #[default]
    None,
    /// In a mapped file.
    Mapped(Arc<Mmap>),
    /// In the batch's own arena.
    Owned(Vec<u8>),
}

impl Bytes {
    /// All of them.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// One packet of a batch: where its bytes are and what the capture says of it.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// Its number over all inputs of the run, from 1.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Where its bytes start in the batch's bytes.
    pub offset: u64,
    /// How many were captured.
    pub captured: u32,
    /// How many were on the wire.
    pub wire_len: u32,
    /// How to read the first of them.
    pub link: LinkType,
}

/// A run of consecutive packets that share their storage.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Where the frames lie.
    pub bytes: Bytes,
    /// The packets, in the order of the input.
    pub packets: Vec<Descriptor>,
    /// Live: up to when all packets have come, but for those that the kernel had not handed over yet. A file never says so.
    pub complete_to: Option<Timestamp>,
    /// Live: somebody who looks on wants to see the flows under way after these packets; the number of the newest packet.
    pub look: Option<u64>,
}

impl Batch {
    /// How many packets a full batch holds: enough to amortise a hand-over, few enough that two of them fit a cache.
    pub const CAPACITY: usize = 1024;

    /// More bytes than the frames of any usual batch take.
    const LARGE: usize = 8 << 20;

    /// The frame a descriptor describes; its bytes are empty where the descriptor lies outside of the batch.
    #[inline]
    pub fn frame(&self, packet: &Descriptor) -> Frame<'_> {
        let start = packet.offset as usize;
        let data = self.bytes.as_slice().get(start..start + packet.captured as usize).unwrap_or_default();
        Frame { number: packet.number, time: packet.time, link: packet.link, data, wire_len: packet.wire_len }
    }

    /// Whether huge records made its arena so large that there must not be many like it.
    pub fn is_large(&self) -> bool {
        matches!(&self.bytes, Bytes::Owned(arena) if arena.capacity() > Self::LARGE)
    }

    /// An emptied arena to fill, reusing the one the batch has unless it is large.
    pub fn take_arena(&mut self) -> Vec<u8> {
        let large = self.is_large();
        match std::mem::take(&mut self.bytes) {
            Bytes::Owned(mut arena) if !large => {
                arena.clear();
                arena
            }
            _ => Vec::new(),
        }
    }
}
