//! From a source to an outcome.

use std::collections::BTreeMap;
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
    let (to_workers, from_reader) = bounded::<(u64, Work)>(in_flight);
    let (recycle, recycled) = bounded::<Work>(in_flight);
    for _ in 0..in_flight {
        let _ = recycle.send(Work::new(keying));
    }
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (from_reader, recycle, lanes, early, total) = (from_reader.clone(), recycle.clone(), &lanes, &early, &total);
            scope.spawn(move || {
                let tally = labour(worker, &from_reader, &recycle, lanes, early);
                if let Ok(mut total) = total.lock() {
                    total.add(&tally);
                }
            });
        }
        // The workers hold the only other ends: when they are gone, so is the channel, and nobody waits for ever.
        drop((from_reader, recycle));
        deal(source, clock, &to_workers, &recycled, progress);
        drop(to_workers);
    });
    (lanes.into_shards(), total.into_inner().unwrap_or_default())
}

/// Hands out batches in order. After a batch of huge records it waits for all that are in flight: as many of them as there are batches
/// would take gigabytes.
fn deal(
    source: &mut dyn Source,
    mut clock: Option<Clock>,
    to_workers: &Sender<(u64, Work)>,
    recycled: &Receiver<Work>,
    progress: Progress<'_>,
) {
    let mut idle = Vec::new();
    for sequence in 0.. {
        let Some(mut work) = idle.pop().or_else(|| recycled.recv().ok()) else { return };
        if !source.fill(&mut work.batch) {
            return;
        }
        if let Some(clock) = &mut clock {
            clock.mark(&mut work);
        }
        let large = work.batch.is_large();
        if to_workers.send((sequence, work)).is_err() {
            return;
        }
        while large && idle.len() < recycled.capacity().unwrap_or(0) {
            let Ok(mut work) = recycled.recv() else { return };
            work.batch.bytes = Bytes::None;
            idle.push(work);
        }
        progress(source);
    }
}

/// One worker: decodes what it gets, and runs lanes.
fn labour<F: FnMut(Harvest)>(
    worker: usize,
    from_reader: &Receiver<(u64, Work)>,
    recycle: &Sender<Work>,
    lanes: &Lanes,
    early: &Early<F>,
) -> Tally {
    let mut tally = Tally::default();
    let first = worker * 17;
    for (sequence, mut work) in from_reader {
        work.decode(&mut tally);
        work.sort();
        lanes.publish(sequence, work);
        lanes.help(first, |done| {
            early.batch(done.sequence, done.harvest);
            let _ = recycle.send(done.work);
        });
    }
    lanes.help(first, |done| early.batch(done.sequence, done.harvest));
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
