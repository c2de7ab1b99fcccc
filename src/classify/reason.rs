//! The sentence of a record that says what its verdict rests on.

use std::fmt::Write as _;

use super::lookup::{Missing, Number, defect, other};
use crate::catalog::commands::UNPUBLISHED;
use crate::catalog::{Catalog, Entry, Fact, Status};
use crate::net::IpProto;
use crate::recognize::Finding;
use crate::record::{Direction, FlowRecord};

/// The number that was looked up, in words.
pub(super) fn numbered(record: &FlowRecord<'_>, number: Number) -> String {
    let transport = upper(record.transport);
    match number {
        Number::Port(port) => format!("{transport} {port}"),
        Number::OpenedFrom(port) => format!("A connection opened from {transport} {port}"),
        Number::IcmpType(kind) => format!("{transport} type {kind}"),
        Number::Protocol => format!("IP protocol {}", record.protocol),
    }
}

/// `spoken`: payload that confirms the number.
pub(super) fn matched(
    record: &FlowRecord<'_>,
    catalog: &Catalog,
    (entry, status): (&Entry, Status),
    number: Number,
    spoken: Option<&Finding>,
) -> String {
    let what = numbered(record, number);
    let spoken = spoken.map(|finding| format!(", and the payload is {}", finding.called())).unwrap_or_default();
    let source = record.sources.first().copied().unwrap_or("the rules");
    let more = match record.systems.len() {
        0 | 1 => String::new(),
        n => format!("; {n} systems may be behind it"),
    };
    let mut reason = format!("{what} is {} ({source}){spoken}{more}.", record.label.unwrap_or_default());
    let reading = entry.facts.first().and_then(|fact| catalog.fact(*fact)).map(of_reading).unwrap_or_default();
    if entry.unpublished && spoken.is_empty() {
        let _ = write!(reason, " {} {UNPUBLISHED}", entry.label);
    }
    // Writing to a string cannot fail.
    let _ = match status {
        Status::Doubtful => write!(reason, " It is printed so, and hardly true{reading}."),
        Status::Derived => write!(reason, " No document prints it: it was derived{reading}."),
        Status::Documented | Status::Defect => Ok(()),
    };
    reason
}

pub(super) fn unmatched(record: &FlowRecord<'_>, catalog: &Catalog, missing: &Missing<'_>) -> String {
    let mut reason = missed(record, catalog, missing);
    if let Some(fact) = defect(catalog, record.transport, missing) {
        let source = fact.sources.first().map(|source| catalog.print_source(*source)).unwrap_or_default();
        let _ = write!(reason, " {source} prints {} here by mistake{}.", fact.protocol, of_reading(fact));
    }
    if let Some(hint) = record.hint {
        let _ = write!(reason, " Elsewhere it is registered as {hint}.");
    }
    reason
}

/// What would have protected what was said in the clear, where the catalog knows it: its name, where it listens, and who says so.
pub(super) fn twin(record: &FlowRecord<'_>, catalog: &Catalog) -> Option<String> {
    let is_clear = record.notes.iter().any(|note| matches!(*note, "cleartext-credentials" | "ldap-simple-bind"));
    let name = catalog.protocol_rule(record.label.filter(|_| is_clear)?)?.protected_by.as_deref()?;
    let entry = catalog.home(record.transport, name)?;
    let at = format!("{} {}", upper(record.transport), entry.first);
    Some(format!("{name} at {at}{} protects the password.", first_source(entry, catalog)))
}

/// What is not documented.
pub(super) fn missed(record: &FlowRecord<'_>, catalog: &Catalog, missing: &Missing<'_>) -> String {
    let transport = upper(record.transport);
    let source = |entry| first_source(entry, catalog);
    match missing {
        Missing::Port(port) => match record.client.port.filter(|client| record.direction == Direction::First && client != port) {
            Some(client) => format!("No document lists {transport} {port}, nor {client} at the other end."),
            None => format!("No document lists {transport} {port}."),
        },
        Missing::OtherTransport(entry, port) => {
            let other = upper(other(record.transport).unwrap_or(record.transport));
            let (label, source) = (&entry.label, source(entry));
            format!("{port} is documented for {other} only, as {label}{source}; no document lists it for {transport}.")
        }
        Missing::PeerOfPair(entry, port, listening) => {
            let (label, source) = (&entry.label, source(entry));
            format!(
                "{transport} {port} is the client's end of {label}{source} and talks to {listening} only, which is not the other end here."
            )
        }
        Missing::OpensOnly(entry, port) => {
            let (label, source) = (&entry.label, source(entry));
            format!("{label} is opened from {transport} {port}{source}; no document has anything listen there.")
        }
        Missing::PortsUnseen => "Only fragments or cut headers were captured: the ports were never seen.".to_owned(),
        Missing::Protocol => match record.icmp {
            Some(icmp) => format!("No document lists {transport} type {}.", icmp.kind),
            None => format!("No document lists IP protocol {} ({}).", record.protocol, record.transport),
        },
    }
}

/// The first line that documents an entry, in brackets.
pub(super) fn first_source(entry: &Entry, catalog: &Catalog) -> String {
    entry.texts(catalog).sources.first().map(|source| format!(" ({source})")).unwrap_or_default()
}

fn of_reading(fact: &Fact) -> String {
    fact.reading.as_ref().map(|reading| format!(" (reading {reading})")).unwrap_or_default()
}

pub(super) fn upper(transport: IpProto) -> String {
    match transport {
        IpProto::ICMP6 => "ICMPv6".to_owned(),
        other => other.to_string().to_uppercase(),
    }
}
