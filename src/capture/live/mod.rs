//! Live capture through libpcap, of one interface or of several.
//!
//! There is no queue of our own and no thread: libpcap's ring in the kernel *is* the queue. [`Live::fill`] waits for any of the
//! rings to have something, and copies frames once, into the arena of the batch, taking turns between interfaces. While the workers
//! are behind nobody calls it, the ring fills, and what no longer fits the kernel counts as dropped: a queue in front of the ring
//! would only lose packets earlier, and hide how many. What a person can do about loss is a larger ring, so that is one option.
//! Several interfaces become one stream in order of time: what may still be preceded by a packet of another ring is held (`order.rs`).
//!
//! Settings are those for throughput: no immediate mode, since libpcap has its fast ring (`TPACKET_V3`) only without; blocks are handed
//! over when they are full or a tenth of a second old. Time is an argument here too: [`Surroundings`] tells it.

mod counters;
mod devices;
mod interface;
mod keep;
mod order;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use thiserror::Error;

use self::interface::Interface;
use self::keep::Keep;
use self::order::Order;
use super::batch::Bytes;
use super::{Batch, Descriptor, Rotation, Source};
use crate::net::Timestamp;
use crate::record::{Damage, Input};

pub use counters::Counters;
pub use devices::{Device, devices};

/// How long a block of the ring may wait until it is full, in milliseconds.
const BLOCK_TIMEOUT: i32 = 100;
/// How long to wait for packets before the caller hears that there are none, in milliseconds.
const PATIENCE: i64 = 100;
/// Packets that came before the end was asked for may be in a block that is not turned over yet: so long they are waited for.
const LAST_BLOCK: u64 = 250_000_000;
/// How long between two looks at the counters of kernel and interfaces, in nanoseconds: they are a few files each.
const COUNT_EVERY: u64 = 200_000_000;
/// How long between two looks at the flows under way, in nanoseconds.
const LOOK_EVERY: u64 = 500_000_000;
/// Packets taken from one interface before it is the next one's turn.
const TURN: usize = 256;
/// Bytes of frames in a batch, more or less: the packets of one turn may exceed it.
const ARENA: usize = 1 << 20;

/// What to capture and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Interfaces by name; `any` is all of them.
    pub interfaces: Vec<String>,
    /// A filter in libpcap's syntax, run in the kernel.
    pub filter: Option<String>,
    /// Bytes to keep of each packet.
    pub snaplen: u32,
    /// Whether to see packets that are for others.
    pub promiscuous: bool,
    /// Bytes of the ring of each interface.
    pub buffer: u32,
    /// End after so many packets.
    pub packets: Option<u64>,
    /// Where to keep what is seen (pcapng).
    pub keep: Option<PathBuf>,
    /// When that file is begun anew.
    pub rotation: Option<Rotation>,
    /// Whether somebody looks on, who wants to see flows under way a few times a second.
    pub look: bool,
}

/// What the capture asks of the world around it.
pub struct Surroundings {
    /// The time, by the clock that packets are stamped with.
    pub now: fn() -> Timestamp,
    /// Whether it is to end.
    pub stop: Box<dyn Fn() -> bool + Send>,
}

