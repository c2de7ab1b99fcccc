//! All judgements together: findings in groups, coverage, the matrix of roles. Its memory is bounded.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use super::baseline::{Alike, Baseline};
use super::filter;
use super::hosts::{Hosts, is_placeless};
use super::judge::Judgement;
use super::policy::{Origin, Party, Policy, RoleBits, Rule};
use crate::net::Timestamp;
use crate::record::{
    Audit, Coverage, Finding, FindingGroup, FindingKind, FlowId, FlowRecord, MatrixCell, PolicyStatus, Seen, StatusCounts,
};

/// Groups of findings held at most.
const MOST_GROUPS: usize = 10_000;
/// Flows and clients that a group names.
const MOST_NAMED: usize = 16;
/// Clients and servers that an expectation names.
const MOST_SEEN: usize = 8;
/// Hosts remembered, to tell whether an expectation could have been seen.
const MOST_HOSTS: usize = 1 << 20;

/// Gathers judgements.
#[derive(Debug, Default)]
pub struct Tally {
    flows: StatusCounts,
    groups: BTreeMap<Alike, Group>,
    left_out: u64,
    accepted: u64,
    known: u64,
    /// Findings of the baseline that are still there.
    still: BTreeSet<Alike>,
    /// For each of [`Policy::allow`].
    covered: Vec<Covered>,
    cells: BTreeMap<(Option<usize>, Option<usize>), Cell>,
    hosts: HashSet<IpAddr>,
    /// By role, two hosts that have it and were seen.
    seen_with: Vec<Vec<IpAddr>>,
    two_sided: u64,
    one_sided: u64,
}

#[derive(Debug)]
struct Group {
    finding: Finding,
    transport: String,
    server_roles: RoleBits,
    client_roles: RoleBits,
    clients: Vec<IpAddr>,
    /// What shows them.
    shown: filter::Flows,
    flows: u64,
    packets: u64,
    bytes: u64,
    first: Timestamp,
    last: Timestamp,
    witnesses: Vec<FlowId>,
}

#[derive(Clone, Debug, Default)]
struct Covered {
    flows: u64,
    failed: u64,
    bytes: u64,
    time: Option<(Timestamp, Timestamp)>,
    clients: Vec<IpAddr>,
    servers: Vec<IpAddr>,
}

#[derive(Debug, Default)]
struct Cell {
    links: Vec<String>,
    flows: u64,
    bytes: u64,
    findings: u64,
}

impl Tally {
    /// Counts a record that was judged.
    pub fn add(&mut self, policy: &Policy, record: &FlowRecord<'_>, judgement: &Judgement) {
        let Some(share) = &record.policy else { return };
        let count = match share.status {
            PolicyStatus::Expected => &mut self.flows.expected,
            PolicyStatus::Unexpected => &mut self.flows.unexpected,
            PolicyStatus::Forbidden => &mut self.flows.forbidden,
            PolicyStatus::Outside => &mut self.flows.outside,
        };
        *count += 1;
        if share.status == PolicyStatus::Outside {
            return;
        }
        self.accepted += u64::from(judgement.accepted);
        self.known += u64::from(judgement.known.is_some());
        self.still.extend(judgement.known.clone());
        self.see(policy, record, judgement.roles);
        for at in &judgement.allowed_by {
            self.cover(*at, record);
        }
        self.fill_cells(policy, record, judgement);
        for finding in &share.findings {
            self.group(record, finding, judgement.roles);
        }
    }

    /// Remembers who was there.
    fn see(&mut self, policy: &Policy, record: &FlowRecord<'_>, roles: (RoleBits, RoleBits)) {
        self.see_roles(policy, record.client.ip, roles.0);
        self.see_roles(policy, record.server.ip, roles.1);
        for ip in &record.leased {
            self.see_roles(policy, *ip, policy.place(*ip).roles);
        }
        for ip in [record.client.ip, record.server.ip].into_iter().chain(record.leased.iter().copied()) {
            if !is_placeless(ip) && self.hosts.len() < MOST_HOSTS {
                self.hosts.insert(ip);
            }
        }
        if record.packets.client > 0 && record.packets.server > 0 {
            self.two_sided += 1;
        } else {
            self.one_sided += 1;
        }
    }

