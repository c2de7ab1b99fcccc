//! The ledger as records list it: what listens where.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::place::{Entry, Place};
use super::{Bound, Ledger};
use crate::announce::{Door, Interface, Lasting};
use crate::net::Addr;
use crate::recognize::{Uuid, interface};
use crate::record::LearnedEndpoint;

/// Endpoints that are for one conversation each and are listed: the newest.
const PASSING: usize = 10_000;

impl Ledger {
    /// Everything that was learned, by server, transport and port. Of what is for one conversation only the newest few thousand.
    pub fn endpoints(&self) -> Vec<LearnedEndpoint> {
        let entries =
            self.places.iter().flat_map(|(door, place)| place.entries().map(move |entry| self.told(door, place, entry)));
        let (mut endpoints, mut passing): (Vec<_>, Vec<_>) = entries.partition(|endpoint| endpoint.lasting == "listener");
        passing.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.packet));
        passing.truncate(PASSING);
        endpoints.append(&mut passing);
        let announced: BTreeSet<(IpAddr, Option<u16>, Option<String>)> =
            endpoints.iter().map(|endpoint| (endpoint.server, endpoint.port, endpoint.interface.clone())).collect();
        let bound = self.bound.iter().map(|((door, uuid), bound)| bound.told(door, *uuid));
        endpoints.extend(bound.filter(|bound| !announced.contains(&(bound.server, bound.port, bound.interface.clone()))));
        endpoints.sort_by(|a, b| order(a).cmp(&order(b)));
        endpoints
    }

    /// The newest of it, for whoever looks on: of listeners, of what is for one conversation, and of interfaces that were bound, at most so many each.
    pub fn newest_endpoints(&self, most: usize) -> Vec<LearnedEndpoint> {
        let newest = self.standing.iter().rev().take(most).chain(self.passing.iter().rev().take(most));
        let doors: BTreeSet<&Door> = newest.collect();
        let places = doors.into_iter().filter_map(|door| Some((door, self.places.get(door)?)));
        let mut endpoints: Vec<_> =
            places.flat_map(|(door, place)| place.entries().map(move |entry| self.told(door, place, entry))).collect();
        let is_announced = |(door, uuid): &(Door, Uuid)| {
            let mut entries = self.places.get(door).into_iter().flat_map(Place::entries);
            entries.any(|entry| entry.known.announcement.interface.is_some_and(|offered| offered.uuid == *uuid))
        };
        let bound = self.bound.iter().filter(|(key, _)| !is_announced(key)).take(most);
        endpoints.extend(bound.map(|((door, uuid), bound)| bound.told(door, *uuid)));
        endpoints.sort_by(|a, b| order(a).cmp(&order(b)));
        endpoints
    }

    fn told(&self, door: &Door, place: &Place, entry: &Entry) -> LearnedEndpoint {
        let told = &entry.known.announcement;
        let listing = |hosts: &BTreeSet<Addr>| hosts.iter().map(|host| host.to_ip(door.version)).collect();
        let bound = told.interface.and_then(|offered| self.bound.get(&(*door, offered.uuid)));
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
            bound_by: bound.map(|bound| listing(&bound.clients)).unwrap_or_default(),
            flows: place.seen.flows,
            bytes: place.seen.bytes,
            ..endpoint(door, told.service.label.unwrap_or(told.service.name), told.interface, told.how)
        }
    }
}

fn order(endpoint: &LearnedEndpoint) -> (IpAddr, u8, Option<u16>, u64, Option<&str>) {
    (endpoint.server, endpoint.transport.0, endpoint.port, endpoint.packet, endpoint.interface.as_deref())
}

impl Bound {
    fn told(&self, door: &Door, uuid: Uuid) -> LearnedEndpoint {
        let clients: Vec<IpAddr> = self.clients.iter().map(|host| host.to_ip(door.version)).collect();
        LearnedEndpoint {
            interface: Some(uuid.to_string()),
            name: interface(uuid).map(|known| known.name.as_str()),
            systems: interface(uuid).map(|known| known.systems.iter().map(String::as_str).collect()).unwrap_or_default(),
            packet: self.packet,
            first: self.first,
            last: self.last,
            clients: clients.clone(),
            bound_by: clients,
            flows: self.flows,
            bytes: self.bytes,
            ..endpoint(door, "RPC", None, "bind")
        }
    }
}

/// An endpoint of which only this is known.
fn endpoint(door: &Door, protocol: &'static str, offered: Option<Interface>, how: &'static str) -> LearnedEndpoint {
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
        systems: known.map(|known| known.systems.iter().map(String::as_str).collect()).unwrap_or_default(),
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
