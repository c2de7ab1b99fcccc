//! What is flagged and why: the kinds, most flows first, each with a flow to look at and its reason.

use unicode_width::UnicodeWidthStr;

use super::line::{Line, Style, fit, wrap};
use super::tally::{Amount, FlagKey, Flagged, Tally};
use super::{View, units};
use crate::record::Verdict;

/// Kinds shown at most: the rest are for `--only flagged`.
const MOST: usize = 8;
/// However small the terminal.
const FEWEST: usize = 1;
/// Where there is room for aligned columns.
const WIDE: usize = 120;
/// Columns of the verdict.
const VERDICT: usize = 12;

/// The section, on about `rows` lines (a few at least); nothing when nothing is flagged.
pub(super) fn lines(tally: &Tally, view: &View, rows: usize) -> Vec<Line> {
    let all = tally.reasons.heaviest();
    if all.is_empty() {
        return Vec::new();
    }
    let mut heading = Line::new(view.color);
    heading.put(Style::Bold, "FLAGGED").gap(2).put(Style::Plain, &sum(tally.flagged));
    let mut lines = vec![heading];
    let widths = Widths::new(&all, view);
    let mut listed = 0;
    for (key, flagged) in &all {
        let kind = kind(key, flagged, &widths, view);
        if listed >= MOST || (listed >= FEWEST && lines.len() + kind.len() + 1 > rows) {
            break;
        }
        lines.extend(kind);
        listed += 1;
    }
    if listed < all.len() {
        let mut more = Line::new(view.color);
        let over = if tally.reasons.overflowed() { "over " } else { "" };
        more.put(Style::Dim, &format!("{over}{} more kinds: --only flagged lists the flows", all.len() - listed));
        lines.push(more);
    }
    lines
}

/// How wide the columns are; nothing is aligned where there is no room for it.
struct Widths {
    service: usize,
    words: usize,
}

impl Widths {
    fn new(all: &[(&FlagKey, &Flagged)], view: &View) -> Self {
        if view.width < WIDE {
            return Self { service: 0, words: 0 };
        }
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0).min(30);
        let shown = || all.iter().take(MOST).map(|(key, _)| *key);
        Self {
            service: widest(&mut shown().map(|key| key.service.to_string().width())),
            words: widest(&mut shown().map(|key| key.words.width())),
        }
    }
}

fn sum(amount: Amount) -> String {
    format!("{}, {}", units::many(amount.flows, "flow"), units::bytes(amount.bytes))
}

/// One kind: what and how much, the reason, and a flow to look at.
fn kind(key: &FlagKey, flagged: &Flagged, widths: &Widths, view: &View) -> Vec<Line> {
    let mut lines = vec![what(key, flagged, widths, view)];
    let Some(example) = &flagged.example else { return lines };
    let room = view.width.saturating_sub(VERDICT);
    for text in wrap(&example.reason, room, 2) {
        let mut line = Line::new(view.color);
        line.skip_to(VERDICT).put(Style::Plain, &text);
        lines.push(line);
    }
    let said = fit(&format!("e.g. {}  {}", example.id, example.ends), room).into_owned();
    match lines.first_mut() {
        Some(first) if first.column() + 2 + said.width() <= view.width => {
            first.gap(2).put(Style::Dim, &said);
        }
        _ => {
            let mut line = Line::new(view.color);
            line.skip_to(VERDICT).put(Style::Dim, &said);
            lines.push(line);
        }
    }
    lines
}

/// The verdict, the service, the flags and how many flows have them.
fn what(key: &FlagKey, flagged: &Flagged, widths: &Widths, view: &View) -> Line {
    let style = if key.verdict == Verdict::Unmatched.as_str() { Style::Warn } else { Style::Bad };
    let amount = sum(flagged.amount);
    let room = view.width.saturating_sub(VERDICT + amount.width() + 4);
    let mut line = Line::new(view.color);
    line.left(style, key.verdict, VERDICT).put(Style::Bold, &fit(&key.service.to_string(), room));
    line.skip_to(VERDICT + widths.service).gap(2);
    let column = line.column();
    line.put(style, &fit(&key.words, (room + VERDICT + 2).saturating_sub(column)));
    line.skip_to(column + widths.words).gap(2).put(Style::Plain, &amount);
    line
}
