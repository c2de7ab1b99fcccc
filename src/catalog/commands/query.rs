//! What `explain` can be asked about.

use thiserror::Error;

use crate::catalog::{Catalog, FactRef, SystemRef, suggestion};
use crate::net::{IpProto, protocol_named};

/// A question, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Query {
    /// A port, of one transport or of any.
    Port(Option<IpProto>, u16),
    /// An IP protocol.
    Protocol(IpProto),
    /// An ICMP type.
    Icmp(IpProto, u8),
    /// A system or a link.
    System(SystemRef),
    /// A name that several systems share.
    Systems(Vec<SystemRef>),
    /// An application protocol.
    Named(Vec<FactRef>),
    /// A reading.
    Reading(String),
}

/// The catalog knows nothing of that name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "the catalog knows no `{query}`{meant} (ask for 2703/udp, gre, icmp/8, a service, a system id, a protocol or a reading such as C34)"
)]
pub struct NotFound {
    /// What was asked.
    pub query: String,
    /// The nearest name.
    pub meant: String,
}

impl Query {
    pub fn parse(catalog: &Catalog, text: &str) -> Result<Self, NotFound> {
        let text = text.trim();
        if let Some(query) = number(text) {
            return Ok(query);
        }
        if let Some(system) = catalog.system_by_id(text) {
            return Ok(Self::System(system));
        }
        // An IP protocol before a name: `gre` is both, and the number is what a filter needs.
        if let Some(protocol) = protocol_named(&text.to_lowercase()).map(IpProto)
            && (catalog.protocol(protocol).is_some() || matches!(protocol, IpProto::ICMP | IpProto::ICMP6))
        {
            return Ok(Self::Protocol(protocol));
        }
        if let Some(reading) = catalog.reading(text) {
            return Ok(Self::Reading(reading.id.clone()));
        }
        by_name(catalog, text).ok_or_else(|| NotFound { query: text.to_owned(), meant: meant(catalog, text) })
    }
}

/// `2703/udp`, `udp/2703`, `2703`, `icmp/8`.
fn number(text: &str) -> Option<Query> {
    let Some((left, right)) = text.split_once('/') else {
        return text.parse().ok().filter(|port| *port > 0).map(|port| Query::Port(None, port));
    };
    let (number, word) = if left.parse::<u16>().is_ok() { (left, right) } else { (right, left) };
    let number: u16 = number.parse().ok()?;
    let transport = IpProto(protocol_named(&word.to_lowercase())?);
    match transport {
        IpProto::ICMP | IpProto::ICMP6 => Some(Query::Icmp(transport, u8::try_from(number).ok()?)),
        _ => Some(Query::Port(Some(transport), number)).filter(|_| number > 0),
    }
}

fn by_name(catalog: &Catalog, text: &str) -> Option<Query> {
    let is = |name: &String| name.eq_ignore_ascii_case(text);
    let named: Vec<SystemRef> = catalog
        .system_refs()
        .filter(|at| {
            let Some(system) = catalog.system(*at) else { return false };
            is(&system.name) || system.service.as_ref().is_some_and(is) || system.aliases.iter().any(is)
        })
        .collect();
    let facts = catalog.protocols_named(text);
    match (named.as_slice(), facts) {
        ([], []) => None,
        ([], facts) => Some(Query::Named(facts.to_vec())),
        ([one], _) => Some(Query::System(*one)),
        _ => Some(Query::Systems(named)),
    }
}

fn meant(catalog: &Catalog, text: &str) -> String {
    let systems = catalog.systems.iter().flat_map(|system| {
        let names = system.aliases.iter().chain(&system.service).chain([&system.id, &system.name]);
        names.map(String::as_str)
    });
    suggestion(text, systems.chain(catalog.facts.iter().map(|fact| fact.protocol.as_str())))
}
