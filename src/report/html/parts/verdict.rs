//! The head of the page: what it comes down to.

use super::{Markup, Search, count, input, listed, many};
use crate::record::{Audit, FindingKind, Severity, Summary};
use crate::report::findings;
use crate::report::html::Sums;
use crate::report::units;

/// What the page is called: by its policy, if it has one.
pub(in crate::report::html) fn title(summary: &Summary) -> String {
    match &summary.audit {
        Some(audit) if !audit.policy.is_empty() => audit.policy.clone(),
        _ => input::title(summary),
    }
}

/// The title, the verdict in a sentence, and the numbers it rests on.
pub(in crate::report::html) fn fill(sums: &Sums, summary: &Summary, part: &mut Markup) {
    part.element("h1", &title(summary));
    let of = summary.audit.as_ref().map(|_| input::title(summary));
    let when: Vec<_> = of.into_iter().chain(input::span(summary)).collect();
    if !when.is_empty() {
        part.element("p class=\"when\"", &when.join(", "));
    }
    let (class, said) = match &summary.audit {
        Some(audit) => found(audit),
        None => sentence(sums, summary),
    };
    part.raw("<p class=\"verdict ").raw(class).raw("\"><strong>").text(&said).raw("</strong> ");
    part.text(&summary.audit.as_ref().map_or_else(|| explained(summary), covered)).raw("</p>\n");
    match &summary.audit {
        Some(audit) => bar(&statuses(audit), part),
        None => bar(&verdicts(summary), part),
    }
    facts(sums, summary, part);
    if sums.tally.total.flows < summary.flows.total {
        let (selected, all) = (many(sums.tally.total.flows, "flow"), count(summary.flows.total));
        let note = format!("This page shows the {selected} of {all} that --only selects; the shares are of all.");
        part.element("p class=\"note\"", &note);
    }
}

/// The verdict of an audit, and how grave it is.
fn found(audit: &Audit) -> (&'static str, String) {
    let kinds = findings::by_kind(&audit.findings);
    let flows: u64 = kinds.iter().map(findings::OfKind::flows).sum();
    let known =
        if audit.known > 0 { format!(" {} of the baseline left aside.", many(audit.known, "flow")) } else { String::new() };
    let class = match audit.findings.iter().map(|group| group.kind.severity()).min() {
        None if audit.findings_left_out == 0 => return ("good", format!("Clean: nothing is found.{known}")),
        Some(Severity::Low) => "warn",
        _ => "bad",
    };
    let left_out = if audit.findings_left_out > 0 { ", and more than could be held" } else { "" };
    let said: Vec<_> = kinds
        .iter()
        .map(|of| format!("{} {}", count(of.blocks.iter().map(|block| block.groups.len() as u64).sum()), words(of.kind)))
        .collect();
    let findings = many(audit.findings.len() as u64, "finding");
    (class, format!("{findings} in {}: {}{left_out}.{known}", many(flows, "flow"), listed(&said)))
}

/// A kind within a sentence.
fn words(kind: FindingKind) -> String {
    kind.as_str().replace('-', " ")
}

