//! What an audit finds: a row for each group of findings, the gravest first. The page's script sorts and narrows them.

use super::{Markup, Search, count, display_filter, grouped, more, number};
use crate::record::{Audit, Change, FindingGroup, Severity, Summary};
use crate::report::findings::service_name;
use crate::report::html::Sums;
use crate::report::units;

/// Groups listed: what somebody may yet go through, in a page of bounded size.
const MOST: usize = 1000;
/// Witnesses and clients named for each.
const NAMED: usize = 6;
/// What a baseline has and this run has not: entries listed.
const MOST_GONE: usize = 300;

/// The section.
pub(in crate::report::html) fn fill(_: &Sums, summary: &Summary, part: &mut Markup) {
    let Some(audit) = &summary.audit else { return };
    if audit.findings.is_empty() && audit.findings_left_out == 0 {
        part.raw(
            "<p class=\"lead\">Nothing was found: every flow is one that the policy expects, or outside of its segment.</p>\n",
        );
    } else {
        part.raw("<p class=\"lead\">Each kind of finding at each server once: what is wrong, what it rests on, a display filter for Wireshark, and the ");
        part.raw("first flows. A flow's number opens its explanation.</p>\n");
        table(audit, part);
    }
    gone(audit, part);
    warnings(audit, part);
}

fn table(audit: &Audit, part: &mut Markup) {
    part.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"findings-title\">");
    part.raw("<table class=\"sortable findings\" data-find=\"findings\" data-chips=\"severity kind\"><thead><tr><th>Kind</th><th>Server</th>");
    part.raw("<th>Service</th><th>What is wrong</th><th class=\"n\">Flows</th><th class=\"n\">Bytes</th><th>Witnesses</th></tr></thead>\n<tbody>\n");
    for (at, group) in audit.findings.iter().take(MOST).enumerate() {
        row(at, group, part);
    }
    part.raw("</tbody></table></div>\n");
    let left = audit.findings.len().saturating_sub(MOST);
    more(part, left, audit.findings_left_out > 0, "kind of finding");
    if left > 0 {
        part.raw("<p class=\"more\">The page lists the gravest; --format json has all.</p>\n");
    }
}

fn row(at: usize, group: &FindingGroup, part: &mut Markup) {
    let severity = group.kind.severity();
    part.raw("<tr data-severity=\"").raw(severity.as_str()).raw("\" data-kind=\"").raw(group.kind.as_str());
    part.raw("\" data-hosts=\"").show(group.server);
    for client in &group.clients {
        part.raw(" ").show(client);
    }
    part.raw("\" data-from=\"").text(&any_role(&group.client_roles)).raw("\" data-to=\"").text(&any_role(&group.server_roles));
    part.raw("\">\n<td data-v=\"").show(at).raw("\"><span class=\"tag ").raw(class(severity)).raw("\">").raw(group.kind.as_str());
    part.raw("</span> <span class=\"words\">").raw(severity.as_str()).raw("</span>");
    change(group, part);
    part.raw("</td><th scope=\"row\"><span class=\"code\">").link(&Search::new("host", group.server), &group.server.to_string());
    part.raw("</span> <span class=\"words\">").text(&group.server_roles.join(", ")).raw("</span></th><td class=\"service\">");
    part.text(&service_name(group)).raw("</td><td class=\"why\">").text(&group.text);
    rests_on(group, part);
    display_filter(part, &group.filter);
    part.raw("</td>");
    number(part, group.flows, &count(group.flows));
    number(part, group.bytes, &units::bytes(group.bytes));
    witnesses(group, part);
    part.raw("</tr>\n");
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "bad",
        Severity::Medium => "warn",
        Severity::Low => "",
    }
}

/// Roles as the script looks for them: lines of one each.
fn any_role(roles: &[String]) -> String {
    if roles.is_empty() { super::roles::NO_ROLE.to_owned() } else { roles.join("|") }
}

fn change(group: &FindingGroup, part: &mut Markup) {
    let Some(change) = group.change else { return };
    part.raw(" <span class=\"tag\">").raw(change.as_str()).raw("</span>");
    if let (Change::Moved, Some(was)) = (change, &group.was) {
        part.raw(" <span class=\"words\">").text(&format!("was {was}")).raw("</span>");
    }
}

/// The link or fact, and where it stands.
fn rests_on(group: &FindingGroup, part: &mut Markup) {
    part.raw("<span class=\"words\">");
    if let Some(link) = &group.link {
        part.link(&Search::new("link", link), link).raw(if group.sources.is_empty() { "" } else { ", " });
    }
    part.text(&units::few(&group.sources, NAMED)).raw("</span>");
}

fn witnesses(group: &FindingGroup, part: &mut Markup) {
    part.raw("<td class=\"ends\">");
    for (at, id) in group.witnesses.iter().take(NAMED).enumerate() {
        part.raw(if at > 0 { ", " } else { "" }).raw("<a href=\"#flow=").show(id).raw("\">").show(id).raw("</a>");
    }
    let rest = group.flows.saturating_sub(group.witnesses.len().min(NAMED) as u64);
    if rest > 0 {
        part.raw(" and ").link(&all_of(group), &format!("{} more", grouped(rest)));
    }
    let clients: Vec<_> = group.clients.iter().take(NAMED).map(ToString::to_string).collect();
    let dots = if group.clients.len() > NAMED { " ..." } else { "" };
    part.raw(" <span class=\"words\">").text(&format!("from {}{dots}", clients.join(", "))).raw("</span></td>");
}

/// The flows of a group.
fn all_of(group: &FindingGroup) -> Search {
    let search = Search::new("finding", group.kind).and("server", group.server).and("transport", &group.transport);
    match group.port {
        Some(port) => search.and("port", port),
        None => search,
    }
}

/// What a baseline has, and this run has not.
fn gone(audit: &Audit, part: &mut Markup) {
    if audit.gone.is_empty() {
        return;
    }
    part.raw("<h3>Gone since the baseline</h3>\n<ul class=\"plain\">");
    for gone in audit.gone.iter().take(MOST_GONE) {
        part.raw("<li><span class=\"tag\">").text(gone.kind.as_deref().unwrap_or(gone.what)).raw("</span> ").text(&gone.text);
        part.raw(" <span class=\"words\">").text(gone.link.as_deref().unwrap_or_default()).raw("</span></li>");
    }
    part.raw("</ul>\n");
    more(part, audit.gone.len().saturating_sub(MOST_GONE), false, "entry that is gone");
}

/// What is doubtful in the policy itself.
fn warnings(audit: &Audit, part: &mut Markup) {
    if audit.warnings.is_empty() {
        return;
    }
    part.raw("<h3>Doubtful in the policy</h3>\n<ul class=\"plain\">");
    for warning in audit.warnings.iter().take(MOST_GONE) {
        part.element("li", warning);
    }
    part.raw("</ul>\n");
    more(part, audit.warnings.len().saturating_sub(MOST_GONE), false, "warning");
}
