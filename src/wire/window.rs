//! The part of a frame that is still to be read: checked, and aware of what was cut away.

use super::layer::{Span, Stop, Word};

/// A window on a frame. `at..end` are captured bytes; `wire_end` is where they would end had nothing been cut.
///
/// An inner length field narrows both ends (padding is no payload), so nothing outside of a header's own length is ever read.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    frame: &'a [u8],
    at: usize,
    end: usize,
    wire_end: usize,
}

impl<'a> Window<'a> {
    /// All of a frame.
    #[inline]
    pub fn new(frame: &'a [u8], wire_len: u32) -> Self {
        Self { frame, at: 0, end: frame.len(), wire_end: (wire_len as usize).max(frame.len()) }
    }

    /// The captured bytes.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.frame.get(self.at..self.end).unwrap_or_default()
    }

    /// Where it starts in the frame.
    #[inline]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// How many bytes it would hold had nothing been cut.
    #[inline]
    pub fn wire_len(&self) -> usize {
        self.wire_end.saturating_sub(self.at)
    }

    /// The captured range in the frame.
    #[inline]
    pub fn span(&self) -> Span {
        Span { start: self.at as u32, end: self.end.max(self.at) as u32 }
    }

    /// The first `N` bytes, without moving.
    #[inline]
    pub fn peek<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.bytes().first_chunk::<N>()
    }

    /// The first `N` bytes, or a stop with this word where fewer were captured.
    #[inline]
    pub fn header<const N: usize>(&self, why: &'static str) -> Result<&'a [u8; N], Stop> {
        self.peek().ok_or_else(|| self.stop(why))
    }

    /// The window past the first `n` bytes; empty where fewer are there.
    #[inline]
    #[must_use]
    pub fn skip(mut self, n: usize) -> Self {
        self.at = self.at.saturating_add(n).min(self.end);
        self
    }

    /// The window narrowed to at most `n` bytes, as a length field says.
    #[inline]
    #[must_use]
    pub fn limit(mut self, n: usize) -> Self {
        self.wire_end = self.wire_end.min(self.at.saturating_add(n));
        self.end = self.end.min(self.wire_end);
        self
    }

    /// A stop here.
    #[inline]
    pub fn stop(&self, why: &'static str) -> Stop {
        Stop { why: Word::Plain(why), offset: self.at as u32 }
    }
}
