//! Which fact of the catalog speaks of a flow.

use std::net::IpAddr;

use crate::catalog::{Catalog, Entry, Fact};
use crate::net::IpProto;
use crate::record::{Direction, Evidence, FlowRecord};

/// What the catalog has for a flow.
pub(super) enum Found<'a> {
    /// It is documented, at this number.
    Entry(&'a Entry, Evidence, Number),
    /// It is not.
    Nothing(Missing<'a>),
}

/// What a fact was found by, for the sentence.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// The server listens there.
    Port(u16),
    /// The client opened the connection from there.
    OpenedFrom(u16),
    /// An ICMP type.
    IcmpType(u8),
    /// An IP protocol.
    Protocol,
}

/// Why nothing was found.
pub(super) enum Missing<'a> {
    /// No document has the port.
    Port(u16),
    /// Documented for the other of TCP and UDP.
    OtherTransport(&'a Entry, u16),
    /// The client's end of a pair such as 68 of DHCP: it listens to nobody but the port given last.
    PeerOfPair(&'a Entry, u16, u16),
    /// Documented to open connections from, and nothing listens there.
    OpensOnly(&'a Entry, u16),
    /// No header with ports was captured.
    PortsUnseen,
    /// No document has the IP protocol or ICMP type.
    Protocol,
}

impl Missing<'_> {
    /// The server's port that was looked up.
    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Self::Port(port) | Self::OtherTransport(_, port) | Self::PeerOfPair(_, port, _) | Self::OpensOnly(_, port) => {
                Some(*port)
            }
            Self::PortsUnseen | Self::Protocol => None,
        }
    }
}

pub(super) fn find<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog) -> Found<'a> {
    let transport = record.transport;
    match (record.client.port.zip(record.server.port), transport) {
        (_, IpProto::ICMP | IpProto::ICMP6) => match record.icmp {
            Some(icmp) => by_protocol(catalog.icmp(transport, icmp.kind), Number::IcmpType(icmp.kind)),
            None => by_protocol(None, Number::Protocol),
        },
        (Some(ports), _) => by_port(record, catalog, ports),
        (None, IpProto::TCP | IpProto::UDP | IpProto::SCTP | IpProto::UDPLITE) => Found::Nothing(Missing::PortsUnseen),
        (None, _) => by_protocol(catalog.protocol(transport), Number::Protocol),
    }
}

fn by_protocol(entry: Option<&Entry>, number: Number) -> Found<'_> {
    entry.map_or(Found::Nothing(Missing::Protocol), |entry| Found::Entry(entry, Evidence::Protocol, number))
}

fn by_port<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog, (client, server): (u16, u16)) -> Found<'a> {
    let listener = (record.server.ip, server);
    if let Some(entry) = opened_from(catalog, record.transport, client, listener) {
        return Found::Entry(entry, Evidence::Port, Number::OpenedFrom(client));
    }
    if let Some(entry) = listens(catalog, record.transport, listener) {
        return Found::Entry(entry, Evidence::Port, Number::Port(server));
    }
    // Where nothing but the order of packets tells the ends apart, the other port may as well be the listener's.
    let guessed = record.direction == Direction::First;
    let nearly = nearly(catalog, record.transport, server);
    let found = nearly.or_else(|| if guessed { nearly_by_client(catalog, record.transport, client) } else { None });
    Found::Nothing(found.unwrap_or(Missing::Port(server)))
}

fn nearly(catalog: &Catalog, transport: IpProto, port: u16) -> Option<Missing<'_>> {
    if let Some(entry) = catalog.source_port(transport, port) {
        return Some(Missing::OpensOnly(entry, port));
    }
    let pair = catalog.listener_of_peer(transport, port);
    if let Some((entry, listening)) = pair.and_then(|listening| Some((catalog.port(transport, listening)?, listening))) {
        return Some(Missing::PeerOfPair(entry, port, listening));
    }
    other_transport(catalog, transport, port).map(|entry| Missing::OtherTransport(entry, port))
}

fn nearly_by_client(catalog: &Catalog, transport: IpProto, port: u16) -> Option<Missing<'_>> {
    other_transport(catalog, transport, port).map(|entry| Missing::OtherTransport(entry, port))
}

/// What the number is for the other of TCP and UDP; the client's end of a pair is documented there too.
fn other_transport(catalog: &Catalog, transport: IpProto, port: u16) -> Option<&Entry> {
    let other = other(transport)?;
    let peer = || catalog.port(other, catalog.listener_of_peer(other, port)?);
    catalog.other_transport(transport, port).or_else(peer)
}

/// The other of TCP and UDP.
pub(super) fn other(transport: IpProto) -> Option<IpProto> {
    match transport {
        IpProto::TCP => Some(IpProto::UDP),
        IpProto::UDP => Some(IpProto::TCP),
        _ => None,
    }
}

/// What listens at an end, unless it is documented for other networks only.
pub(super) fn listens(catalog: &Catalog, transport: IpProto, (ip, port): (IpAddr, u16)) -> Option<&Entry> {
    let holds = |entry: &&Entry| !entry.limited || catalog.candidates(entry, ip).next().is_some();
    catalog.port(transport, port).filter(holds)
}

/// What opens connections from this port. The other end's port is then one that the client of the control connection chose (RFC 959
/// section 3.2), whatever else is documented at that number; but not one below 1024, where only services listen.
pub(super) fn opened_from(catalog: &Catalog, transport: IpProto, port: u16, to: (IpAddr, u16)) -> Option<&Entry> {
    let entry = catalog.source_port(transport, port)?;
    (to.1 >= 1024 || listens(catalog, transport, to).is_none()).then_some(entry)
}

/// Facts that print the number for this transport and are wrong.
pub(super) fn defect<'a>(catalog: &'a Catalog, transport: IpProto, missing: &Missing<'_>) -> Option<&'a Fact> {
    match missing {
        Missing::Port(port) | Missing::OtherTransport(_, port) => catalog.defects_at(transport, *port).next(),
        _ => None,
    }
}