    fn see_roles(&mut self, policy: &Policy, ip: IpAddr, roles: RoleBits) {
        for at in each(roles) {
            if self.seen_with.len() <= at {
                self.seen_with.resize(at + 1, Vec::new());
            }
            if let Some(seen) = self.seen_with.get_mut(at).filter(|seen| seen.len() < 2)
                && !policy.place(ip).anybody
            {
                name(seen, ip, 2);
            }
        }
    }

    fn cover(&mut self, at: usize, record: &FlowRecord<'_>) {
        if self.covered.len() <= at {
            self.covered.resize(at + 1, Covered::default());
        }
        let Some(covered) = self.covered.get_mut(at) else { return };
        *(if record.is_answered() { &mut covered.flows } else { &mut covered.failed }) += 1;
        covered.bytes = covered.bytes.saturating_add(record.bytes.sum());
        let (first, last) = covered.time.unwrap_or((record.first, record.last));
        covered.time = Some((first.earliest(record.first), last.latest(record.last)));
        name(&mut covered.clients, record.client.ip, MOST_SEEN);
        name(&mut covered.servers, record.server.ip, MOST_SEEN);
    }

    fn fill_cells(&mut self, policy: &Policy, record: &FlowRecord<'_>, judgement: &Judgement) {
        let share = record.policy.as_ref();
        let (client, server) = judgement.roles;
        let rules: Vec<&Rule> = judgement.allowed_by.iter().filter_map(|at| policy.allow.get(*at)).collect();
        let told: Vec<_> = rules.iter().filter_map(|rule| told_by(rule, client, server)).collect();
        let mut pairs = if told.is_empty() { every_pair(client, server) } else { told };
        pairs.sort_unstable();
        pairs.dedup();
        for pair in pairs {
            let cell = self.cells.entry(pair).or_default();
            cell.flows += 1;
            cell.bytes = cell.bytes.saturating_add(record.bytes.sum());
            cell.findings += u64::from(share.is_some_and(|share| !share.findings.is_empty()));
            for by in share.into_iter().flat_map(|share| &share.by) {
                if !cell.links.contains(by) {
                    cell.links.push(by.clone());
                }
            }
        }
    }

    fn group(&mut self, record: &FlowRecord<'_>, finding: &Finding, (client_roles, server_roles): (RoleBits, RoleBits)) {
        let key = Alike::of(record, finding);
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let new = || Group {
            finding: finding.clone(),
            transport: record.transport.to_string(),
            server_roles,
            client_roles,
            clients: Vec::new(),
            shown: filter::Flows::default(),
            flows: 0,
            packets: 0,
            bytes: 0,
            first: record.first,
            last: record.last,
            witnesses: Vec::new(),
        };
        self.groups.entry(key).or_insert_with(new).add(record);
    }

    /// The outcome; against a baseline only what has changed.
    pub fn finish(self, policy: &Policy, baseline: Option<&Baseline>) -> Audit {
        let mut hosts: Vec<IpAddr> = self.hosts.iter().copied().collect();
        hosts.sort_unstable();
        let coverage =
            policy.expectations().filter(|(_, rule)| is_expected(rule)).map(|(at, rule)| self.coverage(at, rule, &hosts));
        let coverage: Vec<Coverage> = coverage.collect();
        let matrix = self.matrix(policy);
        let (left_out, accepted, known, flows) = (self.left_out, self.accepted, self.known, self.flows);
        let mut found: Vec<(Alike, FindingGroup)> =
            self.groups.into_iter().map(|(key, group)| (key.clone(), group.finish(key, policy))).collect();
        let gone = baseline.map(|baseline| baseline.compare(&self.still, &mut found, &coverage)).unwrap_or_default();
        let mut findings: Vec<FindingGroup> = found.into_iter().map(|(_, group)| group).collect();
        findings.sort_by_key(|group| (gravity(group.kind), Reverse(group.flows), group.witnesses.first().copied()));
        Audit {
            policy: policy.name.clone(),
            flows,
            findings,
            findings_left_out: left_out,
            accepted,
            known,
            gone,
            coverage,
            matrix,
            warnings: policy.warnings.clone(),
            missing_fails: false,
        }
    }

