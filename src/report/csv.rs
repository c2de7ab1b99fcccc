//! `csv` (RFC 4180, lines end in LF): a header and a row per flow. Arrays are joined with `;`, null is an empty cell.
//!
//! One more column is a line at the end of [`COLUMNS`]: the order is what scripts rely on. An update is a row with the type
//! `update` and every field as it is now. The summary has no place here.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};

use super::Report;
use crate::record::escape::visible;
use crate::record::{Finding, FlowRecord, Summary};

/// Appends a field to an empty cell.
type Fill = fn(&FlowRecord<'_>, &mut String) -> fmt::Result;

/// Every column after `type`: its name, and how its cell is filled.
const COLUMNS: &[(&str, Fill)] = &[
    ("id", |r, cell| put(cell, Some(r.id))),
    ("community_id", |r, cell| put(cell, Some(r.community_id))),
    ("first", |r, cell| put(cell, r.first.is_some().then_some(r.first))),
    ("last", |r, cell| put(cell, r.last.is_some().then_some(r.last))),
    ("duration", |r, cell| put(cell, Some(r.duration))),
    ("ip_version", |r, cell| put(cell, Some(r.ip_version))),
    ("transport", |r, cell| put(cell, Some(r.transport))),
    ("protocol", |r, cell| put(cell, Some(r.protocol))),
    ("vlans", |r, cell| join(cell, r.vlans.iter().map(Some))),
    ("tunnels", |r, cell| join(cell, r.tunnels.iter().map(|tunnel| Some(tunnel.kind)))),
    ("tunnel_ids", |r, cell| join(cell, r.tunnels.iter().map(|tunnel| tunnel.id))),
    ("tunnel_keys", |r, cell| join(cell, r.tunnels.iter().map(|tunnel| tunnel.key))),
    ("client_ip", |r, cell| put(cell, Some(r.client.ip))),
    ("client_port", |r, cell| put(cell, r.client.port)),
    ("client_name", |r, cell| put(cell, r.client.name)),
    ("server_ip", |r, cell| put(cell, Some(r.server.ip))),
    ("server_port", |r, cell| put(cell, r.server.port)),
    ("server_name", |r, cell| put(cell, r.server.name)),
    ("direction", |r, cell| put(cell, Some(r.direction))),
    ("packets_client", |r, cell| put(cell, Some(r.packets.client))),
    ("packets_server", |r, cell| put(cell, Some(r.packets.server))),
    ("bytes_client", |r, cell| put(cell, Some(r.bytes.client))),
    ("bytes_server", |r, cell| put(cell, Some(r.bytes.server))),
    ("icmp_type", |r, cell| put(cell, r.icmp.map(|icmp| icmp.kind))),
    ("icmp_code", |r, cell| put(cell, r.icmp.map(|icmp| icmp.code))),
    ("icmp_id", |r, cell| put(cell, r.icmp.and_then(|icmp| icmp.id))),
    ("icmp_errors", |r, cell| put(cell, r.icmp_errors.as_ref().map(|errors| errors.count))),
    ("icmp_error_codes", |r, cell| join(cell, r.icmp_errors.iter().flat_map(|errors| &errors.codes).map(Some))),
    ("tcp_state", |r, cell| put(cell, r.tcp.as_ref().map(|tcp| tcp.state))),
    ("tcp_history", |r, cell| put(cell, r.tcp.as_ref().map(|tcp| tcp.history))),
    ("tcp_rtt_ms", |r, cell| put(cell, r.tcp.as_ref().and_then(|tcp| tcp.rtt_ms))),
    ("tcp_retransmissions", |r, cell| put(cell, r.tcp.as_ref().map(|tcp| tcp.retransmissions))),
    ("tcp_gaps", |r, cell| put(cell, r.tcp.as_ref().map(|tcp| tcp.gaps))),
    ("spis", |r, cell| join(cell, r.spis.iter().map(Some))),
    ("label", |r, cell| put(cell, r.label)),
    ("detail", |r, cell| put(cell, r.detail)),
    ("systems", |r, cell| join(cell, r.systems.iter().map(Some))),
    ("verdict", |r, cell| put(cell, r.verdict)),
    ("evidence", |r, cell| put(cell, r.evidence)),
    ("learned_after", |r, cell| put(cell, Some(r.learned_after))),
    ("flags", |r, cell| join(cell, r.flags.iter().map(Some))),
    ("notes", |r, cell| join(cell, r.notes.iter().map(Some))),
    ("reason", |r, cell| put(cell, r.reason.as_ref())),
    ("hint", |r, cell| put(cell, r.hint)),
    ("payload", |r, cell| put(cell, r.payload.and_then(|payload| payload.protocol))),
    ("payload_confidence", |r, cell| put(cell, r.payload.and_then(|payload| payload.confidence))),
    ("recognizer_calls", |r, cell| put(cell, r.payload.map(|payload| payload.calls))),
    ("sources", |r, cell| join(cell, r.sources.iter().map(Some))),
    ("policy_status", |r, cell| put(cell, r.policy.as_ref().map(|policy| policy.status))),
    ("policy_by", |r, cell| join(cell, r.policy.iter().flat_map(|policy| &policy.by).map(Some))),
    ("policy_findings", |r, cell| join(cell, r.policy.iter().flat_map(|policy| &policy.findings).map(|f| Some(f.kind)))),
    ("policy_links", |r, cell| join(cell, findings(r).map(|finding| finding.link.as_ref()))),
    ("policy_texts", |r, cell| join(cell, findings(r).map(|finding| Some(&finding.text)))),
    ("policy_sources", |r, cell| join(cell, findings(r).flat_map(|finding| &finding.sources).map(Some))),
    ("policy_filters", |r, cell| join(cell, findings(r).map(|finding| Some(&finding.filter)))),
];

/// What an audit found of a record.
fn findings<'r>(record: &'r FlowRecord<'_>) -> impl Iterator<Item = &'r Finding> {
    record.policy.iter().flat_map(|policy| &policy.findings)
}

/// A value, or nothing.
fn put(cell: &mut String, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(cell, "{value}"))
}

