//! Nothing allows a flow: which rule comes closest, and what keeps it from allowing this.

use super::fit::Sight;
use super::hosts::is_global_unicast;
use super::policy::{Origin, Party, Policy, Rule};
use crate::catalog::{Catalog, Port};
use crate::net::IpProto;
use crate::record::{FindingKind, Verdict};

/// One way in which a rule nearly allows a flow.
type Way = fn(&Rule, &Sight<'_, '_>) -> bool;

/// The rules that are looked at for it.
type Scope = fn(&Policy, &Sight<'_, '_>) -> Vec<usize>;

/// The ways in which a rule nearly allows a flow, the most telling first.
const WAYS: &[(FindingKind, Scope, Way)] = &[
    (FindingKind::Reversed, of_number, is_reversed),
    (FindingKind::WrongTransport, of_other_transport, is_other_transport),
    (FindingKind::WrongPort, of_what_is_spoken, is_other_port),
    (FindingKind::RoleMissing, of_number, lacks_role),
    (FindingKind::Unexpected, of_number, is_other_client),
    (FindingKind::DynamicUnexplained, of_dynamic_ports, is_unexplained),
];

/// The kind of finding, and the rule it rests on.
pub fn nearest<'p>(policy: &'p Policy, sight: &Sight<'_, '_>) -> (FindingKind, Option<&'p Rule>) {
    for (kind, scope, applies) in WAYS {
        let rules = scope(policy, sight).into_iter().filter_map(|at| policy.allow.get(at));
        let found = rules.filter(|rule| rule.origin != Origin::Housekeeping).find(|rule| applies(rule, sight));
        if let Some(rule) = found {
            return (*kind, Some(rule));
        }
    }
    let kind = if is_documented_service(policy, sight) { FindingKind::RoleMissing } else { FindingKind::Unexpected };
    (kind, None)
}

fn of_number(policy: &Policy, sight: &Sight<'_, '_>) -> Vec<usize> {
    policy.index.of(sight.record)
}

fn of_other_transport(policy: &Policy, sight: &Sight<'_, '_>) -> Vec<usize> {
    let other = match sight.record.transport {
        IpProto::TCP => IpProto::UDP,
        IpProto::UDP => IpProto::TCP,
        _ => return Vec::new(),
    };
    sight.record.server.port.map(|port| policy.index.crossed(other, port)).unwrap_or_default()
}

/// All of them, where anything tells what the flow is.
fn of_what_is_spoken(policy: &Policy, sight: &Sight<'_, '_>) -> Vec<usize> {
    let tells = sight.record.label.is_some() || sight.payload().is_some();
    if tells { (0..policy.allow.len()).collect() } else { Vec::new() }
}

fn of_dynamic_ports(policy: &Policy, sight: &Sight<'_, '_>) -> Vec<usize> {
    policy.index.dynamic(sight.record.transport)
}

/// The other side of a one-way link has opened the connection.
fn is_reversed(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    // Where anyone may ask, whoever answers without the role is the news.
    let is_one_way = !rule.both_ways && rule.from != Party::Anyone;
    is_one_way && same_transport(rule, sight) && is_fixed(rule) && rule.has_numbers(sight) && rule.has_ends_turned(sight)
}

/// The right ends and number, and the other of TCP and UDP.
fn is_other_transport(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    let other = match rule.transport {
        Some(IpProto::TCP) => IpProto::UDP,
        Some(IpProto::UDP) => IpProto::TCP,
        _ => return false,
    };
    let number = sight.record.server.port.is_some_and(|number| rule.ports.iter().any(|port| port.contains(number)));
    sight.record.transport == other && number && has_ends_itself(rule, sight)
}

/// The right ends and protocol, at a number that the rule does not give. RPC is known by its mapper and not by its number.
fn is_other_port(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    // What is spoken is asked last: it takes longest to find out.
    same_transport(rule, sight) && !rule.ports.is_empty() && has_ends_itself(rule, sight) && {
        let at_home = sight.record.verdict == Some(Verdict::Matched) && !rule.is_named_by(sight);
        !at_home && rule.is_spoken(sight)
    }
}

/// The right ends, where a dynamic port could be, and nothing that explains this one.
fn is_unexplained(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    let dynamic = rule.ports.contains(&Port::Dynamic) && !rule.opens_from;
    let unknown = sight.record.label.is_none() && sight.record.server.port.is_some_and(Catalog::may_be_dynamic);
    same_transport(rule, sight) && dynamic && unknown && has_ends_itself(rule, sight)
}

/// A service answers where the policy has nobody with its role.
fn lacks_role(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    let numbers = same_transport(rule, sight) && is_fixed(rule) && rule.has_numbers(sight) && !rule.opens_from;
    let answers = sight.is_answered() && !sight.is_to_anybody() && !rule.to.is_nobody();
    let asked = rule.origin == Origin::Service || (rule.from != Party::Anyone && rule.from.has_itself(&sight.client));
    numbers && answers && asked
}

/// The right server and numbers, and a client that has no business there.
fn is_other_client(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    same_transport(rule, sight)
        && is_fixed(rule)
        && rule.has_numbers(sight)
        && rule.to.has_itself(&sight.server)
        && rule.to != Party::Anyone
}

/// A service of the documents answers on a host of the segment that the policy does not give to any service.
fn is_documented_service(policy: &Policy, sight: &Sight<'_, '_>) -> bool {
    let server = sight.server;
    let of_the_site = policy.segment.contains(server.ip) || (policy.segment.is_empty() && !is_global_unicast(server.ip));
    let documented = sight.record.verdict == Some(Verdict::Matched) && sight.record.server.port.is_some();
    documented && (of_the_site || server.roles > 1) && sight.is_answered() && !sight.is_to_anybody()
}

fn same_transport(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    rule.transport == Some(sight.record.transport)
}

/// Whether a number is enough to know it by.
fn is_fixed(rule: &Rule) -> bool {
    !rule.ports.is_empty() || !rule.icmp_types.is_empty()
}

/// The right hosts at the right ends, in person.
fn has_ends_itself(rule: &Rule, sight: &Sight<'_, '_>) -> bool {
    rule.has_ends(sight) && !sight.is_to_anybody()
}

impl Rule {
    /// Whether the record's label is this rule's protocol.
    fn is_named_by(&self, sight: &Sight<'_, '_>) -> bool {
        let label = sight.record.label;
        self.protocol.as_deref().is_some_and(|protocol| label.is_some_and(|label| label.eq_ignore_ascii_case(protocol)))
    }
}
