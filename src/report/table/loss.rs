//! What was damaged or lost, or that nothing was.

use std::collections::BTreeMap;

use super::line::{Line, Style, wrap};
use super::{View, units};
use crate::record::{Announcements, Damage, Loss, Summary};

/// Damages shown one by one, where the terminal is not low.
const MOST: usize = 3;
/// Columns of the first word.
const WORD: usize = 13;

/// The section: at least one line, so that silence is never taken for health.
pub(super) fn lines(summary: &Summary, view: &View) -> Vec<Line> {
    let most = if view.height < super::LOW { 1 } else { MOST };
    let mut lines: Vec<Line> = summary.damage.iter().take(most).flat_map(|damage| damaged(damage, view)).collect();
    if let Some(left) = summary.damage.len().checked_sub(most).filter(|left| *left > 0) {
        lines.extend(entry("", &format!("and {left} more: see `damage` in the summary of --format ndjson"), view));
    }
    for (word, text) in counted(summary) {
        lines.extend(entry(word, &text, view));
    }
    let mut heading = Line::new(view.color);
    if lines.is_empty() {
        heading.put(Style::Dim, "Nothing damaged, nothing lost.");
    } else {
        heading.put(Style::Bold, "DAMAGED OR LOST");
    }
    lines.insert(0, heading);
    lines
}

/// A word and what there is to say, on two lines at most.
fn entry(word: &str, text: &str, view: &View) -> Vec<Line> {
    let pieces = wrap(text, view.width.saturating_sub(WORD), 2);
    let line = |(at, piece): (usize, &String)| {
        let mut line = Line::new(view.color);
        line.left(Style::Warn, if at == 0 { word } else { "" }, WORD).put(Style::Plain, piece);
        line
    };
    pieces.iter().enumerate().map(line).collect()
}

fn damaged(damage: &Damage, view: &View) -> Vec<Line> {
    let packet = damage.packet.map(|number| format!("packet {number}, ")).unwrap_or_default();
    entry("damaged", &format!("{}: {packet}byte {}: {}", damage.file, damage.offset, damage.reason), view)
}

/// What is counted and not listed, where there is any.
fn counted(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if summary.packets.undecodable > 0 {
        said.push(("undecodable", reasons(summary.packets.undecodable, &summary.undecodable)));
    }
    let cut: u64 = summary.cut_short.values().sum();
    if cut > 0 {
        said.push(("cut short", reasons(cut, &summary.cut_short)));
    }
    for Loss { by, packets, why, help } in summary.drops.losses() {
        said.push(("dropped", format!("{} by {by}: {why}; {help}", units::many(packets, "packet"))));
    }
    if summary.flows.evicted > 0 {
        said.push(("evicted", format!("{} written early: --max-flows", units::many(summary.flows.evicted, "flow"))));
    }
    if let Some(text) = announcements(&summary.announcements) {
        said.push(("forgotten", text));
    }
    said
}

/// Announcements that were too many, where they were: flows that they announced are not known as such.
pub(in crate::report) fn announcements(counts: &Announcements) -> Option<String> {
    let parts = [
        (counts.forgotten, "announcement", "forgotten to remember later ones"),
        (counts.unfollowed, "conversation", "that may announce more not followed to the end"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(count, ..)| *count > 0).collect();
    let said = parts.iter().map(|(count, what, became)| format!("{} {became}", units::many(*count, what)));
    (!parts.is_empty()).then(|| said.collect::<Vec<_>>().join(", "))
}

/// How many packets, and the most frequent reasons.
fn reasons(packets: u64, by_reason: &BTreeMap<String, u64>) -> String {
    let mut kinds: Vec<_> = by_reason.iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let listed: Vec<_> = kinds.iter().take(4).map(|(why, count)| format!("{why} {}", units::count(**count))).collect();
    let more = if kinds.len() > listed.len() { ", ..." } else { "" };
    format!("{}: {}{more}", units::many(packets, "packet"), listed.join(", "))
}