/// Values with `;` between them; one that is missing keeps its place.
fn join(cell: &mut String, values: impl Iterator<Item = Option<impl Display>>) -> fmt::Result {
    for (at, value) in values.enumerate() {
        cell.push_str(if at == 0 { "" } else { ";" });
        put(cell, value)?;
    }
    Ok(())
}

/// Appends a cell as it is to stand in the file.
///
/// A spreadsheet takes what starts with one of `= + - @`, tab or carriage return for a formula, so a quote goes before it.
fn push_cell(line: &mut String, cell: &str) {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    let shown = visible(cell);
    if shown.contains([',', '"', ';']) {
        line.extend(["\"", guard, &shown.replace('"', "\"\""), "\""]);
    } else {
        line.extend([guard, &shown]);
    }
}

/// Writes rows, each made in buffers that are reused.
#[derive(Default)]
pub(super) struct Csv {
    line: String,
    cell: String,
    begun: bool,
}

impl Csv {
    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        writeln!(out, "type,{}", names.join(","))
    }

    fn row(&mut self, kind: &str, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.header(out)?;
        self.line.clear();
        self.line.push_str(kind);
        for (_, fill) in COLUMNS {
            self.cell.clear();
            fill(record, &mut self.cell).map_err(io::Error::other)?;
            self.line.push(',');
            push_cell(&mut self.line, &self.cell);
        }
        self.line.push('\n');
        out.write_all(self.line.as_bytes())
    }
}

impl Report for Csv {
    fn flow(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.row("flow", record, out)
    }

    fn update(&mut self, _before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.row("update", after, out)
    }

    fn finish(&mut self, _summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.header(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut line = String::new();
        push_cell(&mut line, text);
        line
    }

    #[test]
    fn formulas_are_defused() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", r"'\t=1"),
            ("\r=1", r"'\r=1"),
            ("=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    #[test]
    fn separators_are_quoted_and_controls_are_shown() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("a;b"), "\"a;b\"");
        assert_eq!(cell("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(cell("a\nb\x1b"), r"a\nb\x1b");
    }

    #[test]
    fn each_column_stands_once() {
        let mut names: Vec<_> = COLUMNS.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
    }
}
