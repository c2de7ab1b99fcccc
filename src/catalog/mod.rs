//! Floor 1: what the documents say, as data. `rules/` holds it, one file a document; this floor reads, checks, compiles and
//! explains it. It knows nothing of packets, flows or verdicts, and imports only `net`.
//!
//! A classifier asks, in this order:
//!
//! * [`Catalog::port`] for a listening port (nanoseconds), [`Catalog::protocol`] for GRE, ESP, AH and IGMP, [`Catalog::icmp`]
//!   for an ICMP type; the [`Entry`] has the label, the candidate systems with the listener first, and how well it stands.
//!   Where [`Entry::limited`] is set, [`Catalog::candidates`] narrows by the server's address.
//! * [`Catalog::source_port`] for the port an active FTP server opens *from*; [`Catalog::listener_of_peer`] for UDP 68,
//!   which counts only against 67.
//! * [`Catalog::other_transport`] for `transport-undocumented`, [`Catalog::hint`] for what an unmatched port is registered as,
//!   [`Catalog::defects_at`] for a number that is printed but wrong.
//! * [`Catalog::dynamic_systems`] and [`Catalog::dynamic_ranges`] for learned endpoints: "dynamic" never matches by number.
//! * [`Catalog::protocols_named`] for a protocol known by its payload, and where it is documented.
//!
//! One more document is one more file in `rules/` and a line in `builtin.rs`; one more service is data only.

mod build;
mod builtin;
pub mod commands;
mod hints;
mod index;
mod lint;
mod load;
mod mistake;
mod model;
mod nearest;
mod raw;
mod reader;
mod readings;
mod roles;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use ipnet::IpNet;

pub use index::{Entry, Texts};
pub use lint::Finding;
pub use load::{LoadError, Options, optional_names};
pub use mistake::{Mistake, Mistakes};
pub use model::{
    Direction, DocRef, Document, Ends, Fact, FactRef, Place, Port, Product, ProtocolRule, Reading, Role, Source, Status, System,
    SystemRef,
};
pub use nearest::{nearest, suggestion};
pub(crate) use reader::{Fields, Reader, Value};

use crate::net::IpProto;
use hints::Hints;
use index::Index;

/// A rules file in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleFile {
    /// As messages name it.
    pub name: String,
    /// Its text.
    pub text: Cow<'static, str>,
    /// 0: built in; else which `--rules` directory, from 1.
    pub layer: u16,
}

/// Everything the rules say.
#[derive(Debug)]
pub struct Catalog {
    /// The files in force, in the order they were read.
    pub files: Vec<RuleFile>,
    /// One for each file, in the same order.
    pub documents: Vec<Document>,
    /// Products and versions.
    pub products: Vec<Product>,
    /// Roles of links and their spellings.
    pub roles: Vec<Role>,
    /// What holds for protocols wherever they are spoken.
    pub protocol_rules: Vec<ProtocolRule>,
    /// Systems, in the order of the documents.
    pub systems: Vec<System>,
    /// Facts, those of one system together.
    pub facts: Vec<Fact>,
    /// Rows that stand twice in one file, for the lint.
    repeated: Vec<(Place, String)>,
    index: Index,
    ids: HashMap<String, SystemRef>,
    protocols: HashMap<String, Vec<FactRef>>,
    readings: OnceLock<Vec<Reading>>,
    hints: OnceLock<Hints>,
    digest: OnceLock<String>,
    defects: OnceLock<Vec<FactRef>>,
    /// For TCP and UDP.
    dynamic_texts: [OnceLock<Texts>; 2],
    announced_texts: OnceLock<HashMap<(String, IpProto), Texts>>,
}

impl Catalog {
    /// A document by its place.
    pub fn document(&self, doc: DocRef) -> Option<&Document> {
        self.documents.get(doc.0 as usize)
    }

    /// A system by its place.
    pub fn system(&self, system: SystemRef) -> Option<&System> {
        self.systems.get(system.0 as usize)
    }

    /// A system by its id.
    pub fn system_by_id(&self, id: &str) -> Option<SystemRef> {
        self.ids.get(id).copied()
    }

