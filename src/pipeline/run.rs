//! From a source to an outcome.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::lanes::Lanes;
use crate::capture::{Bytes, Source};
use crate::engine::{Clock, Outcome, Tally, Work};
use crate::flow::{Harvest, Keying, SHARDS, Settings, Shard};

/// Told after each batch how far the source is.
pub type Progress<'a> = &'a (dyn Fn(&dyn Source) + Sync);

/// Batches in flight for each worker: one that it decodes, and some that wait for a lane that is behind.
const BATCHES_PER_WORKER: usize = 8;

/// Reads a source to its end.
///
/// `early` is given the flows that leave before the end, because they are over (`settings.stream`) or to make room
/// (`settings.max_flows`), in an order that does not depend on the number of workers.
pub fn run(
    source: &mut dyn Source,
    settings: Settings,
    workers: usize,
    mut early: impl FnMut(Harvest) + Send,
    progress: Progress<'_>,
) -> Outcome {
    let keying = Keying::new(settings.key, random());
    let shards = (0..SHARDS).map(|_| Shard::new(settings, keying)).collect();
    let clock = settings.stream.then(Clock::default);
    // More threads than shards have nothing to do.
    let workers = workers.min(SHARDS);
    let (mut shards, tally) = if workers <= 1 {
        alone(source, shards, keying, clock, &mut early, progress)
    } else {
        together(source, shards, keying, workers, clock, &mut early, progress)
    };
    let mut harvest = Harvest::default();
    for shard in &mut shards {
        shard.finish();
        harvest.append(shard.take_harvest());
    }
    deliver(harvest, &mut early);
    Outcome::new(shards, tally)
}

/// Hands over what the shards gave away, in order.
fn deliver(mut harvest: Harvest, early: &mut impl FnMut(Harvest)) {
    if !harvest.is_empty() {
        harvest.sort();
        early(harvest);
    }
}

/// A number that differs from run to run.
fn random() -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::RandomState::default().hash_one(0)
}

fn alone(
    source: &mut dyn Source,
    mut shards: Vec<Shard>,
    keying: Keying,
    mut clock: Option<Clock>,
    early: &mut impl FnMut(Harvest),
    progress: Progress<'_>,
) -> (Vec<Shard>, Tally) {
    let mut work = Work::new(keying);
    let mut tally = Tally::default();
    while source.fill(&mut work.batch) {
        if let Some(clock) = &mut clock {
            clock.mark(&mut work);
        }
        work.decode(&mut tally);
        work.account_all(&mut shards);
        let mut harvest = Harvest::default();
        for shard in &mut shards {
            harvest.append(shard.take_harvest());
        }
        deliver(harvest, early);
        progress(source);
    }
    (shards, tally)
}

fn together(
    source: &mut dyn Source,
    shards: Vec<Shard>,
    keying: Keying,
    workers: usize,
    clock: Option<Clock>,
    early: &mut (impl FnMut(Harvest) + Send),
    progress: Progress<'_>,
) -> (Vec<Shard>, Tally) {
    let in_flight = workers * BATCHES_PER_WORKER;
    let lanes = Lanes::new(shards, in_flight);
    let early = Early::new(early);
    let (recycle, recycled) = bounded::<Work>(in_flight);
    for _ in 0..in_flight {
        let _ = recycle.send(Work::new(keying));
    }
    let failed = AtomicBool::new(false);
    let reader = Mutex::new(Reader { source, clock, sequence: 0, ended: false, recycled, failed: &failed, progress });
    let total = Mutex::new(Tally::default());
    let labour = |worker: usize| {
        let _alarm = Alarm { recycle: &recycle, keying, failed: &failed };
        let tally = labour(worker, &reader, &recycle, &lanes, &early);
        total.lock().unwrap_or_else(PoisonError::into_inner).add(&tally);
    };
    std::thread::scope(|scope| {
        for worker in 1..workers {
            let labour = &labour;
            scope.spawn(move || labour(worker));
        }
        labour(0);
    });
    (lanes.into_shards(), total.into_inner().unwrap_or_default())
}

