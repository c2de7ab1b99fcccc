//! The outcome of an audit: findings by kind, each block with its witnesses, its lines and a display filter; then what was not seen.
//!
//! It fits the rows it is given: every kind is named with its number, and as many blocks are told as there is room for, the gravest
//! kinds first, one of each before a second of any. `--verbose` tells all.

use std::collections::BTreeMap;

use super::View;
use super::line::{Line, Style, fit, wrap};
use crate::record::{Audit, Change, Coverage, FindingGroup, Gone, Seen};
use crate::report::findings::{Block, OfKind, by_kind, service_name};
use crate::report::units::{count, few, many};

/// Lines of coverage and of what is gone, but for the first of each.
const MOST_MISSING: usize = 2;
/// Witnesses named for each block.
const MOST_WITNESSES: usize = 4;
/// Lines for the kinds that there is no room for.
const FOLDED: usize = 3;
/// Where the text under a block's first line begins.
const INDENT: usize = 4;

/// The sections on about `rows` lines, with a blank line after them.
pub(super) fn lines(audit: &Audit, view: &View, rows: usize) -> Vec<Line> {
    let mut after = gone(&audit.gone, view);
    after.extend(coverage(audit, view));
    after.push(Line::new(false));
    let rows = if view.verbose { usize::MAX } else { rows };
    let mut lines = vec![heading(audit, view)];
    lines.extend(findings(audit, view, rows.saturating_sub(after.len() + 1)));
    lines.extend(after);
    lines
}

fn heading(audit: &Audit, view: &View) -> Line {
    let flows = audit.flows;
    let clean = audit.findings.is_empty();
    let mut line = Line::new(view.color);
    line.put(Style::Bold, "AUDIT").gap(2).put(Style::Plain, &fit(&audit.policy, view.width / 3)).gap(2);
    let verdict = if clean { "no findings".to_owned() } else { many(audit.findings.len() as u64, "finding") };
    line.put(if clean { Style::Good } else { Style::Bad }, &verdict).gap(2);
    let counts = [
        ("forbidden", flows.forbidden),
        ("unexpected", flows.unexpected),
        ("expected", flows.expected),
        ("outside", flows.outside),
        ("accepted", audit.accepted),
        ("known", audit.known),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    let room = view.width.saturating_sub(line.column());
    line.put(Style::Dim, &fit(&told.join(", "), room));
    line
}

/// A kind, the lines of its blocks, and how many of those there is room for.
struct Told<'a> {
    kind: OfKind<'a>,
    blocks: Vec<Vec<Line>>,
    shown: usize,
}

/// How much room there is for a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Ample,
    Fair,
    Tight,
}

impl Room {
    /// Hosts and ports in a filter.
    fn named(self) -> usize {
        if self == Self::Tight { 4 } else { 16 }
    }

    /// Lines of a sentence.
    fn lines(self) -> usize {
        match self {
            Self::Ample => 8,
            Self::Fair => 2,
            Self::Tight => 1,
        }
    }
}

fn told<'a>(audit: &'a Audit, view: &View, room: Room) -> Vec<Told<'a>> {
    let blocks = |kind: &OfKind<'_>| kind.blocks.iter().map(|told| block(told, view, room)).collect();
    by_kind(&audit.findings).into_iter().map(|kind| Told { blocks: blocks(&kind), kind, shown: 0 }).collect()
}

fn findings(audit: &Audit, view: &View, rows: usize) -> Vec<Line> {
    let mut kinds = told(audit, view, if view.verbose { Room::Ample } else { Room::Fair });
    if firsts(&kinds, view) > rows {
        kinds = told(audit, view, Room::Tight);
    }
    let folded = if firsts(&kinds, view) > rows { FOLDED } else { 0 };
    share_out(&mut kinds, rows.saturating_sub(folded), view);
    let (shown, hidden): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| kind.shown > 0);
    let mut lines = Vec::new();
    for told in shown {
        lines.push(kind_line(&told, view));
        lines.extend(told.blocks.into_iter().take(told.shown).flatten());
    }
    lines.extend(in_short(&hidden, view));
    if audit.findings_left_out > 0 {
        let text =
            format!("{} did not fit into memory: --format ndjson has each in its flow", many(audit.findings_left_out, "finding"));
        lines.push(plain(Style::Dim, &text, 2, view));
    }
    lines
}

