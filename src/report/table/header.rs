//! The head of the table: what was read, how much it is, and how much of it is explained.

use unicode_width::UnicodeWidthStr;

use super::line::{Line, Style, fit, fit_end};
use super::tally::Tally;
use super::{View, units};
use crate::record::{Input, Summary};

/// Between two pieces of a line.
const GAP: usize = 3;

/// The lines of the head.
pub(super) fn lines(summary: &Summary, tally: &Tally, view: &View) -> Vec<Line> {
    let mut lines = pieces(&read(summary, view), view);
    lines.extend(pieces(&sizes(summary, tally), view));
    lines.extend(pieces(&verdicts(summary), view));
    lines
}

/// Pieces with a gap between them, on as many lines as they need.
fn pieces(pieces: &[(Style, String)], view: &View) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (style, piece) in pieces {
        let piece = fit(piece, view.width);
        match lines.last_mut() {
            Some(line) if line.column() + GAP + piece.width() <= view.width => {
                line.gap(GAP).put(*style, &piece);
            }
            _ => {
                let mut line = Line::new(view.color);
                line.put(*style, &piece);
                lines.push(line);
            }
        }
    }
    lines
}

/// The inputs and their time.
fn read(summary: &Summary, view: &View) -> Vec<(Style, String)> {
    let mut said = vec![(Style::Bold, inputs(&summary.run.inputs, view.width))];
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        let seconds = last.nanos_since(first) as f64 / 1e9;
        said.push((Style::Plain, format!("{} ({})", units::span(first, last), units::duration(seconds))));
    }
    said
}

/// What was read: of many inputs their folder, else the first and the last. A long path keeps its end.
fn inputs(inputs: &[Input], width: usize) -> String {
    match inputs {
        [] => "no input".into(),
        [one] if one.path == "-" => "standard input".into(),
        [one] => fit_end(&one.path, width).into_owned(),
        [first, .., last] => {
            let (folder, from) = split(&first.path);
            let (same, to) = split(&last.path);
            let whole = format!("{} inputs: {} to {}", inputs.len(), first.path, last.path);
            if whole.width() <= width {
                whole
            } else if folder == same {
                format!("{} inputs in {}", inputs.len(), fit_end(folder, width / 2))
            } else {
                format!("{} inputs: {} to {}", inputs.len(), fit_end(from, width / 3), fit_end(to, width / 3))
            }
        }
    }
}

/// The folder of a path and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once(['/', '\\']).unwrap_or(("", path))
}

/// Packets, bytes and flows.
fn sizes(summary: &Summary, tally: &Tally) -> Vec<(Style, String)> {
    let packets = summary.packets;
    let mut said = vec![
        (Style::Plain, units::many(packets.total, "packet")),
        (Style::Plain, units::bytes(summary.bytes)),
        (Style::Plain, units::many(summary.flows.total, "flow")),
    ];
    if tally.total.flows < summary.flows.total {
        said.push((Style::Bold, format!("{} selected", units::count(tally.total.flows))));
    }
    if packets.non_ip > 0 {
        let mut kinds: Vec<_> = summary.non_ip.iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let kinds: Vec<_> = kinds.into_iter().take(3).map(|(kind, count)| format!("{kind} {}", units::count(*count))).collect();
        said.push((Style::Dim, format!("no IP: {}", kinds.join(", "))));
    }
    for (count, what) in [(summary.fragments, "fragment"), (summary.duplicates, "duplicate")] {
        if count > 0 {
            said.push((Style::Dim, units::many(count, what)));
        }
    }
    said
}

/// How much is explained, once there is a catalog: of all flows, whichever are selected.
fn verdicts(summary: &Summary) -> Vec<(Style, String)> {
    let flows = summary.flows;
    if flows.matched + flows.mismatched + flows.unmatched == 0 {
        return Vec::new();
    }
    let share = |share: f64| units::percent((share * 1e4).round() as u64, 10_000);
    let (of_flows, of_bytes) = (share(summary.explained.flows), share(summary.explained.bytes));
    let mut said = vec![(Style::Bold, format!("explained {of_flows} of flows, {of_bytes} of bytes"))];
    for (count, word, style) in [
        (flows.matched, "matched", Style::Good),
        (flows.mismatched, "mismatched", Style::Bad),
        (flows.unmatched, "unmatched", Style::Warn),
    ] {
        let style = if count == 0 { Style::Dim } else { style };
        said.push((style, format!("{} {word}", units::count(count))));
    }
    said
}
