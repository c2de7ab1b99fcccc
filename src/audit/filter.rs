//! Wireshark display filters that show the flows of a finding.

use std::net::IpAddr;

use crate::net::IpProto;
use crate::record::FlowRecord;

/// The flows between these two ends; `client` may be left out where there are many.
pub fn between(client: Option<IpAddr>, server: IpAddr, record: &FlowRecord<'_>) -> String {
    let mut parts: Vec<String> = client.into_iter().chain([server]).map(address).collect();
    parts.push(protocol(record));
    parts.dedup();
    parts.join(" && ")
}

/// Any of these.
pub fn any(filters: &[String]) -> String {
    match filters {
        [one] => one.clone(),
        several => several.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(" || "),
    }
}

fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("ip.addr == {ip}"),
        IpAddr::V6(ip) => format!("ipv6.addr == {ip}"),
    }
}

/// By port where there is one, else by protocol.
fn protocol(record: &FlowRecord<'_>) -> String {
    match (record.transport, record.server.port) {
        (IpProto::TCP, Some(port)) => format!("tcp.port == {port}"),
        (IpProto::UDP, Some(port)) => format!("udp.port == {port}"),
        (IpProto::ICMP, _) => {
            record.icmp.map_or("icmp".to_owned(), |icmp| format!("icmp.type in {{{}}}", both(icmp.kind, &[(8, 0), (13, 14)])))
        }
        (IpProto::ICMP6, _) => record
            .icmp
            .map_or("icmpv6".to_owned(), |icmp| format!("icmpv6.type in {{{}}}", both(icmp.kind, &[(128, 129), (135, 136)]))),
        (other, _) if record.ip_version == 4 => format!("ip.proto == {}", other.0),
        (other, _) => format!("ipv6.nxt == {}", other.0),
    }
}

/// A type with the other of its pair: question and answer are one flow.
fn both(kind: u8, pairs: &[(u8, u8)]) -> String {
    let pair = pairs.iter().find(|(ask, answer)| *ask == kind || *answer == kind);
    pair.map_or_else(|| kind.to_string(), |(ask, answer)| format!("{ask}, {answer}"))
}
