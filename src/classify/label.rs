//! What the catalog says of a flow.

use super::learned::{Known, Learned, learn};
use super::lookup::{Found, Missing, Number, find};
use super::payload::{Opinion, contradicted, describe, narrow, on_other_port, opinion};
use super::reason;
use super::remarks::remark;
use super::words::{
    BOTH_DOCUMENTED, DERIVED, DOUBTFUL, PORT_UNDOCUMENTED, PORTS_UNSEEN, PROTOCOL_UNDOCUMENTED, TRANSPORT_UNDOCUMENTED,
};
use crate::catalog::{Catalog, Entry, Fact, Status, SystemRef};
use crate::recognize::Finding;
use crate::record::{Direction, Evidence, FlowRecord, Verdict};

/// Fills in label, systems, verdict, evidence, flags, notes, reason, hint, sources, and what the payload showed.
pub fn label<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    both_documented: bool,
    payload: Option<&'a Finding>,
    learned: Option<Learned<'a>>,
) {
    if both_documented {
        record.notes.push(BOTH_DOCUMENTED);
    }
    if let Some(finding) = payload {
        describe(record, finding);
    }
    match find(record, catalog) {
        found if let Some(learned) = learned => learn(record, catalog, learned, &Known { found, payload }),
        Found::Entry(entry, evidence, number) => documented(record, catalog, entry, (evidence, number), payload),
        Found::Nothing(missing) => match payload.zip(missing.port()) {
            Some((finding, port)) => on_other_port(record, catalog, &missing, port, finding),
            None => unmatched(record, catalog, &missing),
        },
    }
    let course = remark(record);
    let twin = reason::twin(record, catalog);
    if let Some(reason) = &mut record.reason {
        for sentence in course.into_iter().chain(twin.as_deref()) {
            reason.push(' ');
            reason.push_str(sentence);
        }
    }
}

/// A documented number, and perhaps payload that confirms or contradicts it.
fn documented<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    entry: &'a Entry,
    found_by: (Evidence, Number),
    payload: Option<&'a Finding>,
) {
    match payload.map(|finding| (opinion(finding, catalog, entry), finding)) {
        Some((Opinion::Contradicts, finding)) => contradicted(record, catalog, entry, found_by.1, finding),
        Some((Opinion::Confirms, finding)) => matched(record, catalog, entry, found_by, Some(finding)),
        Some((Opinion::Silent, _)) | None => matched(record, catalog, entry, found_by, None),
    }
}

/// `spoken`: payload that confirms the number.
fn matched<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    entry: &'a Entry,
    (evidence, number): (Evidence, Number),
    spoken: Option<&Finding>,
) {
    record.verdict = Some(Verdict::Matched);
    record.evidence = Some(if spoken.is_some() { Evidence::Payload } else { evidence });
    let status = if entry.limited {
        let candidates: Vec<_> = catalog.candidates(entry, record.server.ip).collect();
        narrowed(record, catalog, entry, &candidates);
        candidates.iter().map(|(_, fact)| fact.status).min().unwrap_or(entry.status)
    } else {
        let texts = entry.texts(catalog);
        record.label = Some(&entry.label);
        record.systems = texts.systems.iter().map(String::as_str).collect();
        record.sources = texts.sources.iter().map(String::as_str).collect();
        entry.status
    };
    match status {
        Status::Doubtful => record.notes.push(DOUBTFUL),
        Status::Derived => record.notes.push(DERIVED),
        Status::Documented | Status::Defect => {}
    }
    if let Some(finding) = spoken {
        narrow(record, finding);
    }
    record.reason = Some(reason::matched(record, catalog, (entry, status), number, spoken));
}

/// Some candidates hold for some networks only: those of the others are left out, and so are their lines.
fn narrowed<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, entry: &'a Entry, candidates: &[(SystemRef, &'a Fact)]) {
    record.label = candidates.first().map(|(_, fact)| fact.protocol.as_str());
    let texts = entry.texts(catalog);
    let holds = |id: &str| candidates.iter().filter_map(|(at, _)| catalog.system(*at)).any(|system| system.id == id);
    for (system, source) in texts.systems.iter().zip(&texts.sources).filter(|(id, _)| holds(id)) {
        record.systems.push(system);
        record.sources.push(source);
    }
}

fn unmatched<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, missing: &Missing<'a>) {
    record.verdict = Some(Verdict::Unmatched);
    record.flags.push(flag(missing));
    record.hint = hint(record, catalog);
    record.reason = Some(reason::unmatched(record, catalog, missing));
}

/// The word for what is missing.
pub(super) fn flag(missing: &Missing<'_>) -> &'static str {
    match missing {
        Missing::Port(_) | Missing::PeerOfPair(..) | Missing::OpensOnly(..) => PORT_UNDOCUMENTED,
        Missing::OtherTransport(..) => TRANSPORT_UNDOCUMENTED,
        Missing::PortsUnseen => PORTS_UNSEEN,
        Missing::Protocol => PROTOCOL_UNDOCUMENTED,
    }
}

/// What the server's port is registered as; where nobody knows which end listens, the client's as well. Without ports, the protocol.
fn hint<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog) -> Option<&'a str> {
    if record.server.port.is_none() {
        return catalog.protocol_hint(record.transport);
    }
    let of = |port: Option<u16>| catalog.hint(record.transport, port?);
    of(record.server.port).or_else(|| of(record.client.port.filter(|_| record.direction == Direction::First)))
}
