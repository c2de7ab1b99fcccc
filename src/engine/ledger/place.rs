//! One door: what was announced there, who came, and which announcement holds for whom.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::announce::{Announcement, End, Lasting};
use crate::classify::Learned;
use crate::flow::{Flow, Side};
use crate::net::{Addr, Timestamp};
use crate::recognize::Uuid;
use crate::record::{ConnState, FlowId};

const SECOND: u64 = 1_000_000_000;
/// How long a listener is believed after it was last announced: a service keeps its port until it is started again, mostly for days.
const STANDING: u64 = 12 * 3600 * SECOND;
/// How long after its announcement a session may begin.
const SESSION: u64 = 3600 * SECOND;
/// How long after its announcement the one conversation may begin.
const ONCE: u64 = 300 * SECOND;
/// Captures of several queues are out of order by less than this.
const DISORDER: u64 = SECOND;

/// Every server offers it.
const MANAGEMENT: Uuid = Uuid([0xaf, 0xa8, 0xbd, 0x80, 0x7d, 0x8a, 0x11, 0xc9, 0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89]);

/// Announcements, uses and hosts that one door remembers.
const ENTRIES: usize = 128;
const USES: usize = 4096;
const HOSTS: usize = 256;

/// An announcement, and the same in words.
#[derive(Debug)]
pub struct Known {
    /// As it was first made.
    pub announcement: Announcement,
    /// Interface and details.
    pub detail: Option<String>,
}

impl Known {
    /// As the labels take it.
    pub fn learned(&self, after: bool, client: Side) -> Learned<'_> {
        Learned { announcement: &self.announcement, detail: self.detail.as_deref(), after, client }
    }
}

/// An announcement and its repetitions.
#[derive(Debug)]
pub(super) struct Entry {
    pub known: Arc<Known>,
    /// When it was last made.
    pub last: Timestamp,
    /// Each time it was made; of too many the latest stand for those before.
    times: Vec<Timestamp>,
    /// Who was told.
    pub told: BTreeSet<Addr>,
}

/// A flow that came to the door.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub id: FlowId,
    pub start: Timestamp,
    pub peer: Addr,
    peer_port: u16,
    /// The host at the door opened the connection itself: it was no listener then.
    from_inside: bool,
    /// Somebody answered.
    answered: bool,
    /// The protocol its payload is, for sure.
    says: Option<&'static str>,
    /// The DCE/RPC interface it bound.
    bound: Option<Uuid>,
}

impl Use {
    /// The flow as it is seen from the door that is its side `door`.
    pub fn of(flow: &Flow, door: Side) -> Self {
        let peer_is_lo = flow.a_is_lo == (door == Side::B);
        let (tcp, finding) = (flow.tcp.as_ref(), flow.payload.finding());
        let unanswered = [ConnState::S0, ConnState::REJ, ConnState::RSTOS0, ConnState::SH];
        let has_state = |states: &[ConnState]| tcp.is_some_and(|tcp| states.contains(&tcp.state(door.other())));
        Self {
            id: flow.id,
            start: flow.first,
            peer: if peer_is_lo { flow.key.lo } else { flow.key.hi },
            peer_port: if peer_is_lo { flow.key.lo_port } else { flow.key.hi_port },
            from_inside: tcp.and_then(crate::flow::TcpState::handshake_side) == Some(door),
            answered: flow.packets.iter().all(|packets| *packets > 0) && !has_state(&unanswered),
            says: finding.filter(|finding| finding.is_sure()).map(|finding| finding.protocol.name),
            bound: finding.and_then(|finding| finding.texts()?.interfaces.first().copied()),
        }
    }

    fn contradicts(&self, known: &Known) -> bool {
        self.says.is_some_and(|name| known.announcement.service.is_contradicted_by(name))
    }

    /// Whether it is the conversation in which this was said.
    fn is_heard_in(&self, told: &Announcement) -> bool {
        let (over, by, listener) = told.heard;
        let ends = ((told.door.host, told.door.port), (self.peer, self.peer_port));
        let (speaker, listener) = ((told.by, by), (told.told, listener));
        over == told.door.transport && (ends == (speaker, listener) || ends == (listener, speaker))
    }

    fn order(&self) -> (Timestamp, FlowId) {
        (self.start, self.id)
    }
}

