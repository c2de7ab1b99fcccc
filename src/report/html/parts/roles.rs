//! Role by role: which links lead from one to the other, and what came of each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Markup, Search, count, grouped, more};
use crate::record::{Audit, Coverage, MatrixCell, Seen, Summary};
use crate::report::html::Sums;

/// What a host without a role is called, here and by the page's script.
pub(super) const NO_ROLE: &str = "no role";
/// Roles in each direction.
const MOST: usize = 32;
/// Links named in a cell, and services in their list.
const MOST_LINKS: usize = 24;
const MOST_SERVICES: usize = 200;
/// From so many roles on, their names stand upright, and the table scrolls where the page is too narrow.
const UPRIGHT: usize = 7;
const SCROLLS: usize = 24;
/// Who opens to a service: it is no role.
const ANYONE: &str = "anyone";

/// The name of a role, or of none.
pub(super) fn role(name: Option<&str>) -> &str {
    name.unwrap_or(NO_ROLE)
}

/// What came of a link; of several ports the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Seen,
    Failed,
    Never,
    Unseeable,
}

const STATES: &[(State, &str, &str, &str)] = &[
    (State::Seen, "seen", "●", "seen"),
    (State::Failed, "failed", "◐", "attempted only"),
    (State::Never, "never", "○", "never seen"),
    (State::Unseeable, "unseeable", "◌", "could not be seen"),
];

impl State {
    fn of(expectation: &Coverage) -> Self {
        match expectation.status {
            Seen::Seen => Self::Seen,
            Seen::Failed => Self::Failed,
            Seen::Unseen if expectation.observable => Self::Never,
            Seen::Unseen => Self::Unseeable,
        }
    }

    /// Its class, its sign and its meaning.
    fn told(self) -> (&'static str, &'static str, &'static str) {
        let told = STATES.iter().find(|(state, ..)| *state == self);
        told.map_or(("", "", ""), |(_, class, sign, meaning)| (class, sign, meaning))
    }
}

/// What goes from one role to another.
#[derive(Default)]
struct Cell<'a> {
    links: BTreeMap<&'a str, (State, bool)>,
    traffic: Option<&'a MatrixCell>,
}

type Ends<'a> = (&'a str, &'a str);

/// The section.
pub(in crate::report::html) fn fill(_: &Sums, summary: &Summary, part: &mut Markup) {
    let Some(audit) = &summary.audit else { return };
    let mut cells = cells(audit);
    if cells.is_empty() {
        return;
    }
    let services = services(&mut cells);
    part.raw("<p class=\"lead\">Who opens stands on the left, who answers above: the numbers of the links between them, and the flows. \
              A two-way arrow marks links that either end may open.</p>\n");
    legend(part);
    let family = families(cells.values().chain(services.values())) > 1;
    table(&cells, family, part);
    for_anyone(&services, family, part);
}

/// A row for each who opens, a column for each who answers.
fn table(cells: &BTreeMap<Ends<'_>, Cell<'_>>, family: bool, part: &mut Markup) {
    if cells.is_empty() {
        return;
    }
    let (rows, columns) = (names(cells, |ends| ends.0), names(cells, |ends| ends.1));
    let class = match columns.len() {
        SCROLLS.. => "matrix roles upright scrolls",
        UPRIGHT.. => "matrix roles upright",
        _ => "matrix roles",
    };
    part.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"roles-title\"><table class=\"").raw(class);
    part.raw("\"><thead><tr><th scope=\"col\">From, to</th>");
    for name in columns.iter().take(MOST) {
        part.raw("<th scope=\"col\"><span>").text(name).raw("</span></th>");
    }
    part.raw("</tr></thead>\n<tbody>\n");
    for from in rows.iter().take(MOST) {
        part.raw("<tr>").element("th scope=\"row\"", from);
        for to in columns.iter().take(MOST) {
            cell((from, to), cells.get(&(*from, *to)), family, part);
        }
        part.raw("</tr>\n");
    }
    part.raw("</tbody></table></div>\n");
    more(part, rows.len().max(columns.len()).saturating_sub(MOST), false, "role");
}

/// What is for anyone and has no row or column to share with roles: taken out, since each would be a column of its own.
fn services<'a>(cells: &mut BTreeMap<Ends<'a>, Cell<'a>>) -> BTreeMap<Ends<'a>, Cell<'a>> {
    let answering: BTreeSet<&str> = cells.keys().filter(|ends| ends.0 != ANYONE).map(|ends| ends.1).collect();
    let is_service = |ends: &Ends<'_>| ends.0 == ANYONE && !answering.contains(ends.1);
    let (services, rest) = std::mem::take(cells).into_iter().partition(|(ends, _)| is_service(ends));
    *cells = rest;
    services
}

/// Services, and the site's own, that any client may open.
fn for_anyone(services: &BTreeMap<Ends<'_>, Cell<'_>>, family: bool, part: &mut Markup) {
    if services.is_empty() {
        return;
    }
    part.raw("<h3>For any client</h3>\n<ul class=\"legend anyone\">");
    for (ends, cell) in services.iter().take(MOST_SERVICES) {
        part.raw("<li>");
        links(*ends, cell, family, part);
        part.text(ends.1).raw("</li>");
    }
    part.raw("</ul>\n");
    more(part, services.len().saturating_sub(MOST_SERVICES), false, "service");
}

