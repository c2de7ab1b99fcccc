//! A policy, compiled: who has which role, and every rule that allows, forbids or accepts a flow.

use std::net::{IpAddr, Ipv4Addr};

use super::hosts::{Hosts, is_global_unicast, is_placeless};
use super::index::Index;
use crate::catalog::Port;
use crate::net::{IpProto, Timestamp};
use crate::record::FlowRecord;

/// A set of roles, one bit each.
pub type RoleBits = u128;

/// The built-in role, and its bit.
pub const INTERNET_NAME: &str = "Internet";
pub const INTERNET: RoleBits = 1;

/// At most so many roles, `Internet` included.
pub const MOST_ROLES: usize = 128;

/// What a site expects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Flows with an end in it are judged; empty: all.
    pub segment: Hosts,
    /// Roles with their hosts; the bit of one is its place. The first is `Internet`, whose hosts follow from the others.
    pub roles: Vec<Role>,
    /// What is never allowed.
    pub forbid: Vec<Rule>,
    /// Which of [`Self::allow`] may concern a flow.
    pub index: Index,
    /// What is allowed, in the order in which it is named: expectations of the site, links, services, housekeeping.
    pub allow: Vec<Rule>,
    /// Findings that are known.
    pub accept: Vec<Accept>,
    /// What is doubtful in it, with file and line.
    pub warnings: Vec<String>,
}

/// A role and who has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Role {
    /// Its one name.
    pub name: String,
    /// Who has it.
    pub hosts: Hosts,
}

/// Where a rule comes from, in the order of judging.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// The site's own word.
    Site,
    /// A link between roles.
    Link,
    /// A service that hosts run for any client.
    Service,
    /// What every segment carries.
    Housekeeping,
}

/// One end of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Party {
    /// Whoever.
    Anyone,
    /// Hosts with one of these roles.
    Roles(RoleBits),
    /// These hosts.
    Hosts(Hosts),
    /// Hosts with one of these roles, and these hosts.
    Either(RoleBits, Hosts),
}

/// A host as a policy sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its address.
    pub ip: IpAddr,
    /// Its roles.
    pub roles: RoleBits,
    /// A group, everybody, or somebody without an address yet: it stands for whoever belongs there.
    pub anybody: bool,
    /// It spoke from 0.0.0.0, and the address is what it was given in answer.
    pub nameless: bool,
}

/// Who may open what to whom.
// Each flag is a property of a printed cell, and any of them may stand beside any other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// A link's or system's id, or `expect:1`.
    pub by: String,
    /// Its name.
    pub title: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Who opens.
    pub from: Party,
    /// As people call them.
    pub from_name: String,
    /// Who answers.
    pub to: Party,
    /// As people call them.
    pub to_name: String,
    /// Either end opens.
    pub both_ways: bool,
    /// What is spoken.
    pub protocol: Option<String>,
    /// On what; none: any.
    pub transport: Option<IpProto>,
    /// Ports, each of which will do; empty: no ports, or any.
    pub ports: Vec<Port>,
    /// ICMP types, where there are no ports; empty: any.
    pub icmp_types: Vec<u8>,
    /// The answering side opens connections from the port instead.
    pub opens_from: bool,
    /// The first port listens, the second is its client's.
    pub pair: bool,
    /// It follows from a reading.
    pub derived: bool,
    /// It is printed, and hardly true.
    pub doubtful: bool,
    /// `[[port]]` has replaced its ports.
    pub moved: bool,
    /// The label it gives to flows.
    pub label: Option<String>,
    /// Why it is forbidden.
    pub reason: Option<String>,
    /// Document and line.
    pub sources: Vec<String>,
}

/// A known finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accept {
    /// `accept:1`.
    pub by: String,
    /// Who has to be one of the ends.
    pub host: Party,
    /// The other end, where it matters.
    pub peer: Party,
    /// Who opened, where that matters.
    pub from: Party,
    /// To whom.
    pub to: Party,
    /// The kind of the finding, or a flag of the record; none: any.
    pub flag: Option<String>,
    /// The transport, where it matters.
    pub transport: Option<IpProto>,
    /// The server's ports, where they matter.
    pub ports: Vec<Port>,
    /// Accepted for flows that began before it.
    pub until: Option<Timestamp>,
}

