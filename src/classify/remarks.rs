//! What the course of a flow says, whatever its label: refused, unanswered, one-sided, caught in the middle.

use super::words::{MID_FLOW, ONE_DIRECTION, REFUSED, UNANSWERED};
use crate::net::IpProto;
use crate::record::{ConnState, Direction, FlowRecord, Icmp};

/// ICMP errors by which a host or a filter on the way says no: protocol and port unreachable, prohibited by an administrator.
const REFUSALS: &[&str] = &["3/2", "3/3", "3/9", "3/10", "3/13"];
const REFUSALS_6: &[&str] = &["1/1", "1/4", "1/5", "1/6"];

/// Adds the notes.
pub(super) fn remark(record: &mut FlowRecord<'_>) {
    let one_sided = record.packets.client == 0 || record.packets.server == 0;
    if let Some(note) = refusal(record).or_else(|| no_answer(record)) {
        record.notes.push(note);
    } else if one_sided && !is_to_many(record) {
        record.notes.push(ONE_DIRECTION);
    }
    if record.tcp.is_some() && record.direction != Direction::Syn {
        record.notes.push(MID_FLOW);
    }
}

fn refusal(record: &FlowRecord<'_>) -> Option<&'static str> {
    if record.tcp.as_ref().is_some_and(|tcp| tcp.state == ConnState::REJ) {
        return Some(REFUSED);
    }
    let said_no = if record.ip_version == 4 { REFUSALS } else { REFUSALS_6 };
    let errors = record.icmp_errors.as_ref()?;
    let refused = errors.codes.iter().any(|code| said_no.contains(&code.as_str()));
    (refused && record.packets.server == 0).then_some(REFUSED)
}

/// A SYN or an ICMP request that got no reply. Of UDP nobody can tell: many protocols send and expect nothing.
fn no_answer(record: &FlowRecord<'_>) -> Option<&'static str> {
    let silent = match (&record.tcp, record.icmp) {
        (Some(tcp), _) => matches!(tcp.state, ConnState::S0 | ConnState::SH | ConnState::RSTOS0),
        (None, Some(Icmp { kind, .. })) => {
            is_echo_request(record.transport, kind) && record.packets.server == 0 && !is_to_many(record)
        }
        (None, None) => false,
    };
    silent.then_some(UNANSWERED)
}

fn is_echo_request(transport: IpProto, kind: u8) -> bool {
    matches!((transport, kind), (IpProto::ICMP, 8) | (IpProto::ICMP6, 128))
}

/// Multicast and broadcast are answered by somebody else, if at all.
fn is_to_many(record: &FlowRecord<'_>) -> bool {
    match record.server.ip {
        std::net::IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.octets()[3] == 255,
        std::net::IpAddr::V6(ip) => ip.is_multicast(),
    }
}
