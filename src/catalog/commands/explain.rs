//! `explain`: what the documents say of a port, a protocol, a service or a link, where, what contradicts, and what is adopted.

use std::fmt::Write as _;

use serde::Serialize;

use super::neighbours::{self, Neighbour};
use super::query::{NotFound, Query};
use super::rows::{LinkRow, ListRow, fact_rows, link_rows};
use super::table::wrap;
use crate::catalog::{Catalog, Entry, Fact, FactRef, Port, Reading, Status, System, SystemRef};
use crate::net::IpProto;

/// An answer of `explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was asked.
    pub query: String,
    /// The short answer.
    pub answer: String,
    /// What it means, in sentences.
    pub summary: Vec<String>,
    /// The facts that speak of it.
    pub facts: Vec<ListRow>,
    /// The rows of a link.
    pub links: Vec<LinkRow>,
    /// What is printed and not held to be true.
    pub contradictions: Vec<ListRow>,
    /// Readings adopted, and why.
    pub readings: Vec<Reading>,
    /// What it is easily confused with.
    pub neighbours: Vec<Neighbour>,
}

/// Answers a question, or says what nothing is known about.
pub fn explain(catalog: &Catalog, query: &str) -> Result<Explanation, NotFound> {
    let mut answer = Explanation {
        query: query.trim().to_owned(),
        answer: String::new(),
        summary: Vec::new(),
        facts: Vec::new(),
        links: Vec::new(),
        contradictions: Vec::new(),
        readings: Vec::new(),
        neighbours: Vec::new(),
    };
    match Query::parse(catalog, query)? {
        Query::Port(Some(transport), port) => explain_port(catalog, transport, port, &mut answer),
        Query::Port(None, port) => explain_any(catalog, port, &mut answer),
        Query::Protocol(protocol) => explain_protocol(catalog, protocol, &mut answer),
        Query::Icmp(protocol, icmp_type) => explain_icmp(catalog, protocol, icmp_type, &mut answer),
        Query::System(system) => explain_systems(catalog, &[system], &mut answer),
        Query::Systems(systems) => explain_systems(catalog, &systems, &mut answer),
        Query::Named(facts) => explain_named(catalog, &facts, &mut answer),
        Query::Reading(id) => explain_reading(catalog, &id, &mut answer),
    }
    add_readings(catalog, &mut answer);
    Ok(answer)
}

fn explain_port(catalog: &Catalog, transport: IpProto, port: u16, answer: &mut Explanation) {
    let place = format!("{port}/{transport}");
    if let Some(entry) = catalog.port(transport, port) {
        answer.answer = format!("{place} is {}", entry.label);
        describe_entry(catalog, entry, answer);
    } else if let Some(entry) = catalog.source_port(transport, port) {
        answer.answer = format!("{place} is {}, as the port connections are opened from", entry.label);
        answer.summary.push("Nothing listens here: a connection opened to this port is not documented.".into());
        describe_entry(catalog, entry, answer);
    } else if let Some(listening) = catalog.listener_of_peer(transport, port) {
        answer.answer = format!("{place} is the client's end of {listening}/{transport}");
        answer.summary.push(format!("It counts only against {listening}; any other flow to it is not documented."));
        push_facts(catalog, answer, |fact| {
            fact.pair && fact.transport == Some(transport) && fact.ports.contains(&Port::One(port))
        });
    } else {
        undocumented(catalog, transport, port, answer);
    }
    for fact in catalog.defects_at(transport, port) {
        if let Some(system) = catalog.system(fact.system) {
            answer.contradictions.extend(fact_rows(catalog, system, fact));
        }
    }
    answer.neighbours.extend(neighbours::of_port(catalog, transport, port));
}

fn undocumented(catalog: &Catalog, transport: IpProto, port: u16, answer: &mut Explanation) {
    answer.answer = format!("no document gives {port}/{transport} to a service");
    if let Some(other) = catalog.other_transport(transport, port) {
        answer.summary.push(format!("The other transport is documented: {}.", other.label));
    }
    if let Some(hint) = catalog.hint(transport, port) {
        answer.summary.push(format!("Elsewhere it is registered as {hint}."));
    }
    if Catalog::may_be_dynamic(port) {
        let ranges = catalog.dynamic_ranges();
        let within = ranges.iter().filter(|((first, last), _)| (*first..=*last).contains(&port));
        let names: Vec<String> = within.map(|((first, last), _)| format!("{first}-{last}")).collect();
        let ranges = if names.is_empty() { String::new() } else { format!(" (it lies in {})", names.join(" and ")) };
        answer
            .summary
            .push(format!("A service may be given it at run time{ranges}; that counts only when the endpoint was announced."));
    } else {
        answer.summary.push("Nor is it ever assigned at run time: those ports begin above 1024.".into());
    }
}