impl Place {
    /// Whether it is one of these: whoever names 0.0.0.0 means all that speak from there.
    fn is_in(&self, hosts: &Hosts) -> bool {
        hosts.contains(self.ip) || (self.nameless && hosts.contains(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

impl Policy {
    /// What the policy knows of a host.
    pub fn place(&self, ip: IpAddr) -> Place {
        let mut roles = 0;
        for (at, role) in self.roles.iter().enumerate().skip(1) {
            if role.hosts.contains(ip) {
                roles |= 1 << at;
            }
        }
        let anybody = is_placeless(ip) || self.is_broadcast(ip);
        if roles == 0 && !anybody && is_global_unicast(ip) && !self.segment.contains(ip) {
            roles = INTERNET;
        }
        Place { ip, roles, anybody, nameless: false }
    }

    /// The host that spoke from 0.0.0.0 and was given this address.
    pub fn place_of_leased(&self, ip: IpAddr) -> Place {
        Place { nameless: true, ..self.place(ip) }
    }

    /// The broadcast address of a network that the policy names, or one that ends as those of most networks do.
    fn is_broadcast(&self, ip: IpAddr) -> bool {
        let named = || self.segment.is_broadcast(ip) || self.roles.iter().any(|role| role.hosts.is_broadcast(ip));
        match ip {
            IpAddr::V4(v4) => v4.octets().last() == Some(&255) || named(),
            IpAddr::V6(_) => false,
        }
    }

    /// The names of roles.
    pub fn role_names(&self, roles: RoleBits) -> Vec<String> {
        let named = |at: &usize| roles & (1 << at) != 0;
        (0..self.roles.len()).filter(named).filter_map(|at| self.roles.get(at)).map(|role| role.name.clone()).collect()
    }

    /// The expectations a person has: not what every segment carries.
    pub fn expectations(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.allow.iter().enumerate().filter(|(_, rule)| rule.origin != Origin::Housekeeping)
    }
}

impl Rule {
    /// A rule between whomever, about nothing in particular yet.
    pub fn new(by: &str, title: &str, origin: Origin, protocol: Option<String>) -> Self {
        Self {
            by: by.to_owned(),
            title: title.to_owned(),
            origin,
            from: Party::Anyone,
            from_name: "anyone".to_owned(),
            to: Party::Anyone,
            to_name: "anyone".to_owned(),
            both_ways: false,
            protocol,
            transport: None,
            ports: Vec::new(),
            icmp_types: Vec::new(),
            opens_from: false,
            pair: false,
            derived: false,
            doubtful: false,
            moved: false,
            label: None,
            reason: None,
            sources: Vec::new(),
        }
    }
}

impl Party {
    /// The roles it names.
    pub const fn roles(&self) -> RoleBits {
        match self {
            Self::Roles(roles) | Self::Either(roles, _) => *roles,
            Self::Anyone | Self::Hosts(_) => 0,
        }
    }

    /// Whether nobody can be it.
    pub fn is_nobody(&self) -> bool {
        match self {
            Self::Anyone | Self::Either(..) => false,
            Self::Roles(roles) => *roles == 0,
            Self::Hosts(hosts) => hosts.is_empty(),
        }
    }

    /// Whether a host is one of them.
    pub fn has(&self, place: &Place) -> bool {
        place.anybody || self.has_itself(place)
    }

    /// The same, but nobody stands for another.
    pub fn has_itself(&self, place: &Place) -> bool {
        match self {
            Self::Anyone => true,
            Self::Roles(roles) => roles & place.roles != 0,
            Self::Hosts(hosts) => place.is_in(hosts),
            Self::Either(roles, hosts) => roles & place.roles != 0 || place.is_in(hosts),
        }
    }
}

impl Accept {
    /// Whether it covers a finding with one of these words.
    pub fn covers(&self, record: &FlowRecord<'_>, (client, server): (&Place, &Place), words: &[&str]) -> bool {
        let ends =
            (self.host.has_itself(client) && self.peer.has(server)) || (self.host.has_itself(server) && self.peer.has(client));
        let directed = self.from.has_itself(client) && self.to.has_itself(server);
        let flag = self.flag.as_deref().is_none_or(|flag| words.contains(&flag));
        let transport = self.transport.is_none_or(|transport| transport == record.transport);
        let port = self.ports.is_empty() || record.server.port.is_some_and(|port| self.ports.iter().any(|p| p.contains(port)));
        ends && directed && flag && transport && port && self.until.is_none_or(|until| record.first < until)
    }
}