/// Rows of one block of each kind.
fn firsts(kinds: &[Told<'_>], view: &View) -> usize {
    kinds.iter().filter_map(|kind| kind.blocks.first()).map(|block| height(block, view) + 1).sum()
}

/// Kinds that there is no room for, with their numbers.
fn in_short(kinds: &[Told<'_>], view: &View) -> Vec<Line> {
    if kinds.is_empty() {
        return Vec::new();
    }
    let told: Vec<String> = kinds.iter().map(|told| format!("{} {}", told.kind.kind, count(told.kind.findings()))).collect();
    let text = format!("with --verbose: {}", told.join(", "));
    wrap(&text, view.width, FOLDED).iter().map(|text| plain(Style::Bad, text, 0, view)).collect()
}

/// Gives every kind a block in turn, as long as there is room; the gravest has one in any case.
fn share_out(kinds: &mut [Told<'_>], mut rows: usize, view: &View) {
    let most = kinds.iter().map(|kind| kind.blocks.len()).max().unwrap_or(0);
    for round in 0..most {
        for (at, kind) in kinds.iter_mut().enumerate() {
            let Some(block) = kind.blocks.get(round).filter(|_| kind.shown == round) else { continue };
            // The first one comes with the line of its kind.
            let height = height(block, view) + usize::from(round == 0);
            if height <= rows || (at, round) == (0, 0) {
                rows = rows.saturating_sub(height);
                kind.shown += 1;
            }
        }
    }
}

/// Rows of a terminal that lines take: a filter may need several.
fn height(lines: &[Line], view: &View) -> usize {
    lines.iter().map(|line| line.column().div_ceil(view.width.max(1)).max(1)).sum()
}

fn kind_line(told: &Told<'_>, view: &View) -> Line {
    let mut line = Line::new(view.color);
    line.put(Style::Bad, told.kind.kind.as_str()).gap(2);
    line.put(Style::Dim, &format!("{}, {}", many(told.kind.findings(), "finding"), many(told.kind.flows(), "flow")));
    let hidden = told.blocks.len() - told.shown;
    if hidden > 0 {
        line.gap(2).put(Style::Dim, &format!("{hidden} more with --verbose"));
    }
    line
}

/// Who and what where there are several; the sentence; the flows, and where it stands; the filter.
fn block(block: &Block<'_>, view: &View, room: Room) -> Vec<Line> {
    let Some(first) = block.groups.first() else { return Vec::new() };
    let several = block.groups.len() > 1;
    let mut lines = Vec::new();
    if several {
        lines.push(plain(Style::Bold, &fit(&subject(block, first), view.width.saturating_sub(2)), 2, view));
    }
    if !several || room != Room::Tight {
        let indent = if several { INDENT } else { 2 };
        let text = format!("{}{}{}", change(first), if several { "e.g. " } else { "" }, first.text);
        let sentence = wrap(&text, view.width.saturating_sub(indent), room.lines());
        lines.extend(sentence.iter().map(|text| plain(Style::Plain, text, indent, view)));
    }
    lines.push(plain(Style::Dim, &fit(&proof(block), view.width.saturating_sub(INDENT)), INDENT, view));
    // A filter that is cut is no filter: it may be longer than the screen is wide.
    lines.push(plain(Style::Dim, &block.filter(room.named()), INDENT, view));
    lines
}

/// Against a baseline: what is new, and what has moved from where.
fn change(group: &FindingGroup) -> String {
    match (group.change, &group.was) {
        (None, _) => String::new(),
        (Some(Change::Moved), Some(was)) => format!("moved, was {was}: "),
        (Some(change), _) => format!("{change}: "),
    }
}

/// One service of many hosts, or one host with its services.
fn subject(block: &Block<'_>, first: &FindingGroup) -> String {
    let hosts: Vec<String> = block.hosts().iter().map(ToString::to_string).collect();
    match hosts.as_slice() {
        [host] => {
            let roles =
                if first.server_roles.is_empty() { String::new() } else { format!(" ({})", first.server_roles.join(", ")) };
            let services = block.services();
            format!("{host}{roles}: {}", few(&services, MOST_WITNESSES))
        }
        _ => format!("{} on {} hosts: {}", service_name(first), hosts.len(), few(&hosts, MOST_WITNESSES)),
    }
}

fn proof(block: &Block<'_>) -> String {
    let witnesses: Vec<String> = block.witnesses(MOST_WITNESSES).iter().map(ToString::to_string).collect();
    let dots = if block.flows() > witnesses.len() as u64 { ", ..." } else { "" };
    let sources: Vec<String> = block.sources().iter().map(ToString::to_string).collect();
    let rests = if sources.is_empty() { String::new() } else { format!("  {}", few(&sources, MOST_WITNESSES)) };
    format!("{}: {}{dots}{rests}", many(block.flows(), "flow"), witnesses.join(", "))
}

/// What the baseline has and this run has not.
fn gone(gone: &[Gone], view: &View) -> Vec<Line> {
    if gone.is_empty() {
        return Vec::new();
    }
    let mut heading = Line::new(view.color);
    heading.put(Style::Bold, "GONE").gap(2).put(Style::Plain, &format!("{} of the baseline", gone.len()));
    let mut lines = vec![heading];
    let most = if view.verbose { usize::MAX } else { MOST_MISSING };
    for one in gone.iter().take(most) {
        let text = format!("{}: {}", one.kind.as_deref().unwrap_or(one.what), one.text);
        lines.push(plain(Style::Dim, &fit(&text, view.width.saturating_sub(2)), 2, view));
    }
    lines.extend(more(gone.len().saturating_sub(most), view));
    lines
}

/// Expectations of one link between the same two, with the same outcome.
type Missing<'a> = (Seen, bool, &'a str, &'a str, &'a str);

/// Coverage in one line, and what is missing of it: first what failed, then what was never seen, then what could not be.
fn coverage(audit: &Audit, view: &View) -> Vec<Line> {
    let covered = audit.covered();
    let mut heading = Line::new(view.color);
    heading.put(Style::Bold, "COVERAGE").gap(2);
    let seen = format!("{} of {} expectations seen", covered.seen, covered.total());
    let rest = [(covered.failed, "failed"), (covered.never, "never seen"), (covered.unseeable, "could not be seen here")];
    let rest = rest.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let told: Vec<String> = std::iter::once(seen).chain(rest).collect();
    heading.put(Style::Plain, &fit(&told.join(", "), view.width.saturating_sub(10)));
    let mut lines = vec![heading];
    let mut missing: BTreeMap<Missing<'_>, Vec<&Coverage>> = BTreeMap::new();
    for expectation in audit.missing() {
        let Coverage { status, observable, by, from, to, .. } = expectation;
        missing.entry((*status, !observable, by, from, to)).or_default().push(expectation);
    }
    let most = if view.verbose { usize::MAX } else { MOST_MISSING };
    let width = view.width.saturating_sub(2);
    for (which, expectations) in missing.iter().take(most) {
        lines.push(plain(Style::Dim, &fit(&missing_line(which, expectations), width), 2, view));
    }
    lines.extend(more(missing.len().saturating_sub(most), view));
    lines
}

fn missing_line((status, unseeable, by, from, to): &Missing<'_>, expectations: &[&Coverage]) -> String {
    let word = match (status, unseeable) {
        (Seen::Failed, _) => "failed",
        (_, true) => "unseeable",
        (_, false) => "never",
    };
    let arrow = if expectations.iter().any(|expectation| expectation.both_ways) { "<->" } else { "->" };
    let what: Vec<String> = expectations.iter().map(|expectation| spoken(expectation)).collect();
    let why = expectations.first().and_then(|expectation| expectation.why.as_ref());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{word:<9}  {by}  {from} {arrow} {to}: {}{why}", few(&what, MOST_WITNESSES))
}

/// `HTTP tcp 80|8530`
fn spoken(expectation: &Coverage) -> String {
    let protocol = expectation.protocol.as_deref().unwrap_or("any protocol");
    let transport = expectation.transport.as_deref().unwrap_or_default();
    format!("{protocol} {transport} {}", expectation.ports.join("|")).trim_end().to_owned()
}

fn more(left: usize, view: &View) -> Option<Line> {
    (left > 0).then(|| plain(Style::Dim, &format!("{left} more with --verbose"), 2, view))
}

fn plain(style: Style, text: &str, indent: usize, view: &View) -> Line {
    let mut line = Line::new(view.color);
    line.skip_to(indent).put(style, text);
    line
}