/// What the policy expects, and what was there.
fn cells(audit: &Audit) -> BTreeMap<Ends<'_>, Cell<'_>> {
    let mut cells: BTreeMap<Ends<'_>, Cell<'_>> = BTreeMap::new();
    for expectation in audit.coverage.iter().filter(|expectation| !expectation.derived || expectation.status != Seen::Unseen) {
        let cell = cells.entry((&expectation.from, &expectation.to)).or_default();
        let link = cell.links.entry(&expectation.by).or_insert((State::Unseeable, false));
        *link = (link.0.min(State::of(expectation)), link.1 || expectation.both_ways);
    }
    let both_ways: BTreeSet<&str> =
        audit.coverage.iter().filter(|expectation| expectation.both_ways).map(|expectation| expectation.by.as_str()).collect();
    for traffic in &audit.matrix {
        let cell = cells.entry((role(traffic.from.as_deref()), role(traffic.to.as_deref()))).or_default();
        cell.traffic = Some(traffic);
        // A two-way link that the other end opened, or one of another role that the host has.
        for link in traffic.links.iter().filter(|link| !link.starts_with("forbid:") && !link.starts_with("accept:")) {
            cell.links.entry(link).or_insert((State::Seen, both_ways.contains(link.as_str())));
        }
    }
    cells
}

/// The roles at one end: those with traffic first, the busiest of them first; hosts without a role last.
fn names<'a>(cells: &BTreeMap<Ends<'a>, Cell<'a>>, end: impl Fn(&Ends<'a>) -> &'a str) -> Vec<&'a str> {
    let mut flows: BTreeMap<&str, u64> = BTreeMap::new();
    for (ends, cell) in cells {
        *flows.entry(end(ends)).or_default() += cell.traffic.map_or(0, |traffic| traffic.flows);
    }
    let mut names: Vec<_> = flows.into_iter().collect();
    names.sort_by_key(|(name, flows)| (*name == NO_ROLE, std::cmp::Reverse(*flows)));
    names.into_iter().map(|(name, _)| name).collect()
}

fn legend(part: &mut Markup) {
    part.raw("<ul class=\"legend states\">");
    for (_, class, sign, meaning) in STATES {
        part.raw("<li><b class=\"link ").raw(class).raw("\">").raw(sign).raw("</b> ").raw(meaning).raw("</li>");
    }
    part.raw("<li><b class=\"link found\">▲</b> flows with a finding</li></ul>\n");
}

fn cell(ends: Ends<'_>, cell: Option<&Cell<'_>>, family: bool, part: &mut Markup) {
    let Some(cell) = cell else {
        part.raw("<td></td>");
        return;
    };
    part.raw("<td>");
    links(ends, cell, family, part);
    if let Some(traffic) = cell.traffic {
        traffic_of(ends, traffic, part);
    }
    part.raw("</td>");
}

fn links((from, to): Ends<'_>, cell: &Cell<'_>, family: bool, part: &mut Markup) {
    for (link, (state, both_ways)) in cell.links.iter().take(MOST_LINKS) {
        let (class, sign, meaning) = state.told();
        let arrow = if *both_ways { "↔" } else { "" };
        part.raw("<a class=\"link ").raw(class).raw("\" title=\"").text(&format!("{link}, {from} to {to}: {meaning}"));
        part.raw("\" href=\"")
            .text(&Search::new("link", link).href_to("coverage"))
            .raw("\">")
            .raw(sign)
            .text(&short(link, family));
        part.raw(arrow).raw("<span class=\"away\"> ").raw(meaning).raw("</span></a> ");
    }
    if cell.links.len() > MOST_LINKS {
        part.text(&format!("and {} more ", cell.links.len() - MOST_LINKS));
    }
}

fn traffic_of((from, to): Ends<'_>, traffic: &MatrixCell, part: &mut Markup) {
    if traffic.findings > 0 {
        part.raw("<a class=\"link found\" title=\"").text(&format!("{} flows with a finding", grouped(traffic.findings)));
        part.raw("\" href=\"").text(&Search::new("from", from).and("to", to).href_to("findings")).raw("\">▲");
        part.text(&count(traffic.findings)).raw("</a> ");
    }
    part.raw("<span class=\"words\">").text(&super::many(traffic.flows, "flow")).raw("</span>");
}

/// `17` of `sccm.link.17`, `dns-server` of `svc.dns-server`; with its family's name where several number their links.
fn short(link: &str, family: bool) -> String {
    match link.split_once(".link.") {
        Some((of, number)) if family => format!("{of} {number}"),
        Some((_, number)) => number.to_owned(),
        None => link.split_once('.').map_or(link, |(_, name)| name).to_owned(),
    }
}

/// How many documents number their links.
fn families<'a>(cells: impl Iterator<Item = &'a Cell<'a>>) -> usize {
    let links = cells.flat_map(|cell| cell.links.keys());
    links.filter_map(|link| link.split_once(".link.")).map(|(family, _)| family).collect::<BTreeSet<_>>().len()
}
