//! The catalog against what the documents say: data, readings, rules of others, and the documents themselves where they are at hand.

#![allow(clippy::expect_used, clippy::unwrap_used)] // a test says what it expects

mod data;
mod readings;
mod rules;
mod sources;

use std::sync::OnceLock;

use flowlabel::catalog::{Catalog, Fact, Options, Port, Status};
use flowlabel::net::IpProto;

const TCP: IpProto = IpProto::TCP;
const UDP: IpProto = IpProto::UDP;

/// The built-in catalog, loaded once.
fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::load(&Options::default()).expect("the built-in rules load"))
}

/// The label of a listening port, or nothing.
fn label(transport: IpProto, port: u16) -> &'static str {
    catalog().port(transport, port).map_or("", |entry| entry.label.as_str())
}

/// The candidates of a listening port.
fn candidates(transport: IpProto, port: u16) -> Vec<&'static str> {
    let entry = catalog().port(transport, port);
    let systems = entry.map(|entry| entry.systems.as_slice()).unwrap_or_default();
    systems.iter().filter_map(|at| catalog().system(*at)).map(|system| system.id.as_str()).collect()
}

/// Candidates that are system services of the services article.
fn services(transport: IpProto, port: u16) -> Vec<&'static str> {
    candidates(transport, port).into_iter().filter(|id| id.starts_with("svc.")).collect()
}

/// The facts of a system.
fn facts(system: &str) -> &'static [Fact] {
    let system = catalog().system_by_id(system).and_then(|at| catalog().system(at)).expect("a system of the catalog");
    catalog().facts_of(system)
}

/// How a system's fact at a port stands; the best where several protocols share it.
fn status(system: &str, transport: IpProto, port: impl Into<Option<u16>>) -> Option<Status> {
    let port = port.into().map_or(Port::Dynamic, Port::One);
    let here = |fact: &&Fact| fact.transport == Some(transport) && fact.ports.contains(&port) && !fact.reverse;
    facts(system).iter().filter(here).map(|fact| fact.status).min()
}

/// Whether a system answers to a name, whatever its case.
fn called(system: &str, name: &str) -> bool {
    let system = catalog().system_by_id(system).and_then(|at| catalog().system(at)).expect("a system of the catalog");
    let is = |known: &String| known.eq_ignore_ascii_case(name);
    is(&system.name) || system.service.as_ref().is_some_and(is) || system.aliases.iter().any(is)
}
