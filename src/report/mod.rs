//! Floor 5: records become bytes. One file a format, one table of formats: [`FORMATS`].
//!
//! A [`Report`] is shown every record in the order it is to be written, and the summary at the end. It holds no records, so
//! its memory does not grow with the input, and it knows nothing of captures, packets or threads. Everything a packet said goes
//! through [`escape`](crate::record::escape) on its way to a terminal or a spreadsheet.
//!
//! # One more format
//!
//! A new file with a type that is a [`Report`], and a line in [`FORMATS`]; `--format`, its help and the completions follow from
//! the table. This is all of a format that prints a line of tab-separated text per flow:
//!
//! ```
//! use std::io::{self, Write};
//!
//! use flowlabel::record::{FlowRecord, Summary, escape};
//! use flowlabel::report::{Format, Report, View};
//!
//! struct Tsv;
//!
//! impl Report for Tsv {
//!     fn flow(&mut self, flow: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
//!         let label = escape::visible(flow.label.unwrap_or("-"));
//!         writeln!(out, "{}\t{}\t{}\t{label}", flow.id, flow.client.ip, flow.server.ip)
//!     }
//!
//!     fn update(&mut self, _before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
//!         self.flow(after, out)
//!     }
//!
//!     fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
//!         writeln!(out, "# {} flows", summary.flows.total)
//!     }
//! }
//!
//! // The line in the table:
//! const TSV: Format = Format { name: "tsv", help: "A line of tab-separated text per flow", extension: "tsv", new: |_| Box::new(Tsv) };
//!
//! let mut out = Vec::new();
//! (TSV.new)(&View::default()).finish(&Summary::default(), &mut out)?;
//! assert_eq!(out, b"# 0 flows\n");
//! # Ok::<(), io::Error>(())
//! ```

mod csv;
mod findings;
mod html;
mod json;
mod json_text;
mod junit;
mod ndjson;
mod policy;
mod rpc;
mod sarif;
mod table;
mod tally;
mod top;
pub mod units;

use std::io::{self, Write};

use crate::record::{FlowRecord, Summary};

pub use policy::policy_format;
pub use rpc::{RPC_FORMATS, rpc_format};

/// Makes the text of one record, which depends on nothing but the record.
pub type Prepare = fn(&FlowRecord<'_>, &mut Vec<u8>) -> io::Result<()>;

/// What a report needs of the records it is shown in their order.
#[derive(Clone, Copy, Debug)]
pub enum Needs {
    /// Each as a whole.
    Records,
    /// Each, and the sentence only of those for which [`Report::asks_why`].
    Counts,
    /// Each one's text, which may be made ahead of its turn, by any thread.
    Text(Prepare),
}

/// Writes records in one format. `out` need not be buffered for the sake of speed within a record.
pub trait Report {
    /// Writes a record.
    fn flow(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// What it needs of records. Those that come with a text go to [`Report::text`] instead of [`Report::flow`].
    fn needs(&self) -> Needs {
        Needs::Records
    }

    /// Whether it needs the sentence of this record too.
    fn asks_why(&self, _record: &FlowRecord<'_>) -> bool {
        true
    }

    /// Writes a record whose text was made already.
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text)
    }

    /// Later evidence changed a record that is already written: `before` is what was written, `after` what holds now.
    fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// Writes what follows the last record. It is called once, also when there was no record at all.
    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()>;
}

/// What a format for people may want to know of the place it is shown in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Columns to fill.
    pub width: usize,
    /// Columns that there are, where they are known: a pipe has no end.
    pub room: Option<usize>,
    /// Rows of the terminal.
    pub height: usize,
    /// Whether to colour.
    pub color: bool,
    /// Whether to list single flows too.
    pub flows: bool,
    /// Whether to tell all, however long it gets.
    pub verbose: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { width: 80, room: None, height: 40, color: false, flows: false, verbose: false }
    }
}

/// A format of `--format`.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What the help says of it.
    pub help: &'static str,
    /// The usual extension of its files.
    pub extension: &'static str,
    /// Starts a report.
    pub new: fn(&View) -> Box<dyn Report + Send>,
}

/// The page of `--report`.
pub const HTML: Format = Format {
    name: "html",
    help: "One self-contained page for a browser or a printer; also beside another format, with --report",
    extension: "html",
    new: |_| Box::new(html::Html::default()),
};

/// Every format, the default first.
pub const FORMATS: &[Format] = &[
    Format {
        name: "table",
        help: "A screenful for people: labels and servers, then what is flagged, damaged or lost",
        extension: "txt",
        new: |view| Box::new(table::Table::new(*view)),
    },
    Format {
        name: "ndjson",
        help: "One JSON object a line: the flows, then the summary",
        extension: "ndjson",
        new: |_| Box::new(ndjson::NdJson::default()),
    },
    Format {
        name: "json",
        help: "One JSON object: {\"flows\":[...],\"summary\":{...}}",
        extension: "json",
        new: |_| Box::new(json::Json::default()),
    },
    Format {
        name: "csv",
        help: "A header and a row per flow, for spreadsheets; the summary is left out",
        extension: "csv",
        new: |_| Box::new(csv::Csv::default()),
    },
    HTML,
];

/// Formats that only an audit can fill.
pub const AUDIT_FORMATS: &[Format] = &[
    Format {
        name: "junit",
        help: "JUnit XML: findings and expectations as test cases, for pipelines (audit only)",
        extension: "xml",
        new: |_| Box::new(junit::Junit),
    },
    Format {
        name: "sarif",
        help: "SARIF 2.1.0: findings as results, for code hosts and dashboards (audit only)",
        extension: "sarif",
        new: |_| Box::new(sarif::Sarif),
    },
];

/// The format of this name, for an audit.
pub fn audit_format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().chain(AUDIT_FORMATS).find(|format| format.name == name)
}

/// Formats of which a file may end after any record, and the next one begin.
pub const LINES: &[&str] = &["ndjson", "csv"];

/// The format of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