    /// A fact by its place.
    pub fn fact(&self, fact: FactRef) -> Option<&Fact> {
        self.facts.get(fact.0 as usize)
    }

    /// The facts of a system.
    pub fn facts_of(&self, system: &System) -> &[Fact] {
        self.facts.get(system.facts.start as usize..system.facts.end as usize).unwrap_or_default()
    }

    /// `kb832017:554`.
    pub fn print_source(&self, source: Source) -> String {
        format!("{}:{}", self.document(source.doc).map_or("?", |document| &document.id), source.line)
    }

    /// Several sources, in order.
    pub fn print_sources(&self, sources: &[Source]) -> Vec<String> {
        sources.iter().map(|source| self.print_source(*source)).collect()
    }

    /// Systems that carry no port themselves and show in the flows of this one.
    pub fn shown_through(&self, carrier: SystemRef) -> impl Iterator<Item = SystemRef> {
        self.system_refs().filter(move |at| self.system(*at).is_some_and(|system| system.via.contains(&carrier)))
    }

    /// Systems with dynamic ports on this transport: who may be behind a learned endpoint. The numbers alone say nothing.
    pub fn dynamic_systems(&self, transport: IpProto) -> Vec<SystemRef> {
        let dynamic = |fact: &&Fact| fact.transport == Some(transport) && fact.matches() && fact.ports.contains(&Port::Dynamic);
        let mut systems: Vec<SystemRef> = self.facts.iter().filter(dynamic).map(|fact| fact.system).collect();
        systems.dedup();
        systems
    }

    /// Those that get their ports from the endpoint mapper, in words, each with the first line that gives it a dynamic port; made once.
    pub fn dynamic_texts(&self, transport: IpProto) -> &Texts {
        let Some(texts) = self.dynamic_texts.get(usize::from(transport == IpProto::UDP)) else { return Texts::NONE };
        texts.get_or_init(|| {
            let mut texts = Texts::default();
            for system in self.dynamic_systems(transport).iter().filter_map(|at| self.system(*at)) {
                let is_assigned = |fact: &&Fact| fact.matches() && is_assigned(fact, transport);
                let Some(fact) = self.facts_of(system).iter().find(is_assigned) else { continue };
                texts.systems.push(system.id.clone());
                texts
                    .sources
                    .push(fact.sources.first().map_or_else(|| "the rules".to_owned(), |source| self.print_source(*source)));
            }
            texts
        })
    }

    /// Who is behind a protocol whose port another conversation announced: its systems, each with the line that gives it a dynamic port, else the
    /// line of the protocol itself.
    pub fn announced_texts(&self, protocol: &str, transport: IpProto) -> &Texts {
        let all = self.announced_texts.get_or_init(|| {
            let mut all: HashMap<(String, IpProto), Texts> = HashMap::new();
            for (fact, transport) in
                self.facts.iter().filter(|fact| fact.matches()).filter_map(|fact| Some((fact, fact.transport?)))
            {
                let Some(system) = self.system(fact.system) else { continue };
                let is_dynamic = |fact: &&Fact| fact.transport == Some(transport) && fact.ports.contains(&Port::Dynamic);
                let source = self.facts_of(system).iter().find(is_dynamic).unwrap_or(fact).sources.first();
                let texts = all.entry((fact.protocol.to_lowercase(), transport)).or_default();
                if let Some(source) = source.filter(|_| !texts.systems.contains(&system.id)) {
                    texts.systems.push(system.id.clone());
                    texts.sources.push(self.print_source(*source));
                }
            }
            all
        });
        all.get(&(protocol.to_lowercase(), transport)).unwrap_or(Texts::NONE)
    }

    /// The ranges from which products take dynamic ports, and who takes from each (reading C43).
    pub fn dynamic_ranges(&self) -> Vec<((u16, u16), Vec<&str>)> {
        let mut ranges: Vec<((u16, u16), Vec<&str>)> = Vec::new();
        for product in &self.products {
            for range in &product.dynamic {
                match ranges.iter_mut().find(|(known, _)| known == range) {
                    Some((_, products)) => products.push(&product.id),
                    None => ranges.push((*range, vec![&product.id])),
                }
            }
        }
        ranges.sort_unstable();
        ranges
    }

