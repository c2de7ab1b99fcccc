//! What was announced, by door, and which flows it explains.
//!
//! The ledger hears announcements in the order of their packets and meets flows in any order; what it says of a flow depends on nothing else. It is
//! bounded: of too many doors those that were announced first are forgotten, one-shot ones apart from listeners.
//!
//! When records are written before the input has ended, [`Memory`] keeps the flows that were written lately, so that [`Ledger::revise`] can tell
//! which of them look different now.

mod memory;
mod place;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

pub use memory::{Memory, Revised};
pub use place::Known;

use crate::announce::{Announcement, Door, End, Lasting};
use crate::classify::Learned;
use crate::flow::{Flow, Side};
use crate::net::IpProto;
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
        let Known { announcement, detail } = &*self.known;
        Learned { announcement, detail: detail.as_deref(), after: self.after, client: self.client }
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.known, &other.known) && (self.after, self.client) == (other.after, other.client)
    }
}

/// All doors.
#[derive(Debug, Default)]
pub struct Ledger {
    places: HashMap<Door, Place>,
    /// In the order they came.
    standing: VecDeque<Door>,
    passing: VecDeque<Door>,
    /// Doors that were forgotten because there were too many.
    pub forgotten: u64,
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

    /// What was announced of a flow. Of two doors that were both announced, the one that was announced before the flow, and first.
    pub fn lesson(&self, flow: &Flow) -> Option<Lesson> {
        if self.places.is_empty() {
            return None;
        }
        let lessons = doors(flow).filter_map(|(side, door)| {
            let (known, after) = self.places.get(&door)?.lesson(&Use::of(flow, side))?;
            let client = if known.announcement.end == End::Server { side.other() } else { side };
            Some(Lesson { known: Arc::clone(known), after, client })
        });
        lessons.min_by_key(|lesson| (lesson.after, lesson.known.announcement.packet))
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
