//! What a packet says, made fit to be shown: nothing in it can move a cursor, change a colour, turn the reading direction
//! or hide itself.
//!
//! Names are taken from packets with [`from_bytes`]. Whatever prints text shows it through [`visible`], which changes
//! nothing that is escaped already: a backslash is left alone, so that `DOMAIN\user` stays readable.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// Whether a character does something to a terminal or to the eye instead of being shown.
pub fn is_unsafe(c: char) -> bool {
    match c {
        ' '..='~' => false,
        c if c.is_ascii() => true,
        c => UNSAFE.iter().any(|range| range.contains(&c)),
    }
}

/// The unsafe characters beyond ASCII.
const UNSAFE: &[RangeInclusive<char>] = &[
    // C1 controls: U+009B alone starts an escape sequence.
    '\u{80}'..='\u{9f}',
    // Bidirectional marks, embeddings, overrides and isolates (UAX 9); line and paragraph separators between them.
    '\u{61c}'..='\u{61c}',
    '\u{200e}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2066}'..='\u{2069}',
    // Characters that are not seen: soft hyphen, joiners, fillers, deprecated format characters, the byte order mark.
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200d}',
    '\u{2060}'..='\u{2065}',
    '\u{206a}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    // Variation selectors, interlinear annotation, tags.
    '\u{fe00}'..='\u{fe0f}',
    '\u{fff0}'..='\u{fffb}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Text with every unsafe character shown as an escape; borrowed when there is none.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = || text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain() || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push(&mut shown, c));
    Cow::Owned(shown)
}

/// Bytes as text: what is no UTF-8 is shown as `\xNN`, unsafe characters as escapes.
pub fn from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return visible(text);
    }
    let mut shown = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(&mut shown, c));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    Cow::Owned(shown)
}

/// Appends a character, or its escape.
pub fn push(shown: &mut String, c: char) {
    if !is_unsafe(c) {
        shown.push(c);
        return;
    }
    // Writing to a String cannot fail.
    let _ = match c {
        '\n' => write!(shown, "\\n"),
        '\r' => write!(shown, "\\r"),
        '\t' => write!(shown, "\\t"),
        '\0'..='\u{7f}' => write!(shown, "\\x{:02x}", c as u32),
        _ => write!(shown, "\\u{{{:x}}}", c as u32),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        for text in ["", "sms1.corp.example", r"DOMAIN\user", "Müller", "日本"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn terminal_sequences_and_overrides_are_shown() {
        assert_eq!(visible("a\x1b[31mred\x07"), r"a\x1b[31mred\x07");
        assert_eq!(visible("one\ntwo\r\tx\0"), r"one\ntwo\r\tx\x00");
        assert_eq!(visible("\u{9b}2J"), r"\u{9b}2J");
        assert_eq!(visible("gpj.\u{202e}exe"), r"gpj.\u{202e}exe");
        assert_eq!(visible("\u{feff}a\u{200b}b"), r"\u{feff}a\u{200b}b");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(from_bytes(b"ok"), "ok");
        assert_eq!(from_bytes(b"a\xff\xfeb\x1b"), r"a\xff\xfeb\x1b");
        assert_eq!(from_bytes(b"\xc3("), r"\xc3(");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_twice_is_once(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let shown = from_bytes(&bytes);
            prop_assert!(!shown.chars().any(is_unsafe));
            prop_assert_eq!(visible(&shown), &*shown);
        }
    }
}