/// What is known of one door.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// In the order they were first made.
    pub entries: Vec<Entry>,
    /// In the order they began.
    uses: Vec<Use>,
    /// Those of which the payload is known, and which some announcement does not explain.
    odd: Vec<Use>,
    pub seen: Seen,
}

/// What went through a door.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub flows: u64,
    pub bytes: u64,
    pub last: Option<Timestamp>,
    pub clients: BTreeSet<Addr>,
}

impl Place {
    /// Takes an announcement; whether that can change what is known of flows that were seen.
    pub fn hear(&mut self, announcement: Announcement) -> bool {
        let told = announcement.told;
        if let Some(entry) = self.entries.iter_mut().find(|entry| repeats(&entry.known.announcement, &announcement)) {
            let renews = announcement.time.nanos_since(entry.last) > STANDING;
            entry.last = entry.last.latest(announcement.time);
            entry.repeat(announcement.time);
            let is_new = entry.told.len() < HOSTS && entry.told.insert(told);
            return renews || is_new || !self.odd.is_empty();
        }
        if self.entries.len() >= ENTRIES {
            self.entries.remove(0);
        }
        let (last, detail) = (announcement.time, announcement.detail());
        let known = Arc::new(Known { announcement, detail });
        let at = self.entries.partition_point(|entry| when(&entry.known.announcement) <= when(&known.announcement));
        self.entries.insert(at, Entry { known, last, times: vec![last], told: BTreeSet::from([told]) });
        true
    }

    /// Notes a flow; whether that can change what is known of others.
    pub fn meet(&mut self, used: Use, flow: &Flow) -> bool {
        let at = self.uses.partition_point(|known| known.order() < used.order());
        if self.uses.get(at).is_some_and(|known| known.id == used.id) {
            return false;
        }
        self.seen.note(&used, flow);
        let changes = self.is_changed_by(&used);
        if self.is_odd(&used) && self.odd.len() < USES {
            self.odd.push(used.clone());
        }
        if self.uses.len() < USES {
            self.uses.insert(at, used);
        }
        changes
    }

    /// Whether a flow may change what is known of others: it is the one that was announced, or shows that the port is somebody else's now.
    pub fn is_changed_by(&self, used: &Use) -> bool {
        self.is_odd(used) || self.entries.iter().any(|entry| entry.known.announcement.lasting == Lasting::Once)
    }

    fn is_odd(&self, used: &Use) -> bool {
        self.entries.iter().any(|entry| used.contradicts(&entry.known))
    }

    /// What holds for a flow, and whether it was announced only after the flow began.
    pub fn lesson(&self, used: &Use) -> Option<(&Arc<Known>, bool)> {
        let holding = self.passing(used).or_else(|| self.standing(used)).or_else(|| self.standing_later(used))?;
        let known = &holding.known;
        let from_inside = used.from_inside && known.announcement.end == End::Server;
        (!from_inside).then_some((known, used.id.packet < known.announcement.packet))
    }

    /// The listener that was announced before: by preference the interface that was bound, then what this client was told, then what was said last.
    fn standing(&self, used: &Use) -> Option<&Entry> {
        let holds = |entry: &&Entry| {
            let told = &entry.known.announcement;
            told.lasting == Lasting::Standing
                && !used.is_heard_in(told)
                && !begins_before(used, told, 0)
                && used.start.nanos_since(entry.before(used)) <= STANDING
                && !self.is_forgotten(entry, used)
        };
        let rank = |entry: &&Entry| {
            let offered = entry.known.announcement.interface.map(|offered| offered.uuid);
            let is_plumbing = offered == Some(MANAGEMENT);
            let is_bound = offered.is_some() && offered == used.bound;
            let told = entry.told.contains(&used.peer) && entry.last <= used.start;
            (is_bound, !is_plumbing, told, entry.last.min(used.start), when(&entry.known.announcement))
        };
        self.entries.iter().filter(holds).max_by_key(rank)
    }

