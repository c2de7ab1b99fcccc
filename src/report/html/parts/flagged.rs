//! What is flagged and why: a row for each kind, most flows first.

use super::{Markup, Search, count, more, number, search};
use crate::record::{Summary, Verdict};
use crate::report::html::Sums;
use crate::report::tally::{FlagKey, Flagged};
use crate::report::units;

/// Kinds listed.
const MOST: usize = 300;

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, summary: &Summary, part: &mut Markup) {
    let kinds = sums.tally.reasons.heaviest();
    // The findings of an audit have a section of their own.
    if kinds.is_empty() || summary.audit.is_some() {
        return;
    }
    part.raw("<p class=\"lead\">Each kind of flag once, with the sentence and the first flow of its kind. ");
    part.link(&Search::new("is", "flagged"), &format!("All {} flagged", count(sums.tally.flagged.flows))).raw("</p>\n");
    part.raw(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"flagged-title\"><table class=\"sortable kinds\">",
    );
    part.raw("<thead><tr><th>Verdict</th><th>Service</th><th class=\"n\">Flows</th><th class=\"n\">Bytes</th><th>Why</th>");
    part.raw("<th>For example</th></tr></thead>\n<tbody>\n");
    for (key, flagged) in kinds.iter().take(MOST) {
        row(key, flagged, part);
    }
    part.raw("</tbody></table></div>\n");
    more(part, kinds.len().saturating_sub(MOST), sums.tally.reasons.overflowed(), "kind");
}

fn row(key: &FlagKey, flagged: &Flagged, part: &mut Markup) {
    let class = if key.verdict == Verdict::Unmatched.as_str() { "tag warn" } else { "tag bad" };
    part.raw("<tr><td><span class=\"").raw(class).raw("\">").text(key.verdict).raw("</span></td><th scope=\"row\">");
    part.link(
        &key.words.split(", ").filter(|word| !word.is_empty()).fold(search(&key.service), |search, word| {
            search.and(if key.verdict == "finding" { "finding" } else { "flag" }, word)
        }),
        &key.service.to_string(),
    );
    part.raw("</th>");
    number(part, flagged.amount.flows, &count(flagged.amount.flows));
    number(part, flagged.amount.bytes, &units::bytes(flagged.amount.bytes));
    let example = flagged.example.as_ref();
    part.raw("<td class=\"why\">").text(example.map_or("", |example| &example.reason));
    part.raw(" <span class=\"words\">").text(&key.words).raw("</span></td><td class=\"ends\">");
    if let Some(example) = example {
        part.raw("<a href=\"#flow=").show(example.id).raw("\">").show(example.id).raw("</a> ").text(&example.ends);
    }
    part.raw("</td></tr>\n");
}