    /// Whether any generation would hand the number out: above 1024 is the outer bound that the documents give.
    pub fn may_be_dynamic(port: u16) -> bool {
        port > 1024
    }

    /// Facts whose protocol has this name in some document, whatever its case: where a payload's protocol is documented.
    pub fn protocols_named(&self, name: &str) -> &[FactRef] {
        self.protocols.get(&name.to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// What holds for a protocol wherever it is spoken.
    pub fn protocol_rule(&self, name: &str) -> Option<&ProtocolRule> {
        self.protocol_rules.iter().find(|rule| rule.name.eq_ignore_ascii_case(name))
    }

    /// Where a protocol is documented: the entry of the first port that a document gives it.
    pub fn home(&self, transport: IpProto, name: &str) -> Option<&Entry> {
        let facts = self.protocols_named(name).iter().filter_map(|at| self.fact(*at));
        let mut here = facts.filter(|fact| fact.transport == Some(transport) && fact.matches());
        here.find_map(|fact| {
            fact.ports.iter().find_map(|port| if let Port::One(port) = port { self.port(transport, *port) } else { None })
        })
    }

    /// Whether a protocol of this name is documented at the port.
    pub fn documents_protocol_at(&self, name: &str, transport: IpProto, port: u16) -> bool {
        let here = |fact: &Fact| fact.transport == Some(transport) && fact.ports.iter().any(|p| p.contains(port));
        self.protocols_named(name).iter().filter_map(|at| self.fact(*at)).any(|fact| fact.matches() && here(fact))
    }

    /// Facts that print this number and are wrong; they never match. Few, and kept apart: every unmatched flow asks.
    pub fn defects_at(&self, transport: IpProto, port: u16) -> impl Iterator<Item = &Fact> {
        let here = move |fact: &&Fact| {
            fact.transport.is_none_or(|printed| printed == transport) && fact.ports.iter().any(|printed| printed.contains(port))
        };
        let is_wrong = |at: &FactRef| self.fact(*at).is_some_and(|fact| !fact.matches());
        let defects = self.defects.get_or_init(|| self.fact_refs().filter(is_wrong).collect());
        defects.iter().filter_map(|at| self.fact(*at)).filter(here)
    }

    /// What a port is registered as elsewhere: a hint for unmatched flows, never a label.
    pub fn hint(&self, transport: IpProto, port: u16) -> Option<&str> {
        self.hints.get_or_init(Hints::builtin).get(transport, port)
    }

    /// What an IP protocol is registered as elsewhere.
    pub fn protocol_hint(&self, protocol: IpProto) -> Option<&str> {
        self.hints.get_or_init(Hints::builtin).of_protocol(protocol)
    }

    /// The readings.
    pub fn readings(&self) -> &[Reading] {
        self.readings.get_or_init(readings::builtin)
    }

    /// One reading by its id.
    pub fn reading(&self, id: &str) -> Option<&Reading> {
        self.readings().iter().find(|reading| reading.id.eq_ignore_ascii_case(id))
    }

    /// `sha256:...` over the rules in force, for the summary of a run.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| load::digest(&self.files))
    }

    fn system_refs(&self) -> impl Iterator<Item = SystemRef> + use<> {
        (0..self.systems.len() as u16).map(SystemRef)
    }

    fn fact_refs(&self) -> impl Iterator<Item = FactRef> + use<> {
        (0..self.facts.len() as u32).map(FactRef)
    }

    /// The networks a fact is limited to.
    fn networks_of(&self, fact: FactRef) -> Option<&[IpNet]> {
        let system = self.system(self.fact(fact)?.system)?;
        (!system.networks.is_empty()).then_some(system.networks.as_slice())
    }
}

/// Whether a fact is about ports that the system assigns to RPC: those that a document narrows to a range, or opens from, are of other protocols.
fn is_assigned(fact: &Fact, transport: IpProto) -> bool {
    let for_rpc = fact.range.is_none() && !fact.opens_from;
    fact.transport == Some(transport) && fact.ports.contains(&Port::Dynamic) && for_rpc
}