    /// The listener that was announced next.
    fn standing_later(&self, used: &Use) -> Option<&Entry> {
        let holds = |entry: &&Entry| {
            let told = &entry.known.announcement;
            let between = |odd: &&Use| odd.order() > used.order() && begins_before(odd, told, 0);
            told.lasting == Lasting::Standing
                && begins_before(used, told, 0)
                && told.time.nanos_since(used.start) <= STANDING
                && !used.contradicts(&entry.known)
                && !self.odd.iter().filter(between).any(|odd| odd.contradicts(&entry.known))
        };
        self.entries.iter().find(holds)
    }

    /// Something else was seen at the door since it was last announced.
    fn is_forgotten(&self, entry: &Entry, used: &Use) -> bool {
        let said = entry.before(used);
        let since = |odd: &&Use| odd.order() < used.order() && odd.start > said;
        self.odd.iter().filter(since).any(|odd| odd.contradicts(&entry.known))
    }

    /// What was announced for this conversation alone.
    fn passing(&self, used: &Use) -> Option<&Entry> {
        let entry = self.expected(used)?;
        let silence = used.start.nanos_since(entry.last);
        match entry.known.announcement.lasting {
            Lasting::Once => (silence <= ONCE && !self.is_taken(entry, used)).then_some(entry),
            Lasting::Session | Lasting::Standing => (silence <= SESSION).then_some(entry),
        }
    }

    /// The last announcement for these hosts before a flow; where there is none, the next one, if that may only be out of order.
    fn expected(&self, used: &Use) -> Option<&Entry> {
        let is_for = |entry: &&Entry| {
            let told = &entry.known.announcement;
            told.lasting != Lasting::Standing && told.with.is_none_or(|with| with == used.peer) && !used.is_heard_in(told)
        };
        let since = |entry: &&Entry, tolerance| !begins_before(used, &entry.known.announcement, tolerance);
        let before = self.entries.iter().rfind(|entry| is_for(entry) && since(entry, 0));
        before.or_else(|| self.entries.iter().find(|entry| is_for(entry) && since(entry, DISORDER)))
    }

    /// An earlier flow was the one that was announced. Attempts that nobody answered were not.
    fn is_taken(&self, entry: &Entry, used: &Use) -> bool {
        let earlier = self.uses.iter().take_while(|other| other.order() < used.order());
        let mut answered = earlier.filter(|other| other.answered);
        answered.any(|other| self.expected(other).is_some_and(|expected| std::ptr::eq(expected, entry)))
    }
}

impl Entry {
    fn repeat(&mut self, time: Timestamp) {
        if self.times.len() >= USES {
            self.times.pop();
        }
        let at = self.times.partition_point(|known| *known <= time);
        self.times.insert(at, time);
    }

    /// When it was last made before a flow began.
    fn before(&self, used: &Use) -> Timestamp {
        let at = self.times.partition_point(|time| *time <= used.start);
        self.times.get(at.saturating_sub(1)).copied().unwrap_or(self.last)
    }
}

impl Seen {
    fn note(&mut self, used: &Use, flow: &Flow) {
        if used.from_inside {
            return;
        }
        self.flows += 1;
        self.bytes += flow.bytes.iter().sum::<u64>();
        self.last = Some(self.last.map_or(flow.last, |last| last.latest(flow.last)));
        if self.clients.len() < HOSTS {
            self.clients.insert(used.peer);
        }
    }
}

/// The same thing said again. One-shot announcements are never the same: each is for another conversation.
fn repeats(known: &Announcement, other: &Announcement) -> bool {
    known.lasting == other.lasting
        && known.lasting != Lasting::Once
        && (known.with, known.end, known.by) == (other.with, other.end, other.by)
        && (known.service, known.interface) == (other.service, other.interface)
        && (known.interface.is_some() || known.about == other.about)
}

fn when(told: &Announcement) -> (Timestamp, u64) {
    (told.time, told.packet)
}

/// Whether a flow began before an announcement, by more than a tolerance: in packet time, for several files need not come in order; without time in
/// the order of packets.
fn begins_before(used: &Use, told: &Announcement, tolerance: u64) -> bool {
    if !used.start.is_some() || !told.time.is_some() {
        return used.id.packet < told.packet;
    }
    match used.start.cmp(&told.time) {
        Ordering::Less => told.time.nanos_since(used.start) > tolerance,
        Ordering::Equal => tolerance == 0 && used.id.packet < told.packet,
        Ordering::Greater => false,
    }
}
