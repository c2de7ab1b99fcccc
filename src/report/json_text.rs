//! JSON that may be printed to a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::record::escape::is_unsafe;

/// Compact JSON in which every character that would act on a terminal or hide is written as `\uXXXX`.
///
/// JSON itself demands that only of the C0 controls; to a reader of JSON both spellings are the same string.
struct Visible;

impl Formatter for Visible {
    #[inline]
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| byte < 0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        write_visible(writer, fragment)
    }
}

/// Writes text with its unsafe characters as UTF-16 escapes.
#[cold]
fn write_visible<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
    for c in text.chars() {
        if is_unsafe(c) {
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
        } else {
            writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
    }
    Ok(())
}

/// Appends a value.
pub(super) fn append<T: Serialize>(line: &mut Vec<u8>, value: &T) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(line, Visible)).map_err(io::Error::from)
}
