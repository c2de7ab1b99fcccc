//! Coverage of the documents: every expectation of the policy, and what came of it.

use super::{Markup, Search, count, grouped, more, number};
use crate::record::{Audit, Coverage, Seen, Summary};
use crate::report::html::Sums;
use crate::report::units;

/// Expectations listed: more than all documents together have for a few roles each.
const MOST: usize = 2000;
/// Hosts named of each side.
const NAMED: usize = 3;

/// Each outcome: its word, its colour and its meaning.
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("seen", "good", "seen: at least one flow was answered"),
    ("failed", "bad", "attempted in vain: refused or not answered each time"),
    ("never", "warn", "never seen, though this capture could have shown it"),
    ("unseeable", "dim", "could not be seen in this capture"),
];

/// The section.
pub(in crate::report::html) fn fill(_: &Sums, summary: &Summary, part: &mut Markup) {
    let Some(audit) = summary.audit.as_ref().filter(|audit| !audit.coverage.is_empty()) else { return };
    bar(audit, part);
    part.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"coverage-title\">");
    part.raw("<table class=\"sortable coverage\" data-find=\"coverage\" data-chips=\"status\"><thead><tr><th>Outcome</th><th>Link</th>");
    part.raw("<th>From, to</th><th>Protocol</th><th class=\"n\">Flows</th><th class=\"n\">Failed</th><th class=\"n\">Bytes</th><th>Who and when</th>");
    part.raw("<th>Sources</th></tr></thead>\n<tbody>\n");
    for expectation in audit.coverage.iter().take(MOST) {
        row(expectation, part);
    }
    part.raw("</tbody></table></div>\n");
    more(part, audit.coverage.len().saturating_sub(MOST), false, "expectation");
}

/// The outcomes as one bar, and what its pieces are.
fn bar(audit: &Audit, part: &mut Markup) {
    let covered = audit.covered();
    let counts = [covered.seen, covered.failed, covered.never, covered.unseeable];
    let total = covered.total().max(1) as f64;
    part.raw("<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut left = 0.0;
    for ((_, class, _), expectations) in OUTCOMES.iter().zip(counts) {
        let width = expectations as f64 / total * 1000.0;
        part.raw("<rect class=\"").raw(class).raw("\" y=\"0\" height=\"10\" x=\"").show(format_args!("{left:.2}"));
        part.raw("\" width=\"").show(format_args!("{width:.2}")).raw("\"/>");
        left += width;
    }
    part.raw("</svg>\n<ul class=\"legend\">");
    for ((word, class, meaning), expectations) in OUTCOMES.iter().zip(counts).filter(|(_, expectations)| *expectations > 0) {
        part.raw("<li><i class=\"")
            .raw(class)
            .raw("\"></i><a href=\"")
            .text(&Search::new("status", word).href_to("coverage"))
            .raw("\">");
        part.text(&grouped(expectations)).raw("</a> ").raw(meaning).raw("</li>");
    }
    if covered.needless > 0 {
        part.raw("<li>").text(&grouped(covered.needless)).raw(" only follow from a reading, and need not be there</li>");
    }
    part.raw("</ul>\n");
}

fn outcome(expectation: &Coverage) -> &'static str {
    match expectation.status {
        Seen::Seen => "seen",
        Seen::Failed => "failed",
        Seen::Unseen if expectation.derived => "optional",
        Seen::Unseen if expectation.observable => "never",
        Seen::Unseen => "unseeable",
    }
}

fn row(expectation: &Coverage, part: &mut Markup) {
    let word = outcome(expectation);
    let class = OUTCOMES.iter().find(|(of, ..)| *of == word).map_or("", |(_, class, _)| class);
    part.raw("<tr data-status=\"").raw(word).raw("\" data-link=\"").text(&expectation.by);
    part.raw("\" data-hosts=\"").text(&hosts(expectation)).raw("\"><td><span class=\"tag ").raw(class).raw("\">").raw(word);
    part.raw("</span></td><th scope=\"row\">").link(&Search::new("link", &expectation.by), &expectation.by);
    if expectation.title != expectation.by {
        part.raw(" <span class=\"words\">").text(&expectation.title).raw("</span>");
    }
    let arrow = if expectation.both_ways { " ↔ " } else { " → " };
    part.raw("</th><td>").text(&expectation.from).raw(arrow).text(&expectation.to).raw("</td><td>");
    part.text(expectation.protocol.as_deref().unwrap_or("any protocol"));
    let transport = expectation.transport.as_deref().unwrap_or_default();
    part.raw(" <span class=\"words\">").text(&format!("{transport} {}", expectation.ports.join(", "))).raw("</span></td>");
    number(part, expectation.flows, &nothing_or(expectation.flows, count));
    number(part, expectation.failed, &nothing_or(expectation.failed, count));
    number(part, expectation.bytes, &nothing_or(expectation.bytes, units::bytes));
    part.raw("<td class=\"ends\">").text(&who(expectation)).raw("</td><td class=\"words\">");
    part.text(&expectation.sources.join(", ")).raw("</td></tr>\n");
}

fn nothing_or(value: u64, shown: impl Fn(u64) -> String) -> String {
    if value == 0 { String::new() } else { shown(value) }
}

fn hosts(expectation: &Coverage) -> String {
    expectation.clients.iter().chain(&expectation.servers).map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Who asked whom and when; else why nothing could be seen.
fn who(expectation: &Coverage) -> String {
    if let Some(why) = &expectation.why {
        return why.clone();
    }
    let named = |hosts: &[std::net::IpAddr]| {
        let shown: Vec<_> = hosts.iter().take(NAMED).map(ToString::to_string).collect();
        format!("{}{}", shown.join(", "), if hosts.len() > NAMED { " ..." } else { "" })
    };
    match (expectation.first, expectation.last) {
        (Some(first), Some(last)) => {
            format!("{} → {}, {}", named(&expectation.clients), named(&expectation.servers), units::span(first, last))
        }
        _ => String::new(),
    }
}