fn describe_entry(catalog: &Catalog, entry: &Entry, answer: &mut Explanation) {
    let name = |at: &SystemRef| catalog.system(*at).map(|system| format!("{} [{}]", system.name, system.id)).unwrap_or_default();
    match (entry.listener, entry.systems.len()) {
        (_, 1) => answer.summary.extend(entry.systems.first().map(|system| format!("It belongs to {}.", name(system)))),
        (Some(listener), count) => {
            let others = if count == 2 { "one more is a candidate".into() } else { format!("{} more are candidates", count - 1) };
            answer.summary.push(format!("{} listens; {others} behind it.", name(&listener)));
        }
        (None, count) => answer.summary.push(format!("{count} systems are candidates; the port alone does not tell them apart.")),
    }
    if !entry.fixed {
        answer.summary.push(format!("It lies in the documented range {}-{}.", entry.first, entry.last));
    }
    match entry.status {
        Status::Doubtful => answer.summary.push("The fact is printed and hardly true: it matches with a note.".into()),
        Status::Derived => {
            answer.summary.push("No document prints it: it follows from a reading and matches with a note.".into());
        }
        Status::Documented | Status::Defect => {}
    }
    describe_protocol(catalog, &entry.label, answer);
    let mut via: Vec<String> = Vec::new();
    for system in entry.systems.iter().flat_map(|at| catalog.shown_through(*at)).map(|at| name(&at)) {
        // Several of the candidates may carry it.
        if !via.contains(&system) {
            via.push(system);
        }
    }
    if !via.is_empty() {
        answer.summary.push(format!("Systems without a port of their own that show here: {}.", via.join(", ")));
    }
    for at in entry.facts.iter().chain(&entry.derived_facts) {
        let fact = catalog.fact(*at);
        if let Some((fact, system)) = fact.and_then(|fact| Some((fact, catalog.system(fact.system)?))) {
            answer.facts.extend(fact_rows(catalog, system, fact));
        }
    }
    let asked = |row: &ListRow| {
        row.port.is_none_or(|port| port.bounds().is_none_or(|(low, high)| low <= entry.last && entry.first <= high))
    };
    answer.facts.retain(asked);
}

/// What holds for the protocol wherever it is spoken.
fn describe_protocol(catalog: &Catalog, name: &str, answer: &mut Explanation) {
    let Some(rule) = catalog.protocol_rule(name) else { return };
    if rule.unpublished {
        answer.summary.push(format!("{} {}", rule.name, super::UNPUBLISHED));
    }
    if let Some(twin) = &rule.protected_by {
        answer.summary.push(format!("{twin} says the same under protection."));
    }
}

fn explain_any(catalog: &Catalog, port: u16, answer: &mut Explanation) {
    let known = [IpProto::TCP, IpProto::UDP].into_iter().filter(|transport| {
        catalog.port(*transport, port).is_some()
            || catalog.source_port(*transport, port).is_some()
            || catalog.listener_of_peer(*transport, port).is_some()
            || catalog.defects_at(*transport, port).next().is_some()
    });
    let known: Vec<IpProto> = known.collect();
    if known.is_empty() {
        explain_port(catalog, IpProto::TCP, port, answer);
        answer.answer = format!("no document gives port {port} to a service");
        return;
    }
    let mut answers = Vec::new();
    for transport in known {
        explain_port(catalog, transport, port, answer);
        answers.push(std::mem::take(&mut answer.answer));
    }
    answer.answer = answers.join("; ");
    answer.neighbours.retain(|neighbour| neighbour.what != format!("{port}/tcp") && neighbour.what != format!("{port}/udp"));
}

fn explain_protocol(catalog: &Catalog, protocol: IpProto, answer: &mut Explanation) {
    match catalog.protocol(protocol) {
        Some(entry) => {
            answer.answer = format!("IP protocol {} ({protocol}) is {}", protocol.0, entry.label);
            describe_entry(catalog, entry, answer);
        }
        None => answer.answer = format!("{protocol} is documented by type"),
    }
    push_facts(catalog, answer, |fact| fact.transport == Some(protocol) && fact.icmp_type.is_some());
}

fn explain_icmp(catalog: &Catalog, protocol: IpProto, icmp_type: u8, answer: &mut Explanation) {
    match catalog.icmp(protocol, icmp_type) {
        Some(entry) => {
            answer.answer = format!("{protocol} type {icmp_type} is {}", entry.label);
            describe_entry(catalog, entry, answer);
        }
        None => answer.answer = format!("no document speaks of {protocol} type {icmp_type}"),
    }
}

