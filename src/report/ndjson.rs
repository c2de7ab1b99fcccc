//! `ndjson`: one object a line. The derive on the records is the only list of their fields.

use std::io::{self, Write};

use serde::Serialize;

use super::{Needs, Report, json_text};
use crate::record::{FlowRecord, FlowUpdate, Summary};

/// Writes lines, each made in a buffer that is reused.
#[derive(Default)]
pub(super) struct NdJson {
    line: Vec<u8>,
}

impl NdJson {
    fn write<T: Serialize>(&mut self, value: &T, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        json_text::append(&mut self.line, value)?;
        self.line.push(b'\n');
        out.write_all(&self.line)
    }
}

fn prepare(record: &FlowRecord<'_>, text: &mut Vec<u8>) -> io::Result<()> {
    json_text::append(text, record)?;
    text.push(b'\n');
    Ok(())
}

impl Report for NdJson {
    fn needs(&self) -> Needs {
        Needs::Text(prepare)
    }

    fn flow(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.write(record, out)
    }

    fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        FlowUpdate::between(before, after).map_or(Ok(()), |update| self.write(&update, out))
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.write(summary, out)
    }
}
