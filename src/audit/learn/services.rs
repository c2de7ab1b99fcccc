//! Services from traffic: for each host the fewest services that explain what it answers. What only one service explains comes first; who holds a shared
//! port is what the readings say of it.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use super::Sure;
use super::draft::{Entry, Given};
use super::gather::{Sighting, Traffic};
use super::rest::{What, what};
use crate::audit::fit::Sight;
use crate::audit::policy::{Party, Policy, Rule};
use crate::audit::rules::Choice;
use crate::catalog::SystemRef;
use crate::record::{Confidence, Evidence, Finding, Verdict};

/// An announced port without a name could be nearly every service's: with more candidates than this none is chosen.
const MOST_CANDIDATES: usize = 3;

/// A conversation that wants explaining, and who may explain it.
struct Open<'t> {
    sighting: &'t Sighting,
    candidates: Vec<SystemRef>,
}

/// What a host does as one service.
#[derive(Default)]
struct Doing {
    numbers: BTreeSet<String>,
    clients: BTreeSet<IpAddr>,
    spoken: BTreeSet<&'static str>,
    announced: bool,
    flows: u64,
    sure: Option<Sure>,
}

/// The services of the hosts of the site.
pub fn choose(left: &[(&Sighting, Finding)], traffic: &Traffic<'_>, choice: &Choice<'_>) -> Vec<Entry> {
    let mut hosts: BTreeMap<IpAddr, Vec<Open<'_>>> = BTreeMap::new();
    let mut rules = Rules { choice, of: HashMap::new(), nobody: Policy::default() };
    // Only traffic that announces anything pays for it.
    let asked = LazyCell::new(|| asked(traffic, choice));
    for (sighting, _) in left.iter().filter(|(sighting, _)| sighting.teaches(traffic)) {
        if sighting.verdict != Some(Verdict::Matched) {
            continue;
        }
        let mut by_host: BTreeMap<IpAddr, Vec<SystemRef>> = BTreeMap::new();
        let (client, server) = (sighting.client, sighting.server);
        // A port that a client announced to its server (active FTP) makes no server of the client.
        let is_its_clients = |system| {
            sighting.is_announced() && asked.contains(&(server, client, system)) && !asked.contains(&(client, server, system))
        };
        for system in traffic.systems(sighting, choice.catalog).into_iter().filter(|system| !is_its_clients(*system)) {
            if let Some(host) = rules.host(system, sighting, traffic).filter(|host| !traffic.is_far(*host)) {
                by_host.entry(host).or_default().push(system);
            }
        }
        // Nearly always one host; where the documents see two, the one with the likelier system.
        let first = by_host.into_iter().max_by_key(|(_, systems)| systems.len());
        if let Some((host, candidates)) = first {
            hosts.entry(host).or_default().push(Open { sighting, candidates });
        }
    }
    let mut entries: BTreeMap<SystemRef, BTreeMap<IpAddr, Given>> = BTreeMap::new();
    for (host, open) in hosts {
        for (system, doing) in explain(open, traffic) {
            entries.entry(system).or_default().insert(host, doing.given(traffic.name(host)));
        }
    }
    entries.into_iter().filter_map(|(system, hosts)| entry(system, hosts, choice)).collect()
}

/// Who asked whom for what at a port that nobody had to announce.
fn asked(traffic: &Traffic<'_>, choice: &Choice<'_>) -> HashSet<(IpAddr, IpAddr, SystemRef)> {
    let plain = traffic.seen.iter().map(|(sighting, _)| *sighting).filter(|sighting| !sighting.is_announced());
    let by_system = |sighting: &Sighting| {
        let (client, server) = (sighting.client, sighting.server);
        traffic.systems(sighting, choice.catalog).into_iter().map(move |system| (client, server, system))
    };
    plain.flat_map(by_system).collect()
}

fn entry(system: SystemRef, hosts: BTreeMap<IpAddr, Given>, choice: &Choice<'_>) -> Option<Entry> {
    let system = choice.catalog.system(system)?;
    let alike = |other: &&crate::catalog::System| other.ends.is_none() && other.name.eq_ignore_ascii_case(&system.name);
    let is_unique = choice.catalog.systems.iter().filter(alike).count() == 1;
    let name = if is_unique { system.name.clone() } else { system.id.clone() };
    Some(Entry { about: system.id.clone(), name, hosts })
}

