//! What the course of a flow says, whatever its label: refused, unanswered, one-sided, caught in the middle.

use std::net::IpAddr;

use super::ends::is_asked;
use super::words::{MID_FLOW, ONE_DIRECTION, REFUSED, UNANSWERED};
use crate::flow::request_type;
use crate::net::IpProto;
use crate::record::{ConnState, Direction, FlowRecord, Icmp, Tcp};

/// ICMP errors by which a host or a filter on the way says no: protocol and port unreachable, prohibited by an administrator.
const REFUSALS: &[&str] = &["3/2", "3/3", "3/9", "3/10", "3/13"];
const REFUSALS_6: &[&str] = &["1/1", "1/4", "1/5", "1/6"];

/// ICMP errors that say the server cannot be reached: no such network or host, or the way there is a circle.
const UNREACHABLE: &[&str] = &["3/0", "3/1", "3/6", "3/7", "3/8", "11/0"];
const UNREACHABLE_6: &[&str] = &["1/0", "1/3", "3/0"];

/// Protocols over UDP of which every request is answered from the port it was sent to. Not among them: what only reports
/// (SNMP traps, NetBIOS datagrams, Wake on LAN, Discard, RTP), TFTP, which answers from a new port, and DHCP, whose releases are not answered.
pub(super) const ANSWERED_OVER_UDP: &[&str] = &[
    "BINL",
    "Chargen",
    "DNS",
    "Daytime",
    "Echo",
    "IPMI",
    "IPSec ISAKMP",
    "Kerberos",
    "Kerberos password change",
    "LDAP Server",
    "Legacy RADIUS",
    "MADCAP",
    "MSMQ-Ping",
    "NTP",
    "NetBIOS Name Resolution",
    "Quote of the Day",
    "RADIUS Accounting",
    "RADIUS Authentication",
    "RPC",
    "SNMP",
    "SNTP",
    "SQL Probe",
];

/// Adds the notes, and says in a sentence what they mean for whoever looks into it.
pub(super) fn remark(record: &mut FlowRecord<'_>) -> Option<&'static str> {
    let outcome = if is_refused(record) {
        Some((REFUSED, "It was refused: nothing listens there, or a filter says no."))
    } else if is_unanswered(record) {
        Some((UNANSWERED, "Nobody answered: the server is down, or a filter drops it."))
    } else {
        None
    };
    if let Some((note, _)) = outcome {
        record.notes.push(note);
    } else if is_one_sided(record) {
        record.notes.push(ONE_DIRECTION);
    }
    if record.tcp.is_some() && record.server.port.is_some() && record.direction != Direction::Syn {
        record.notes.push(MID_FLOW);
    }
    outcome.map(|(_, sentence)| sentence)
}

fn is_refused(record: &FlowRecord<'_>) -> bool {
    record.tcp.as_ref().is_some_and(|tcp| tcp.state == ConnState::REJ) || has_error(record, REFUSALS, REFUSALS_6)
}

/// An ICMP error of these kinds, and nothing from the server itself.
fn has_error(record: &FlowRecord<'_>, of_4: &[&str], of_6: &[&str]) -> bool {
    let wanted = if record.ip_version == 4 { of_4 } else { of_6 };
    let has = |codes: &[String]| codes.iter().any(|code| wanted.contains(&code.as_str()));
    record.packets.server == 0 && record.icmp_errors.as_ref().is_some_and(|errors| has(&errors.codes))
}

/// A question that got no reply. Of most protocols over UDP nobody can tell: they send and expect nothing.
fn is_unanswered(record: &FlowRecord<'_>) -> bool {
    if record.packets.server > 0 || record.packets.client == 0 || is_to_many(record) {
        return false;
    }
    has_error(record, UNREACHABLE, UNREACHABLE_6)
        || match (&record.tcp, record.icmp) {
            (Some(tcp), _) => is_silence(tcp),
            (None, Some(Icmp { kind, .. })) => is_asked(record.transport, kind),
            (None, None) => {
                record.transport == IpProto::UDP && record.label.is_some_and(|label| ANSWERED_OVER_UDP.contains(&label))
            }
        }
}

/// A SYN and no answer. A client that acknowledges or sends data has heard one: then the tap saw one direction only.
fn is_silence(tcp: &Tcp) -> bool {
    let asked = matches!(tcp.state, ConnState::S0 | ConnState::SH | ConnState::RSTOS0);
    asked && !tcp.history.contains(['A', 'D'])
}

/// Packets of one side only, where the other would have sent some.
fn is_one_sided(record: &FlowRecord<'_>) -> bool {
    let silent = record.packets.client == 0 || record.packets.server == 0;
    let has_answers = record.icmp.is_none_or(|icmp| is_asked(record.transport, request_type(record.transport, icmp.kind)));
    silent && has_answers && record.transport != IpProto::IGMP && !is_to_many(record)
}

/// Multicast and broadcast are answered by somebody else, if at all.
fn is_to_many(record: &FlowRecord<'_>) -> bool {
    is_group(record.server.ip) || is_group(record.client.ip)
}

/// A group of hosts. The mask of a network is not known here: an address that ends in 255 is taken for its broadcast.
fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.octets().last() == Some(&255),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}