    fn matrix(&self, policy: &Policy) -> Vec<MatrixCell> {
        let name = |at: &Option<usize>| at.and_then(|at| policy.roles.get(at)).map(|role| role.name.clone());
        let cell = |((from, to), cell): (&(Option<usize>, Option<usize>), &Cell)| MatrixCell {
            from: name(from),
            to: name(to),
            links: cell.links.clone(),
            flows: cell.flows,
            bytes: cell.bytes,
            findings: cell.findings,
        };
        self.cells.iter().map(cell).collect()
    }

    fn coverage(&self, at: usize, rule: &Rule, hosts: &[IpAddr]) -> Coverage {
        let covered = self.covered.get(at).cloned().unwrap_or_default();
        let status = match (covered.flows, covered.failed) {
            (1.., _) => Seen::Seen,
            (0, 1..) => Seen::Failed,
            (0, 0) => Seen::Unseen,
        };
        let why = if status == Seen::Unseen { self.why_unseen(rule, hosts) } else { None };
        Coverage {
            by: rule.by.clone(),
            title: rule.title.clone(),
            from: rule.from_name.clone(),
            to: rule.to_name.clone(),
            both_ways: rule.both_ways,
            protocol: rule.protocol.clone().or_else(|| rule.label.clone()),
            transport: rule.transport.map(|transport| transport.to_string()),
            ports: rule.ports.iter().map(ToString::to_string).collect(),
            derived: rule.derived || rule.doubtful,
            status,
            flows: covered.flows,
            failed: covered.failed,
            bytes: covered.bytes,
            first: covered.time.map(|(first, _)| first),
            last: covered.time.map(|(_, last)| last),
            clients: covered.clients,
            servers: covered.servers,
            observable: why.is_none(),
            why,
            sources: rule.sources.clone(),
        }
    }

    /// Why an expectation could not have been seen, where that is so.
    fn why_unseen(&self, rule: &Rule, hosts: &[IpAddr]) -> Option<String> {
        let ends =
            [(&rule.from, &rule.from_name), (&rule.to, &rule.to_name)].map(|(party, name)| (self.seen_of(party, hosts), name));
        let [(from, _), (to, _)] = &ends;
        if let Some((_, name)) = ends.iter().find(|(seen, _)| seen.is_empty()) {
            return Some(format!("no packet of any {name} is in the traffic"));
        }
        if let ([one], [other]) = (from.as_slice(), to.as_slice())
            && one == other
        {
            return Some(format!(
                "{one} is the only host at either end of it in the traffic, and nobody sees a host talk to itself"
            ));
        }
        (self.two_sided == 0 && self.one_sided > 0).then(|| "the capture shows one direction of every flow only".to_owned())
    }

    /// Hosts of a party that were seen, two at most: one can talk only to another.
    fn seen_of(&self, party: &Party, all: &[IpAddr]) -> Vec<IpAddr> {
        let of_roles =
            |roles: RoleBits| each(roles).filter_map(|at| self.seen_with.get(at)).flatten().copied().collect::<Vec<_>>();
        let of_hosts = |hosts: &Hosts| hosts.some_of(all, 2);
        let mut seen = match party {
            Party::Anyone => all.iter().copied().take(2).collect(),
            Party::Roles(roles) => of_roles(*roles),
            Party::Hosts(hosts) => of_hosts(hosts),
            Party::Either(roles, hosts) => [of_roles(*roles), of_hosts(hosts)].concat(),
        };
        seen.sort_unstable();
        seen.dedup();
        seen.truncate(2);
        seen
    }
}

