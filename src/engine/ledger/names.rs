//! What hosts are called, by address.
//!
//! A flow's host has the name that was claimed last before the flow began; where none was, the one that was claimed first after. What name servers,
//! NetBIOS and leases say goes before what a single conversation said (SNI, `Host`, NTLM), and that counts only as long as all conversations say
//! the same: a proxy answers to many names. Bounded: of too many hosts those that were named first are forgotten.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::flow::{Flow, Side};
use crate::naming::{Claim, Origin, is_one_host};
use crate::net::{Addr, Timestamp};
use crate::record::HostName;

/// Hosts remembered, claims of each, and rows that are listed.
const HOSTS: usize = 1 << 15;
const CLAIMS: usize = 8;
const LISTED: usize = 10_000;

/// A host's address: the family does not show in the number.
pub type HostKey = (u8, Addr);

/// A name of a host.
#[derive(Debug)]
struct Said {
    packet: u64,
    name: Arc<str>,
    origin: Origin,
    first: Timestamp,
    last: Timestamp,
}

/// What one host is called.
#[derive(Debug, Default)]
struct Called {
    /// By protocols that name hosts, in the order of the packets.
    claims: Vec<Said>,
    /// In conversations: the one name, with the flow that said it first.
    spoken: Option<Said>,
    /// Conversations disagree.
    many: bool,
}

impl Called {
    /// The name for what began with this packet.
    fn name(&self, packet: u64) -> Option<&Arc<str>> {
        let spoken = self.spoken.as_ref().filter(|_| !self.many);
        let before = |said: &&Said| said.packet <= packet;
        let claimed = self.claims.iter().rev().find(before);
        let said = claimed.or(spoken.filter(before)).or(self.claims.first()).or(spoken);
        said.map(|said| &said.name)
    }
}

impl Called {
    /// Whether a conversation says something else than those before it. Flows end in another order than they begin.
    fn is_news(&self, name: &str, flow: &Flow) -> bool {
        let is_known = |said: &Said| said.name.eq_ignore_ascii_case(name) && said.packet <= flow.id.packet;
        !self.many && !self.spoken.as_ref().is_some_and(is_known)
    }

    /// Notes a name that a conversation used.
    fn speak(&mut self, name: &str, flow: &Flow) {
        match &mut self.spoken {
            None => {
                let (packet, name, origin) = (flow.id.packet, name.into(), Origin::Payload);
                self.spoken = Some(Said { packet, name, origin, first: flow.first, last: flow.last });
            }
            Some(said) if said.name.eq_ignore_ascii_case(name) => {
                said.last = said.last.latest(flow.last);
                if flow.id.packet < said.packet {
                    (said.packet, said.first, said.name) = (flow.id.packet, flow.first, name.into());
                }
            }
            Some(_) => self.many = true,
        }
    }
}

/// What a flow's own payload calls its hosts.
fn spoken(flow: &Flow) -> impl Iterator<Item = (HostKey, &str)> {
    let texts = flow.payload.finding().and_then(|finding| finding.texts().zip(finding.client));
    let named = texts.into_iter().flat_map(move |(texts, client)| {
        [(client, &texts.client_name), (client.other(), &texts.server_name)]
            .map(|(side, name)| (host(flow, side), name.as_deref()))
    });
    named.filter_map(move |(host, name)| Some((host, name.filter(|_| is_one_host(host.0, host.1))?)))
}

/// The names of all hosts.
#[derive(Debug, Default)]
pub(super) struct Names {
    hosts: HashMap<HostKey, Called, RandomState>,
    /// In the order they were first named.
    order: VecDeque<HostKey>,
}

impl Names {
    /// Takes a claim.
    pub(super) fn hear(&mut self, claim: Claim) {
        let Claim { packet, time, version, host, name, origin } = claim;
        let called = self.called((version, host));
        match called.claims.last_mut() {
            Some(last) if *last.name == *name && last.origin == origin => last.last = last.last.latest(time),
            _ => {
                if called.claims.len() >= CLAIMS {
                    called.claims.remove(0);
                }
                called.claims.push(Said { packet, name: name.into(), origin, first: time, last: time });
            }
        }
    }

    /// Takes what a flow's own payload calls its two hosts.
    pub(super) fn meet(&mut self, flow: &Flow) {
        for (host, name) in spoken(flow) {
            self.called(host).speak(name, flow);
        }
    }

