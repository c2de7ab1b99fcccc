//! What another conversation announced, against what the catalog says.

use super::lookup::Found;
use super::payload::{mismatched, narrow, narrow_to};
use super::reason::{said, upper};
use super::words::{CONTRADICTS, PORT_UNDOCUMENTED};
use crate::announce::{Announcement, Service};
use crate::catalog::{Catalog, Entry, Texts};
use crate::net::{IpProto, Side};
use crate::recognize::{Finding, RECOGNIZERS, interface};
use crate::record::{Evidence, FlowRecord, Verdict};

/// An announcement that holds for a flow.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// What was announced.
    pub announcement: &'a Announcement,
    /// The same in words.
    pub detail: Option<&'a str>,
    /// The flow began before the announcement was seen.
    pub after: bool,
    /// Which side is the client.
    pub client: Side,
}

impl Service {
    /// Whether a service of this catalog name may speak what this one speaks.
    fn may_be_behind(&self, name: &str) -> bool {
        let mut protocols = RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
        protocols.any(|protocol| self.speaks.contains(&protocol.name) && protocol.is_behind(name))
    }
}

/// What is known of the flow besides.
pub(super) struct Known<'a> {
    pub found: Found<'a>,
    pub payload: Option<&'a Finding>,
}

/// Labels a flow that was announced.
pub(super) fn learn<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, learned: Learned<'a>, known: &Known<'a>) {
    let service = learned.announcement.service;
    record.learned_after = learned.after;
    if record.detail.is_none() {
        record.detail = learned.detail;
    }
    let announced = announced(record, &learned);
    if let Some(finding) = known.payload.filter(|finding| finding.is_sure() && service.is_contradicted_by(finding.protocol.name))
    {
        record.learned_after = false;
        let reason = said(record, format_args!("{announced}, but the payload is {}.", finding.called()));
        mismatched(record, catalog, finding, CONTRADICTS, reason);
        return;
    }
    let spoken = known.payload.map(|finding| format!(", and the payload is {}", finding.called())).unwrap_or_default();
    record.announced = true;
    let documented = match &known.found {
        Found::Entry(entry, ..) if is_spoken_at(service, catalog, entry) => Some((entry.label.as_str(), entry.texts(catalog))),
        _ => service.label.map(|label| (label, texts(label, catalog, record.transport))),
    };
    match documented.filter(|(_, texts)| !texts.systems.is_empty()) {
        Some((label, texts)) => matched(record, (label, texts), &learned, known.payload, &format!("{announced}{spoken}")),
        None => unmatched(record, service, &format!("{announced}{spoken}")),
    }
}

/// Whether what is documented at a number is what was announced there.
fn is_spoken_at(service: &Service, catalog: &Catalog, entry: &Entry) -> bool {
    let facts = entry.facts.iter().chain(&entry.derived_facts).filter_map(|at| catalog.fact(*at));
    let mut names = std::iter::once(entry.label.as_str()).chain(facts.map(|fact| fact.protocol.as_str()));
    names.any(|name| service.label == Some(name) || service.may_be_behind(name))
}

/// Who is behind a service that was announced, and where the documents say that it may be anywhere.
fn texts<'a>(label: &str, catalog: &'a Catalog, transport: IpProto) -> &'a Texts {
    match label {
        "RPC" => catalog.dynamic_texts(transport),
        _ => catalog.announced_texts(label, transport),
    }
}

fn matched<'a>(
    record: &mut FlowRecord<'a>,
    (label, texts): (&'a str, &'a Texts),
    learned: &Learned<'a>,
    payload: Option<&'a Finding>,
    announced: &str,
) {
    record.verdict = Some(Verdict::Matched);
    record.evidence = Some(Evidence::Learned);
    record.label = Some(label);
    record.systems = texts.systems.iter().map(String::as_str).collect();
    record.sources = texts.sources.iter().map(String::as_str).collect();
    let offered = learned.announcement.names().and_then(interface);
    match payload.filter(|finding| finding.texts().is_some_and(|texts| !texts.interfaces.is_empty())) {
        Some(finding) => narrow(record, finding),
        None => narrow_to(
            record,
            &offered.map(|known| known.systems.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default(),
        ),
    }
    let source = record.sources.first().copied().unwrap_or("the rules");
    record.reason = said(record, format_args!("{announced} ({source})."));
}

fn unmatched(record: &mut FlowRecord<'_>, service: &Service, announced: &str) {
    record.verdict = Some(Verdict::Unmatched);
    record.flags.push(PORT_UNDOCUMENTED);
    record.hint = Some(service.name);
    record.reason = said(record, format_args!("{announced}; no document lists it."));
}

/// Where, by whom, in which packet and as what, in words.
fn announced(record: &FlowRecord<'_>, learned: &Learned<'_>) -> String {
    if record.terse {
        return String::new();
    }
    let told = learned.announcement;
    let port = if told.door.port > 0 { format!(" {}", told.door.port) } else { String::new() };
    let by = told.by.to_ip(told.door.version);
    let what = learned.detail.map(|detail| format!(", {detail}")).unwrap_or_default();
    let when = if learned.after { "announced later, " } else { "announced " };
    format!(
        "{}{port} was {when}by {by} in packet {} ({}) as {}{what}",
        upper(record.transport),
        told.packet,
        told.how,
        told.service.name
    )
}
