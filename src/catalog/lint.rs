//! What loads and is still suspicious: overlaps, duplicates, disorder, names that lead nowhere.

use std::fmt;

use serde::Serialize;

use super::model::{Fact, FactRef, Place, Port, Status, System};
use super::{Catalog, nearest::suggestion};
use crate::net::IpProto;

/// One finding of `catalog check`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The rules file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// A stable word for the kind.
    pub kind: &'static str,
    /// What is suspicious, and what would be right.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.kind, self.text)
    }
}

/// Every check. One more check is one function and one entry here.
const CHECKS: &[fn(&Catalog) -> Vec<Finding>] = &[
    beyond_document,
    unsorted_lines,
    duplicate_rows,
    unsorted_facts,
    overlapping_ranges,
    two_listeners,
    unknown_readings,
    empty_systems,
];

impl Catalog {
    /// Findings, in the order of files and lines.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(self)).collect();
        findings.sort();
        findings.dedup();
        findings
    }

    fn finding(&self, place: Place, kind: &'static str, text: String) -> Finding {
        let file = self.files.get(place.file as usize).map(|file| file.name.clone()).unwrap_or_default();
        Finding { file, line: place.line, kind, text }
    }
}

fn describe(fact: &Fact) -> String {
    let transport = fact.transport.map(|transport| transport.to_string()).unwrap_or_default();
    let ports: Vec<String> = fact.ports.iter().map(ToString::to_string).collect();
    format!("{} {transport} {}", fact.protocol, ports.join(",")).trim_end().to_owned()
}

/// A cited line must lie within its document.
fn beyond_document(catalog: &Catalog) -> Vec<Finding> {
    let beyond = |source: &&super::Source| {
        let length = catalog.document(source.doc).and_then(|document| document.length);
        length.is_some_and(|length| source.line > length)
    };
    let mut findings = Vec::new();
    for fact in &catalog.facts {
        for source in fact.sources.iter().chain(&fact.also).chain(&fact.configurable_at).filter(beyond) {
            let text = format!("{} cites {}, beyond the end of the document", describe(fact), catalog.print_source(*source));
            findings.push(catalog.finding(fact.place, "line-beyond-document", text));
        }
    }
    findings
}

fn unsorted_lines(catalog: &Catalog) -> Vec<Finding> {
    let disorder = |fact: &&Fact| {
        let of_one_document =
            |pair: &[super::Source]| matches!(pair, [left, right] if left.doc == right.doc && left.line >= right.line);
        fact.sources.windows(2).any(of_one_document)
    };
    let text = |fact: &Fact| format!("{}: the lines of one document go up, each once", describe(fact));
    catalog.facts.iter().filter(disorder).map(|fact| catalog.finding(fact.place, "unsorted-lines", text(fact))).collect()
}

/// A row that stands twice in one file shows as one fact with a line of that file's document twice or more.
fn duplicate_rows(catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    for system in &catalog.systems {
        let facts = catalog.facts_of(system);
        for (at, fact) in facts.iter().enumerate() {
            let twin =
                |other: &&Fact| other.layer == fact.layer && other.transport == fact.transport && other.protocol == fact.protocol;
            let shares = |other: &Fact| other.reverse == fact.reverse && other.ports.iter().any(|port| fact.ports.contains(port));
            if facts.iter().take(at).filter(twin).any(shares) {
                let text = format!("{} stands twice in {}", describe(fact), system.id);
                findings.push(catalog.finding(fact.place, "duplicate-fact", text));
            }
        }
    }
    for (place, text) in &catalog.repeated {
        findings.push(catalog.finding(*place, "duplicate-fact", text.clone()));
    }
    findings
}

/// Facts of a service go by standing, then number, then transport, so that a reader finds them. Cells of a link keep the document's order.
fn unsorted_facts(catalog: &Catalog) -> Vec<Finding> {
    let key = |fact: &Fact| {
        let rank = match fact.status {
            Status::Documented | Status::Doubtful => 0,
            Status::Derived => 1,
            Status::Defect => 2,
        };
        let port = fact.ports.first().map(|port| port.bounds().map_or(u32::MAX, |(first, _)| u32::from(first)));
        (rank, port, fact.transport, fact.icmp_type)
    };
    let mut findings = Vec::new();
    for system in catalog.systems.iter().filter(|system| system.ends.is_none()) {
        for pair in catalog.facts_of(system).windows(2) {
            if let [left, right] = pair
                && left.place.file == right.place.file
                && key(left) > key(right)
            {
                let text = format!("{} stands after {}; sort by standing, port, transport", describe(right), describe(left));
                findings.push(catalog.finding(right.place, "unsorted-facts", text));
            }
        }
    }
    findings
}

/// A range that covers a fixed port or another range makes labels depend on rank.
fn overlapping_ranges(catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    for fact in catalog.facts.iter().filter(|fact| fact.matches()) {
        for port in &fact.ports {
            let Port::Range(first, last) = *port else { continue };
            let others = catalog.facts.iter().filter(|other| other.transport == fact.transport && other.system != fact.system);
            for other in others.filter(|other| overlaps(other, first, last)) {
                let text = format!("{} overlaps {}: a fixed port wins over a range", describe(fact), describe(other));
                findings.push(catalog.finding(fact.place, "overlap", text));
            }
        }
    }
    findings
}

fn overlaps(fact: &Fact, first: u16, last: u16) -> bool {
    fact.matches() && fact.ports.iter().filter_map(|port| port.bounds()).any(|(low, high)| low <= last && first <= high)
}

fn two_listeners(catalog: &Catalog) -> Vec<Finding> {
    let mut claimed: Vec<(Option<IpProto>, Port, FactRef)> = Vec::new();
    let mut findings = Vec::new();
    for at in catalog.fact_refs() {
        let Some(fact) = catalog.fact(at).filter(|fact| fact.listener) else { continue };
        for port in &fact.ports {
            let earlier = claimed.iter().find(|(transport, known, _)| *transport == fact.transport && known == port);
            if let Some(other) = earlier.and_then(|(_, _, other)| catalog.fact(*other)).filter(|other| other.layer == fact.layer)
            {
                let text = format!("{} has two listeners; {} is marked too", describe(fact), describe(other));
                findings.push(catalog.finding(fact.place, "two-listeners", text));
            }
            claimed.push((fact.transport, *port, at));
        }
    }
    findings
}

fn unknown_readings(catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    let facts = catalog.facts.iter().filter_map(|fact| Some((fact.place, fact.reading.as_ref()?)));
    let systems = catalog.systems.iter().filter_map(|system| Some((system.place, system.reading.as_ref()?)));
    for (place, id) in facts.chain(systems) {
        if catalog.reading(id).is_none() {
            let meant = suggestion(id, catalog.readings().iter().map(|reading| reading.id.as_str()));
            findings.push(catalog.finding(place, "unknown-reading", format!("`{id}` is no reading{meant}")));
        }
    }
    findings
}

/// A system without facts must say why, or through whom it shows.
fn empty_systems(catalog: &Catalog) -> Vec<Finding> {
    let empty = |system: &&System| system.facts.is_empty() && system.via.is_empty() && system.without_port.is_none();
    let text = |system: &System| format!("{} has no facts; say `via` or `without_port`", system.id);
    catalog.systems.iter().filter(empty).map(|system| catalog.finding(system.place, "empty-system", text(system))).collect()
}
