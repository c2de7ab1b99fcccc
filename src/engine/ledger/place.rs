//! One door: what was announced there, who came, and which announcement holds for whom.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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

/// Listeners, conversations and hosts that one door remembers; what is for one conversation the ledger bounds as a whole.
const LISTENERS: usize = 1024;
const USES: usize = 4096;
const HOSTS: usize = 256;
/// Times at which one announcement was repeated.
const TIMES: usize = 256;

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
    /// When it was made, in order; of too many every second is forgotten.
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
            bound: finding.and_then(|finding| Some(finding.texts()?.interfaces.first()?.uuid)),
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
    /// Listeners, in the order they were first announced.
    standing: Vec<Entry>,
    /// What is for one conversation or session, by the host that it is for (`None`: any), in the order it was announced.
    passing: BTreeMap<Option<Addr>, Vec<Entry>>,
    /// Of the passing announcements, those that are for one conversation only.
    once: usize,
    /// Conversations that somebody answered, in the order they began, where announcements for one conversation are known.
    uses: VecDeque<Use>,
    /// Those of which the payload is known and which some announcement does not explain, in the order they began.
    odd: Vec<Use>,
    pub seen: Seen,
}

/// What an announcement was to a door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// Nothing like it was said before.
    New,
    /// The same, and the first of too many was forgotten for it.
    NewInstead,
    /// It was said before.
    Again,
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
    /// What was announced here.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.standing.iter().chain(self.passing.values().flatten())
    }

    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty() && self.passing.is_empty()
    }

    /// Takes an announcement.
    pub fn hear(&mut self, announcement: Announcement) -> Taken {
        if let Some(entry) = self.same(&announcement) {
            entry.repeat(&announcement);
            return Taken::Again;
        }
        let is_standing = announcement.lasting == Lasting::Standing;
        self.once += usize::from(announcement.lasting == Lasting::Once);
        let entries = if is_standing { &mut self.standing } else { self.passing.entry(announcement.with).or_default() };
        let is_full = is_standing && entries.len() >= LISTENERS;
        if is_full {
            entries.remove(0);
        }
        let entry = Entry::new(announcement);
        let at = entries.partition_point(|known| known.when() <= entry.when());
        entries.insert(at, entry);
        if is_full { Taken::NewInstead } else { Taken::New }
    }

    /// From which start on flows may look different that an announcement changes: a new listener, or one that somebody else is told of, holds for
    /// those before it too.
    pub fn changes_since_hearing(&mut self, announcement: &Announcement) -> Timestamp {
        let is_new = |entry: &mut Entry| entry.told.len() < HOSTS && !entry.told.contains(&announcement.told);
        let holds_before = announcement.lasting == Lasting::Standing && self.same(announcement).is_none_or(is_new);
        if holds_before { Timestamp::NONE } else { announcement.time.before(DISORDER) }
    }

    /// The announcement that another one repeats. Those for one conversation are never the same: each is for another one.
    fn same(&mut self, announcement: &Announcement) -> Option<&mut Entry> {
        let entries = match announcement.lasting {
            Lasting::Once => return None,
            Lasting::Standing => Some(&mut self.standing),
            Lasting::Session => self.passing.get_mut(&announcement.with),
        };
        entries?.iter_mut().find(|entry| repeats(&entry.known.announcement, announcement))
    }

    /// Forgets the listener, or the passing announcement, that was announced first.
    pub fn forget_first(&mut self, is_standing: bool) {
        if is_standing {
            if !self.standing.is_empty() {
                self.standing.remove(0);
            }
            return;
        }
        let first = |(with, entries): (&Option<Addr>, &Vec<Entry>)| Some((entries.first()?.when(), *with));
        let Some((_, with)) = self.passing.iter().filter_map(first).min() else { return };
        let Some(entries) = self.passing.get_mut(&with) else { return };
        self.once -= usize::from(entries.remove(0).known.announcement.lasting == Lasting::Once);
        if entries.is_empty() {
            self.passing.remove(&with);
        }
    }

    /// Notes a flow, which is shown once.
    pub fn meet(&mut self, used: Use, flow: &Flow) {
        if !self.announces_in(&used) {
            self.seen.note(&used, flow);
        }
        if self.is_odd(&used) && self.odd.len() < USES {
            let at = self.odd.partition_point(|known| known.order() < used.order());
            self.odd.insert(at, used.clone());
        }
        if self.once > 0 && used.answered {
            let at = self.uses.partition_point(|known| known.order() < used.order());
            self.uses.insert(at, used);
            if self.uses.len() > USES {
                self.uses.pop_front();
            }
        }
    }

    /// From which start on flows may look different that another one changes: because it shows that the port is somebody else's now, or because it
    /// is the one that was announced.
    pub fn changes_since_meeting(&self, used: &Use) -> Option<Timestamp> {
        if self.is_odd(used) {
            return Some(Timestamp::NONE);
        }
        (self.once > 0).then_some(used.start)
    }

    fn is_odd(&self, used: &Use) -> bool {
        used.says.is_some() && self.entries().any(|entry| used.contradicts(&entry.known))
    }

    /// Whether it is the conversation in which this door was announced.
    fn announces_in(&self, used: &Use) -> bool {
        let near = |entries: &Vec<Entry>| {
            let at = entries.partition_point(|entry| !begins_before(used, &entry.known.announcement, 0));
            let near = [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|at| entries.get(at));
            near.into_iter().any(|entry| used.is_heard_in(&entry.known.announcement))
        };
        [Some(used.peer), None].iter().filter_map(|with| self.passing.get(with)).any(near)
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
            !used.is_heard_in(told)
                && !begins_before(used, told, 0)
                && used.start.nanos_since(entry.before(used)) <= STANDING
                && !self.is_forgotten(entry, used)
        };
        let rank = |entry: &&Entry| {
            let offered = entry.known.announcement.interface.map(|offered| offered.uuid);
            let is_plumbing = offered == Some(MANAGEMENT);
            let is_bound = offered.is_some() && offered == used.bound;
            (is_bound, !is_plumbing, entry.told.contains(&used.peer), entry.before(used), entry.when())
        };
        self.standing.iter().filter(holds).max_by_key(rank)
    }

    /// The listener that was announced next.
    fn standing_later(&self, used: &Use) -> Option<&Entry> {
        let after = self.odd.partition_point(|odd| odd.order() <= used.order());
        let holds = |entry: &&Entry| {
            let told = &entry.known.announcement;
            let mut between = self.odd.iter().skip(after).take_while(|odd| begins_before(odd, told, 0));
            begins_before(used, told, 0)
                && told.time.nanos_since(used.start) <= STANDING
                && !used.contradicts(&entry.known)
                && !between.any(|odd| odd.contradicts(&entry.known))
        };
        self.standing.iter().find(holds)
    }

    /// Something else was seen at the door since it was last announced.
    fn is_forgotten(&self, entry: &Entry, used: &Use) -> bool {
        let said = entry.before(used);
        let until = self.odd.partition_point(|odd| odd.order() < used.order());
        let mut since = self.odd.iter().take(until).rev().take_while(|odd| odd.start > said);
        since.any(|odd| odd.contradicts(&entry.known))
    }

    /// What was announced for this conversation alone.
    fn passing(&self, used: &Use) -> Option<&Entry> {
        let entry = self.expected(used)?;
        let silence = used.start.nanos_since(entry.before(used));
        match entry.known.announcement.lasting {
            Lasting::Once => (silence <= ONCE && !self.is_taken(entry, used)).then_some(entry),
            Lasting::Session | Lasting::Standing => (silence <= SESSION).then_some(entry),
        }
    }

    /// The last announcement for these hosts before a flow; where there is none, the next one, if that may only be out of order.
    fn expected(&self, used: &Use) -> Option<&Entry> {
        let mut last: Option<&Entry> = None;
        let mut next: Option<&Entry> = None;
        for entries in [Some(used.peer), None].iter().filter_map(|with| self.passing.get(with)) {
            let at = entries.partition_point(|entry| !begins_before(used, &entry.known.announcement, 0));
            let (before, after) = entries.split_at(at);
            let is_elsewhere = |entry: &&Entry| !used.is_heard_in(&entry.known.announcement);
            last = last.into_iter().chain(before.iter().rfind(is_elsewhere)).max_by_key(|entry| entry.when());
            next = next.into_iter().chain(after.iter().find(is_elsewhere)).min_by_key(|entry| entry.when());
        }
        last.or_else(|| next.filter(|entry| !begins_before(used, &entry.known.announcement, DISORDER)))
    }

    /// An earlier flow was the one that was announced. Attempts that nobody answered were not.
    fn is_taken(&self, entry: &Entry, used: &Use) -> bool {
        let told = &entry.known.announcement;
        let begins = self.uses.partition_point(|other| begins_before(other, told, DISORDER));
        let mut since = self.uses.iter().skip(begins).take_while(|other| other.order() < used.order());
        since.any(|other| self.expected(other).is_some_and(|expected| std::ptr::eq(expected, entry)))
    }
}

impl Entry {
    fn new(announcement: Announcement) -> Self {
        let (last, detail, told) = (announcement.time, announcement.detail(), BTreeSet::from([announcement.told]));
        Self { known: Arc::new(Known { announcement, detail }), last, times: vec![last], told }
    }

    fn when(&self) -> (Timestamp, u64) {
        (self.known.announcement.time, self.known.announcement.packet)
    }

    fn repeat(&mut self, again: &Announcement) {
        self.last = self.last.latest(again.time);
        if self.told.len() < HOSTS {
            self.told.insert(again.told);
        }
        if self.times.len() >= TIMES {
            let mut number = 0_usize;
            self.times.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        let at = self.times.partition_point(|known| *known <= again.time);
        self.times.insert(at, again.time);
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

/// The same thing said again.
fn repeats(known: &Announcement, other: &Announcement) -> bool {
    known.lasting == other.lasting
        && (known.with, known.end, known.by) == (other.with, other.end, other.by)
        && (known.service, known.interface) == (other.service, other.interface)
        && (known.interface.is_some() || known.about == other.about)
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
