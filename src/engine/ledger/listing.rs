//! The ledger as records list it: what listens where.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::place::{Entry, Place};
use super::{Bound, Ledger};
use crate::announce::{Announcement, Door, Lasting};
use crate::catalog::Catalog;
use crate::net::Addr;
use crate::recognize::{InterfaceId, Uuid, interface};
use crate::record::LearnedEndpoint;

/// Endpoints that are for one conversation each and are listed: the newest.
const PASSING: usize = 10_000;

impl Ledger {
    /// Everything that was learned, by server, transport and port. Of what is for one conversation only the newest few thousand.
    pub fn endpoints(&self, catalog: &Catalog) -> Vec<LearnedEndpoint> {
        let told = |(door, place)| Place::entries(place).map(move |entry| self.told(door, place, entry, catalog));
        let entries = self.places.iter().flat_map(told);
        let (mut endpoints, mut passing): (Vec<_>, Vec<_>) = entries.partition(|endpoint| endpoint.lasting == "listener");
        passing.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.packet));
        passing.truncate(PASSING);
        endpoints.append(&mut passing);
        let bound = self.bound.iter().filter(|((door, offered), _)| !self.is_announced(door, *offered));
        endpoints.extend(bound.map(|((door, offered), bound)| bound.told(door, *offered)));
        endpoints.sort_by(|a, b| order(a).cmp(&order(b)));
        endpoints
    }

    /// The newest of it, for whoever looks on: of listeners, of what is for one conversation, and of interfaces that were bound, at most so many each.
    pub fn newest_endpoints(&self, most: usize, catalog: &Catalog) -> Vec<LearnedEndpoint> {
        let newest = self.standing.iter().rev().take(most).chain(self.passing.iter().rev().take(most));
        let doors: BTreeSet<&Door> = newest.collect();
        let places = doors.into_iter().filter_map(|door| Some((door, self.places.get(door)?)));
        let told = |(door, place)| Place::entries(place).map(move |entry| self.told(door, place, entry, catalog));
        let mut endpoints: Vec<_> = places.flat_map(told).collect();
        let bound = self.bound.iter().filter(|((door, offered), _)| !self.is_announced(door, *offered)).take(most);
        endpoints.extend(bound.map(|((door, offered), bound)| bound.told(door, *offered)));
        endpoints.sort_by(|a, b| order(a).cmp(&order(b)));
        endpoints
    }

    /// Whether somebody announced this interface at this door: what binds say adds nothing then.
    fn is_announced(&self, door: &Door, bound: InterfaceId) -> bool {
        let mut entries = self.places.get(door).into_iter().flat_map(Place::entries);
        entries.any(|entry| entry.known.announcement.interface.is_some_and(|offered| is_same(offered, bound)))
    }

    /// Who bound an interface that was announced. Minor versions may differ: a server offers those below its own too.
    fn bound_by(&self, door: &Door, offered: InterfaceId) -> BTreeSet<Addr> {
        let version = |minor| InterfaceId { version: (offered.version.0, minor), ..offered };
        let bound = self.bound.range((*door, version(0))..=(*door, version(u16::MAX)));
        bound.flat_map(|(_, bound)| &bound.clients).copied().collect()
    }

    fn told(&self, door: &Door, place: &Place, entry: &Entry, catalog: &Catalog) -> LearnedEndpoint {
        let told = &entry.known.announcement;
        let listing = |hosts: &BTreeSet<Addr>| hosts.iter().map(|host| host.to_ip(door.version)).collect();
        LearnedEndpoint {
            annotation: told.about.as_deref().map(str::to_owned),
            lasting: match told.lasting {
                Lasting::Standing => "listener",
                Lasting::Session => "session",
                Lasting::Once => "once",
            },
            packet: told.packet,
            first: told.time,
            last: place.seen.last.map_or(entry.last, |last| last.latest(entry.last)),
            told: listing(&entry.told),
            clients: listing(&place.seen.clients),
            bound_by: told.interface.map(|offered| listing(&self.bound_by(door, offered))).unwrap_or_default(),
            flows: place.seen.flows,
            bytes: place.seen.bytes,
            systems: systems(told, catalog),
            ..endpoint(door, told.service.label.unwrap_or(told.service.name), told.interface, told.how)
        }
    }
}

/// The same interface in a version that goes with the other.
fn is_same(one: InterfaceId, other: InterfaceId) -> bool {
    (one.uuid, one.version.0) == (other.uuid, other.version.0)
}

/// The systems that an interface belongs to; of what is no DCE/RPC those that the catalog has for the protocol.
fn systems(told: &Announcement, catalog: &Catalog) -> Vec<String> {
    // An RPC endpoint without an interface could be anybody's.
    let is_anybodys = told.service.speaks.contains(&"DCE/RPC");
    match (told.names(), told.service.label) {
        (Some(uuid), _) => systems_of(uuid),
        (None, Some(label)) if !is_anybodys => catalog.announced_texts(label, told.door.transport).systems.clone(),
        (None, _) => Vec::new(),
    }
}

fn systems_of(uuid: Uuid) -> Vec<String> {
    interface(uuid).map(|known| known.systems.clone()).unwrap_or_default()
}

fn order(endpoint: &LearnedEndpoint) -> (IpAddr, u8, Option<u16>, u64, Option<&str>) {
    (endpoint.server, endpoint.transport.0, endpoint.port, endpoint.packet, endpoint.interface.as_deref())
}

impl Bound {
    fn told(&self, door: &Door, offered: InterfaceId) -> LearnedEndpoint {
        let clients: Vec<IpAddr> = self.clients.iter().map(|host| host.to_ip(door.version)).collect();
        LearnedEndpoint {
            packet: self.packet,
            first: self.first,
            last: self.last,
            clients: clients.clone(),
            bound_by: clients,
            flows: self.flows,
            bytes: self.bytes,
            ..endpoint(door, "RPC", Some(offered), "bind")
        }
    }
}

/// An endpoint of which only this is known.
fn endpoint(door: &Door, protocol: &'static str, offered: Option<InterfaceId>, how: &'static str) -> LearnedEndpoint {
    let known = offered.and_then(|offered| interface(offered.uuid));
    LearnedEndpoint {
        server: door.host.to_ip(door.version),
        transport: door.transport,
        port: Some(door.port).filter(|port| *port > 0),
        protocol,
        interface: offered.map(|offered| offered.uuid.to_string()),
        version: offered.map(|offered| format!("{}.{}", offered.version.0, offered.version.1)),
        name: known.map(|known| known.name.as_str()),
        annotation: None,
        systems: offered.map(|offered| systems_of(offered.uuid)).unwrap_or_default(),
        lasting: "listener",
        how,
        packet: 0,
        first: crate::net::Timestamp::NONE,
        last: crate::net::Timestamp::NONE,
        told: Vec::new(),
        clients: Vec::new(),
        bound_by: Vec::new(),
        flows: 0,
        bytes: 0,
    }
}
