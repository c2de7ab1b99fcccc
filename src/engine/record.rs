//! A flow becomes a record: who is the client, what TCP did, which tunnels are around it.

use super::carriers::Carriers;
use super::ledger::{Heard, Hearsay};
use crate::catalog::Catalog;
use crate::classify::{Ends, FOREIGN, ends, label};
use crate::flow::{Extras, Flow, OuterTunnel, Side};
use crate::record::{CommunityTuple, FlowRecord, Host, Icmp, IcmpErrors, Payload, PerSide, Tcp, Tunnel};

/// The record of a flow, with its label where there is a catalog.
///
/// `carriers` is where the records of its tunnels are found, `heard` what other conversations said of it: hosts are called as these call them where
/// its own payload does not say.
pub fn record<'a>(flow: &'a Flow, carriers: &Carriers, catalog: Option<&'a Catalog>, heard: &'a Heard) -> FlowRecord<'a> {
    record_as(flow, carriers, catalog, heard.hearsay(), false)
}

/// The same; `terse`: without the sentence, for whoever only counts.
pub fn record_as<'a>(
    flow: &'a Flow,
    carriers: &Carriers,
    catalog: Option<&'a Catalog>,
    hearsay: Hearsay<'a>,
    terse: bool,
) -> FlowRecord<'a> {
    let learned = hearsay.learned;
    let Ends { client, direction, both_documented } = ends(flow, catalog, learned.as_ref());
    let names = [client, client.other()].map(|side| hearsay.name(side));
    let (client_host, server_host) = hosts(flow, client);
    let extras = flow.extras.as_deref();
    let mut record = FlowRecord {
        terse,
        kind: crate::record::Flow::Flow,
        id: flow.id,
        community_id: tuple(flow),
        first: flow.first,
        last: flow.last,
        duration: flow.last.nanos_since(flow.first) as f64 / 1e9,
        ip_version: flow.key.version,
        transport: flow.key.protocol,
        protocol: flow.key.protocol.0,
        vlans: extras.map(|extras| extras.vlans.clone()).unwrap_or_default(),
        tunnels: extras.map(|extras| tunnels(carriers, extras)).unwrap_or_default(),
        client: client_host,
        server: server_host,
        direction,
        packets: per_side(flow.packets, client),
        bytes: per_side(flow.bytes, client),
        icmp: flow.icmp.map(|icmp| Icmp { kind: icmp.kind, code: icmp.code, id: icmp.id }),
        icmp_errors: extras.and_then(icmp_errors),
        tcp: tcp(flow, client),
        spis: extras.map(|extras| extras.spis.clone()).unwrap_or_default(),
        label: None,
        detail: None,
        systems: Vec::new(),
        verdict: None,
        evidence: None,
        learned_after: false,
        announced: false,
        flags: Vec::new(),
        notes: Vec::new(),
        reason: None,
        hint: None,
        payload: payload(flow),
        sources: Vec::new(),
        policy: None,
        leased: hearsay.leased.into_owned(),
    };
    if let Some(catalog) = catalog {
        label(&mut record, catalog, both_documented, flow.payload.finding(), learned);
        if extras.is_some_and(|extras| extras.foreign) {
            record.notes.push(FOREIGN);
        }
    }
    let [client_name, server_name] = names;
    record.client.name = record.client.name.or(client_name);
    record.server.name = record.server.name.or(server_name);
    record
}

fn host_of(flow: &Flow, lo: bool) -> Host<'static> {
    let (addr, port) = if lo { (flow.key.lo, flow.key.lo_port) } else { (flow.key.hi, flow.key.hi_port) };
    Host { ip: addr.to_ip(flow.key.version), port: flow.key.has_ports.then_some(port), name: None }
}

fn hosts(flow: &Flow, client: Side) -> (Host<'static>, Host<'static>) {
    let client_is_lo = flow.a_is_lo == (client == Side::A);
    (host_of(flow, client_is_lo), host_of(flow, !client_is_lo))
}

fn per_side(counts: [u64; 2], client: Side) -> PerSide {
    let [a, b] = counts;
    if client == Side::A { PerSide { client: a, server: b } } else { PerSide { client: b, server: a } }
}

/// The tuple of the flow's first packet.
fn tuple(flow: &Flow) -> CommunityTuple {
    let (a, b) = (host_of(flow, flow.a_is_lo), host_of(flow, !flow.a_is_lo));
    let ports = match flow.icmp {
        Some(icmp) => Some((u16::from(icmp.kind), u16::from(icmp.code))),
        None => a.port.zip(b.port),
    };
    CommunityTuple { source: a.ip, destination: b.ip, protocol: flow.key.protocol, ports }
}

fn tcp(flow: &Flow, client: Side) -> Option<Tcp> {
    let tcp = flow.tcp.as_ref()?;
    Some(Tcp {
        state: tcp.state(client),
        history: tcp.history(client, client == Side::B),
        rtt_ms: tcp.rtt_ms(),
        retransmissions: tcp.retransmissions(),
        gaps: tcp.gaps(),
    })
}

fn payload(flow: &Flow) -> Option<Payload> {
    let finding = flow.payload.finding();
    (flow.payload.calls() > 0).then(|| Payload {
        protocol: finding.map(|finding| finding.protocol.name),
        confidence: finding.map(|finding| finding.confidence),
        calls: flow.payload.calls(),
    })
}

fn icmp_errors(extras: &Extras) -> Option<IcmpErrors> {
    if extras.icmp_errors == 0 {
        return None;
    }
    let codes = extras.icmp_error_codes.iter().map(|(kind, code)| format!("{kind}/{code}")).collect();
    Some(IcmpErrors { count: extras.icmp_errors, codes })
}

fn tunnels(carriers: &Carriers, extras: &Extras) -> Vec<Tunnel> {
    let named = |tunnel: &OuterTunnel| Tunnel {
        kind: tunnel.kind,
        id: carriers.of(&tunnel.flow, tunnel.layer, tunnel.packet),
        key: tunnel.key,
    };
    extras.tunnels.iter().map(named).collect()
}
