//! A reader, and the order of what it reads.

use super::hearing::Hearing;
use super::reader::Reader;
use super::stream::{Event, Segment, Stream};
use crate::net::Side;

/// Follows one flow.
#[derive(Debug)]
pub struct Follower {
    reader: Box<dyn Reader>,
    streams: [Stream; 2],
}

impl Follower {
    /// A follower for this reader.
    pub fn new(reader: Box<dyn Reader>) -> Self {
        Self { reader, streams: [Stream::default(), Stream::default()] }
    }

    /// Shows it a datagram.
    pub fn datagram(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) {
        self.reader.read(side, bytes, hearing);
    }

    /// Shows it a segment.
    pub fn segment(&mut self, side: Side, segment: &Segment<'_>, hearing: &mut Hearing<'_>) {
        let [a, b] = &mut self.streams;
        let stream = if side == Side::A { a } else { b };
        let reader = &mut self.reader;
        stream.see(segment, &mut |event| match event {
            Event::Bytes(bytes) => reader.read(side, bytes, hearing),
            Event::Gap => {
                reader.lost(side);
                0
            }
        });
    }

    /// Whether nothing more will come of it.
    pub fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// Bytes kept.
    pub fn held(&self) -> usize {
        self.reader.held() + self.streams.iter().map(Stream::held).sum::<usize>()
    }
}