    /// The hosts that may have another name for these claims in flows that were written: only the first claim can change that.
    pub(super) fn changed_by(&self, claims: &[Claim]) -> impl Iterator<Item = HostKey> {
        let hosts = claims.iter().map(|claim| (claim.version, claim.host));
        hosts.filter(|host| self.hosts.get(host).is_none_or(|called| called.claims.is_empty()))
    }

    /// The same for what a flow's own payload calls them.
    pub(super) fn changed_by_flow(&self, flow: &Flow) -> impl Iterator<Item = HostKey> {
        let is_news = |host: &HostKey, name: &str| self.hosts.get(host).is_none_or(|called| called.is_news(name, flow));
        spoken(flow).filter(move |(host, name)| is_news(host, name)).map(|(host, _)| host)
    }

    /// The names of A and B.
    pub(super) fn of(&self, flow: &Flow) -> [Option<&Arc<str>>; 2] {
        if self.hosts.is_empty() {
            return [None; 2];
        }
        [Side::A, Side::B].map(|side| self.hosts.get(&host(flow, side)).and_then(|called| called.name(flow.id.packet)))
    }

    fn called(&mut self, host: HostKey) -> &mut Called {
        if !self.hosts.contains_key(&host) {
            if self.order.len() >= HOSTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.hosts.remove(&oldest);
            }
            self.order.push_back(host);
        }
        self.hosts.entry(host).or_default()
    }

    /// All names, by address; of too many hosts those with the lowest addresses.
    pub(super) fn listing(&self) -> Vec<HostName> {
        let sorted: BTreeMap<&HostKey, &Called> = self.hosts.iter().collect();
        let rows = sorted.into_iter().flat_map(|((version, host), called)| {
            let is_claimed = |name: &str| called.claims.iter().any(|said| said.name.eq_ignore_ascii_case(name));
            let spoken = called.spoken.iter().filter(move |said| !called.many && !is_claimed(&said.name));
            let mut known = BTreeSet::new();
            let fresh = called.claims.iter().chain(spoken).filter(move |said| known.insert((&said.name, said.origin)));
            fresh.map(move |said| HostName {
                host: host.to_ip(*version),
                name: said.name.to_string(),
                from: said.origin.word(),
                packet: said.packet,
                first: said.first,
                last: said.last,
            })
        });
        rows.take(LISTED).collect()
    }
}

/// The host of a side.
pub(super) fn host(flow: &Flow, side: Side) -> HostKey {
    let key = &flow.key;
    (key.version, if flow.a_is_lo == (side == Side::A) { key.lo } else { key.hi })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: [u8; 4] = [10, 0, 0, 9];

    fn claim(packet: u64, host: [u8; 4], name: &str) -> Claim {
        let (time, host) = (Timestamp::NONE, Addr::v4(host));
        Claim { packet, time, version: 4, host, name: name.into(), origin: Origin::Dns }
    }

    fn name(names: &Names, packet: u64) -> Option<&str> {
        names.hosts.get(&(4, Addr::v4(HOST)))?.name(packet).map(|name| &**name)
    }

    #[test]
    fn the_last_name_before_a_flow_counts_and_else_the_first_after() {
        let mut names = Names::default();
        assert_eq!(names.changed_by(&[claim(10, HOST, "old")]).count(), 1);
        names.hear(claim(10, HOST, "old"));
        assert_eq!(names.changed_by(&[claim(20, HOST, "new")]).count(), 0, "no flow changes its name for a later one");
        names.hear(claim(20, HOST, "new"));
        let seen = [5, 10, 19, 20, 99].map(|packet| name(&names, packet));
        assert_eq!(seen, [Some("old"), Some("old"), Some("old"), Some("new"), Some("new")]);
    }

    #[test]
    fn names_of_one_host_and_hosts_are_bounded() {
        let mut names = Names::default();
        for packet in 0..1000 {
            names.hear(claim(packet, HOST, &format!("n{packet}")));
        }
        assert_eq!((name(&names, 0), name(&names, 2000)), (Some("n992"), Some("n999")));
        for number in 0..HOSTS as u32 + 5 {
            let [_, b, c, d] = number.to_be_bytes();
            names.hear(claim(5000, [11, b, c, d], "x"));
        }
        assert_eq!((names.hosts.len(), names.order.len(), name(&names, 1)), (HOSTS, HOSTS, None));
        assert_eq!(names.listing().len(), LISTED);
    }
}
