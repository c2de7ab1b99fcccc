//! What the catalog says of a flow.

use super::remarks::remark;
use super::words::{
    BOTH_DOCUMENTED, DERIVED, DOUBTFUL, PORT_UNDOCUMENTED, PORTS_UNSEEN, PROTOCOL_UNDOCUMENTED, TRANSPORT_UNDOCUMENTED,
};
use crate::catalog::{Catalog, Entry, Status};
use crate::net::IpProto;
use crate::record::{Evidence, FlowRecord, Verdict};

/// Fills in label, systems, verdict, evidence, flags, notes, reason, hint and sources.
pub fn label<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, both_documented: bool) {
    if both_documented {
        record.notes.push(BOTH_DOCUMENTED);
    }
    remark(record);
    match find(record, catalog) {
        Found::Entry(entry, evidence, what) => matched(record, catalog, entry, evidence, &what),
        Found::OtherTransport(entry, port) => {
            let other = if record.transport == IpProto::TCP { IpProto::UDP } else { IpProto::TCP };
            let texts = entry.texts(catalog);
            let source = texts.sources.first().map(|source| format!(" ({source})")).unwrap_or_default();
            let reason = format!(
                "{port} is documented for {} only, as {}{source}; no document lists it for {}.",
                upper(other),
                entry.label,
                upper(record.transport)
            );
            unmatched(record, catalog, TRANSPORT_UNDOCUMENTED, reason);
        }
        Found::NoPort(port) => {
            let reason = format!("No document lists {} {port}.", upper(record.transport));
            unmatched(record, catalog, PORT_UNDOCUMENTED, reason);
        }
        Found::PortsUnseen => {
            let reason = "Only fragments or cut headers were captured: the ports were never seen.".to_owned();
            unmatched(record, catalog, PORTS_UNSEEN, reason);
        }
        Found::NoProtocol => {
            let reason = match record.icmp {
                Some(icmp) => format!("No document lists {} type {}.", upper(record.transport), icmp.kind),
                None => format!("No document lists IP protocol {} ({}).", record.protocol, record.transport),
            };
            unmatched(record, catalog, PROTOCOL_UNDOCUMENTED, reason);
        }
    }
}

/// What was looked up, and what was found.
enum Found<'a> {
    /// Documented; the words say what is.
    Entry(&'a Entry, Evidence, String),
    /// Documented for the other of TCP and UDP.
    OtherTransport(&'a Entry, u16),
    NoPort(u16),
    PortsUnseen,
    NoProtocol,
}

fn find<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog) -> Found<'a> {
    let transport = record.transport;
    match transport {
        IpProto::ICMP | IpProto::ICMP6 => {
            let found = record.icmp.and_then(|icmp| Some((catalog.icmp(transport, icmp.kind)?, icmp.kind)));
            found.map_or(Found::NoProtocol, |(entry, kind)| {
                Found::Entry(entry, Evidence::Protocol, format!("{} type {kind}", upper(transport)))
            })
        }
        _ if record.server.port.is_some() => by_port(record, catalog),
        IpProto::TCP | IpProto::UDP | IpProto::SCTP | IpProto::UDPLITE => Found::PortsUnseen,
        _ => catalog
            .protocol(transport)
            .map_or(Found::NoProtocol, |entry| Found::Entry(entry, Evidence::Protocol, format!("IP protocol {}", transport.0))),
    }
}

fn by_port<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog) -> Found<'a> {
    let transport = record.transport;
    let (Some(client), Some(server)) = (record.client.port, record.server.port) else { return Found::PortsUnseen };
    let holds = |entry: &&Entry| !entry.limited || catalog.candidates(entry, record.server.ip).next().is_some();
    if let Some(entry) = catalog.port(transport, server).filter(holds) {
        return Found::Entry(entry, Evidence::Port, format!("{} {server}", upper(transport)));
    }
    if let Some(entry) = catalog.source_port(transport, client) {
        return Found::Entry(entry, Evidence::Port, format!("A connection opened from {} {client}", upper(transport)));
    }
    match catalog.other_transport(transport, server) {
        Some(entry) => Found::OtherTransport(entry, server),
        None => Found::NoPort(server),
    }
}

fn matched<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, entry: &'a Entry, evidence: Evidence, what: &str) {
    record.verdict = Some(Verdict::Matched);
    record.evidence = Some(evidence);
    let texts = entry.texts(catalog);
    if entry.limited {
        narrowed(record, catalog, entry);
    } else {
        record.label = Some(&entry.label);
        record.systems = texts.systems.iter().map(String::as_str).collect();
        record.sources = texts.sources.iter().map(String::as_str).collect();
    }
    match entry.status {
        Status::Doubtful => record.notes.push(DOUBTFUL),
        Status::Derived => record.notes.push(DERIVED),
        Status::Documented | Status::Defect => {}
    }
    let source = record.sources.first().copied().unwrap_or("the rules");
    let more = match record.systems.len() {
        0 | 1 => String::new(),
        n => format!("; {n} systems may be behind it"),
    };
    record.reason = Some(format!("{what} is {} ({source}){more}.", record.label.unwrap_or_default()));
}

/// Some candidates hold for some networks only.
fn narrowed<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, entry: &'a Entry) {
    for (system, fact) in catalog.candidates(entry, record.server.ip) {
        if record.label.is_none() {
            record.label = Some(&fact.protocol);
        }
        if let Some(system) = catalog.system(system)
            && !record.systems.contains(&system.id.as_str())
        {
            record.systems.push(&system.id);
        }
    }
    record.sources = entry.texts(catalog).sources.iter().map(String::as_str).collect();
}

fn unmatched<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, flag: &'static str, reason: String) {
    record.verdict = Some(Verdict::Unmatched);
    record.flags.push(flag);
    record.hint = record.server.port.and_then(|port| catalog.hint(record.transport, port));
    record.reason = Some(match record.hint {
        Some(hint) => format!("{reason} Elsewhere it is registered as {hint}."),
        None => reason,
    });
}

fn upper(transport: IpProto) -> String {
    match transport {
        IpProto::ICMP6 => "ICMPv6".to_owned(),
        other => other.to_string().to_uppercase(),
    }
}