fn explain_systems(catalog: &Catalog, systems: &[SystemRef], answer: &mut Explanation) {
    let found: Vec<&System> = systems.iter().filter_map(|at| catalog.system(*at)).collect();
    let names: Vec<String> = found.iter().map(|system| format!("{} [{}]", system.name, system.id)).collect();
    answer.answer = names.join("; ");
    for system in &found {
        describe_system(catalog, system, answer);
    }
    for at in systems {
        let shown = catalog.shown_through(*at).filter_map(|at| catalog.system(at)).map(|system| system.name.clone());
        let shown: Vec<String> = shown.collect();
        if !shown.is_empty() {
            answer.summary.push(format!("It also carries: {}.", shown.join(", ")));
        }
    }
}

fn describe_system(catalog: &Catalog, system: &System, answer: &mut Explanation) {
    answer.summary.extend(system.about.clone());
    answer.summary.extend(system.note.clone().map(|note| format!("Note: {note}.")));
    if let Some(service) = &system.service {
        answer.summary.push(format!("Service name: {service}."));
    }
    if !system.aliases.is_empty() {
        answer.summary.push(format!("Also called: {}.", system.aliases.join(", ")));
    }
    answer.summary.push(format!("Named at {}.", catalog.print_sources(&system.sources).join(", ")));
    answer.summary.extend(system.without_port.clone());
    let via: Vec<String> =
        system.via.iter().filter_map(|at| catalog.system(*at)).map(|s| format!("{} [{}]", s.name, s.id)).collect();
    if !via.is_empty() {
        answer.summary.push(format!("It shows in the flows of: {}.", via.join(", ")));
    }
    answer.readings.extend(system.reading.as_deref().and_then(|id| catalog.reading(id)).cloned());
    answer.links.extend(link_rows(catalog, system));
    for fact in catalog.facts_of(system) {
        let rows = fact_rows(catalog, system, fact);
        if fact.matches() {
            if system.ends.is_none() {
                answer.facts.extend(rows);
            }
            shared_ports(catalog, system, fact, answer);
        } else {
            answer.contradictions.extend(rows);
        }
    }
}

/// Who else is at the ports of a system.
fn shared_ports(catalog: &Catalog, system: &System, fact: &Fact, answer: &mut Explanation) {
    let Some(transport) = fact.transport else { return };
    for (port, _) in fact.ports.iter().filter_map(|port| port.bounds()) {
        let Some(entry) = catalog.port(transport, port) else { continue };
        let others = entry.systems.iter().filter_map(|at| catalog.system(*at)).filter(|other| other.id != system.id).count();
        if others > 0 {
            let neighbour = Neighbour {
                what: format!("{port}/{transport}"),
                label: entry.label.clone(),
                why: format!("shared with {others} other systems; ask for the port to see them"),
            };
            if !answer.neighbours.contains(&neighbour) {
                answer.neighbours.push(neighbour);
            }
        } else {
            let near = neighbours::of_port(catalog, transport, port).into_iter().filter(|near| !near.label.is_empty());
            let new: Vec<Neighbour> =
                near.filter(|near| !answer.neighbours.iter().any(|known| known.what == near.what)).collect();
            answer.neighbours.extend(new);
        }
    }
}

fn explain_named(catalog: &Catalog, facts: &[FactRef], answer: &mut Explanation) {
    for fact in facts.iter().filter_map(|at| catalog.fact(*at)) {
        if let Some(system) = catalog.system(fact.system) {
            let rows = fact_rows(catalog, system, fact);
            if fact.matches() { answer.facts.extend(rows) } else { answer.contradictions.extend(rows) }
        }
    }
    let first = facts.first().and_then(|at| catalog.fact(*at));
    let name = first.map(|fact| fact.protocol.clone()).unwrap_or_default();
    let mut places: Vec<String> = Vec::new();
    for row in &answer.facts {
        let place = match (&row.port, &row.transport) {
            (Some(port), Some(transport)) => format!("{port}/{transport}"),
            (_, transport) => transport.clone().unwrap_or_default(),
        };
        if !place.is_empty() && !places.contains(&place) {
            places.push(place);
        }
    }
    describe_protocol(catalog, &name, answer);
    let places = if places.is_empty() { "no port".to_owned() } else { places.join(", ") };
    answer.answer = format!("{name}: {places}");
    if let Some((transport, (port, _))) = first.and_then(|fact| Some((fact.transport?, fact.ports.first()?.bounds()?))) {
        answer.neighbours = neighbours::of_port(catalog, transport, port);
    }
}

fn explain_reading(catalog: &Catalog, id: &str, answer: &mut Explanation) {
    let Some(reading) = catalog.reading(id) else { return };
    answer.answer = format!("{}: {}", reading.id, reading.title);
    answer.readings.push(reading.clone());
    let touched = |fact: &Fact| fact.reading.as_ref() == Some(&reading.id);
    push_facts(catalog, answer, touched);
}

