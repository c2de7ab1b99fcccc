//! JSON that may be printed to a terminal.
//!
//! A serializer of our own: with `serde_json`'s, checking and copying names, strings and separators one by one was a third of writing records. Its reading
//! is what the tests hold this against.

use std::fmt::{self, Write as _};
use std::io;

use serde::ser::{self, Serialize};
use serde_json::{Error, Result};

use crate::record::escape::is_unsafe;

/// Appends a value as compact JSON in which every character that would act on a terminal or hide is written as `\uXXXX`.
///
/// JSON itself demands that only of the C0 controls; to a reader of JSON both spellings are the same string.
pub(super) fn append<T: Serialize>(text: &mut Vec<u8>, value: &T) -> io::Result<()> {
    value.serialize(&mut Writer { text }).map_err(io::Error::from)
}

/// Writes values to the end of a text.
struct Writer<'a> {
    text: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    fn string(&mut self, string: &str) {
        self.text.push(b'"');
        self.escaped(string);
        self.text.push(b'"');
    }

    #[inline]
    fn escaped(&mut self, string: &str) {
        if is_plain(string.as_bytes()) {
            self.put(string.as_bytes());
        } else {
            string.chars().for_each(|c| self.character(c));
        }
    }

    fn character(&mut self, c: char) {
        match c {
            '"' => self.put(b"\\\""),
            '\\' => self.put(b"\\\\"),
            '\u{8}' => self.put(b"\\b"),
            '\u{c}' => self.put(b"\\f"),
            '\n' => self.put(b"\\n"),
            '\r' => self.put(b"\\r"),
            '\t' => self.put(b"\\t"),
            c if is_unsafe(c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.unit(*unit)),
            c => self.put(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }

    /// A UTF-16 unit as an escape.
    fn unit(&mut self, unit: u16) {
        let digit = |shift: u16| char::from_digit(u32::from(unit >> shift & 0xf), 16).map_or(b'0', |digit| digit as u8);
        self.put(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    }

    /// What has names: `{"variant":` before a value of it, and `}` after it.
    fn variant(&mut self, variant: &'static str) {
        self.text.push(b'{');
        self.string(variant);
        self.text.push(b':');
    }
}

/// Whether text stands in a JSON string as it is: printable ASCII without quotes and backslashes.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let is_special = |byte: u8| !(0x20..0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
    // A whole chunk at a time, without a branch in it.
    let (chunks, rest) = text.as_chunks::<16>();
    !chunks.iter().any(|chunk| chunk.iter().fold(false, |special, byte| special | is_special(*byte)))
        && !rest.iter().any(|byte| is_special(*byte))
}

/// Text that comes in parts.
struct Parts<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for Parts<'_, '_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.escaped(part);
        Ok(())
    }
}

/// The parts of an array or an object that is being written.
struct Members<'a, 'b> {
    writer: &'a mut Writer<'b>,
    /// What comes before the next one: what opened it, then commas.
    before: u8,
    /// What ends it: its own bracket, and that of the variant around it.
    end: &'static [u8],
}

impl<'a, 'b> Members<'a, 'b> {
    fn of(writer: &'a mut Writer<'b>, open: u8, end: &'static [u8]) -> Self {
        Self { writer, before: open, end }
    }

    #[inline]
    fn separate(&mut self) {
        self.writer.text.push(std::mem::replace(&mut self.before, b','));
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    /// A field. Its name is ours: it has nothing that must be escaped.
    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        debug_assert!(is_plain(name.as_bytes()), "{name:?} must be escaped");
        self.separate();
        self.writer.text.push(b'"');
        self.writer.put(name.as_bytes());
        self.writer.put(b"\":");
        value.serialize(&mut *self.writer)
    }

    fn finish(mut self) {
        // The brackets of one without members.
        if self.before != b',' {
            self.separate();
        }
        self.writer.put(self.end);
    }
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(#[inline]
        fn $name(self, value: $type) -> Result<()> {
            self.put(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        })*
    };
}

