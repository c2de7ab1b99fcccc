//! One rules file as it was written, checked key by key, before it meets the others.

use std::ops::Range;

use ipnet::IpNet;
use toml::de::DeValue;

use super::model::{Direction, Port, Status};
use super::nearest::suggestion;
use super::reader::{Fields, Reader, Value};
use crate::net::{IpProto, keyword_of, protocol_named};

/// A word with its place, for checks that need the other files.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub text: String,
    pub span: Range<usize>,
}

/// Everything a file may hold.
#[derive(Debug, Default)]
pub(super) struct RawFile {
    pub document: Option<RawDocument>,
    pub without: Vec<Word>,
    pub products: Vec<RawProduct>,
    pub roles: Vec<RawRole>,
    pub notes: Vec<RawNote>,
    pub protocols: Vec<RawProtocol>,
    pub systems: Vec<RawSystem>,
}

#[derive(Debug)]
pub(super) struct RawProtocol {
    pub name: Word,
    pub protected_by: Option<Word>,
    pub unpublished: bool,
}

#[derive(Debug)]
pub(super) struct RawDocument {
    pub id: String,
    pub title: String,
    pub length: Option<u32>,
    pub products: Vec<Word>,
}

#[derive(Debug)]
pub(super) struct RawProduct {
    pub id: Word,
    pub name: String,
    pub dynamic: Vec<(u16, u16)>,
}

#[derive(Debug)]
pub(super) struct RawRole {
    pub name: String,
    pub aliases: Vec<String>,
    pub products: Vec<Word>,
}

#[derive(Debug)]
pub(super) struct RawNote {
    pub id: u32,
    pub line: u32,
    pub text: String,
}

#[derive(Debug)]
pub(super) struct RawEnds {
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub direction: Direction,
}

#[derive(Debug)]
pub(super) struct RawSystem {
    pub id: Word,
    pub line: u32,
    pub name: Option<String>,
    pub aliases: Vec<String>,
    pub service: Option<String>,
    pub about: Option<String>,
    pub note: Option<String>,
    pub notes: Vec<Word>,
    pub reading: Option<String>,
    pub without_port: Option<String>,
    pub via: Vec<Word>,
    pub lines: Vec<u32>,
    pub products: Vec<Word>,
    pub networks: Vec<IpNet>,
    pub ends: Option<RawEnds>,
    pub facts: Vec<RawFact>,
}

// Each flag is a key of the format, and any of them may stand beside any other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug)]
pub(super) struct RawFact {
    pub span: Range<usize>,
    pub line: u32,
    pub protocol: String,
    pub printed: Vec<String>,
    pub transports: Vec<IpProto>,
    pub ports: Vec<Port>,
    pub icmp_type: Option<u8>,
    pub status: Status,
    pub opens_from: bool,
    pub pair: bool,
    pub listener: bool,
    pub reverse: bool,
    pub direction: Option<Direction>,
    pub range: Option<(u16, u16)>,
    pub lines: Vec<u32>,
    pub also: Vec<u32>,
    pub products: Vec<Word>,
    pub configurable: Option<bool>,
    pub configurable_at: Vec<u32>,
    pub setting: Option<String>,
    pub reading: Option<String>,
    pub notes: Vec<Word>,
    pub note: Option<String>,
}

const FILE: &[&str] = &["document", "without", "product", "role", "note", "protocol", "system", "link"];
const DOCUMENT: &[&str] = &["id", "title", "length", "products"];
const PRODUCT: &[&str] = &["id", "name", "dynamic"];
const ROLE: &[&str] = &["name", "aliases", "products"];
const NOTE: &[&str] = &["id", "line", "text"];
const PROTOCOL: &[&str] = &["name", "protected_by", "unpublished"];
const SYSTEM: &[&str] = &[
    "id",
    "name",
    "aliases",
    "service",
    "about",
    "note",
    "reading",
    "without_port",
    "via",
    "lines",
    "products",
    "networks",
    "facts",
];
const LINK: &[&str] = &[
    "id",
    "name",
    "aliases",
    "about",
    "note",
    "notes",
    "reading",
    "without_port",
    "via",
    "lines",
    "products",
    "networks",
    "from",
    "to",
    "direction",
    "cells",
];
const FACT: &[&str] = &[
    "protocol",
    "printed",
    "transport",
    "port",
    "range",
    "type",
    "pair",
    "opens",
    "listener",
    "reverse",
    "direction",
    "lines",
    "also",
    "status",
    "products",
    "configurable",
    "configurable_at",
    "setting",
    "reading",
    "notes",
    "note",
];

