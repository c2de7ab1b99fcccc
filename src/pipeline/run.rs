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
    let reader = Mutex::new(Reader { source, clock, sequence: 0, ended: false, recycled, progress });
    let broken = AtomicBool::new(false);
    let total = Mutex::new(Tally::default());
    let labour = |worker: usize| {
        let _guard = Guard { broken: &broken, recycle: &recycle, keying };
        let tally = labour(worker, &reader, &broken, &recycle, &lanes, &early);
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

/// Dropped by a worker that panics, whose batch will never be idle again: whoever waits for one is let go with an empty one.
struct Guard<'a> {
    broken: &'a AtomicBool,
    recycle: &'a Sender<Work>,
    keying: Keying,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.broken.store(true, Ordering::SeqCst);
            let _ = self.recycle.try_send(Work::new(self.keying));
        }
    }
}

/// The source, and the batches that are idle. Whoever is free reads the next batch, and has its bytes in the cache already.
struct Reader<'a> {
    source: &'a mut dyn Source,
    clock: Option<Clock>,
    sequence: u64,
    ended: bool,
    recycled: Receiver<Work>,
    progress: Progress<'a>,
}

impl Reader<'_> {
    /// The next batch and its number; waits for an idle one.
    fn next(&mut self, broken: &AtomicBool) -> Option<(u64, Work)> {
        if self.ended || broken.load(Ordering::SeqCst) {
            return None;
        }
        let mut work = self.recycled.recv().ok()?;
        if broken.load(Ordering::SeqCst) {
            return None;
        }
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
    fn let_all_go(&mut self, recycle: &Sender<Work>, broken: &AtomicBool) {
        let whole = |_| self.recycled.recv().ok().filter(|_| !broken.load(Ordering::SeqCst));
        let idle: Vec<Work> = (0..recycle.capacity().unwrap_or(0)).map_while(whole).collect();
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
    broken: &AtomicBool,
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
        let Some((sequence, mut work)) = reading.next(broken) else { break };
        // Who holds the reader after a batch of huge records keeps others from reading more of them.
        let kept = if work.batch.is_large() {
            Some(reading)
        } else {
            drop(reading);
            None
        };
        work.decode(&mut tally);
        work.sort();
        lanes.publish(sequence, work);
        help();
        if let Some(mut reading) = kept {
            reading.let_all_go(recycle, broken);
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
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::capture::Batch;
    use crate::record::{Damage, Input};

    /// So many empty batches, and a fault at one of them.
    struct Faulty {
        batches: u64,
        fault: u64,
    }

    impl Source for Faulty {
        fn fill(&mut self, _: &mut Batch) -> bool {
            self.batches += 1;
            assert!(self.batches != self.fault, "on purpose");
            self.batches <= 1000
        }

        fn damage(&self) -> &[Damage] {
            &[]
        }

        fn inputs(&self) -> &[Input] {
            &[]
        }

        fn progress(&self) -> (u64, Option<u64>) {
            (self.batches, None)
        }
    }

    fn panics(workers: usize, fault: u64, progress: Progress<'_>) -> bool {
        let mut source = Faulty { batches: 0, fault };
        let whole = || run(&mut source, Settings::default(), workers, |_| (), progress);
        catch_unwind(AssertUnwindSafe(whole)).is_err()
    }

    #[test]
    fn a_worker_that_panics_ends_the_run_and_leaves_nobody_waiting() {
        for workers in [1, 2, 3, 8] {
            for fault in [1, 2, 20, 999] {
                assert!(panics(workers, fault, &|_| ()), "the source, {workers} workers, batch {fault}");
                let told = AtomicU64::new(0);
                let faulty = |_: &dyn Source| assert!(told.fetch_add(1, Ordering::SeqCst) != fault, "on purpose");
                assert!(panics(workers, 0, &faulty), "who is told, {workers} workers, batch {fault}");
            }
            assert!(!panics(workers, 0, &|_| ()), "nobody, {workers} workers");
        }
    }
}