impl Group {
    fn add(&mut self, record: &FlowRecord<'_>) {
        self.flows += 1;
        self.shown.add(record);
        self.packets = self.packets.saturating_add(record.packets.sum());
        self.bytes = self.bytes.saturating_add(record.bytes.sum());
        self.first = self.first.earliest(record.first);
        self.last = self.last.latest(record.last);
        name(&mut self.clients, record.client.ip, MOST_NAMED);
        if self.witnesses.len() < MOST_NAMED {
            self.witnesses.push(record.id);
        }
    }

    fn finish(self, key: Alike, policy: &Policy) -> FindingGroup {
        FindingGroup {
            kind: key.kind,
            link: key.link,
            text: self.finding.text,
            sources: self.finding.sources,
            filter: self.shown.filter(key.server),
            label: key.label,
            transport: self.transport,
            server: key.server,
            port: key.port,
            server_roles: policy.role_names(self.server_roles),
            client_roles: policy.role_names(self.client_roles),
            clients: self.clients,
            flows: self.flows,
            packets: self.packets,
            bytes: self.bytes,
            first: self.first,
            last: self.last,
            witnesses: self.witnesses,
            change: None,
            was: None,
        }
    }
}

/// Whether somebody could keep to it.
fn is_expected(rule: &Rule) -> bool {
    !rule.from.is_nobody() && !rule.to.is_nobody() && rule.origin != Origin::Housekeeping
}

/// The gravest first.
fn gravity(kind: FindingKind) -> usize {
    const ORDER: &[FindingKind] = &[
        FindingKind::Forbidden,
        FindingKind::PayloadContradictsPort,
        FindingKind::Reversed,
        FindingKind::RoleMissing,
        FindingKind::Unexpected,
        FindingKind::WrongTransport,
        FindingKind::WrongPort,
        FindingKind::DynamicUnexplained,
        FindingKind::Refused,
        FindingKind::Unanswered,
    ];
    ORDER.iter().position(|known| *known == kind).unwrap_or(ORDER.len())
}

fn name(named: &mut Vec<IpAddr>, ip: IpAddr, most: usize) {
    if named.len() < most && !named.contains(&ip) {
        named.push(ip);
    }
}

/// The places of the roles by which a link allows a flow.
fn told_by(rule: &Rule, client: RoleBits, server: RoleBits) -> Option<(Option<usize>, Option<usize>)> {
    let (Party::Roles(from), Party::Roles(to)) = (&rule.from, &rule.to) else { return None };
    let straight = (from & client, to & server);
    let turned = (to & client, from & server);
    let (client, server) = if straight.0 != 0 && straight.1 != 0 { straight } else { turned };
    Some((lowest(client), lowest(server))).filter(|(client, server)| client.is_some() || server.is_some())
}

fn lowest(roles: RoleBits) -> Option<usize> {
    (roles != 0).then(|| roles.trailing_zeros() as usize)
}

/// The roles of a set, by number.
fn each(mut roles: RoleBits) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = lowest(roles)?;
        roles &= roles - 1;
        Some(at)
    })
}

/// Every role of the one with every role of the other.
fn every_pair(client: RoleBits, server: RoleBits) -> Vec<(Option<usize>, Option<usize>)> {
    let or_nobody = |roles: RoleBits| -> Vec<Option<usize>> {
        let set: Vec<_> = each(roles).map(Some).collect();
        if set.is_empty() { vec![None] } else { set }
    };
    let servers = or_nobody(server);
    or_nobody(client).into_iter().flat_map(|client| servers.iter().map(move |server| (client, *server))).collect()
}

/// How many expectations somebody could keep to.
pub fn expectations(policy: &Policy) -> usize {
    policy.expectations().filter(|(_, rule)| is_expected(rule)).count()
}
