//! The part of a frame that is still to be read: checked, and aware of what was cut away.

use super::layer::{Span, Stop, Word};

/// A window on a frame. `at..end` are captured bytes; `wire_end` is where they would end had nothing been cut. `at` may lie past `end`
/// (a header longer than the snap length), never past `wire_end`.
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

    /// The captured range in the frame; empty, at the end of what was captured, where all of it was cut away.
    #[inline]
    pub fn span(&self) -> Span {
        Span { start: self.at.min(self.end) as u32, end: self.end as u32 }
    }

    /// The byte at `at`.
    #[inline]
    pub fn byte(&self, at: usize) -> Option<u8> {
        self.bytes().get(at).copied()
    }

    /// The 16-bit number at `at`, in network order.
    #[inline]
    pub fn be16(&self, at: usize) -> Option<u16> {
        self.bytes().get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// The 32-bit number at `at`, in network order.
    #[inline]
    pub fn be32(&self, at: usize) -> Option<u32> {
        self.bytes().get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
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

    /// The window past the first `n` bytes. Past what was captured it is empty, but still knows how long it would be.
    #[inline]
    #[must_use]
    pub fn skip(mut self, n: usize) -> Self {
        self.at = self.at.saturating_add(n).min(self.wire_end);
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

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn skipping_past_what_was_captured_keeps_the_wire_length() {
        let window = Window::new(FRAME, 100).skip(20);
        assert_eq!(window.bytes(), b"");
        assert_eq!(window.wire_len(), 80);
        assert_eq!(window.span(), Span { start: 8, end: 8 });
        assert_eq!(window.limit(30).skip(10).wire_len(), 20);
    }

    #[test]
    fn skipping_past_the_wire_ends_there() {
        let window = Window::new(FRAME, 100).skip(usize::MAX);
        assert_eq!((window.wire_len(), window.bytes()), (0, &b""[..]));
    }

    #[test]
    fn a_length_field_narrows_both_ends() {
        let window = Window::new(FRAME, 8).skip(2).limit(4);
        assert_eq!((window.bytes(), window.wire_len()), (&[3, 4, 5, 6][..], 4));
        assert_eq!(window.limit(9).bytes(), [3, 4, 5, 6], "a longer inner length does not widen it");
    }

    #[test]
    fn numbers_are_read_only_where_all_their_bytes_are() {
        let window = Window::new(FRAME, 8).limit(4);
        assert_eq!((window.byte(3), window.byte(4)), (Some(4), None));
        assert_eq!((window.be16(2), window.be16(3)), (Some(0x0304), None));
        assert_eq!((window.be32(0), window.be32(1)), (Some(0x0102_0304), None));
    }

    #[test]
    fn a_wire_length_below_the_captured_one_is_a_lie() {
        assert_eq!(Window::new(FRAME, 3).wire_len(), 8);
    }
}
