//! The readings: where documents contradict each other, and what is held to be true.

use super::builtin;
use super::model::Reading;
use super::reader::{Reader, Value};

const KEYS: &[&str] = &["id", "title", "cites", "adopt", "why", "touches"];

/// The built-in readings. A test holds the file to be without mistakes.
pub(super) fn builtin() -> Vec<Reading> {
    let (name, text) = builtin::READINGS;
    read(&mut Reader::new(name, text))
}

/// Reads a file of `[[reading]]` tables.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Reading> {
    let Some(root) = reader.parse() else { return Vec::new() };
    let fields = reader.table(root.get_ref(), root.span(), &["reading"]);
    fields.tables(reader, "reading").into_iter().filter_map(|value| reading(reader, value)).collect()
}

fn reading(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Reading> {
    let fields = reader.fields(value, KEYS)?;
    Some(Reading {
        id: fields.required(reader, "id")?,
        title: fields.required(reader, "title")?,
        cites: fields.strings(reader, "cites"),
        adopt: fields.required(reader, "adopt")?,
        why: fields.string(reader, "why").unwrap_or_default(),
        touches: fields.strings(reader, "touches"),
    })
}
