//! The head of the page: what it comes down to.

use super::{Markup, Search, count, input, many};
use crate::record::Summary;
use crate::report::html::Sums;
use crate::report::units;

/// The title, the verdict in a sentence, and the numbers it rests on.
pub(in crate::report::html) fn fill(sums: &Sums, summary: &Summary, part: &mut Markup) {
    part.element("h1", &input::title(summary));
    if let Some(span) = input::span(summary) {
        part.element("p class=\"when\"", &span);
    }
    let (class, sentence) = sentence(sums, summary);
    part.raw("<p class=\"verdict ").raw(class).raw("\"><strong>").text(&sentence).raw("</strong> ").text(&explained(summary));
    part.raw("</p>\n");
    share(summary, part);
    facts(sums, summary, part);
    if sums.tally.total.flows < summary.flows.total {
        let (selected, all) = (many(sums.tally.total.flows, "flow"), count(summary.flows.total));
        let note = format!("This page shows the {selected} of {all} that --only selects; the shares are of all.");
        part.element("p class=\"note\"", &note);
    }
}

/// The verdict, and how grave it is.
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

/// The flows by verdict: one bar, and what its pieces are.
fn share(summary: &Summary, part: &mut Markup) {
    let flows = summary.flows;
    let explained = (summary.explained.flows * flows.total as f64).round() as u64;
    let pieces = [
        ("good", "explained", explained.min(flows.matched), Search::new("is", "explained")),
        (
            "dim",
            "documented, but refused or unanswered",
            flows.matched.saturating_sub(explained),
            Search::new("is", "unanswered"),
        ),
        ("warn", "unmatched: no document lists it", flows.unmatched, Search::new("verdict", "unmatched")),
        ("bad", "mismatched: payload and port disagree", flows.mismatched, Search::new("verdict", "mismatched")),
    ];
    let total: u64 = pieces.iter().map(|(_, _, flows, _)| flows).sum();
    if total == 0 {
        return;
    }
    part.raw("<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut left = 0.0;
    for (class, _, flows, _) in &pieces {
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
