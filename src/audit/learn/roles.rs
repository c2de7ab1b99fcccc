//! Roles from traffic. A role begins with a sign that nothing else has: a payload, or a number that only links between two roles use. From there it goes
//! on: who talks to a known role, over a number that only one other role uses towards it, is of that role.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Sure;
use super::draft::{Entry, Given};
use super::gather::{Sighting, Traffic, Weight};
use crate::audit::policy::{INTERNET_NAME, Party, Rule};
use crate::audit::rules::Choice;
use crate::catalog::Port;
use crate::net::IpProto;
use crate::record::FlowRecord;

/// Ports below are used by everybody, whatever one document knows them for (SSH, IPMI).
const FIRST_OWN_PORT: u16 = 1024;
/// How far an inference may go from one host to the next.
const STEPS: usize = 4;

/// A sign in the payload, and the link it shows.
struct Sign {
    protocol: &'static str,
    detail: &'static str,
    link: &'static str,
}

/// What names a link by itself.
const SIGNS: &[Sign] = &[
    Sign { protocol: "HTTP", detail: "by SMS CCM", link: "sccm.link.17" },
    Sign { protocol: "HTTP", detail: "by Windows-Update-Agent", link: "sccm.link.06" },
    Sign { protocol: "Wake on LAN", detail: "", link: "sccm.link.36" },
];

/// The sign that a record bears.
pub fn sign(record: &FlowRecord<'_>) -> Option<usize> {
    let spoken = record.payload?.protocol?;
    let detail = record.detail.unwrap_or_default();
    SIGNS.iter().position(|sign| sign.protocol == spoken && detail.contains(sign.detail))
}

/// Who has which role, and why.
type Known = BTreeMap<String, BTreeMap<IpAddr, Given>>;

/// What is inferred from.
struct Inference<'t, 'c> {
    traffic: &'t Traffic<'t>,
    choice: &'t Choice<'c>,
    /// What links print, between whomever.
    rows: Vec<Rule>,
    known: Known,
}

/// The roles that show themselves.
pub fn infer(traffic: &Traffic<'_>, choice: &Choice<'_>) -> Vec<Entry> {
    let rows = choice.catalog.systems.iter().flat_map(|system| choice.link_rules(system, &|_| Party::Anyone));
    let rows = rows.filter(|row| !row.derived && !row.doubtful).collect();
    let mut inference = Inference { traffic, choice, rows, known: Known::new() };
    let teaching = || traffic.seen.iter().filter(|(sighting, _)| sighting.teaches(traffic) && is_near(traffic, sighting));
    for (sighting, weight) in teaching() {
        inference.begin(sighting, weight);
    }
    for _ in 0..STEPS {
        let before = inference.count();
        for (sighting, weight) in teaching() {
            inference.go_on(sighting, weight);
        }
        if inference.count() == before {
            break;
        }
    }
    inference.leave_lonely();
    inference.known.into_iter().map(|(name, hosts)| Entry { about: String::new(), name, hosts }).collect()
}

/// Roles are for hosts of the site.
fn is_near(traffic: &Traffic<'_>, sighting: &Sighting) -> bool {
    !traffic.is_far(sighting.client) && !traffic.is_far(sighting.server)
}

impl Inference<'_, '_> {
    fn count(&self) -> usize {
        self.known.values().map(BTreeMap::len).sum()
    }

    /// A role whose links all lead to roles that nobody has explains nothing, and is left out.
    fn leave_lonely(&mut self) {
        let is_there = |name: &String| name == INTERNET_NAME || self.known.contains_key(name);
        let links = self.rows.iter().filter(|row| is_there(&row.from_name) && is_there(&row.to_name));
        let linked: BTreeSet<String> = links.flat_map(|row| [row.from_name.clone(), row.to_name.clone()]).collect();
        self.known.retain(|name, _| linked.contains(name));
    }

