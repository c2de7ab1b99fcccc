//! `--flows`: one line a flow, as it comes.

use super::line::{Line, Style, fit};
use super::tally::ends;
use super::units;
use crate::record::{FlowRecord, Verdict};

/// Where a line has room for times, packets and TCP state.
const WIDE: usize = 120;

/// Columns of the two ends: enough for most of IPv4, so that the columns after them stand still.
const ENDS: usize = 42;

/// The names of the columns.
pub(super) fn heading(width: usize, color: bool) -> Line {
    let mut line = Line::new(color);
    line.left(Style::Bold, "FLOW", 9);
    if width >= WIDE {
        line.left(Style::Bold, "TIME", 16);
    }
    line.left(Style::Bold, "PROTO", 7).left(Style::Bold, "CLIENT → SERVER", ENDS).gap(1);
    if width >= WIDE {
        line.left(Style::Bold, "STATE", 7).left(Style::Bold, "PACKETS", 7).gap(1);
    }
    line.left(Style::Bold, "BYTES", 6).gap(1);
    if width >= WIDE {
        line.right(Style::Bold, "LASTED", 11).gap(1);
    }
    line.gap(2).put(Style::Bold, "LABEL");
    line
}

/// A flow. Addresses are never cut: where they do not fit, the rest of the line moves on.
pub(super) fn flow(record: &FlowRecord<'_>, width: usize, color: bool) -> Line {
    let mut line = Line::new(color);
    cell(&mut line, Style::Dim, &record.id.text(), 9);
    if width >= WIDE {
        cell(&mut line, Style::Plain, &units::time_of_day(record.first), 16);
    }
    cell(&mut line, Style::Plain, &record.transport.to_string(), 7);
    cell(&mut line, Style::Plain, &ends(record), ENDS + 1);
    if width >= WIDE {
        let state = record.tcp.as_ref().map_or("", |tcp| tcp.state.as_str());
        line.left(Style::Plain, state, 7).right(Style::Plain, &units::count_cell(record.packets.sum()), 7).gap(1);
    }
    line.right(Style::Plain, &units::bytes_cell(record.bytes.sum()), 6).gap(1);
    if width >= WIDE {
        line.right(Style::Plain, &units::duration(record.duration), 11).gap(1);
    }
    line.left(Style::Bad, if record.is_flagged() { "!" } else { "" }, 2);
    judgement(&mut line, record, width);
    line
}

/// Text that is never cut, in a column with a gap after it.
fn cell(line: &mut Line, style: Style, text: &str, width: usize) {
    let column = line.column();
    line.put(style, text).gap(1).skip_to(column + width);
}

/// The label, what it rests on, and why the flow is flagged.
fn judgement(line: &mut Line, record: &FlowRecord<'_>, width: usize) {
    let name = record.label.map(str::to_owned).or_else(|| record.hint.map(|hint| format!("{hint}?")));
    let mut words: Vec<_> = name.into_iter().map(|name| (Style::Plain, name)).collect();
    words.extend(record.evidence.map(|evidence| (Style::Dim, evidence.to_string())));
    let style = if record.verdict == Some(Verdict::Unmatched) { Style::Warn } else { Style::Bad };
    words.extend(record.flags.iter().map(|flag| (style, (*flag).to_owned())));
    let findings = record.policy.iter().flat_map(|policy| &policy.findings);
    words.extend(findings.map(|finding| (Style::Bad, finding.kind.to_string())));
    for (style, word) in words {
        let room = width.saturating_sub(line.column());
        if room < 2 {
            break;
        }
        line.put(style, &fit(&word, room)).gap(2);
    }
}
