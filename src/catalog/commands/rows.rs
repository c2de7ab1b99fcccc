//! The rows of `catalog list|links|systems|sources`, as scripts read them.

use serde::Serialize;

use crate::catalog::{Catalog, Direction, Document, Ends, Fact, Port, Source, Status, System};

/// A fact: one protocol of one system at one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// Id of the system.
    pub system: String,
    /// Its name.
    pub name: String,
    /// Its service name.
    pub service: Option<String>,
    /// The protocol after the readings.
    pub protocol: String,
    /// `tcp`, `udp`, `gre` ...; null where the document has none.
    pub transport: Option<String>,
    /// A number, a range, `dynamic`, or null.
    pub port: Option<Port>,
    /// ICMP type, for ICMP.
    pub icmp_type: Option<u8>,
    /// How the fact stands.
    pub status: Status,
    /// What it applies to.
    pub products: Vec<String>,
    /// Whether the number can be set; null where nothing is said.
    pub configurable: Option<bool>,
    /// Names that documents print instead.
    pub printed: Vec<String>,
    /// The reading behind it.
    pub reading: Option<String>,
    /// The range given for dynamic ports, where one is.
    pub range: Option<String>,
    /// Document and line of everything that prints it.
    pub sources: Vec<String>,
}

/// A cell of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkRow {
    /// Id of the link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// The role that opens.
    pub from: String,
    /// The role that answers.
    pub to: String,
    /// Whether only `from` may open.
    pub direction: Direction,
    /// The protocol after the readings.
    pub protocol: String,
    /// `tcp`, `udp` ...; null where the document has none.
    pub transport: Option<String>,
    /// Alternatives; empty where there is no port.
    pub ports: Vec<String>,
    /// ICMP type, for ICMP.
    pub icmp_type: Option<u8>,
    /// Whether the number can be set; null where nothing is said.
    pub configurable: Option<bool>,
    /// Remarks, of the document and ours.
    pub notes: Vec<String>,
    /// What it applies to.
    pub products: Vec<String>,
    /// How the cell stands.
    pub status: Status,
    /// The reading behind it.
    pub reading: Option<String>,
    /// Document and line of the cell.
    pub sources: Vec<String>,
}

/// A system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SystemRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Documents that name it.
    pub documents: Vec<String>,
    /// How many rows of `catalog list` are its.
    pub facts: usize,
    /// How many rows of `catalog links` are its.
    pub links: usize,
    /// Systems in whose flows it shows.
    pub via: Vec<String>,
    /// Why it has no port, where no document gives one.
    pub without_port: Option<String>,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceRow {
    /// Its id.
    pub document: String,
    /// Its title.
    pub title: String,
    /// How many lines it has.
    pub lines: Option<u32>,
    /// Systems it names.
    pub systems: usize,
    /// Rows of `catalog list` that rest on it.
    pub facts: usize,
    /// Rows of `catalog links` that rest on it.
    pub links: usize,
    /// Readings that cite it.
    pub readings: usize,
    /// Whether it is built in.
    pub builtin: bool,
}

/// Every fact, in the order of the documents.
pub fn list(catalog: &Catalog) -> Vec<ListRow> {
    catalog.systems.iter().flat_map(|system| rows_of(catalog, system)).collect()
}

fn rows_of(catalog: &Catalog, system: &System) -> Vec<ListRow> {
    let facts = catalog.facts_of(system).iter().filter(|fact| !fact.reverse);
    facts.flat_map(|fact| fact_rows(catalog, system, fact)).collect()
}

/// One row for each port of the fact; one without where it has none.
pub(super) fn fact_rows(catalog: &Catalog, system: &System, fact: &Fact) -> Vec<ListRow> {
    let row = |port: Option<Port>| ListRow {
        system: system.id.clone(),
        name: system.name.clone(),
        service: system.service.clone(),
        protocol: fact.protocol.clone(),
        transport: fact.transport.map(|transport| transport.to_string()),
        port,
        icmp_type: fact.icmp_type,
        status: fact.status,
        products: fact.products.clone(),
        configurable: fact.configurable,
        printed: fact.printed.clone(),
        reading: fact.reading.clone(),
        range: fact.range.map(|(first, last)| format!("{first}-{last}")),
        sources: sources_of(catalog, fact),
    };
    if fact.ports.is_empty() { vec![row(None)] } else { fact.ports.iter().map(|port| row(Some(*port))).collect() }
}

