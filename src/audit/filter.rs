//! Wireshark display filters that show the flows of a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::net::IpProto;
use crate::record::FlowRecord;

/// Flows that a filter tells apart by their clients' ports; of more it shows the service.
const MOST_FLOWS: usize = 16;

/// The flow of a record and nothing else.
pub fn flow(record: &FlowRecord<'_>) -> String {
    let ends = [address(record.client.ip), address(record.server.ip), asked(record)];
    let mut parts: Vec<String> = ends.into_iter().chain(asking(record)).collect();
    parts.dedup();
    parts.join(" && ")
}

/// The flows of a group: what they ask for at one server, and who asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Flows {
    /// What was asked for: another each time where its ports roam.
    asked: BTreeSet<String>,
    /// The parts that tell the flows of each client apart; a flow without one is all of its client's.
    clients: BTreeMap<IpAddr, BTreeSet<Option<String>>>,
    count: usize,
}

impl Flows {
    /// One more flow.
    pub fn add(&mut self, record: &FlowRecord<'_>) {
        self.count += 1;
        if self.count > MOST_FLOWS {
            return;
        }
        self.asked.insert(asked(record));
        self.clients.entry(record.client.ip).or_default().insert(asking(record));
    }

    /// Exactly these flows; where they are very many, the service they use, and whoever uses it.
    pub fn filter(&self, server: IpAddr) -> String {
        let asked = any(self.asked.iter().cloned());
        if self.count > MOST_FLOWS {
            return [address(server), asked].join(" && ");
        }
        let of_client = |(client, flows): (&IpAddr, &BTreeSet<Option<String>>)| {
            // Where one flow has no part of its own, the parts of the others say nothing.
            let parts: Option<Vec<String>> = flows.iter().cloned().collect();
            let ends = [address(*client), address(server), asked.clone()];
            let mut all: Vec<String> = ends.into_iter().chain(parts.map(any)).collect();
            all.dedup();
            all.join(" && ")
        };
        match self.clients.len() {
            1 => self.clients.iter().map(of_client).collect(),
            _ => self.clients.iter().map(|client| format!("({})", of_client(client))).collect::<Vec<_>>().join(" || "),
        }
    }
}

/// Any of these, as one part of a filter; several values of one field as a set.
fn any(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().collect();
    let values: Option<Vec<(&str, &str)>> = parts.iter().map(|part| part.split_once(" == ")).collect();
    match (parts.as_slice(), values) {
        ([one], _) => one.clone(),
        (_, Some(values)) if values.windows(2).all(|pair| matches!(pair, [a, b] if a.0 == b.0)) => {
            let field = values.first().map_or("", |(field, _)| field);
            let values: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
            format!("{field} in {{{}}}", values.join(", "))
        }
        (several, _) => format!("({})", several.join(" || ")),
    }
}

fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("ip.addr == {ip}"),
        IpAddr::V6(ip) => format!("ipv6.addr == {ip}"),
    }
}

/// What is asked for: by port where there is one, else by protocol.
fn asked(record: &FlowRecord<'_>) -> String {
    match (port_field(record.transport), record.server.port, record.icmp) {
        (Some(field), Some(port), _) => format!("{field} == {port}"),
        (_, _, Some(icmp)) if record.transport == IpProto::ICMP => {
            format!("icmp.type in {{{}}}", both(icmp.kind, &[(8, 0), (13, 14)]))
        }
        (_, _, Some(icmp)) if record.transport == IpProto::ICMP6 => {
            format!("icmpv6.type in {{{}}}", both(icmp.kind, &[(128, 129), (135, 136)]))
        }
        _ if record.ip_version == 4 => format!("ip.proto == {}", record.protocol),
        _ => format!("ipv6.nxt == {}", record.protocol),
    }
}

/// What tells this flow from others that ask for the same.
fn asking(record: &FlowRecord<'_>) -> Option<String> {
    let id = record.icmp.and_then(|icmp| icmp.id);
    match (port_field(record.transport), record.client.port, id) {
        (Some(field), Some(port), _) if record.client.port != record.server.port => Some(format!("{field} == {port}")),
        // Both ports are the same: nothing else has it at both ends.
        (Some(field), Some(port), _) => {
            let transport = field.trim_end_matches(".port");
            Some(format!("{transport}.srcport == {port} && {transport}.dstport == {port}"))
        }
        (None, _, Some(id)) if record.transport == IpProto::ICMP => Some(format!("icmp.ident == {id}")),
        (None, _, Some(id)) if record.transport == IpProto::ICMP6 => Some(format!("icmpv6.echo.identifier == {id}")),
        _ => None,
    }
}

fn port_field(transport: IpProto) -> Option<&'static str> {
    match transport {
        IpProto::TCP => Some("tcp.port"),
        IpProto::UDP | IpProto::UDPLITE => Some("udp.port"),
        IpProto::SCTP => Some("sctp.port"),
        _ => None,
    }
}

/// A type with the other of its pair: question and answer are one flow.
fn both(kind: u8, pairs: &[(u8, u8)]) -> String {
    let pair = pairs.iter().find(|(ask, answer)| *ask == kind || *answer == kind);
    pair.map_or_else(|| kind.to_string(), |(ask, answer)| format!("{ask}, {answer}"))
}
