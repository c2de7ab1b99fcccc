//! From a source to an outcome.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::lanes::Lanes;
use crate::capture::Source;
use crate::engine::{Outcome, Tally, Work};
use crate::flow::{Flow, SHARDS, Settings, Shard};

/// Told after each batch how far the source is.
pub type Progress<'a> = &'a (dyn Fn(&dyn Source) + Sync);

/// More threads than this have nothing to do, and cost memory.
const MOST_WORKERS: usize = SHARDS;
/// Batches in flight for each worker: one that it decodes, and some that wait for a lane that is behind.
const BATCHES_PER_WORKER: usize = 8;

/// Reads a source to its end.
///
/// `early` is given the flows that `settings.max_flows` makes room of, in an order that does not depend on the number of workers.
pub fn run(
    source: &mut dyn Source,
    settings: Settings,
    workers: usize,
    mut early: impl FnMut(Vec<Flow>) + Send,
    progress: Progress<'_>,
) -> Outcome {
    let seed = foldhash_seed();
    let shards = (0..SHARDS).map(|_| Shard::new(settings, seed)).collect();
    let workers = workers.min(MOST_WORKERS);
    let (mut shards, tally) = if workers <= 1 {
        alone(source, shards, &mut early, progress)
    } else {
        together(source, shards, workers, &mut early, progress)
    };
    // Fragments that waited in vain make flows, and may need room too.
    let mut given_up = Vec::new();
    for shard in &mut shards {
        shard.finish();
        given_up.append(&mut shard.take_evicted());
    }
    if !given_up.is_empty() {
        early(in_order(given_up));
    }
    Outcome::new(shards, tally)
}

/// A number that differs from run to run.
fn foldhash_seed() -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::RandomState::default().hash_one(0)
}

fn alone(
    source: &mut dyn Source,
    mut shards: Vec<Shard>,
    early: &mut impl FnMut(Vec<Flow>),
    progress: Progress<'_>,
) -> (Vec<Shard>, Tally) {
    let mut work = Work::default();
    let mut tally = Tally::default();
    while source.fill(&mut work.batch) {
        work.decode(&mut tally);
        let mut given_up = Vec::new();
        for (number, shard) in shards.iter_mut().enumerate() {
            work.account(number, shard);
            given_up.append(&mut shard.take_evicted());
        }
        if !given_up.is_empty() {
            early(in_order(given_up));
        }
        progress(source);
    }
    (shards, tally)
}

fn together(
    source: &mut dyn Source,
    shards: Vec<Shard>,
    workers: usize,
    early: &mut (impl FnMut(Vec<Flow>) + Send),
    progress: Progress<'_>,
) -> (Vec<Shard>, Tally) {
    let in_flight = workers * BATCHES_PER_WORKER;
    let lanes = Lanes::new(shards, in_flight);
    let early = Early::new(early);
    let (to_workers, from_reader) = bounded::<(u64, Work)>(in_flight);
    let (recycle, recycled) = bounded::<Work>(in_flight);
    for _ in 0..in_flight {
        let _ = recycle.send(Work::default());
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
        deal(source, &to_workers, &recycled, in_flight, progress);
        drop(to_workers);
    });
    (lanes.into_shards(), total.into_inner().unwrap_or_default())
}

/// Hands out batches in order.
fn deal(
    source: &mut dyn Source,
    to_workers: &Sender<(u64, Work)>,
    recycled: &Receiver<Work>,
    in_flight: usize,
    progress: Progress<'_>,
) {
    let mut spare = Vec::new();
    for sequence in 0.. {
        let Some(mut work) = spare.pop().or_else(|| recycled.recv().ok()) else { return };
        if !source.fill(&mut work.batch) {
            return;
        }
        // A large batch travels alone: memory does not grow with the number of workers. The one just back is filled next.
        while work.batch.is_large() && spare.len() + 1 < in_flight {
            let Ok(back) = recycled.recv() else { return };
            spare.push(back);
        }
        if to_workers.send((sequence, work)).is_err() {
            return;
        }
        progress(source);
    }
}

/// One worker: decodes what it gets, and runs lanes.
fn labour<F: FnMut(Vec<Flow>)>(
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
        lanes.publish(sequence, work);
        lanes.help(first, |done| {
            early.batch(done.sequence, done.evicted);
            let _ = recycle.send(done.work);
        });
    }
    lanes.help(first, |done| early.batch(done.sequence, done.evicted));
    tally
}

/// Flows given up, by the packet that made it necessary.
fn in_order(mut given_up: Vec<(u64, Flow)>) -> Vec<Flow> {
    given_up.sort_by_key(|(packet, flow)| (*packet, flow.id));
    given_up.into_iter().map(|(_, flow)| flow).collect()
}

/// Puts batches whose flows are given up back in order: whoever finishes one may be overtaken.
struct Early<F>(Mutex<EarlyQueue<F>>);

struct EarlyQueue<F> {
    next: u64,
    waiting: BTreeMap<u64, Vec<(u64, Flow)>>,
    deliver: F,
}

impl<F: FnMut(Vec<Flow>)> Early<F> {
    fn new(deliver: F) -> Self {
        Self(Mutex::new(EarlyQueue { next: 0, waiting: BTreeMap::new(), deliver }))
    }

    fn batch(&self, sequence: u64, given_up: Vec<(u64, Flow)>) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.insert(sequence, given_up);
        loop {
            let next = queue.next;
            let Some(given_up) = queue.waiting.remove(&next) else { return };
            queue.next += 1;
            if !given_up.is_empty() {
                (queue.deliver)(in_order(given_up));
            }
        }
    }
}