/// Every cell of every link, for every pair of roles.
pub fn links(catalog: &Catalog) -> Vec<LinkRow> {
    catalog.systems.iter().flat_map(|system| link_rows(catalog, system)).collect()
}

pub(super) fn link_rows(catalog: &Catalog, system: &System) -> Vec<LinkRow> {
    let Some(ends) = &system.ends else { return Vec::new() };
    let pairs = ends.from.iter().flat_map(|from| ends.to.iter().map(move |to| (from, to)));
    let rows = pairs.flat_map(|(from, to)| {
        catalog.facts_of(system).iter().map(move |fact| link_row(catalog, system, ends, fact, (from, to)))
    });
    rows.collect()
}

fn link_row(catalog: &Catalog, system: &System, ends: &Ends, fact: &Fact, (from, to): (&String, &String)) -> LinkRow {
    let (from, to) = if fact.reverse { (to, from) } else { (from, to) };
    let direction = if fact.reverse { Direction::OneWay } else { fact.direction.unwrap_or(ends.direction) };
    LinkRow {
        link: system.id.clone(),
        title: system.name.clone(),
        from: from.clone(),
        to: to.clone(),
        direction,
        protocol: fact.protocol.clone(),
        transport: fact.transport.map(|transport| transport.to_string()),
        ports: fact.ports.iter().map(ToString::to_string).collect(),
        icmp_type: fact.icmp_type,
        configurable: fact.configurable,
        notes: notes(system, fact),
        products: products(catalog, fact, from, to),
        status: fact.status,
        reading: fact.reading.clone().or_else(|| system.reading.clone()),
        sources: sources_of(catalog, fact),
    }
}

/// The rows that print a fact and the prose that says the same, by document and line.
fn sources_of(catalog: &Catalog, fact: &Fact) -> Vec<String> {
    let mut sources: Vec<Source> = fact.sources.iter().chain(&fact.also).copied().collect();
    sources.sort_unstable();
    sources.dedup();
    catalog.print_sources(&sources)
}

fn notes(system: &System, fact: &Fact) -> Vec<String> {
    let mut notes: Vec<String> = system.notes.iter().chain(&fact.notes).cloned().collect();
    notes.extend(fact.setting.iter().map(|setting| format!("set in: {setting}")));
    notes.extend(fact.note.iter().chain(&system.note).cloned());
    notes
}

/// A role that exists only in some products narrows the row.
fn products(catalog: &Catalog, fact: &Fact, from: &str, to: &str) -> Vec<String> {
    let narrower = catalog.roles.iter().find(|role| !role.products.is_empty() && (role.name == from || role.name == to));
    narrower.map_or_else(|| fact.products.clone(), |role| role.products.clone())
}

/// Every system.
pub fn systems(catalog: &Catalog) -> Vec<SystemRow> {
    let named = |system: &System| {
        let documents = system.documents.iter().filter_map(|doc| catalog.document(*doc));
        let via = system.via.iter().filter_map(|at| catalog.system(*at));
        SystemRow {
            id: system.id.clone(),
            name: system.name.clone(),
            documents: documents.map(|document| document.id.clone()).collect(),
            facts: rows_of(catalog, system).len(),
            links: link_rows(catalog, system).len(),
            via: via.map(|carrier| carrier.id.clone()).collect(),
            without_port: system.without_port.clone(),
        }
    };
    catalog.systems.iter().map(named).collect()
}

/// Every document that names a system.
pub fn sources(catalog: &Catalog) -> Vec<SourceRow> {
    let (facts, links) = (list(catalog), links(catalog));
    let rows = catalog.documents.iter().map(|document| source_row(catalog, document, &facts, &links));
    rows.filter(|row| row.systems > 0).collect()
}

fn source_row(catalog: &Catalog, document: &Document, facts: &[ListRow], links: &[LinkRow]) -> SourceRow {
    let cites = |source: &String| source.split_once(':').is_some_and(|(id, _)| id == document.id);
    let names = |system: &&System| system.documents.iter().any(|doc| catalog.document(*doc) == Some(document));
    SourceRow {
        document: document.id.clone(),
        title: document.title.clone(),
        lines: document.length,
        systems: catalog.systems.iter().filter(names).count(),
        facts: facts.iter().filter(|row| row.sources.iter().any(cites)).count(),
        links: links.iter().filter(|row| row.sources.iter().any(cites)).count(),
        readings: catalog.readings().iter().filter(|reading| reading.cites.iter().any(cites)).count(),
        builtin: document.builtin,
    }
}
