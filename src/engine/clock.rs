//! The clock of streaming: at which packets shards are asked for flows that have ended, and what time it is then.

use super::work::{Mark, Work};
use crate::net::Timestamp;

/// Packets between two marks. Fixed and counted over the whole input, so that what ends when depends on neither batches nor workers.
const INTERVAL: u64 = 1024;

/// Captures of several queues or interfaces are out of order by less than this: the clock of a file stays behind its packets, in nanoseconds.
const BEHIND: u64 = 1_000_000_000;

/// A live source may still be given packets of this long before the time to which it has all, which the kernel had not handed over: twice
/// what a block of its ring waits, and more for a machine that is busy.
const HANDED_OVER: u64 = 500_000_000;

/// Packet time that ignores single wild jumps.
///
/// At a mark it is the earliest time of the packets since the last mark, so it takes all of them to move it forward, and all of them
/// to move it back. A live source knows better: it says to which time it has all, also where it has nothing.
#[derive(Debug)]
pub struct Clock {
    now: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
    seen: u64,
    last_number: u64,
}

impl Default for Clock {
    fn default() -> Self {
        let none = Timestamp::NONE;
        Self { now: none, earliest: none, latest: none, seen: 0, last_number: 0 }
    }
}

impl Clock {
    /// Sets the marks of a batch. It must see all batches, in order.
    pub fn mark(&mut self, work: &mut Work) {
        work.marks.clear();
        for (before, packet) in work.batch.packets.iter().enumerate() {
            if self.seen == INTERVAL {
                self.advance();
                work.marks.extend(self.mark_before(before, packet.number, BEHIND));
            }
            self.seen += 1;
            self.earliest = self.earliest.earliest(packet.time);
            self.latest = self.latest.latest(packet.time);
            self.last_number = packet.number;
        }
        if let Some(complete_to) = work.batch.complete_to {
            self.now = complete_to;
            work.marks.extend(self.mark_before(work.batch.packets.len(), self.last_number, HANDED_OVER));
        }
    }

    fn mark_before(&self, before: usize, number: u64, behind: u64) -> Option<Mark> {
        self.now.is_some().then_some(Mark { before: before as u32, number, now: self.now.before(behind) })
    }

    fn advance(&mut self) {
        let all_before = self.latest < self.now;
        if self.earliest.is_some() && (self.earliest > self.now || all_before) {
            self.now = self.earliest;
        }
        (self.earliest, self.latest, self.seen) = (Timestamp::NONE, Timestamp::NONE, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Descriptor;
    use crate::flow::{KeyParts, Keying};
    use crate::net::LinkType;

    /// The seconds of the marks when packets of these times are seen in batches of a size.
    fn marks(times: &[i64], batch: usize) -> Vec<(u64, i64)> {
        let mut clock = Clock::default();
        let mut marks = Vec::new();
        let packets: Vec<Descriptor> = (1..).zip(times).map(|(number, time)| packet(number, *time)).collect();
        for packets in packets.chunks(batch) {
            let mut work = work();
            work.batch.packets = packets.to_vec();
            clock.mark(&mut work);
            marks.extend(work.marks.iter().map(|mark| (mark.number, mark.now.seconds())));
        }
        marks
    }

    fn work() -> Work {
        Work::new(Keying::new(KeyParts::default(), 0))
    }

    fn packet(number: u64, seconds: i64) -> Descriptor {
        let time = Timestamp::new(seconds, 0, 6);
        Descriptor { number, time, offset: 0, captured: 0, wire_len: 0, link: LinkType::ETHERNET }
    }

    #[test]
    fn marks_do_not_depend_on_batches() {
        let times: Vec<i64> = (0..3000).collect();
        let expected = [(1025, -1), (2049, 1024 - 1)];
        for batch in [1, 7, 1000, 1024, 3000] {
            assert_eq!(marks(&times, batch), expected, "{batch}");
        }
    }

    #[test]
    fn single_wild_times_do_not_move_it() {
        let mut times = vec![1000; 1024];
        times[5] = 9_999_999;
        times.extend([1010; 1024]);
        times[1500] = 3;
        times.extend([1020; 1025]);
        assert_eq!(marks(&times, 100).iter().map(|(_, now)| now + 1).collect::<Vec<_>>(), [1000, 1000, 1020]);
    }

    #[test]
    fn an_older_capture_after_a_newer_one_moves_it_back() {
        let times = [vec![5000; 1024], vec![100; 1025]].concat();
        assert_eq!(marks(&times, 64).iter().map(|(_, now)| now + 1).collect::<Vec<_>>(), [5000, 100]);
    }

    #[test]
    fn a_live_source_says_what_time_it_is() {
        let mut work = work();
        work.batch.complete_to = Some(Timestamp::new(77, 0, 9));
        Clock::default().mark(&mut work);
        assert_eq!(work.marks.iter().map(|mark| mark.now.seconds()).collect::<Vec<_>>(), [76]);
    }
}