/// Coverage in a sentence.
fn covered(audit: &Audit) -> String {
    let covered = audit.covered();
    let parts = [
        (covered.failed, "attempted in vain"),
        (covered.never, "never seen"),
        (covered.unseeable, "not to be seen in this capture"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(some, _)| *some > 0).map(|(some, what)| format!("{} {what}", count(*some))).collect();
    let rest = if parts.is_empty() { String::new() } else { format!(", {}", listed(&parts)) };
    match covered.total() {
        0 => "The policy expects nothing in particular.".to_owned(),
        total => format!("Of {} {} seen{rest}.", many(total, "expectation"), count(covered.seen)),
    }
}

/// The verdict without a policy, and how grave it is.
fn sentence(sums: &Sums, summary: &Summary) -> (&'static str, String) {
    let flows = summary.flows;
    let flagged = sums.tally.flagged.flows;
    if flows.total == 0 {
        ("none", "No flows.".to_owned())
    } else if flows.matched + flows.mismatched + flows.unmatched == 0 {
        ("none", format!("{}, not judged.", many(flows.total, "flow")))
    } else if flagged == 0 {
        ("good", "Nothing is flagged.".to_owned())
    } else {
        let class = if flows.mismatched > 0 { "bad" } else { "warn" };
        let verb = if flagged == 1 { "is" } else { "are" };
        (class, format!("{} of {} {verb} flagged.", count(flagged), many(sums.tally.total.flows, "flow")))
    }
}

fn explained(summary: &Summary) -> String {
    if summary.flows.total == 0 {
        return String::new();
    }
    let share = |share: f64| units::percent((share * 1e4).round() as u64, 10_000);
    let (flows, bytes) = (share(summary.explained.flows), share(summary.explained.bytes));
    format!("The documents explain {flows} of the flows and {bytes} of their bytes.")
}

/// A piece of the bar: its colour, what it is, how many flows, and which.
type Piece = (&'static str, &'static str, u64, Search);

/// The flows by what a policy says of them.
fn statuses(audit: &Audit) -> [Piece; 4] {
    let flows = audit.flows;
    let status = |word: &str| Search::new("status", word);
    [
        ("good", "expected", flows.expected, status("expected")),
        ("warn", "unexpected: nothing in the policy allows it", flows.unexpected, status("unexpected")),
        ("bad", "forbidden", flows.forbidden, status("forbidden")),
        ("dim", "outside of the segment", flows.outside, status("outside")),
    ]
}

/// The flows by verdict.
fn verdicts(summary: &Summary) -> [Piece; 4] {
    let flows = summary.flows;
    let explained = (summary.explained.flows * flows.total as f64).round() as u64;
    [
        ("good", "explained", explained.min(flows.matched), Search::new("is", "explained")),
        (
            "dim",
            "documented, but refused or unanswered",
            flows.matched.saturating_sub(explained),
            Search::new("is", "unanswered"),
        ),
        ("warn", "unmatched: no document lists it", flows.unmatched, Search::new("verdict", "unmatched")),
        ("bad", "mismatched: payload and port disagree", flows.mismatched, Search::new("verdict", "mismatched")),
    ]
}

/// One bar, and what its pieces are.
fn bar(pieces: &[Piece], part: &mut Markup) {
    let total: u64 = pieces.iter().map(|(_, _, flows, _)| flows).sum();
    if total == 0 {
        return;
    }
    part.raw("<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut left = 0.0;
    for (class, _, flows, _) in pieces {
        let width = *flows as f64 / total as f64 * 1000.0;
        part.raw("<rect class=\"").raw(class).raw("\" y=\"0\" height=\"10\" x=\"").show(format_args!("{left:.2}"));
        part.raw("\" width=\"").show(format_args!("{width:.2}")).raw("\"/>");
        left += width;
    }
    part.raw("</svg>\n<ul class=\"legend\">");
    for (class, what, flows, search) in pieces.iter().filter(|(_, _, flows, _)| *flows > 0) {
        part.raw("<li><i class=\"").raw(class).raw("\"></i>").link(search, &count(*flows)).raw(" ").text(what).raw("</li>");
    }
    part.raw("</ul>\n");
}

/// The numbers at a glance.
fn facts(sums: &Sums, summary: &Summary, part: &mut Markup) {
    part.raw("<dl class=\"facts\">");
    let mut fact = |name: &str, value: &str, more: &str| {
        part.raw("<div>").element("dt", name).element("dd", value);
        part.element("dd class=\"sub\"", more).raw("</div>");
    };
    fact("Flows", &count(summary.flows.total), &format!("{} with a label", labelled(summary)));
    fact("Packets", &count(summary.packets.total), &units::bytes(summary.bytes));
    let hosts = sums.tally.hosts.len() as u64;
    let over = if sums.tally.hosts.overflowed() { "over " } else { "" };
    fact("Hosts", &format!("{over}{}", count(hosts)), &many(sums.pairs.0.len() as u64, "pair"));
    let (value, more) = input::loss_in_short(summary);
    fact("Damage and loss", &value, &more);
    part.raw("</dl>\n");
}

fn labelled(summary: &Summary) -> String {
    let labelled: u64 = summary.labels.iter().filter(|label| label.label.is_some()).map(|label| label.flows).sum();
    units::percent(labelled, summary.flows.total)
}
