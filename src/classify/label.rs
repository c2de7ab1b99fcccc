//! What the catalog says of a flow.

use super::lookup::{Found, Missing, Number, find};
use super::reason;
use super::remarks::remark;
use super::words::{
    BOTH_DOCUMENTED, DERIVED, DOUBTFUL, PORT_UNDOCUMENTED, PORTS_UNSEEN, PROTOCOL_UNDOCUMENTED, TRANSPORT_UNDOCUMENTED,
};
use crate::catalog::{Catalog, Entry, Fact, Status, SystemRef};
use crate::record::{Direction, Evidence, FlowRecord, Verdict};

/// Fills in label, systems, verdict, evidence, flags, notes, reason, hint and sources.
pub fn label<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, both_documented: bool) {
    if both_documented {
        record.notes.push(BOTH_DOCUMENTED);
    }
    let found = find(record, catalog);
    match &found {
        Found::Entry(entry, evidence, number) => matched(record, catalog, entry, *evidence, *number),
        Found::Nothing(missing) => unmatched(record, catalog, missing),
    }
    let course = remark(record);
    if let (Some(reason), Some(course)) = (&mut record.reason, course) {
        reason.push(' ');
        reason.push_str(course);
    }
}

fn matched<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, entry: &'a Entry, evidence: Evidence, number: Number) {
    record.verdict = Some(Verdict::Matched);
    record.evidence = Some(evidence);
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
    record.reason = Some(reason::matched(record, catalog, entry, status, number));
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
    record.flags.push(match missing {
        Missing::Port(_) | Missing::PeerOfPair(..) | Missing::OpensOnly(..) => PORT_UNDOCUMENTED,
        Missing::OtherTransport(..) => TRANSPORT_UNDOCUMENTED,
        Missing::PortsUnseen => PORTS_UNSEEN,
        Missing::Protocol => PROTOCOL_UNDOCUMENTED,
    });
    record.hint = hint(record, catalog);
    record.reason = Some(reason::unmatched(record, catalog, missing));
}

/// What the server's port is registered as; where nobody knows which end listens, the client's as well.
fn hint<'a>(record: &FlowRecord<'_>, catalog: &'a Catalog) -> Option<&'a str> {
    let of = |port: Option<u16>| catalog.hint(record.transport, port?);
    of(record.server.port).or_else(|| of(record.client.port.filter(|_| record.direction == Direction::First)))
}