/// Adds the facts that a test picks; defects go to what contradicts.
fn push_facts(catalog: &Catalog, answer: &mut Explanation, picked: impl Fn(&Fact) -> bool) {
    for system in &catalog.systems {
        for fact in catalog.facts_of(system).iter().filter(|fact| picked(fact)) {
            let rows = fact_rows(catalog, system, fact);
            if fact.matches() { answer.facts.extend(rows) } else { answer.contradictions.extend(rows) }
        }
    }
}

/// The readings of every fact in the answer, each once, in order.
fn add_readings(catalog: &Catalog, answer: &mut Explanation) {
    let rows = answer.facts.iter().chain(&answer.contradictions).filter_map(|row| row.reading.as_deref());
    let ids = rows.chain(answer.links.iter().filter_map(|row| row.reading.as_deref()));
    let found: Vec<Reading> = ids.filter_map(|id| catalog.reading(id)).cloned().collect();
    answer.readings.extend(found);
    answer.readings.sort_by(|left, right| left.id.cmp(&right.id));
    answer.readings.dedup();
}

/// The answer as text, to paste into a change request.
pub fn explain_text(answer: &Explanation, width: Option<usize>) -> String {
    let mut out = Page { text: String::new(), width: width.unwrap_or(100).max(40) };
    out.line(0, &answer.answer);
    for sentence in &answer.summary {
        out.line(2, sentence);
    }
    out.section("What the documents say", &answer.facts, fact_text);
    out.section("Rows of the link", &answer.links, link_text);
    out.section("Printed, but not held to be true", &answer.contradictions, fact_text);
    out.section("Readings", &answer.readings, reading_text);
    out.section("Easily confused with", &answer.neighbours, neighbour_text);
    out.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, indent: usize, text: &str) {
        for (at, line) in wrap(text, self.width.saturating_sub(indent + 2)).into_iter().enumerate() {
            let indent = if at == 0 { indent } else { indent + 2 };
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "{:indent$}{line}", "");
        }
    }

    fn section<T>(&mut self, title: &str, items: &[T], lines: impl Fn(&T) -> Vec<String>) {
        if items.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(0, title);
        for item in items {
            for (at, line) in lines(item).iter().enumerate() {
                self.line(if at == 0 { 2 } else { 6 }, line);
            }
        }
    }
}

fn fact_text(row: &ListRow) -> Vec<String> {
    let place = match (&row.port, &row.transport, row.icmp_type) {
        (Some(port), Some(transport), _) => format!("{port}/{transport}"),
        (None, Some(transport), Some(icmp_type)) => format!("{transport} type {icmp_type}"),
        (None, Some(transport), None) => transport.clone(),
        (Some(port), None, _) => format!("{port} of no transport"),
        (None, None, _) => "no port".to_owned(),
    };
    let mut head = format!("{place} {}: {} [{}], {}", row.protocol, row.name, row.system, row.status.word());
    if !row.printed.is_empty() {
        let _ = write!(head, ", printed as {}", row.printed.join(" / "));
    }
    let mut lines = vec![head, row.sources.join(", ")];
    if !row.products.is_empty() {
        lines.push(format!("applies to {}", row.products.join(", ")));
    }
    if row.configurable == Some(true) {
        lines.push("the number can be configured".into());
    }
    lines
}

fn link_text(row: &LinkRow) -> Vec<String> {
    let ports = row.ports.join(" or ");
    let place = match (&row.transport, row.icmp_type) {
        (Some(transport), Some(icmp_type)) => format!("{transport} type {icmp_type}"),
        (Some(transport), None) if ports.is_empty() => transport.clone(),
        (Some(transport), None) => format!("{ports}/{transport}"),
        (None, _) => "no port".into(),
    };
    let direction = row.direction.arrow();
    let head = format!("{} {direction} {}: {} {place}, {}", row.from, row.to, row.protocol, row.status.word());
    let mut lines = vec![head, row.sources.join(", ")];
    match row.configurable {
        Some(true) => lines.push("the number can be configured".into()),
        Some(false) => lines.push("the number is fixed".into()),
        None => {}
    }
    if !row.products.is_empty() {
        lines.push(format!("applies to {}", row.products.join(", ")));
    }
    lines.extend(row.notes.iter().cloned());
    lines
}

fn reading_text(reading: &Reading) -> Vec<String> {
    let mut lines = vec![format!("{} {}", reading.id, reading.title), format!("Adopted: {}", reading.adopt)];
    if !reading.why.is_empty() {
        lines.push(format!("Why: {}", reading.why));
    }
    lines.push(format!("Lines: {}", reading.cites.join(", ")));
    lines
}

fn neighbour_text(neighbour: &Neighbour) -> Vec<String> {
    vec![format!("{} {}: {}", neighbour.what, neighbour.label, neighbour.why).replace("  ", " ").replace(" :", ":")]
}
