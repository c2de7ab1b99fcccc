//! Packets of several interfaces in order of time.
//!
//! Each ring gives its packets in order but hands over its blocks in its own time, so that what one gives may be younger than what another one has
//! still to give. A packet is held until no earlier one can come; with one interface nothing is held and nothing is copied twice.

use std::collections::VecDeque;

use crate::capture::Descriptor;
use crate::net::Timestamp;

/// A packet from so far in the future means that the clock was set back: it waits for nobody, in nanoseconds.
const FUTURE: u64 = 1_000_000_000;

/// The packets that are held.
#[derive(Debug)]
pub(super) struct Order {
    /// One for each interface.
    queues: Vec<Queue>,
    /// Bytes held, and how many may be.
    held: usize,
    most: usize,
}

/// The packets of one interface, the next one first.
#[derive(Debug, Default)]
struct Queue {
    packets: VecDeque<Descriptor>,
    bytes: VecDeque<u8>,
}

impl Order {
    /// Of so many interfaces, holding about so many bytes at most.
    pub fn new(interfaces: usize, most: usize) -> Self {
        Self { queues: (0..interfaces).map(|_| Queue::default()).collect(), held: 0, most }
    }

    /// Takes a packet of an interface.
    pub fn hold(&mut self, interface: usize, packet: Descriptor, data: &[u8]) {
        let Some(queue) = self.queues.get_mut(interface) else { return };
        queue.packets.push_back(packet);
        queue.bytes.extend(data);
        self.held += cost(&packet);
    }

    /// When the earliest packet came that is held.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.next().map(|(_, time)| time)
    }

    /// Gives the next packet into the arena, with its interface, if none before it can come: to `complete_to` all interfaces have given what they
    /// had. Where too much is held the earliest goes all the same, since a packet out of order is better than one that is lost.
    pub fn give(&mut self, complete_to: Timestamp, now: Timestamp, arena: &mut Vec<u8>) -> Option<(usize, Descriptor)> {
        let (interface, time) = self.next()?;
        let is_due = time <= complete_to || time.nanos_since(now) > FUTURE || self.held > self.most;
        if is_due { self.take(interface, arena) } else { None }
    }

    /// The same at the end, when nothing else will come.
    pub fn give_rest(&mut self, arena: &mut Vec<u8>) -> Option<(usize, Descriptor)> {
        let (interface, _) = self.next()?;
        self.take(interface, arena)
    }

    /// The interface whose next packet is the earliest.
    fn next(&self) -> Option<(usize, Timestamp)> {
        let next = self.queues.iter().enumerate().filter_map(|(interface, queue)| Some((interface, queue.packets.front()?.time)));
        next.min_by_key(|(_, time)| *time)
    }

    fn take(&mut self, interface: usize, arena: &mut Vec<u8>) -> Option<(usize, Descriptor)> {
        let queue = self.queues.get_mut(interface)?;
        let mut packet = queue.packets.pop_front()?;
        self.held -= cost(&packet);
        packet.offset = arena.len() as u64;
        let length = packet.captured as usize;
        let (front, back) = queue.bytes.as_slices();
        let of_front = front.get(..length).unwrap_or(front);
        arena.extend_from_slice(of_front);
        arena.extend_from_slice(back.get(..length - of_front.len()).unwrap_or_default());
        queue.bytes.drain(..length);
        Some((interface, packet))
    }
}

/// What it takes to hold a packet.
fn cost(packet: &Descriptor) -> usize {
    size_of::<Descriptor>() + packet.captured as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::LinkType;

    const MUCH: usize = 1 << 20;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(seconds, 0, 9)
    }

    /// A packet of a time, whose bytes say when and where from.
    fn hold(order: &mut Order, interface: usize, seconds: i64) {
        let data = [seconds as u8, interface as u8, 0xff];
        let captured = data.len() as u32;
        let link = LinkType::ETHERNET;
        order.hold(interface, Descriptor { number: 0, time: at(seconds), offset: 0, captured, wire_len: captured, link }, &data);
    }

    /// The times and interfaces of what is given, which its bytes must say too.
    fn given(order: &mut Order, complete_to: i64, now: i64) -> Vec<(i64, usize)> {
        let mut arena = vec![7];
        let mut given = Vec::new();
        while let Some((interface, packet)) = order.give(at(complete_to), at(now), &mut arena) {
            let at = packet.offset as usize;
            let seconds = packet.time.seconds();
            assert_eq!(arena[at..], [seconds as u8, interface as u8, 0xff]);
            given.push((seconds, interface));
        }
        given
    }

    #[test]
    fn packets_wait_until_no_earlier_one_can_come() {
        let mut order = Order::new(2, MUCH);
        for seconds in [10, 20, 30] {
            hold(&mut order, 0, seconds);
        }
        assert_eq!(given(&mut order, 15, 40), [(10, 0)]);
        hold(&mut order, 1, 16);
        hold(&mut order, 1, 25);
        assert_eq!(order.earliest(), Some(at(16)));
        assert_eq!(given(&mut order, 25, 40), [(16, 1), (20, 0), (25, 1)]);
        assert_eq!(given(&mut order, 29, 40), []);
        let mut arena = Vec::new();
        assert_eq!(order.give_rest(&mut arena).unwrap().1.time, at(30));
        assert!(order.give_rest(&mut arena).is_none());
        assert_eq!((arena.len(), order.held), (3, 0));
    }

    #[test]
    fn what_is_held_is_bounded_and_nothing_is_lost() {
        let one = size_of::<Descriptor>() + 3;
        let mut order = Order::new(2, 3 * one);
        for seconds in 1..=5 {
            hold(&mut order, 1, seconds);
        }
        assert_eq!(given(&mut order, 0, 9), [(1, 1), (2, 1)]);
        assert_eq!(given(&mut order, 9, 9), [(3, 1), (4, 1), (5, 1)]);
    }

    #[test]
    fn after_the_clock_was_set_back_nobody_waits_until_it_is_as_late_again() {
        let mut order = Order::new(2, MUCH);
        hold(&mut order, 0, 100);
        assert_eq!(given(&mut order, 49, 50), [(100, 0)]);
    }

    #[test]
    fn bytes_are_whole_where_the_store_goes_round() {
        let mut order = Order::new(1, MUCH);
        for seconds in 1..200 {
            hold(&mut order, 0, seconds);
            hold(&mut order, 0, seconds);
            assert_eq!(given(&mut order, seconds - 1, seconds).len(), if seconds == 1 { 0 } else { 2 });
        }
    }
}
