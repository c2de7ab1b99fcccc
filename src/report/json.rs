//! `json`: one object, `{"flows":[...],"summary":{...}}`, written as it comes. An update stands among the flows, with its `type`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Needs, Report, json_text};
use crate::record::{FlowRecord, FlowUpdate, Summary};

/// Writes the parts, each made in a buffer that is reused.
#[derive(Default)]
pub(super) struct Json {
    part: Vec<u8>,
    begun: bool,
}

impl Json {
    fn write<T: Serialize>(&mut self, value: &T, out: &mut dyn Write) -> io::Result<()> {
        self.part.clear();
        let separator = self.separator();
        self.part.extend_from_slice(separator);
        json_text::append(&mut self.part, value)?;
        out.write_all(&self.part)
    }

    /// What stands before the next flow.
    fn separator(&mut self) -> &'static [u8] {
        if std::mem::replace(&mut self.begun, true) { b",\n" } else { b"{\"flows\":[\n" }
    }
}

impl Report for Json {
    fn needs(&self) -> Needs {
        Needs::Text(|record, text| json_text::append(text, record))
    }

    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.separator())?;
        out.write_all(text)
    }

    fn flow(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.write(record, out)
    }

    fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        FlowUpdate::between(before, after).map_or(Ok(()), |update| self.write(&update, out))
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.part.clear();
        self.part.extend_from_slice(if self.begun { b"\n],\"summary\":" } else { b"{\"flows\":[],\"summary\":" });
        json_text::append(&mut self.part, summary)?;
        self.part.extend_from_slice(b"}\n");
        out.write_all(&self.part)
    }
}
