//! Findings in sentences a person can act on.

use super::fit::Sight;
use super::policy::{Origin, Place, Policy, Rule};
use crate::record::{FindingKind, FlowRecord};

/// Why a forbidden flow is.
pub fn forbidden(sight: &Sight<'_, '_>, rule: &Rule) -> String {
    let why = rule.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} opened {} to {}, which {} forbids{why}.", sight.client.ip, spoken(sight.record), sight.server.ip, rule.by)
}

/// What is wrong with a flow that is allowed.
pub fn flaw(kind: FindingKind, sight: &Sight<'_, '_>, rule: &Rule) -> String {
    let (client, server, what) = (sight.client.ip, sight.server.ip, spoken(sight.record));
    let cause = rule_name(rule);
    match kind {
        FindingKind::Refused => format!(
            "{server} refused {what} from {client}, which {cause} expects: start the service, or let the filter on the way pass it."
        ),
        FindingKind::Unanswered => format!(
            "{server} never answered {what} from {client}, which {cause} expects: a firewall rule is missing, or the server is down."
        ),
        _ => {
            let payload = sight.payload().unwrap_or("another protocol");
            // The label may be what was spoken there instead.
            let what = named_number(rule.protocol.as_deref().or(sight.record.label), sight.record);
            format!(
                "{cause} expects {what} from {client} to {server}, but the payload is {payload}: find out which program listens on {server}."
            )
        }
    }
}

/// Why nothing allows a flow.
pub fn of(kind: FindingKind, sight: &Sight<'_, '_>, rule: Option<&Rule>, policy: &Policy) -> String {
    let what = spoken(sight.record);
    let (client, server) = (named(&sight.client, policy), named(&sight.server, policy));
    let Some(rule) = rule else { return unrelated(kind, &client, &server, &what, sight.record) };
    let (cause, ports) = (rule_name(rule), ports(rule));
    let protocol = rule.protocol.as_deref().unwrap_or("it");
    match kind {
        FindingKind::Reversed => format!(
            "{client} opened {what} to {server}, but {cause} lets only the {} open it, to the {}: look for the program on {} that connects.",
            rule.from_name, rule.to_name, sight.client.ip
        ),
        FindingKind::WrongTransport => format!(
            "{client} used {what} to {server}; {cause} gives {protocol} {ports} only: correct the program or its firewall rule."
        ),
        FindingKind::WrongPort => format!(
            "{client} spoke {protocol} to {server} {}; {cause} gives {ports}: move it back, or say so with {}.",
            spoken_at(rule, sight.record),
            if rule.origin == Origin::Service { "[[expect]]" } else { "[[port]]" }
        ),
        FindingKind::DynamicUnexplained => format!(
            "{client} reached {} on {server}: {cause} has dynamic ports there, but nothing announced this one and it does not speak DCE/RPC.",
            number(sight.record)
        ),
        FindingKind::RoleMissing => format!(
            "{server} answers {what} from {client}, and is no {} ({}): give it the role, or stop the service.",
            rule.to_name,
            if rule.title == rule.to_name { &rule.by } else { &cause }
        ),
        _ => format!(
            "{client} opened {what} to {server}, which {cause} allows to {} only: give the client its role, or close the port to it.",
            rule.from_name
        ),
    }
}

/// No rule comes near.
fn unrelated(kind: FindingKind, client: &str, server: &str, what: &str, record: &FlowRecord<'_>) -> String {
    if kind == FindingKind::RoleMissing {
        let system = record.systems.first().copied().unwrap_or("a documented service");
        return format!(
            "{server} answers {what} from {client}, and the policy gives it no such service: list {system} in [services], or stop it."
        );
    }
    let hint = record.hint.map(|hint| format!(" It is probably {hint}.")).unwrap_or_default();
    format!("Nothing in the policy lets {client} send {what} to {server}: expect it, or close it.{hint}")
}

/// The reason of a record whose port the policy moved.
pub fn moved(record: &FlowRecord<'_>, rule: &Rule) -> String {
    let protocol = rule.protocol.as_deref().unwrap_or_default();
    format!("{} is {protocol} here: the policy sets this port for {}.", number(record), rule.by)
}

/// `LDAP Server (TCP 389)`, or the number alone.
fn spoken(record: &FlowRecord<'_>) -> String {
    named_number(record.label, record)
}

fn named_number(name: Option<&str>, record: &FlowRecord<'_>) -> String {
    match name {
        Some(name) => format!("{name} ({})", number(record)),
        None => number(record),
    }
}

/// `TCP 389`, `ICMP type 8`, `GRE`.
fn number(record: &FlowRecord<'_>) -> String {
    number_of(record, record.server.port)
}

fn number_of(record: &FlowRecord<'_>, port: Option<u16>) -> String {
    let transport = record.transport.to_string().to_uppercase();
    match (port, record.icmp) {
        (Some(port), _) => format!("{transport} {port}"),
        (None, Some(icmp)) => format!("{transport} type {}", icmp.kind),
        (None, None) => transport,
    }
}

/// `at TCP 389`; where the server opens the connection, `from TCP 20`.
fn spoken_at(rule: &Rule, record: &FlowRecord<'_>) -> String {
    match record.client.port.filter(|_| rule.opens_from) {
        Some(port) => format!("from {}", number_of(record, Some(port))),
        None => format!("at {}", number(record)),
    }
}

/// `on TCP 80 or 8530`
fn ports(rule: &Rule) -> String {
    let transport = rule.transport.map(|transport| transport.to_string().to_uppercase()).unwrap_or_default();
    let ports: Vec<String> = rule.ports.iter().map(ToString::to_string).collect();
    format!("{} {transport} {}", if rule.opens_from { "from" } else { "on" }, ports.join(" or "))
}

fn rule_name(rule: &Rule) -> String {
    if rule.title == rule.by { rule.by.clone() } else { format!("{} ({})", rule.by, rule.title) }
}

/// `10.1.0.11 (Management Point)`
fn named(place: &Place, policy: &Policy) -> String {
    let roles = policy.role_names(place.roles);
    let nameless = if place.nameless { ", then at 0.0.0.0" } else { "" };
    if roles.is_empty() { format!("{}{nameless}", place.ip) } else { format!("{} ({}){nameless}", place.ip, roles.join(", ")) }
}
