//! One record against the policy: forbid, expect, links, services, accept.

use super::baseline::{Alike, Baseline};
use super::fit::{Sight, is_behind};
use super::hosts::{is_link_local, is_placeless};
use super::near::nearest;
use super::policy::{Origin, Policy, RoleBits, Rule};
use super::{filter, text};
use crate::recognize::is_known_format;
use crate::record::{Confidence, Evidence, Finding, FindingKind, FlowRecord, Policy as Share, PolicyStatus, Verdict};

/// Words of records that an audit goes by.
const CONTRADICTS: &str = "payload-contradicts-port";
const REFUSED: &str = "refused";
const UNANSWERED: &str = "unanswered";
/// The note of a flow that only a reading makes expected.
const DERIVED: &str = "derived";

/// What was made of a record: its own share, and what the tally counts by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judgement {
    /// Which of [`Policy::allow`] allow it.
    pub allowed_by: Vec<usize>,
    /// Whether its finding is accepted.
    pub accepted: bool,
    /// The finding it would have, and that the baseline has already.
    pub known: Option<Alike>,
    /// Roles of its client and of its server.
    pub roles: (RoleBits, RoleBits),
}

impl Judgement {
    /// A finding that the baseline has is no news: the record keeps its status and loses the finding.
    pub fn against(&mut self, baseline: &Baseline, record: &mut FlowRecord<'_>) {
        let Some(finding) = record.policy.as_ref().and_then(|share| share.findings.first()) else { return };
        let alike = Alike::of(record, finding);
        if baseline.knows(&alike) {
            self.known = Some(alike);
            record.policy.iter_mut().for_each(|share| share.findings.clear());
        }
    }
}

impl Policy {
    /// Judges a record and writes its `policy`; where a port of this policy or a label of its own explains it better, also its label.
    pub fn judge<'a>(&'a self, record: &mut FlowRecord<'a>) -> Judgement {
        if self.is_outside(record) {
            record.policy = Some(Share { status: PolicyStatus::Outside, by: Vec::new(), findings: Vec::new() });
            return Judgement::default();
        }
        let sight = self.sight(record);
        let roles = (sight.client.roles, sight.server.roles);
        let forbidden: Vec<&Rule> = self.forbid.iter().filter(|rule| rule.covers(&sight)).collect();
        if let Some(rule) = forbidden.first() {
            let finding = finding(FindingKind::Forbidden, Some(rule), &sight, text::forbidden(&sight, rule));
            let by = forbidden.iter().map(|rule| rule.by.clone()).collect();
            record.policy = Some(Share { status: PolicyStatus::Forbidden, by, findings: vec![finding] });
            return Judgement { roles, ..Judgement::default() };
        }
        let allowed_by = self.allowed_by(&sight);
        let allowing: Vec<&'a Rule> = allowed_by.iter().filter_map(|at| self.allow.get(*at)).collect();
        let found = if allowing.is_empty() { Some(self.unexpected(&sight)) } else { flaw(&sight, &allowing) };
        let accepts = found.as_ref().and_then(|finding| self.accepted(&sight, finding));
        let mut by: Vec<String> = allowing.iter().map(|rule| rule.by.clone()).chain(accepts.clone()).collect();
        by.dedup();
        let status = if by.is_empty() { PolicyStatus::Unexpected } else { PolicyStatus::Expected };
        let accepted = accepts.is_some();
        relabel(record, &allowing);
        record.policy = Some(Share { status, by, findings: found.filter(|_| !accepted).into_iter().collect() });
        Judgement { allowed_by, accepted, known: None, roles }
    }

    /// Of several hosts that spoke from 0.0.0.0 in one flow the first that nothing allows is looked at, or that something forbids.
    fn sight<'r, 'a>(&self, record: &'r FlowRecord<'a>) -> Sight<'r, 'a> {
        let speaks_nameless = |record: &FlowRecord<'_>| record.client.ip.is_unspecified();
        if record.leased.is_empty() || !speaks_nameless(record) {
            return Sight::new(self, record);
        }
        let mut sights = record.leased.iter().map(|ip| Sight::of_leased(self, record, *ip));
        let is_let_pass =
            |sight: &Sight<'_, '_>| !self.forbid.iter().any(|rule| rule.covers(sight)) && !self.allowed_by(sight).is_empty();
        let odd = sights.clone().find(|sight| !is_let_pass(sight));
        odd.or_else(|| sights.next()).unwrap_or_else(|| Sight::new(self, record))
    }

    /// The rules that allow it.
    fn allowed_by(&self, sight: &Sight<'_, '_>) -> Vec<usize> {
        let mut places = self.index.of(sight.record);
        places.retain(|at| self.allow.get(*at).is_some_and(|rule| rule.covers(sight)));
        places
    }

    /// Neither end is in the segment, and no end is of this link only.
    fn is_outside(&self, record: &FlowRecord<'_>) -> bool {
        let ends = [record.client.ip, record.server.ip];
        let inside = ends.iter().any(|ip| self.segment.contains(*ip) || self.segment.is_broadcast(*ip));
        let local = ends.iter().all(|ip| is_placeless(*ip) || is_link_local(*ip));
        let elsewhere = !record.leased.is_empty() && !record.leased.iter().any(|ip| self.segment.contains(*ip));
        !self.segment.is_empty() && !inside && (!local || elsewhere)
    }

    /// Nothing allows it: what comes closest says why.
    fn unexpected(&self, sight: &Sight<'_, '_>) -> Finding {
        let (kind, rule) = nearest(self, sight);
        finding(kind, rule, sight, text::of(kind, sight, rule, self))
    }

    /// The accept entry that covers a finding.
    fn accepted(&self, sight: &Sight<'_, '_>, finding: &Finding) -> Option<String> {
        let mut words: Vec<&str> = sight.record.flags.clone();
        words.push(finding.kind.as_str());
        let ends = (&sight.client, &sight.server);
        self.accept.iter().find(|accept| accept.covers(sight.record, ends, &words)).map(|accept| accept.by.clone())
    }
}