/// Why a capture cannot begin.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The user may not capture.
    #[error("no permission to capture on {interface}: {reason}")]
    Permission {
        /// The interface.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
    /// Anything else about an interface.
    #[error("cannot capture on {interface}: {reason}")]
    Interface {
        /// The interface.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
    /// The filter is wrong, or wrong for this interface.
    #[error("filter {filter:?} on {interface}: {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// The interface.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
    /// What is seen cannot be kept.
    #[error("cannot write {path}: {error}")]
    Keep {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Where a capture is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Running,
    /// Packets up to this time still count.
    Ending(Timestamp),
    Ended,
}

/// Interfaces being captured.
pub struct Live {
    interfaces: Vec<Interface>,
    surroundings: Surroundings,
    phase: Phase,
    /// Packets still wanted.
    left: u64,
    number: u64,
    /// Whose turn is first.
    first: usize,
    /// Where there are several interfaces: what is held to be put in order.
    order: Option<Order>,
    /// This batch's packets with their interfaces.
    taken: Vec<(usize, Descriptor)>,
    keep: Option<Keep>,
    counters: Arc<Counters>,
    /// When the counters were last asked for.
    counted_at: Timestamp,
    /// When flows under way were last looked at; `None` where nobody looks on.
    looked_at: Option<Timestamp>,
    inputs: Vec<Input>,
    damage: Vec<Damage>,
}

impl Live {
    /// Opens the interfaces, all or none.
    pub fn open(settings: &Settings, surroundings: Surroundings) -> Result<Self, LiveError> {
        let interfaces: Vec<Interface> =
            settings.interfaces.iter().map(|name| Interface::open(name, settings)).collect::<Result<_, _>>()?;
        let keep = match &settings.keep {
            Some(path) => {
                let keep = Keep::create(path, settings.rotation.as_ref(), &interfaces, (surroundings.now)());
                Some(keep.map_err(|error| LiveError::Keep { path: path.clone(), error })?)
            }
            None => None,
        };
        let most_held = interfaces.len() * settings.buffer as usize;
        let order = (interfaces.len() > 1).then(|| Order::new(interfaces.len(), most_held));
        let inputs = interfaces.iter().map(|interface| Input { path: interface.name.clone(), bytes: 0 }).collect();
        Ok(Self {
            interfaces,
            surroundings,
            phase: Phase::Running,
            left: settings.packets.unwrap_or(u64::MAX),
            number: 0,
            first: 0,
            order,
            taken: Vec::new(),
            keep,
            counters: Arc::default(),
            counted_at: Timestamp::NONE,
            looked_at: settings.look.then_some(Timestamp::NONE),
            inputs,
            damage: Vec::new(),
        })
    }

    /// What is counted, also while it runs.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Waits until a ring has something, but not for long.
    fn wait(&self) {
        let captures = self.interfaces.iter().filter_map(|interface| interface.capture.as_ref());
        let mut rings: Vec<PollFd<'_>> = captures.map(|capture| PollFd::new(capture, PollFlags::IN)).collect();
        let patience = Timespec { tv_sec: 0, tv_nsec: PATIENCE * 1_000_000 };
        // Interrupted by a signal is as good as nothing there; an interface in trouble says so when it is read.
        let _ = poll(&mut rings, Some(&patience));
    }

    /// Takes what the rings have until the batch is full. Tells whether they had nothing more.
    fn take(&mut self, asked_at: Timestamp, arena: &mut Vec<u8>) -> bool {
        let quiet = self.read_rings(asked_at, arena);
        if let Some(order) = &mut self.order {
            let certain_to = of_open(&self.interfaces, |interface| interface.certain_to).unwrap_or(Timestamp::NONE);
            let room = room(self.left, 0);
            let next = |arena: &mut Vec<u8>| order.give(certain_to, asked_at, arena);
            fill_up(&mut self.taken, room, arena, next);
        }
        quiet
    }

    fn read_rings(&mut self, asked_at: Timestamp, arena: &mut Vec<u8>) -> bool {
        let (mut packets, mut bytes, mut empty_in_a_row) = (0, 0, 0);
        let mut turn = self.first;
        while empty_in_a_row < self.interfaces.len() {
            let wanted = room(self.left, packets).min(TURN);
            if wanted == 0 || bytes >= ARENA {
                self.first = turn;
                return false;
            }
            turn = (turn + 1) % self.interfaces.len();
            let (more_packets, more_bytes) = self.take_turn(turn, wanted, asked_at, arena);
            packets += more_packets;
            bytes += more_bytes;
            empty_in_a_row = if more_packets == 0 { empty_in_a_row + 1 } else { 0 };
        }
        true
    }

    /// Tells how many packets and bytes the interface gave.
    fn take_turn(&mut self, turn: usize, wanted: usize, asked_at: Timestamp, arena: &mut Vec<u8>) -> (usize, usize) {
        let until = match self.phase {
            Phase::Ending(until) => Some(until),
            _ => None,
        };
        let Some(interface) = self.interfaces.get_mut(turn) else { return (0, 0) };
        let (taken, order) = (&mut self.taken, &mut self.order);
        let (mut packets, mut bytes) = (0, 0);
        let read = interface.read(wanted, asked_at, until, |mut packet, data| {
            packets += 1;
            bytes += data.len();
            if let Some(order) = order.as_mut() {
                order.hold(turn, packet, data);
            } else {
                packet.offset = arena.len() as u64;
                arena.extend_from_slice(data);
                taken.push((turn, packet));
            }
        });
        if let Err(reason) = read {
            self.damage.push(interface.lose(&reason));
        }
        (packets, bytes)
    }

    /// To this time all has come, but for what the kernel had not handed over: one interface that is behind the others holds it back, and so does what is
    /// held. Nothing where an interface was not asked yet.
    fn complete_to(&self) -> Option<Timestamp> {
        let complete_to = of_open(&self.interfaces, |interface| interface.complete_to).filter(|time| time.is_some())?;
        let held = self.order.as_ref().and_then(Order::earliest);
        Some(held.map_or(complete_to, |held| held.min(complete_to)))
    }

    /// At the end: what is still held. Tells whether there was something.
    fn take_rest(&mut self, batch: &mut Batch) -> bool {
        let mut arena = batch.take_arena();
        if let Some(order) = &mut self.order {
            fill_up(&mut self.taken, room(self.left, 0), &mut arena, |arena| order.give_rest(arena));
        }
        self.hand_over(arena, batch);
        !batch.packets.is_empty()
    }

    /// To become an interface of another link type it goes down first, so looking when nothing came, and now and then, is enough.
    fn look_at_links(&mut self, now: Timestamp) {
        let open = self.interfaces.iter_mut().filter(|interface| interface.capture.is_some());
        self.damage.extend(open.filter_map(|interface| interface.look_at_link(now)));
    }

    /// Numbers the packets in the order they came, keeps them, and hands them over.
    fn hand_over(&mut self, arena: Vec<u8>, batch: &mut Batch) {
        batch.bytes = Bytes::Owned(arena);
        self.left -= self.taken.len() as u64;
        let mut bytes = 0;
        for (interface, mut packet) in self.taken.drain(..) {
            self.number += 1;
            bytes += u64::from(packet.wire_len);
            packet.number = self.number;
            if let Some(input) = self.inputs.get_mut(interface) {
                input.bytes += u64::from(packet.captured);
            }
            batch.packets.push(packet);
            if let Some(keep) = &mut self.keep {
                keep.packet(interface, &batch.frame(&packet));
            }
        }
        self.counters.packets.store(self.number, Ordering::Relaxed);
        self.counters.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn count_losses(&mut self) {
        let (mut kernel, mut missed, mut unread) = (0, 0, 0);
        for interface in &mut self.interfaces {
            let (by_kernel, by_interface) = interface.losses();
            kernel += by_kernel;
            missed += by_interface;
            unread += interface.unread;
        }
        self.counters.kernel.store(kernel, Ordering::Relaxed);
        self.counters.interface.store(missed, Ordering::Relaxed);
        self.counters.flowlabel.store(unread, Ordering::Relaxed);
    }

    /// The next phase, after a look at the rings that found them `quiet` or not.
    fn advance(&mut self, quiet: bool) {
        let all_lost = self.interfaces.iter().all(|interface| interface.capture.is_none());
        let failed = self.keep.as_ref().is_some_and(Keep::has_failed);
        if all_lost || failed || self.left == 0 {
            self.phase = Phase::Ended;
        }
        match self.phase {
            Phase::Running if (self.surroundings.stop)() => self.phase = Phase::Ending((self.surroundings.now)()),
            Phase::Ending(until) => {
                let all_past = self.interfaces.iter().all(|interface| interface.capture.is_none() || interface.past_end);
                if all_past || (quiet && (self.surroundings.now)().nanos_since(until) > LAST_BLOCK) {
                    self.phase = Phase::Ended;
                }
            }
            _ => {}
        }
    }

    /// Closes everything. What the file of kept packets could not take is said.
    fn end(&mut self) {
        let now = (self.surroundings.now)();
        let open = self.interfaces.iter_mut().filter(|interface| interface.capture.is_some());
        self.damage.extend(open.filter_map(|interface| interface.last_look(now)));
        self.count_losses();
        if let Some(keep) = self.keep.take()
            && let Err(error) = keep.finish()
        {
            self.counters.fail(error);
        }
        self.interfaces.iter_mut().for_each(|interface| interface.capture = None);
    }
}

/// How many more packets a batch takes that has some, where so many are left to be captured.
fn room(left: u64, packets: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(Batch::CAPACITY).saturating_sub(packets)
}

/// The earliest of a time of the interfaces that are open.
fn of_open(interfaces: &[Interface], time: impl Fn(&Interface) -> Timestamp) -> Option<Timestamp> {
    interfaces.iter().filter(|interface| interface.capture.is_some()).map(time).min()
}

/// Takes packets for a batch while there are any and it has room.
fn fill_up(
    taken: &mut Vec<(usize, Descriptor)>,
    room: usize,
    arena: &mut Vec<u8>,
    mut next: impl FnMut(&mut Vec<u8>) -> Option<(usize, Descriptor)>,
) {
    while taken.len() < room && arena.len() < ARENA {
        let Some(packet) = next(arena) else { break };
        taken.push(packet);
    }
}

/// Whether what was last done then is to be done again; a clock that went back does not stop it for long.
fn is_due(last: Timestamp, now: Timestamp, every: u64) -> bool {
    !last.is_some() || now.nanos_since(last) > every || last > now
}

impl Source for Live {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        batch.packets.clear();
        (batch.complete_to, batch.look) = (None, None);
        if self.phase == Phase::Ended {
            if self.take_rest(batch) {
                return true;
            }
            self.end();
            return false;
        }
        let mut arena = batch.take_arena();
        let asked_at = (self.surroundings.now)();
        let mut quiet = self.take(asked_at, &mut arena);
        if quiet && self.taken.is_empty() {
            self.wait();
            self.look_at_links((self.surroundings.now)());
            quiet = self.take(asked_at, &mut arena);
        }
        batch.complete_to = self.complete_to();
        self.hand_over(arena, batch);
        if let Some(keep) = &mut self.keep {
            keep.tell(asked_at);
        }
        if is_due(self.counted_at, asked_at, COUNT_EVERY) {
            self.counted_at = asked_at;
            self.count_losses();
            self.look_at_links(asked_at);
        }
        if self.looked_at.is_some_and(|looked_at| is_due(looked_at, asked_at, LOOK_EVERY)) {
            self.looked_at = Some(asked_at);
            batch.look = Some(self.number);
        }
        self.advance(quiet);
        true
    }

    fn damage(&self) -> &[Damage] {
        &self.damage
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.inputs.iter().map(|input| input.bytes).sum(), None)
    }
}
