//! One captured frame, borrowed from wherever it was read to.

use super::{LinkType, Timestamp};

/// A frame as a capture holds it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number in the input, from 1, over all inputs of a run.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// How its first bytes are to be read. It belongs to the frame: one file may hold several.
    pub link: LinkType,
    /// The captured bytes.
    pub data: &'a [u8],
    /// How long it was on the wire; at least `data.len()` unless the file lies.
    pub wire_len: u32,
}