/// What is wrong with a flow that is allowed.
fn flaw(sight: &Sight<'_, '_>, allowing: &[&Rule]) -> Option<Finding> {
    let rule = allowing.first().copied()?;
    if allowing.iter().all(|rule| rule.origin == Origin::Housekeeping) {
        return None;
    }
    let kind = if is_contradicted(sight, allowing) {
        FindingKind::PayloadContradictsPort
    } else if sight.notes(REFUSED) {
        FindingKind::Refused
    } else if sight.notes(UNANSWERED) {
        FindingKind::Unanswered
    } else {
        return None;
    };
    Some(finding(kind, Some(rule), sight, text::flaw(kind, sight, rule)))
}

/// The payload is another protocol than what is allowed here. Where this policy moved a port, its own word counts, not the catalog's.
fn is_contradicted(sight: &Sight<'_, '_>, allowing: &[&Rule]) -> bool {
    let Some(moved) = moved_protocol(allowing) else { return sight.record.flags.contains(&CONTRADICTS) };
    let Some(payload) = sight.record.payload else { return false };
    let sure = payload.confidence.is_some_and(|confidence| confidence >= Confidence::Both);
    sure && is_known_format(moved) && !payload.protocol.is_some_and(|spoken| is_behind(spoken, moved))
}

/// What a moved port carries, unless another rule allows the flow as the catalog has it.
fn moved_protocol<'a>(allowing: &[&'a Rule]) -> Option<&'a str> {
    let all_moved = allowing.iter().all(|rule| rule.moved || rule.origin == Origin::Site);
    let moved = allowing.iter().find(|rule| rule.moved).filter(|_| all_moved)?;
    moved.protocol.as_deref()
}

/// A moved port is named as its link names it, and a port of the site's own as the site does.
fn relabel<'a>(record: &mut FlowRecord<'a>, allowing: &[&'a Rule]) {
    let derived = |rule: &&&Rule| rule.derived && rule.origin != Origin::Housekeeping;
    if !allowing.is_empty() && allowing.iter().filter(derived).count() == allowing.len() {
        record.notes.push(DERIVED);
    }
    if let Some(label) = allowing.iter().find_map(|rule| rule.label.as_deref()) {
        record.label = Some(label);
        return;
    }
    let (Some(protocol), Some(rule)) = (moved_protocol(allowing), allowing.iter().find(|rule| rule.moved)) else { return };
    let spoken = record.payload.and_then(|payload| payload.protocol);
    if spoken.is_some_and(|spoken| is_known_format(protocol) && !is_behind(spoken, protocol)) {
        return;
    }
    record.label = Some(protocol);
    record.verdict = Some(Verdict::Matched);
    record.evidence =
        Some(if spoken.is_some_and(|spoken| is_behind(spoken, protocol)) { Evidence::Payload } else { Evidence::Port });
    record.flags.clear();
    record.hint = None;
    record.systems = vec![&rule.by];
    record.sources = rule.sources.iter().map(String::as_str).collect();
    record.reason = Some(text::moved(record, rule));
}

/// A finding that rests on a rule, or on what the catalog says of the port.
fn finding(kind: FindingKind, rule: Option<&Rule>, sight: &Sight<'_, '_>, text: String) -> Finding {
    let record = sight.record;
    let documented = || record.systems.first().map(|system| (*system).to_owned());
    let sources =
        rule.map_or_else(|| record.sources.iter().map(|source| (*source).to_owned()).collect(), |rule| rule.sources.clone());
    Finding { kind, link: rule.map(|rule| rule.by.clone()).or_else(documented), text, sources, filter: filter::flow(record) }
}
