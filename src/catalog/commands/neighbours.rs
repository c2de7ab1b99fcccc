//! Which numbers are easily taken for another: close by, a digit away, the other transport, or another name elsewhere.

use serde::Serialize;

use crate::catalog::{Catalog, Entry};
use crate::net::IpProto;

/// Something that a port is confused with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// `2702/udp`, or a name used elsewhere.
    pub what: String,
    /// Its label.
    pub label: String,
    /// Why they are confused.
    pub why: String,
}

/// How far a number may be to be called close by.
const CLOSE: u16 = 3;
/// The same protocol may have many ports; more than these help nobody.
const MOST: usize = 12;

/// The neighbours of a port.
pub(super) fn of_port(catalog: &Catalog, transport: IpProto, port: u16) -> Vec<Neighbour> {
    let label = catalog.port(transport, port).map(|entry| entry.label.as_str());
    let mut found = Vec::new();
    other_transport(catalog, transport, port, &mut found);
    close_by(catalog, transport, port, label, &mut found);
    same_label(catalog, transport, port, label, &mut found);
    elsewhere(catalog, transport, port, label, &mut found);
    found.truncate(MOST);
    found
}

fn push(found: &mut Vec<Neighbour>, what: String, label: &str, why: impl Into<String>) {
    if !found.iter().any(|known| known.what == what) {
        found.push(Neighbour { what, label: label.to_owned(), why: why.into() });
    }
}

fn other_transport(catalog: &Catalog, transport: IpProto, port: u16, found: &mut Vec<Neighbour>) {
    let other = match transport {
        IpProto::TCP => IpProto::UDP,
        IpProto::UDP => IpProto::TCP,
        _ => return,
    };
    match catalog.port(other, port) {
        Some(entry) => push(found, format!("{port}/{other}"), &entry.label, "the same number of the other transport"),
        None if catalog.port(transport, port).is_some() => {
            push(found, format!("{port}/{other}"), "", "not documented: only this transport is");
        }
        None => {}
    }
    for defect in catalog.defects_at(other, port) {
        push(found, format!("{port}/{other}"), &defect.protocol, "printed there by mistake");
    }
}

fn close_by(catalog: &Catalog, transport: IpProto, port: u16, label: Option<&str>, found: &mut Vec<Neighbour>) {
    for other in port.saturating_sub(CLOSE)..=port.saturating_add(CLOSE) {
        let entry = catalog.port(transport, other).filter(|entry| other != port && entry.fixed);
        if let Some(entry) = entry {
            let why = if label == Some(entry.label.as_str()) { "the same protocol, close by" } else { "close by" };
            push(found, format!("{other}/{transport}"), &entry.label, why);
        }
    }
    for other in slips(port) {
        if let Some(entry) = catalog.port(transport, other).filter(|entry| other != port && entry.fixed) {
            push(found, format!("{other}/{transport}"), &entry.label, "a slip of one digit");
        }
    }
}

/// Numbers that a lost leading digit or two swapped digits make.
fn slips(port: u16) -> Vec<u16> {
    let digits = port.to_string();
    let mut slips: Vec<u16> = Vec::new();
    slips.extend(digits.get(1..).and_then(|rest| rest.parse::<u16>().ok()).filter(|_| port < 100));
    slips.extend(
        (1..=9).filter(|_| port < 10).filter_map(|lead| format!("{lead}{digits}").parse::<u16>().ok()).filter(|n| *n < 20),
    );
    let bytes = digits.as_bytes();
    for at in 1..bytes.len() {
        let mut swapped = bytes.to_vec();
        swapped.swap(at - 1, at);
        slips.extend(String::from_utf8(swapped).ok().and_then(|text| text.parse::<u16>().ok()));
    }
    slips
}

fn same_label(catalog: &Catalog, transport: IpProto, port: u16, label: Option<&str>, found: &mut Vec<Neighbour>) {
    let Some(label) = label else { return };
    let facts = catalog.protocols_named(label).iter().filter_map(|at| catalog.fact(*at)).filter(|fact| fact.matches());
    for fact in facts {
        let numbers =
            fact.ports.iter().filter_map(|port| port.bounds()).filter(|(first, last)| !(*first..=*last).contains(&port));
        for (number, _) in numbers {
            let of = fact.transport.unwrap_or(transport);
            let entry: Option<&Entry> = catalog.port(of, number);
            if entry.is_some_and(|entry| entry.label == label) {
                push(found, format!("{number}/{of}"), label, "the same protocol at another port");
            }
        }
    }
}

fn elsewhere(catalog: &Catalog, transport: IpProto, port: u16, label: Option<&str>, found: &mut Vec<Neighbour>) {
    if let Some(hint) = catalog.hint(transport, port).filter(|hint| label.is_some_and(|label| !label.eq_ignore_ascii_case(hint)))
    {
        push(found, format!("{hint} (registered)"), hint, "generic port tables call this port so");
    }
}