/// Reads one file. What is wrong in it stands in `reader.mistakes`.
pub(super) fn read(reader: &mut Reader<'_>) -> RawFile {
    let Some(root) = reader.parse() else { return RawFile::default() };
    let fields = reader.table(root.get_ref(), root.span(), FILE);
    let document = fields.get("document").and_then(|value| document(reader, value));
    let without = words(reader, &fields, "without");
    let products = fields.tables(reader, "product").into_iter().filter_map(|value| product(reader, value)).collect();
    let roles = fields.tables(reader, "role").into_iter().filter_map(|value| role(reader, value)).collect();
    let notes = fields.tables(reader, "note").into_iter().filter_map(|value| note(reader, value)).collect();
    let protocols = fields.tables(reader, "protocol").into_iter().filter_map(|value| protocol(reader, value)).collect();
    let mut systems: Vec<RawSystem> =
        fields.tables(reader, "system").into_iter().filter_map(|value| system(reader, value, SYSTEM)).collect();
    systems.extend(fields.tables(reader, "link").into_iter().filter_map(|value| system(reader, value, LINK)));
    // Systems stand in the order of the file, links among them.
    systems.sort_by_key(|system| system.id.span.start);
    RawFile { document, without, products, roles, notes, protocols, systems }
}

fn words(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, key: &str) -> Vec<Word> {
    let values = fields.each(key);
    values.into_iter().filter_map(|value| word(reader, value)).collect()
}

