//! What was announced, by door, and which flows it explains.
//!
//! The ledger hears announcements in the order of their packets and meets flows in any order; what it says of a flow depends on nothing else. It is
//! bounded: of too many doors those that were announced first are forgotten, one-shot ones apart from listeners.
//!
//! When records are written before the input has ended, [`Memory`] keeps the flows that were written lately, so that [`Ledger::revise`] can tell
//! which of them look different now.

mod listing;
mod memory;
mod names;
mod place;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use memory::{Memory, News, Revised};
pub use place::Known;

use crate::announce::{Announcement, Door, End, Lasting};
use crate::classify::Learned;
use crate::flow::{Flow, Side};
use crate::net::{Addr, IpProto, Timestamp};
use crate::recognize::{DCE_RPC, Uuid};
use crate::record::HostName;
use names::Names;
use place::{Place, Use};

/// Doors remembered: listeners, and all others.
const STANDING: usize = 1 << 16;
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
}

impl Heard {
    /// As a record takes it.
    pub fn hearsay(&self) -> Hearsay<'_> {
        Hearsay { learned: self.lesson.as_ref().map(Lesson::learned), names: self.names.each_ref().map(Option::as_deref) }
    }
}

/// What others said of a flow, as a record takes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hearsay<'a> {
    /// What was announced of it.
    pub learned: Option<Learned<'a>>,
    names: [Option<&'a str>; 2],
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
        same_lesson && self.names == other.names
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
    bound: BTreeMap<(Door, Uuid), Bound>,
    places: HashMap<Door, Place, RandomState>,
    /// In the order they came.
    standing: VecDeque<Door>,
    passing: VecDeque<Door>,
    /// Doors that were forgotten because there were too many.
    pub forgotten: u64,
    names: Names,
}

impl Ledger {
    /// Takes an announcement; whether that can change what is known of flows that were met.
    pub fn hear(&mut self, announcement: Announcement) -> bool {
        let door = announcement.door;
        if let Some(place) = self.places.get_mut(&door) {
            return place.hear(announcement);
        }
        let is_standing = announcement.lasting == Lasting::Standing;
        let (queue, most) = if is_standing { (&mut self.standing, STANDING) } else { (&mut self.passing, PASSING) };
        if queue.len() >= most
            && let Some(oldest) = queue.pop_front()
        {
            self.places.remove(&oldest);
            self.forgotten += 1;
        }
        queue.push_back(door);
        self.places.entry(door).or_default().hear(announcement)
    }

    /// Notes a flow at the doors where it came by; whether that can change what is known of others.
    pub fn meet(&mut self, flow: &Flow) -> bool {
        self.note_bound(flow);
        self.names.meet(flow);
        self.meet_at_doors(flow)
    }

    /// What others said of a flow.
    pub fn heard(&self, flow: &Flow) -> Heard {
        Heard { lesson: self.lesson(flow), names: self.names.of(flow).map(Option::<&Arc<str>>::cloned) }
    }

    /// The same, for the moment.
    pub fn hearsay(&self, flow: &Flow) -> Hearsay<'_> {
        let learned = self.told(flow).map(|(known, after, client)| known.learned(after, client));
        Hearsay { learned, names: self.names.of(flow).map(|name| name.map(|name| &**name)) }
    }

    /// The names of all hosts, and where they are from.
    pub fn host_names(&self) -> Vec<HostName> {
        self.names.listing()
    }

    /// Notes a flow at the doors that were announced; once, however often it is shown.
    fn meet_at_doors(&mut self, flow: &Flow) -> bool {
        if self.places.is_empty() {
            return false;
        }
        let mut changes = false;
        for (side, door) in doors(flow) {
            if let Some(place) = self.places.get_mut(&door) {
                changes |= place.meet(Use::of(flow, side), flow);
            }
        }
        changes
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
        for uuid in &texts.interfaces {
            if self.bound.len() >= BOUND && !self.bound.contains_key(&(door, *uuid)) {
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
            let bound = self.bound.entry((door, *uuid)).or_insert_with(new);
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
        let (known, after, client) = self.told(flow)?;
        Some(Lesson { known: Arc::clone(known), after, client })
    }

    /// Of two doors that were both announced, the one that was announced before the flow, and first.
    fn told(&self, flow: &Flow) -> Option<(&Arc<Known>, bool, Side)> {
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

    /// The doors of a flow at which it may change what is known of others.
    fn doors_changed_by(&self, flow: &Flow) -> impl Iterator<Item = Door> + use<'_> {
        let changes = |(side, door): (Side, Door)| {
            let used = Use::of(flow, side);
            self.places.get(&door).filter(|place| place.is_changed_by(&used)).map(|_| door)
        };
        doors(flow).filter_map(changes).collect::<Vec<_>>().into_iter()
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
