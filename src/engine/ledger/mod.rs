//! What was announced, by door, and which flows it explains.
//!
//! The ledger hears announcements in the order of their packets and meets flows in any order; what it says of a flow depends on nothing else. It is
//! bounded: of too many announcements those that were made first are forgotten, one-shot ones apart from listeners.
//!
//! When records are written before the input has ended, [`Memory`] keeps the flows that were written lately, so that [`Ledger::revise`] can tell
//! which of them look different now.

mod leases;
mod listing;
mod memory;
mod names;
mod place;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use memory::{Memory, News, Revised};
pub use place::Known;

use crate::announce::{Announcement, Door, End, Lasting};
use crate::classify::Learned;
use crate::flow::{Flow, Side};
use crate::net::{Addr, IpProto, Timestamp};
use crate::recognize::{DCE_RPC, InterfaceId};
use crate::record::HostName;
use leases::Leases;
use names::Names;
use place::{Place, Taken, Use};

/// Announcements remembered: of listeners, and all others.
const STANDING: usize = 1 << 17;
const PASSING: usize = 1 << 18;

/// What another conversation announced of a flow.
#[derive(Clone, Debug)]
pub struct Lesson {
    known: Arc<Known>,
    after: bool,
    client: Side,
}

impl Lesson {
    /// As the labels take it.
    pub fn learned(&self) -> Learned<'_> {
        self.known.learned(self.after, self.client)
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.known, &other.known) && (self.after, self.client) == (other.after, other.client)
    }
}

/// What others said of a flow.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    lesson: Option<Lesson>,
    names: [Option<Arc<str>>; 2],
    leased: Vec<IpAddr>,
}

impl Heard {
    /// As a record takes it.
    pub fn hearsay(&self) -> Hearsay<'_> {
        Hearsay {
            learned: self.lesson.as_ref().map(Lesson::learned),
            names: self.names.each_ref().map(Option::as_deref),
            leased: Cow::Borrowed(&self.leased),
        }
    }
}

/// What others said of a flow, as a record takes it.
#[derive(Clone, Debug, Default)]
pub struct Hearsay<'a> {
    /// What was announced of it.
    pub learned: Option<Learned<'a>>,
    names: [Option<&'a str>; 2],
    /// The addresses that its nameless clients were given.
    pub leased: Cow<'a, [IpAddr]>,
}

impl<'a> Hearsay<'a> {
    /// What a side is called.
    pub fn name(&self, side: Side) -> Option<&'a str> {
        let [a, b] = self.names;
        if side == Side::A { a } else { b }
    }
}

impl PartialEq for Heard {
    fn eq(&self, other: &Self) -> bool {
        let same_lesson = match (&self.lesson, &other.lesson) {
            (Some(mine), Some(theirs)) => mine.is(theirs),
            (mine, theirs) => mine.is_none() && theirs.is_none(),
        };
        same_lesson && self.names == other.names && self.leased == other.leased
    }
}

/// An interface that clients bound at a door, announced or not.
#[derive(Debug)]
struct Bound {
    packet: u64,
    first: Timestamp,
    last: Timestamp,
    clients: BTreeSet<Addr>,
    flows: u64,
    bytes: u64,
}

/// Interfaces bound at doors, and clients of each, that are remembered.
const BOUND: usize = 1 << 16;
const CLIENTS: usize = 256;

/// All doors.
#[derive(Debug, Default)]
pub struct Ledger {
    bound: BTreeMap<(Door, InterfaceId), Bound>,
    places: HashMap<Door, Place, RandomState>,
    /// The doors of announcements, in the order these came.
    standing: VecDeque<Door>,
    passing: VecDeque<Door>,
    heard: u64,
    forgotten: u64,
    names: Names,
    leases: Leases,
}

impl Ledger {
    /// Announcements heard, and those that were forgotten because there were too many.
    pub fn counts(&self) -> (u64, u64) {
        (self.heard, self.forgotten)
    }

    /// What others said of a flow.
    pub fn heard(&self, flow: &Flow) -> Heard {
        let names = self.names.of(flow).map(Option::<&Arc<str>>::cloned);
        Heard { lesson: self.lesson(flow), names, leased: self.leases.of(flow) }
    }

