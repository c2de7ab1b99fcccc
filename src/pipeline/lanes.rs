//! Lanes: each shard takes the published batches in order, run by whichever worker finds it idle.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crate::engine::Work;
use crate::flow::{Harvest, SHARDS, Shard};

/// A shard and the number of the batch it wants next.
struct Lane {
    shard: Mutex<Shard>,
    next: AtomicU64,
}

/// A published batch, how many lanes still want it, and what they gave away at it.
#[derive(Clone)]
struct Published {
    work: Arc<Work>,
    lanes_left: Arc<AtomicUsize>,
    harvest: Arc<Mutex<Harvest>>,
}

/// A batch that all lanes have seen.
pub(super) struct Done {
    pub(super) sequence: u64,
    pub(super) work: Work,
    pub(super) harvest: Harvest,
}

/// A place for a published batch; batch `n` uses place `n % slots`, which is free because no more than `slots` are in flight.
struct Slot {
    /// One more than the number of the batch it holds.
    holds: AtomicU64,
    published: Mutex<Option<Published>>,
}

/// All shards, and the batches they are to see.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    slots: Vec<Slot>,
}

impl Lanes {
    pub(super) fn new(shards: Vec<Shard>, slots: usize) -> Self {
        let lanes = shards.into_iter().map(|shard| Lane { shard: Mutex::new(shard), next: AtomicU64::new(0) }).collect();
        let slots = (0..slots).map(|_| Slot { holds: AtomicU64::new(0), published: Mutex::new(None) }).collect();
        Self { lanes, slots }
    }

    /// Lets the lanes have a batch.
    pub(super) fn publish(&self, sequence: u64, work: Work) {
        let Some(slot) = self.slot(sequence) else { return };
        let published =
            Published { work: Arc::new(work), lanes_left: Arc::new(AtomicUsize::new(SHARDS)), harvest: Arc::default() };
        *slot.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(published);
        slot.holds.store(sequence + 1, Ordering::SeqCst);
    }

    /// Runs every lane that is idle and has something to do, from lane `first` on; batches that all lanes have seen are handed back.
    pub(super) fn help(&self, first: usize, mut hand_back: impl FnMut(Done)) {
        for offset in 0..SHARDS {
            let number = (first + offset) % SHARDS;
            if let Some(lane) = self.lanes.get(number) {
                self.run(number, lane, &mut hand_back);
            }
        }
    }

    pub(super) fn into_shards(self) -> Vec<Shard> {
        self.lanes.into_iter().map(|lane| lane.shard.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn slot(&self, sequence: u64) -> Option<&Slot> {
        self.slots.get((sequence % self.slots.len() as u64) as usize)
    }

    fn is_ready(&self, sequence: u64) -> bool {
        self.slot(sequence).is_some_and(|slot| slot.holds.load(Ordering::SeqCst) == sequence + 1)
    }

    /// Runs a lane until it has seen all that is published, unless somebody else does. Whoever publishes while a lane is being run may
    /// find it busy and go away, so the runner looks once more after it has let go.
    fn run(&self, number: usize, lane: &Lane, hand_back: &mut impl FnMut(Done)) {
        while self.is_ready(lane.next.load(Ordering::SeqCst)) {
            let mut shard = match lane.shard.try_lock() {
                Ok(shard) => shard,
                Err(TryLockError::WouldBlock) => return,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            };
            let mut next = lane.next.load(Ordering::SeqCst);
            while self.is_ready(next) {
                self.step(number, next, &mut shard, hand_back);
                next += 1;
                lane.next.store(next, Ordering::SeqCst);
            }
        }
    }

    /// Shows a shard one batch.
    fn step(&self, number: usize, sequence: u64, shard: &mut Shard, hand_back: &mut impl FnMut(Done)) {
        let Some(slot) = self.slot(sequence) else { return };
        let Some(Published { work, lanes_left, harvest }) = slot.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
        else {
            return;
        };
        work.account(number, shard);
        let given_away = shard.take_harvest();
        if !given_away.is_empty() {
            harvest.lock().unwrap_or_else(PoisonError::into_inner).append(given_away);
        }
        drop((work, harvest));
        if lanes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let published = slot.published.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Published { work, harvest, .. }) = published
                && let (Some(work), Some(harvest)) = (Arc::into_inner(work), Arc::into_inner(harvest))
            {
                hand_back(Done { sequence, work, harvest: harvest.into_inner().unwrap_or_else(PoisonError::into_inner) });
            }
        }
    }
}
