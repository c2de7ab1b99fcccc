//! The outcome of an audit: findings by kind, each with its witnesses, its lines and a display filter; then what was not seen.

use super::View;
use super::line::{Line, Style, fit, wrap};
use crate::record::{Audit, Coverage, FindingGroup, FindingKind, Seen};
use crate::report::units::many;

/// Findings shown at most: the rest are in the other formats.
const MOST_FINDINGS: usize = 20;
/// Expectations shown at most.
const MOST_MISSING: usize = 12;
/// Witnesses named for each.
const MOST_WITNESSES: usize = 4;
/// Where the text under a finding begins.
const INDENT: usize = 4;

/// The sections, with a blank line after them.
pub(super) fn lines(audit: &Audit, view: &View) -> Vec<Line> {
    let mut lines = vec![heading(audit, view)];
    let mut kind = None;
    for group in audit.findings.iter().take(MOST_FINDINGS) {
        if kind.replace(group.kind) != Some(group.kind) {
            lines.push(kind_line(audit, group.kind, view));
        }
        lines.extend(finding(group, view));
    }
    let more = audit.findings.len().saturating_sub(MOST_FINDINGS) as u64 + audit.findings_left_out;
    if more > 0 {
        lines.push(plain(Style::Dim, &format!("{} more: --format json has all", many(more, "finding")), 0, view));
    }
    lines.extend(missing(audit, view));
    lines.push(Line::new(false));
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
        ("expected", flows.expected),
        ("unexpected", flows.unexpected),
        ("forbidden", flows.forbidden),
        ("outside", flows.outside),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    line.put(Style::Dim, &told.join(", "));
    line
}

fn kind_line(audit: &Audit, kind: FindingKind, view: &View) -> Line {
    let flows = audit.findings.iter().filter(|group| group.kind == kind).map(|group| group.flows).sum();
    let mut line = Line::new(view.color);
    line.put(Style::Bad, kind.as_str()).gap(2).put(Style::Dim, &many(flows, "flow"));
    line
}

/// The sentence, then where it stands and what shows it.
fn finding(group: &FindingGroup, view: &View) -> Vec<Line> {
    let room = view.width.saturating_sub(INDENT);
    let mut lines: Vec<Line> = wrap(&group.text, room, 4).iter().map(|text| plain(Style::Plain, text, 2, view)).collect();
    let witnesses: Vec<String> = group.witnesses.iter().take(MOST_WITNESSES).map(ToString::to_string).collect();
    let more = group.flows.saturating_sub(witnesses.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let rests = if group.sources.is_empty() { String::new() } else { format!("  {}", group.sources.join(", ")) };
    lines.push(plain(Style::Dim, &fit(&format!("flows {}{more}{rests}", witnesses.join(", ")), room), INDENT, view));
    // A filter that is cut is no filter: it may be longer than the screen is wide.
    lines.push(plain(Style::Dim, &group.filter, INDENT, view));
    lines
}

/// Coverage in one line, and what is missing of it.
fn missing(audit: &Audit, view: &View) -> Vec<Line> {
    let seen = audit.coverage.iter().filter(|expectation| expectation.status == Seen::Seen).count();
    let missing: Vec<&Coverage> = audit.missing().collect();
    let mut heading = Line::new(view.color);
    heading.put(Style::Bold, "COVERAGE").gap(2);
    heading.put(Style::Plain, &format!("{seen} of {} expectations seen, {} missing", audit.coverage.len(), missing.len()));
    let mut lines = vec![heading];
    for expectation in missing.iter().take(MOST_MISSING) {
        let why = expectation.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let what = expectation.protocol.as_deref().unwrap_or("any protocol");
        let ports = [expectation.transport.as_deref().unwrap_or(""), &expectation.ports.join("|")].join(" ");
        let ends = format!("{} to {}", expectation.from, expectation.to);
        let text = format!("{}: {}, {what} {}, {ends}{why}", expectation.status, expectation.by, ports.trim());
        lines.push(plain(Style::Dim, &fit(&text, view.width.saturating_sub(2)), 2, view));
    }
    if missing.len() > MOST_MISSING {
        lines.push(plain(Style::Dim, &format!("{} more: --format json has all", missing.len() - MOST_MISSING), 2, view));
    }
    lines
}

fn plain(style: Style, text: &str, indent: usize, view: &View) -> Line {
    let mut line = Line::new(view.color);
    line.skip_to(indent).put(style, text);
    line
}