/// The fewest services of a host that explain all this.
fn explain(mut open: Vec<Open<'_>>, traffic: &Traffic<'_>) -> BTreeMap<SystemRef, Doing> {
    open.sort_by_key(|open| (open.candidates.len(), open.sighting.port));
    let mut chosen: BTreeMap<SystemRef, Doing> = BTreeMap::new();
    for Open { sighting, candidates } in open {
        let known = candidates.iter().find(|system| chosen.contains_key(system));
        let is_guess = candidates.len() > MOST_CANDIDATES && what(sighting) == What::Dynamic;
        if let Some(system) = known.or(candidates.first().filter(|_| !is_guess)) {
            chosen.entry(*system).or_default().add(sighting, traffic);
        }
    }
    chosen
}

impl Doing {
    fn add(&mut self, sighting: &Sighting, traffic: &Traffic<'_>) {
        self.numbers.insert(number(sighting));
        self.clients.insert(sighting.client);
        self.spoken.extend(sighting.payload.map(|(spoken, _)| spoken));
        self.announced |= sighting.is_announced();
        self.flows += traffic.weight(sighting).map_or(1, |weight| weight.flows);
        let sure = how_sure(sighting);
        self.sure = Some(self.sure.map_or(sure, |before| before.min(sure)));
    }

    fn given(self, name: Option<&str>) -> Given {
        let numbers: Vec<String> = self.numbers.into_iter().collect();
        let (shown, more) = numbers.split_at(numbers.len().min(4));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let spoken: Vec<&str> = self.spoken.into_iter().collect();
        let spoken = match (spoken.is_empty(), self.announced) {
            (false, _) => format!("payload {}", spoken.join(", ")),
            (true, true) => "announced".to_owned(),
            (true, false) => "the number alone".to_owned(),
        };
        let (flows, clients) = (many(self.flows, "flow"), many(self.clients.len() as u64, "client"));
        let mut given = Given::new(name.map(str::to_owned));
        let why = format!("{}{more}, {spoken}; {flows} from {clients}", shown.join(" "));
        given.because(self.sure.unwrap_or(Sure::Weak), &why);
        given
    }
}

/// `tcp/80`, `gre`.
pub fn number(sighting: &Sighting) -> String {
    let transport = sighting.transport;
    match (sighting.from_port, sighting.port, sighting.icmp) {
        (Some(from), ..) => format!("from {transport}/{from}"),
        (None, Some(port), _) => format!("{transport}/{port}"),
        (None, None, Some(kind)) => format!("{transport} type {kind}"),
        (None, None, None) => transport.to_string(),
    }
}

/// `1 flow`, `2 flows`.
pub fn many(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How sure it is what the flows are.
pub fn how_sure(sighting: &Sighting) -> Sure {
    match (sighting.evidence, sighting.payload.and_then(|(_, confidence)| confidence)) {
        (Some(Evidence::Learned), _) | (_, Some(Confidence::Certain | Confidence::Both)) => Sure::Certain,
        (_, Some(Confidence::Plausible)) | (Some(Evidence::Protocol), _) => Sure::Likely,
        _ => Sure::Weak,
    }
}

/// The rules of services, made when they are asked for.
struct Rules<'c, 'a> {
    choice: &'c Choice<'a>,
    of: HashMap<SystemRef, Vec<Rule>>,
    nobody: Policy,
}

impl Rules<'_, '_> {
    /// On which host this system would explain a conversation.
    fn host(&mut self, system: SystemRef, sighting: &Sighting, traffic: &Traffic<'_>) -> Option<IpAddr> {
        let choice = self.choice;
        let make = || {
            let system = choice.catalog.system(system).filter(|system| system.ends.is_none());
            system.map(|system| choice.service_rules(system, &Party::Anyone, "")).unwrap_or_default()
        };
        let rules = self.of.entry(system).or_insert_with(make);
        let record = traffic.record(sighting);
        let sight = Sight::new(&self.nobody, &record);
        let fits = |rule: &&Rule| rule.transport == Some(sighting.transport) && rule.has_numbers(&sight);
        let rule = rules.iter().find(fits)?;
        match (sight.client.anybody, sight.server.anybody) {
            (false, true) => Some(sighting.client),
            (true, true) => None,
            _ if rule.opens_from => Some(sighting.client),
            _ => Some(sighting.server),
        }
    }
}
