//! The list of flows: the frame that the page's script fills.

use super::{Markup, count};
use crate::record::Summary;
use crate::report::html::Sums;

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, _: &Summary, part: &mut Markup) {
    let total = sums.tally.total.flows;
    if total == 0 {
        return;
    }
    if sums.listed < total {
        let note = format!(
            "The page lists {} of {} flows: what is flagged first, then what weighs most. Every flow is in --format ndjson or csv.",
            count(sums.listed),
            count(total)
        );
        part.element("p class=\"note\"", &note).raw("\n");
    }
    part.raw(
        "<noscript><p class=\"note\">Everything above is here without JavaScript; the list of flows needs it.</p></noscript>\n",
    );
    part.raw(include_str!("flows.html"));
}