impl<'a, 'b> ser::Serializer for &'a mut Writer<'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'a, 'b>;
    type SerializeTuple = Members<'a, 'b>;
    type SerializeTupleStruct = Members<'a, 'b>;
    type SerializeTupleVariant = Members<'a, 'b>;
    type SerializeMap = Members<'a, 'b>;
    type SerializeStruct = Members<'a, 'b>;
    type SerializeStructVariant = Members<'a, 'b>;

    numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128);
    numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128);

    fn serialize_f32(self, value: f32) -> Result<()> {
        serde_json::to_writer(&mut *self.text, &value)
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        serde_json::to_writer(&mut *self.text, &value)
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        self.string(value);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<()> {
        self.text.push(b'"');
        write!(Parts(self), "{value}").map_err(ser::Error::custom)?;
        self.text.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.put(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.put(b"}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a, 'b>> {
        Ok(Members::of(self, b'[', b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'a, 'b>> {
        Ok(Members::of(self, b'[', b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'a, 'b>> {
        Ok(Members::of(self, b'[', b"]"))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Members<'a, 'b>> {
        self.variant(variant);
        Ok(Members::of(self, b'[', b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a, 'b>> {
        Ok(Members::of(self, b'{', b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a, 'b>> {
        Ok(Members::of(self, b'{', b"}"))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Members<'a, 'b>> {
        self.variant(variant);
        Ok(Members::of(self, b'{', b"}}"))
    }
}

macro_rules! arrays {
    ($($kind:ident: $method:ident),*) => {
        $(impl ser::$kind for Members<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        })*
    };
}

arrays!(SerializeSeq: serialize_element, SerializeTuple: serialize_element);
arrays!(SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field);

macro_rules! objects {
    ($($kind:ident),*) => {
        $(impl ser::$kind for Members<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        })*
    };
}

objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = Error;

    /// A key is a string; numbers and truth values become one.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.separate();
        let start = self.writer.text.len();
        key.serialize(&mut *self.writer)?;
        match self.writer.text.get(start) {
            Some(b'"') => {}
            Some(b'{' | b'[') | None => return Err(ser::Error::custom("a key must be a string")),
            Some(_) => {
                self.writer.text.insert(start, b'"');
                self.writer.text.push(b'"');
            }
        }
        self.writer.text.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<()> {
        self.finish();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
    use serde::Serialize;

    use super::*;

    fn text<T: Serialize>(value: &T) -> String {
        let mut text = Vec::new();
        append(&mut text, value).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(i16, Option<char>),
        Struct { empty: [u8; 0], nothing: (), real: f64 },
    }

    #[derive(Serialize)]
    struct Everything {
        shapes: Vec<Shape>,
        numbers: BTreeMap<i32, bool>,
        none: BTreeMap<String, u8>,
        pair: (i128, f32),
    }

    #[test]
    fn every_shape_is_what_serde_json_writes() {
        let shapes = vec![
            Shape::Unit,
            Shape::Newtype(7),
            Shape::Tuple(-1, Some('"')),
            Shape::Struct { empty: [], nothing: (), real: 0.1 },
        ];
        let numbers = BTreeMap::from([(-5, true), (5, false)]);
        let all = Everything { shapes, numbers, none: BTreeMap::new(), pair: (i128::MIN, f32::NAN) };
        assert_eq!(text(&all), serde_json::to_string(&all).unwrap());
    }

    #[test]
    fn a_key_that_is_no_string_is_refused() {
        assert!(append(&mut Vec::new(), &BTreeMap::from([([1_u8, 2], 3_u8)])).is_err());
    }

    #[test]
    fn what_hides_or_acts_on_a_terminal_is_escaped() {
        assert_eq!(text(&"a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{e0041}é"), r#""a\u001b[2J\u007f\u009b\u202e\udb40\udc41é""#);
        assert_eq!(text(&format_args!("a\n{}", "\u{9b}\"")), r#""a\n\u009b\"""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_string_is_read_back_and_shows_nothing_unsafe(string in any::<String>(), plain in "[ -~]{0,40}") {
            for string in [string, plain] {
                let text = text(&string);
                prop_assert!(!text.chars().any(is_unsafe));
                prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), string);
            }
        }
    }
}
