//! JSON that may stand in a script element: nothing in it ends the element, opens a comment, acts on a reader's eye or is no text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, Formatter};

use crate::record::escape::{self, is_unsafe};

/// Compact JSON whose strings hold text as it is shown: an unsafe character is its visible escape, backslash and all.
struct InScript;

impl Formatter for InScript {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| matches!(c, '<' | '>' | '&') || is_unsafe(c)) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = special.chars();
            chars.next().map_or(Ok(()), |c| write_special(writer, c))?;
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => write_special(writer, '\u{8}'),
            CharEscape::FormFeed => write_special(writer, '\u{c}'),
            CharEscape::LineFeed => write_special(writer, '\n'),
            CharEscape::CarriageReturn => write_special(writer, '\r'),
            CharEscape::Tab => write_special(writer, '\t'),
            CharEscape::AsciiControl(byte) => write_special(writer, char::from(byte)),
        }
    }
}

/// What would act on HTML as a JSON escape, what would act on the eye as its visible spelling.
#[cold]
fn write_special<W: ?Sized + Write>(writer: &mut W, c: char) -> io::Result<()> {
    if !is_unsafe(c) {
        return write!(writer, "\\u{:04x}", u32::from(c));
    }
    let mut shown = String::new();
    escape::push(&mut shown, c);
    writer.write_all(shown.replace('\\', "\\\\").as_bytes())
}

/// A value as JSON for a script element.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    let mut json = Vec::new();
    // Never fails: writing to a vector does not, and what is written has strings for keys.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut json, InScript));
    String::from_utf8(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::escape::visible;

    #[test]
    fn a_script_element_cannot_be_ended() {
        assert_eq!(json(&"</script><!--&"), r#""\u003c/script\u003e\u003c!--\u0026""#);
        assert_eq!(json(&"a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(json(&"\0\n\u{202e}"), r#""\\x00\\n\\u{202e}""#);
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_what_would_be_shown(text in any::<String>()) {
            let json = json(&text);
            let read: String = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read, visible(&text));
            prop_assert!(!json.contains(['<', '>', '&']) && !json.chars().any(is_unsafe));
        }
    }
}