/// The source, and the batches that are idle. Whoever is free reads the next batch, and has its bytes in the cache already.
struct Reader<'a> {
    source: &'a mut dyn Source,
    clock: Option<Clock>,
    sequence: u64,
    ended: bool,
    recycled: Receiver<Work>,
    failed: &'a AtomicBool,
    progress: Progress<'a>,
}

/// Lets the others go when a worker panics: its batch never comes back, and whoever waits for it would wait forever.
struct Alarm<'a> {
    recycle: &'a Sender<Work>,
    keying: Keying,
    failed: &'a AtomicBool,
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.failed.store(true, Ordering::SeqCst);
            let most = self.recycle.capacity().unwrap_or(0);
            let _ = (0..most).all(|_| self.recycle.try_send(Work::new(self.keying)).is_ok());
        }
    }
}

impl Reader<'_> {
    /// The next batch and its number; waits for an idle one.
    fn next(&mut self) -> Option<(u64, Work)> {
        if self.ended {
            return None;
        }
        let mut work = self.recycled.recv().ok().filter(|_| !self.failed.load(Ordering::SeqCst))?;
        self.ended = !self.source.fill(&mut work.batch);
        if self.ended {
            return None;
        }
        if let Some(clock) = &mut self.clock {
            clock.mark(&mut work);
        }
        (self.progress)(self.source);
        self.sequence += 1;
        Some((self.sequence - 1, work))
    }

    /// Waits for all batches and frees what they hold: as many huge ones as there are batches would take gigabytes.
    fn let_all_go(&mut self, recycle: &Sender<Work>) {
        let idle: Vec<Work> = (0..recycle.capacity().unwrap_or(0)).map_while(|_| self.recycled.recv().ok()).collect();
        for mut work in idle {
            work.batch.bytes = Bytes::None;
            let _ = recycle.send(work);
        }
    }
}

/// One worker: reads and decodes a batch, lets the lanes have it, and runs lanes.
fn labour<F: FnMut(Harvest)>(
    worker: usize,
    reader: &Mutex<Reader<'_>>,
    recycle: &Sender<Work>,
    lanes: &Lanes,
    early: &Early<F>,
) -> Tally {
    let mut tally = Tally::default();
    let first = worker * 17;
    let help = || {
        lanes.help(first, |done| {
            early.batch(done.sequence, done.harvest);
            let _ = recycle.send(done.work);
        });
    };
    loop {
        let mut reading = reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((sequence, mut work)) = reading.next() else { break };
        // Who holds the reader after a batch of huge records keeps others from reading more of them.
        let kept = if work.batch.is_large() { Some(reading) } else { None };
        work.decode(&mut tally);
        work.sort();
        lanes.publish(sequence, work);
        help();
        if let Some(mut reading) = kept {
            reading.let_all_go(recycle);
        }
    }
    help();
    tally
}

/// Puts what was given away at each batch back in order: whoever finishes one may be overtaken.
struct Early<F>(Mutex<EarlyQueue<F>>);

struct EarlyQueue<F> {
    next: u64,
    waiting: BTreeMap<u64, Harvest>,
    deliver: F,
}

impl<F: FnMut(Harvest)> Early<F> {
    fn new(deliver: F) -> Self {
        Self(Mutex::new(EarlyQueue { next: 0, waiting: BTreeMap::new(), deliver }))
    }

    fn batch(&self, sequence: u64, harvest: Harvest) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.insert(sequence, harvest);
        loop {
            let next = queue.next;
            let Some(harvest) = queue.waiting.remove(&next) else { return };
            queue.next += 1;
            deliver(harvest, &mut queue.deliver);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_panics_lets_the_others_go() {
        let keying = Keying::new(crate::flow::KeyParts::default(), 1);
        let (recycle, recycled) = bounded(3);
        let failed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let _alarm = Alarm { recycle: &recycle, keying, failed: &failed };
                panic!("as a recognizer never does");
            });
            // Would wait forever: its batch is lost.
            assert!(recycled.recv().is_ok() && failed.load(Ordering::SeqCst));
            assert!(worker.join().is_err());
        });
        drop(Alarm { recycle: &recycle, keying, failed: &failed });
        assert_eq!(recycled.len(), 2, "one was taken, and whoever ends in peace adds none");
    }
}