fn word(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Word> {
    match value.get_ref() {
        DeValue::String(text) => Some(Word { text: text.to_string(), span: value.span() }),
        DeValue::Integer(number) => Some(Word { text: number.as_str().to_owned(), span: value.span() }),
        _ => {
            reader.mistake(value.span(), "a name is needed here");
            None
        }
    }
}

fn id(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Word> {
    let text = fields.required(reader, "id")?;
    let span = fields.get("id").map(toml::Spanned::span).unwrap_or_default();
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !plain {
        reader.mistake(span, "an id is made of letters, digits, dots, hyphens and underscores");
        return None;
    }
    Some(Word { text, span })
}

fn document(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawDocument> {
    let fields = reader.fields(value, DOCUMENT)?;
    let id = id(reader, &fields)?.text;
    let title = fields.string(reader, "title").unwrap_or_else(|| id.clone());
    let length = fields.get("length").and_then(|value| reader.number(value, 1..=u32::MAX));
    Some(RawDocument { id, title, length, products: words(reader, &fields, "products") })
}

fn product(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawProduct> {
    let fields = reader.fields(value, PRODUCT)?;
    let id = id(reader, &fields)?;
    let name = fields.string(reader, "name").unwrap_or_else(|| id.text.clone());
    let ranges = fields.each("dynamic");
    let dynamic = ranges.into_iter().filter_map(|value| range(reader, value)).collect();
    Some(RawProduct { id, name, dynamic })
}

fn role(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawRole> {
    let fields = reader.fields(value, ROLE)?;
    let name = fields.required(reader, "name")?;
    let aliases = fields.strings(reader, "aliases");
    Some(RawRole { name, aliases, products: words(reader, &fields, "products") })
}

fn protocol(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawProtocol> {
    let fields = reader.fields(value, PROTOCOL)?;
    fields.required(reader, "name")?;
    Some(RawProtocol {
        name: word(reader, fields.get("name")?)?,
        protected_by: fields.get("protected_by").and_then(|value| word(reader, value)),
        unpublished: fields.flag(reader, "unpublished").unwrap_or_default(),
    })
}

fn note(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawNote> {
    let fields = reader.fields(value, NOTE)?;
    let id = reader.number(fields.get("id")?, 1..=999)?;
    let line = fields.get("line").and_then(|value| reader.number(value, 1..=u32::MAX));
    let text = fields.required(reader, "text")?;
    Some(RawNote { id, line: line.unwrap_or_else(|| reader.line(fields.span.start)), text })
}

fn system(reader: &mut Reader<'_>, value: &Value<'_>, keys: &[&str]) -> Option<RawSystem> {
    let fields = reader.fields(value, keys)?;
    let id = id(reader, &fields)?;
    let is_link = keys.contains(&"cells");
    let facts = fields.tables(reader, if is_link { "cells" } else { "facts" });
    Some(RawSystem {
        line: reader.line(id.span.start),
        name: fields.string(reader, "name"),
        aliases: fields.strings(reader, "aliases"),
        service: fields.string(reader, "service"),
        about: fields.string(reader, "about"),
        note: fields.string(reader, "note"),
        notes: words(reader, &fields, "notes"),
        reading: fields.string(reader, "reading"),
        without_port: fields.string(reader, "without_port"),
        via: words(reader, &fields, "via"),
        lines: fields.numbers(reader, "lines"),
        products: words(reader, &fields, "products"),
        networks: networks(reader, &fields),
        ends: is_link.then(|| ends(reader, &fields)),
        facts: facts.into_iter().filter_map(|value| fact(reader, value)).collect(),
        id,
    })
}

fn ends(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> RawEnds {
    let (from, to) = (fields.strings(reader, "from"), fields.strings(reader, "to"));
    if from.is_empty() || to.is_empty() {
        reader.mistake(fields.span.clone(), "a link needs `from` and `to`: the roles of its two ends");
    }
    let direction = fields.get("direction").and_then(|value| direction(reader, value)).unwrap_or(Direction::OneWay);
    RawEnds { from, to, direction }
}

fn direction(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Direction> {
    match reader.string(value)?.as_str() {
        "->" => Some(Direction::OneWay),
        "<->" => Some(Direction::TwoWay),
        _ => {
            reader.mistake(value.span(), "a direction is `->` (from opens) or `<->` (either opens)");
            None
        }
    }
}

fn networks(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Vec<IpNet> {
    let values = fields.each("networks");
    let mut networks = Vec::new();
    for value in values {
        let Some(text) = reader.string(value) else { continue };
        let address = text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
        match text.parse::<IpNet>().ok().or(address) {
            Some(network) => networks.push(network.trunc()),
            None => reader.mistake(value.span(), "a network is written like 10.1.0.0/16, 2001:db8::/32 or 10.1.0.9"),
        }
    }
    networks
}

fn fact(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<RawFact> {
    let fields = reader.fields(value, FACT)?;
    let protocol = fields.required(reader, "protocol")?;
    let fact = RawFact {
        span: fields.span.clone(),
        line: reader.line(fields.span.start),
        protocol,
        printed: fields.strings(reader, "printed"),
        transports: transports(reader, &fields),
        ports: ports(reader, &fields),
        icmp_type: fields.get("type").and_then(|value| reader.number(value, 0..=255)).map(|number| number as u8),
        status: fields.get("status").and_then(|value| status(reader, value)).unwrap_or_default(),
        opens_from: opens(reader, &fields),
        pair: fields.flag(reader, "pair").unwrap_or_default(),
        listener: fields.flag(reader, "listener").unwrap_or_default(),
        reverse: fields.flag(reader, "reverse").unwrap_or_default(),
        direction: fields.get("direction").and_then(|value| direction(reader, value)),
        range: fields.get("range").and_then(|value| range(reader, value)),
        lines: fields.numbers(reader, "lines"),
        also: fields.numbers(reader, "also"),
        products: words(reader, &fields, "products"),
        configurable: fields.flag(reader, "configurable"),
        configurable_at: fields.numbers(reader, "configurable_at"),
        setting: fields.string(reader, "setting"),
        reading: fields.string(reader, "reading"),
        notes: words(reader, &fields, "notes"),
        note: fields.string(reader, "note"),
    };
    check_fit(reader, &fields, &fact);
    Some(fact)
}

/// A port belongs to a transport that has ports, a type to ICMP; what is missing would silently never match.
fn check_fit(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, fact: &RawFact) {
    if fact.transports.is_empty() && fields.get("transport").is_some() {
        return; // the transport itself was the mistake
    }
    let with_ports = fact.transports.iter().filter(|transport| transport.has_ports()).count();
    let of_icmp = fact.transports.iter().any(|transport| matches!(*transport, IpProto::ICMP | IpProto::ICMP6));
    // A defect may print a number without a transport: it never matches.
    let unbound = fact.transports.is_empty() && fact.status == Status::Defect;
    if let Some(port) = fields.get("port").filter(|_| !unbound && with_ports < fact.transports.len().max(1)) {
        reader.mistake(port.span(), "a port needs `transport` to be one that has ports: tcp, udp, sctp, udplite or dccp");
    } else if with_ports > 0 && fields.get("port").is_none() {
        reader.mistake(fact.span.clone(), "`port` is missing: a number, a range such as \"5000-5010\", or \"dynamic\"");
    }
    if let Some(kind) = fields.get("type").filter(|_| !of_icmp) {
        reader.mistake(kind.span(), "a type belongs to transport icmp or icmp6");
    }
    if fact.pair && !matches!(fact.ports.as_slice(), [Port::One(_), Port::One(_)]) {
        reader.mistake(fact.span.clone(), "a pair has two ports: first the one that listens, then its peer's");
    }
}

fn transports(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Vec<IpProto> {
    let mut transports = Vec::new();
    for word in words(reader, fields, "transport") {
        if let Some(number) = protocol_named(&word.text) {
            transports.push(IpProto(number));
            continue;
        }
        let meant = suggestion(&word.text, (0..=255).filter_map(keyword_of));
        reader.mistake(word.span, format!("no such transport{meant} (tcp, udp, gre, icmp ..., or ip-N)"));
    }
    transports
}

fn status(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Status> {
    let text = reader.string(value)?;
    let found = Status::WORDS.iter().find(|(word, _)| *word == text).map(|(_, status)| *status);
    if found.is_none() {
        let meant = suggestion(&text, Status::WORDS.iter().map(|(word, _)| *word));
        reader.mistake(value.span(), format!("no such status{meant} (documented, doubtful, derived, defect)"));
    }
    found
}

fn opens(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> bool {
    let Some(value) = fields.get("opens") else { return false };
    let right = reader.string(value).as_deref() == Some("from");
    if !right {
        reader.mistake(value.span(), "`opens` is \"from\" (the server opens connections from this port) or left out");
    }
    right
}

fn ports(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Vec<Port> {
    let values = fields.each("port");
    values.into_iter().filter_map(|value| port(reader, value)).collect()
}

fn port(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Port> {
    match value.get_ref() {
        DeValue::String(text) if text.as_ref() == "dynamic" => Some(Port::Dynamic),
        DeValue::String(_) => range(reader, value).map(|(first, last)| Port::Range(first, last)),
        _ => reader.number(value, 1..=65535).map(|number| Port::One(number as u16)),
    }
}

fn range(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<(u16, u16)> {
    let text = reader.string(value)?;
    let parsed = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let valid = parsed.filter(|(first, last): &(u16, u16)| *first > 0 && first <= last);
    if valid.is_none() {
        reader.mistake(value.span(), "a range is written \"5000-5010\", the lower number first, within 1 to 65535");
    }
    valid
}