    /// A sign, or a number of its own.
    fn begin(&mut self, sighting: &Sighting, weight: &Weight) {
        if let Some(sign) = weight.sign.and_then(|at| SIGNS.get(at)) {
            let Some(row) = self.rows.iter().find(|row| row.by == sign.link).cloned() else { return };
            let why = format!("speaks {}{} ({})", sign.protocol, sign.detail.replacen("by", " as", 1), row.by);
            self.give(sighting.client, &row.from_name, Sure::Certain, &why);
            self.give(sighting.server, &row.to_name, Sure::Certain, &why);
            return;
        }
        let Some(port) = sighting.port.filter(|port| *port >= FIRST_OWN_PORT) else { return };
        let systems = self.choice.catalog.port(sighting.transport, port).map(|entry| entry.systems.clone()).unwrap_or_default();
        let only_links = |at| self.choice.catalog.system(at).is_some_and(|system| system.ends.is_some());
        if systems.is_empty() || !systems.into_iter().all(only_links) {
            return;
        }
        let sure = if sighting.payload.is_some() { Sure::Likely } else { Sure::Weak };
        let rows: Vec<&Rule> = self.rows_at(sighting).collect();
        let why = |row: &Rule, verb: &str| format!("{verb} {}/{port}, which only {} has", sighting.transport, row.by);
        let server = single(&rows, |row| &row.to_name).map(|row| (row.to_name.clone(), why(row, "answers")));
        let client = single(&rows, |row| &row.from_name).map(|row| (row.from_name.clone(), why(row, "opens")));
        for (ip, found) in [(sighting.server, server), (sighting.client, client)] {
            if let Some((role, why)) = found {
                self.give(ip, &role, sure, &why);
            }
        }
    }

    /// From a role that is known to the one at the other end.
    fn go_on(&mut self, sighting: &Sighting, _weight: &Weight) {
        let one_way: Vec<&Rule> = self.rows_at(sighting).filter(|row| !row.both_ways).collect();
        let to: Vec<&Rule> = one_way.iter().copied().filter(|row| self.has(sighting.server, &row.to_name)).collect();
        let from: Vec<&Rule> = one_way.iter().copied().filter(|row| self.has(sighting.client, &row.from_name)).collect();
        let where_ = sighting.port.map(|port| format!("{}/{port}", sighting.transport)).unwrap_or_default();
        let found = match (from.is_empty(), to.is_empty()) {
            (true, false) => single(&to, |row| &row.from_name).map(|row| {
                (sighting.client, row.from_name.clone(), format!("uses {where_} of the {} ({})", row.to_name, row.by))
            }),
            (false, true) => single(&from, |row| &row.to_name).map(|row| {
                (sighting.server, row.to_name.clone(), format!("answers {where_} of the {} ({})", row.from_name, row.by))
            }),
            _ => None,
        };
        if let Some((ip, role, why)) = found {
            self.give(ip, &role, Sure::Likely, &why);
        }
    }

    /// The rows that print this number.
    fn rows_at(&self, sighting: &Sighting) -> impl Iterator<Item = &Rule> {
        let has_port = matches!(sighting.transport, IpProto::TCP | IpProto::UDP);
        let (transport, port) = (sighting.transport, sighting.port.filter(|_| has_port));
        self.rows.iter().filter(move |row| {
            row.transport == Some(transport) && port.is_some_and(|port| row.ports.contains(&Port::One(port))) && !row.pair
        })
    }

    fn has(&self, ip: IpAddr, role: &str) -> bool {
        self.known.get(role).is_some_and(|hosts| hosts.contains_key(&ip))
    }

    fn give(&mut self, ip: IpAddr, role: &str, sure: Sure, why: &str) {
        let is_host = !crate::audit::hosts::is_placeless(ip) && !matches!(ip, IpAddr::V4(v4) if v4.octets()[3] == 255);
        if role == "Internet" || !is_host {
            return;
        }
        let name = self.traffic.name(ip).map(str::to_owned);
        let given = self.known.entry(role.to_owned()).or_default().entry(ip).or_insert_with(|| Given::new(name));
        given.because(sure, why);
    }
}

/// The first of these rows, where all agree on a name.
fn single<'r>(rows: &[&'r Rule], name: impl Fn(&Rule) -> &String) -> Option<&'r Rule> {
    let first = rows.first().copied()?;
    rows.iter().all(|row| name(row) == name(first)).then_some(first)
}
