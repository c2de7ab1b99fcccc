//! What `flowlabel rpc` prints: who listens where. A table for people, and JSON with the same blocks as the summary of a run.

use std::io::{self, Write};

use serde_json::json;

use super::{Format, Report, json_text, units};
use crate::record::escape::visible;
use crate::record::{FlowRecord, HighPorts, LearnedEndpoint, Summary};

/// The formats of `flowlabel rpc`, the default first.
pub const RPC_FORMATS: &[Format] = &[
    Format { name: "table", help: "By server, for people", extension: "txt", new: |_| Box::new(Table) },
    Format { name: "json", help: "{\"learned\":[...],\"high_ports\":[...]}", extension: "json", new: |_| Box::new(Json) },
];

/// The format of this name.
pub fn rpc_format(name: &str) -> Option<&'static Format> {
    RPC_FORMATS.iter().find(|format| format.name == name)
}

struct Json;

impl Report for Json {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        json_text::append(&mut text, &json!({"learned": summary.learned, "high_ports": summary.high_ports}))?;
        text.push(b'\n');
        out.write_all(&text)
    }
}

struct Table;

impl Report for Table {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut servers: Vec<_> = summary.learned.iter().map(|endpoint| endpoint.server).collect();
        servers.extend(summary.high_ports.iter().map(|server| server.server));
        servers.sort_unstable();
        servers.dedup();
        if servers.is_empty() {
            return writeln!(out, "Nobody announced where it listens, and no DCE/RPC was bound.");
        }
        for server in servers {
            let endpoints: Vec<_> = summary.learned.iter().filter(|endpoint| endpoint.server == server).collect();
            let high = summary.high_ports.iter().find(|high| high.server == server);
            heading(&server.to_string(), high, out)?;
            listed(&endpoints, out)?;
            if let Some(high) = high {
                explained(high, out)?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

fn heading(server: &str, high: Option<&HighPorts>, out: &mut dyn Write) -> io::Result<()> {
    match high.and_then(|high| high.range.as_deref().zip(high.era)) {
        Some((range, era)) => writeln!(out, "{server}   takes its ports from {range} ({era})"),
        None => writeln!(out, "{server}"),
    }
}

/// Listeners one by one; what is for one conversation only is counted.
fn listed(endpoints: &[&LearnedEndpoint], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 6]> =
        endpoints.iter().filter(|endpoint| endpoint.lasting == "listener").map(|endpoint| row(endpoint)).collect();
    if !rows.is_empty() {
        let titles = ["endpoint", "protocol", "what", "system", "learned from", "clients"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(titles).chain(rows).collect();
        let width =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        for row in &rows {
            write!(out, " ")?;
            for (cell, width) in row.iter().zip(&widths) {
                write!(out, " {cell:width$} ")?;
            }
            writeln!(out, " {}", row.last().map(String::as_str).unwrap_or_default())?;
        }
    }
    let mut passing: Vec<(&str, &str, u64, u64)> = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.lasting != "listener") {
        match passing.iter_mut().find(|(protocol, how, ..)| (*protocol, *how) == (endpoint.protocol, endpoint.how)) {
            Some((_, _, count, flows)) => (*count, *flows) = (*count + 1, *flows + endpoint.flows),
            None => passing.push((endpoint.protocol, endpoint.how, 1, endpoint.flows)),
        }
    }
    for (protocol, how, count, flows) in passing {
        writeln!(
            out,
            "  {protocol} ({how}): {}, {}",
            units::many(count, "endpoint for one session"),
            units::many(flows, "flow")
        )?;
    }
    Ok(())
}

fn row(endpoint: &LearnedEndpoint) -> [String; 6] {
    let place = endpoint.port.map_or_else(|| endpoint.transport.to_string(), |port| format!("{}/{port}", endpoint.transport));
    let name = endpoint.name.map(str::to_owned).or_else(|| endpoint.interface.clone());
    let version = endpoint.version.as_ref().filter(|_| name.is_some()).map(|version| format!(" {version}")).unwrap_or_default();
    let annotation = endpoint.annotation.as_deref().filter(|text| Some(*text) != endpoint.name).map(visible).unwrap_or_default();
    let what = format!("{}{version}  {annotation}", name.unwrap_or_default());
    let clients = match endpoint.clients.as_slice() {
        [] => "none seen".to_owned(),
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    };
    let learned = format!("{} in packet {}", endpoint.how, endpoint.packet);
    [place, endpoint.protocol.to_owned(), what.trim().to_owned(), endpoint.systems.join(" "), learned, clients]
}

/// Ports without explanation that are named; the rest is counted.
const NAMED: usize = 8;

fn explained(high: &HighPorts, out: &mut dyn Write) -> io::Result<()> {
    let by = [("learned", high.explained.learned), ("payload", high.explained.payload), ("port", high.explained.port)];
    let flows: u64 = by.iter().map(|(_, part)| part.flows).sum();
    let bytes: u64 = by.iter().map(|(_, part)| part.bytes).sum();
    let parts: Vec<_> =
        by.iter().filter(|(_, part)| part.flows > 0).map(|(word, part)| format!("{word} {}", part.flows)).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    writeln!(
        out,
        "  high ports: {}, {}; explained {} of the flows, {} of the bytes{parts}",
        units::many(high.flows, "flow"),
        units::bytes(high.bytes),
        units::percent(flows, high.flows),
        units::percent(bytes, high.bytes)
    )?;
    let named = high.unexplained.iter().take(NAMED);
    let named: Vec<_> =
        named.map(|open| format!("{}/{} ({})", open.transport, open.port, units::many(open.flows, "flow"))).collect();
    let more = high.unexplained.len().saturating_sub(NAMED);
    match (named.is_empty(), more) {
        (true, _) => Ok(()),
        (false, 0) => writeln!(out, "  not explained: {}", named.join(", ")),
        (false, more) => writeln!(out, "  not explained: {} and {} more", named.join(", "), units::many(more as u64, "port")),
    }
}