    /// The same, for the moment.
    pub fn hearsay(&self, flow: &Flow) -> Hearsay<'_> {
        let learned = self.explained(flow).map(|(known, after, client)| known.learned(after, client));
        let names = self.names.of(flow).map(|name| name.map(|name| &**name));
        Hearsay { learned, names, leased: Cow::Owned(self.leases.of(flow)) }
    }

    /// The names of all hosts, and where they are from.
    pub fn host_names(&self) -> Vec<HostName> {
        self.names.listing()
    }

    /// Takes an announcement; whether nobody had announced its door before.
    fn hear(&mut self, announcement: Announcement) -> bool {
        self.heard += 1;
        let (door, is_standing) = (announcement.door, announcement.lasting == Lasting::Standing);
        let place = self.places.entry(door).or_default();
        let is_new_door = place.is_empty();
        match place.hear(announcement) {
            Taken::New => self.queue(door, is_standing),
            Taken::NewInstead => self.forgotten += 1,
            Taken::Again => {}
        }
        is_new_door
    }

    /// Notes that there is one more announcement, and forgets the first of too many.
    fn queue(&mut self, door: Door, is_standing: bool) {
        let (queue, most) = if is_standing { (&mut self.standing, STANDING) } else { (&mut self.passing, PASSING) };
        queue.push_back(door);
        if queue.len() <= most {
            return;
        }
        let Some(oldest) = queue.pop_front() else { return };
        self.forgotten += 1;
        if let Some(place) = self.places.get_mut(&oldest) {
            place.forget_first(is_standing);
            if place.is_empty() {
                self.places.remove(&oldest);
            }
        }
    }

    /// Notes a flow at the doors where it came by.
    fn meet(&mut self, flow: &Flow) {
        self.note_bound(flow);
        self.names.meet(flow);
        if !self.places.is_empty() {
            doors(flow).for_each(|end| self.meet_at(end, flow));
        }
    }

    /// Notes a flow at one of its doors, if something was announced there.
    fn meet_at(&mut self, (side, door): (Side, Door), flow: &Flow) {
        if let Some(place) = self.places.get_mut(&door) {
            place.meet(Use::of(flow, side), flow);
        }
    }

    /// Notes the interfaces that a flow bound: they tell who listens, and explain nothing but their own flow.
    fn note_bound(&mut self, flow: &Flow) {
        let Some(finding) = flow.payload.finding().filter(|finding| finding.protocol == &DCE_RPC && finding.is_sure()) else {
            return;
        };
        let Some((texts, client)) = finding.texts().zip(finding.client) else { return };
        let ends: Vec<(Side, Door)> = doors(flow).collect();
        let at = |side| ends.iter().find(|(known, _)| *known == side).map(|(_, door)| *door);
        let Some((door, from)) = at(client.other()).zip(at(client)) else { return };
        for offered in &texts.interfaces {
            if self.bound.len() >= BOUND && !self.bound.contains_key(&(door, *offered)) {
                return;
            }
            let new = || Bound {
                packet: flow.id.packet,
                first: flow.first,
                last: flow.last,
                clients: BTreeSet::new(),
                flows: 0,
                bytes: 0,
            };
            let bound = self.bound.entry((door, *offered)).or_insert_with(new);
            bound.packet = bound.packet.min(flow.id.packet);
            bound.first = bound.first.earliest(flow.first);
            bound.last = bound.last.latest(flow.last);
            bound.flows += 1;
            bound.bytes += flow.bytes.iter().sum::<u64>();
            if bound.clients.len() < CLIENTS {
                bound.clients.insert(from.host);
            }
        }
    }

    /// What was announced of a flow, to keep.
    fn lesson(&self, flow: &Flow) -> Option<Lesson> {
        let (known, after, client) = self.explained(flow)?;
        Some(Lesson { known: Arc::clone(known), after, client })
    }

    /// Of two doors that were both announced, the one that was announced before the flow, and first.
    fn explained(&self, flow: &Flow) -> Option<(&Arc<Known>, bool, Side)> {
        if self.places.is_empty() {
            return None;
        }
        let told = doors(flow).filter_map(|(side, door)| {
            let (known, after) = self.places.get(&door)?.lesson(&Use::of(flow, side))?;
            let client = if known.announcement.end == End::Server { side.other() } else { side };
            Some((known, after, client))
        });
        told.min_by_key(|(known, after, _)| (*after, known.announcement.packet))
    }

    /// The doors at which a flow may change what is known of others, and of which: those that begin then or later.
    fn doors_changed_by(&self, flow: &Flow) -> impl Iterator<Item = (Door, Timestamp)> + use<'_> {
        let changes = |(side, door): (Side, Door)| {
            let since = self.places.get(&door)?.changes_since_meeting(&Use::of(flow, side))?;
            Some((door, since))
        };
        doors(flow).filter_map(changes).collect::<Vec<_>>().into_iter()
    }

    /// The same for an announcement.
    fn door_changed_by(&mut self, announcement: &Announcement) -> (Door, Timestamp) {
        let place = self.places.get_mut(&announcement.door);
        let since = place.map_or(Timestamp::NONE, |place| place.changes_since_hearing(announcement));
        (announcement.door, since)
    }
}

/// The ends of a flow, as doors.
fn doors(flow: &Flow) -> impl Iterator<Item = (Side, Door)> {
    let key = &flow.key;
    let is_whole = key.has_ports || !matches!(key.protocol, IpProto::TCP | IpProto::UDP);
    let door = move |lo: bool| {
        let (host, port) = if lo { (key.lo, key.lo_port) } else { (key.hi, key.hi_port) };
        let port = if key.has_ports { port } else { 0 };
        Door { host, version: key.version, transport: key.protocol, port }
    };
    let sides = [(Side::A, door(flow.a_is_lo)), (Side::B, door(!flow.a_is_lo))];
    sides.into_iter().filter(move |_| is_whole)
}
