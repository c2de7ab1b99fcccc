//! From a source to an outcome.

use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::lanes::Lanes;
use crate::capture::Source;
use crate::engine::{Outcome, Tally, Work};
use crate::flow::{SHARDS, Settings, Shard};

/// Told after each batch how far the source is.
pub type Progress<'a> = &'a (dyn Fn(&dyn Source) + Sync);

/// Batches in flight for each worker: one that it decodes, and some that wait for a lane that is behind.
const BATCHES_PER_WORKER: usize = 8;

/// Reads a source to its end.
pub fn run(source: &mut dyn Source, settings: Settings, workers: usize, progress: Progress<'_>) -> Outcome {
    let seed = foldhash_seed();
    let shards = (0..SHARDS).map(|_| Shard::new(settings, seed)).collect();
    if workers <= 1 { alone(source, shards, progress) } else { together(source, shards, workers, progress) }
}

/// A number that differs from run to run.
fn foldhash_seed() -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::RandomState::default().hash_one(0)
}

fn alone(source: &mut dyn Source, mut shards: Vec<Shard>, progress: Progress<'_>) -> Outcome {
    let mut work = Work::default();
    let mut tally = Tally::default();
    while source.fill(&mut work.batch) {
        work.decode(&mut tally);
        for (number, shard) in shards.iter_mut().enumerate() {
            work.account(number, shard);
        }
        progress(source);
    }
    finish(shards, tally)
}

fn together(source: &mut dyn Source, shards: Vec<Shard>, workers: usize, progress: Progress<'_>) -> Outcome {
    let in_flight = workers * BATCHES_PER_WORKER;
    let lanes = Lanes::new(shards, in_flight);
    let (to_workers, from_reader) = bounded::<(u64, Work)>(in_flight);
    let (recycle, recycled) = bounded::<Work>(in_flight);
    for _ in 0..in_flight {
        let _ = recycle.send(Work::default());
    }
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (from_reader, recycle, lanes, total) = (from_reader.clone(), recycle.clone(), &lanes, &total);
            scope.spawn(move || {
                let tally = labour(worker, &from_reader, &recycle, lanes);
                if let Ok(mut total) = total.lock() {
                    total.add(&tally);
                }
            });
        }
        // The workers hold the only other ends: when they are gone, so is the channel, and nobody waits for ever.
        drop((from_reader, recycle));
        deal(source, &to_workers, &recycled, progress);
        drop(to_workers);
    });
    finish(lanes.into_shards(), total.into_inner().unwrap_or_default())
}

/// Hands out batches in order.
fn deal(source: &mut dyn Source, to_workers: &Sender<(u64, Work)>, recycled: &Receiver<Work>, progress: Progress<'_>) {
    for sequence in 0.. {
        let Ok(mut work) = recycled.recv() else { return };
        if !source.fill(&mut work.batch) || to_workers.send((sequence, work)).is_err() {
            return;
        }
        progress(source);
    }
}

/// One worker: decodes what it gets, and runs lanes.
fn labour(worker: usize, from_reader: &Receiver<(u64, Work)>, recycle: &Sender<Work>, lanes: &Lanes) -> Tally {
    let mut tally = Tally::default();
    let first = worker * 17;
    for (sequence, mut work) in from_reader {
        work.decode(&mut tally);
        lanes.publish(sequence, work);
        lanes.help(first, |done| {
            let _ = recycle.send(done);
        });
    }
    lanes.help(first, |_| ());
    tally
}

fn finish(mut shards: Vec<Shard>, tally: Tally) -> Outcome {
    shards.iter_mut().for_each(Shard::finish);
    Outcome::new(shards, tally)
}
