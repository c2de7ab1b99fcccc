//! Making many parts at once and taking them in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// For each worker, how many parts may be in the making or ready beyond those taken.
const AHEAD: usize = 8;

/// Where the parts are.
struct Board<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    /// How many may be untaken at a time.
    most: usize,
}

struct State<T> {
    claimed: usize,
    taken: usize,
    ready: BTreeMap<usize, T>,
    /// Somebody has panicked: a part will never come, or never be taken.
    broken: bool,
}

/// Makes the parts `0..count`, on this thread and `workers - 1` others, and takes each on this thread, in order; a few are held at a time.
pub fn in_order<T: Send>(workers: usize, count: usize, make: impl Fn(usize) -> T + Sync, mut take: impl FnMut(T)) {
    if workers <= 1 || count <= 1 {
        for number in 0..count {
            take(make(number));
        }
        return;
    }
    let state = State { claimed: 0, taken: 0, ready: BTreeMap::new(), broken: false };
    let board = Board { state: Mutex::new(state), changed: Condvar::new(), count, most: workers * AHEAD };
    std::thread::scope(|scope| {
        for _ in 1..workers.min(count) {
            scope.spawn(|| {
                while let Some(number) = board.claim() {
                    board.make(number, &make);
                }
            });
        }
        let guard = Guard(&board);
        for number in 0..count {
            let Some(part) = board.get(number, &make) else { break };
            take(part);
        }
        std::mem::forget(guard);
    });
}

impl<T> Board<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn may_claim(&self, state: &State<T>) -> bool {
        state.claimed < self.count && state.claimed < state.taken + self.most
    }

    /// The next part to make; waits where too many are untaken, and is `None` when all are claimed.
    fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        while state.claimed < self.count && !self.may_claim(&state) && !state.broken {
            state = self.wait(state);
        }
        let number = state.claimed;
        state.claimed += 1;
        (number < self.count && !state.broken).then_some(number)
    }

    fn make(&self, number: usize, make: &impl Fn(usize) -> T) {
        let guard = Guard(self);
        let part = make(number);
        std::mem::forget(guard);
        self.lock().ready.insert(number, part);
        self.changed.notify_all();
    }

    /// A part, once it is ready; until then others are made. `None` where a maker has panicked.
    fn get(&self, number: usize, make: &impl Fn(usize) -> T) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(part) = state.ready.remove(&number) {
                state.taken = number + 1;
                self.changed.notify_all();
                return Some(part);
            }
            if state.broken {
                return None;
            }
            if !self.may_claim(&state) {
                state = self.wait(state);
                continue;
            }
            let next = state.claimed;
            state.claimed += 1;
            drop(state);
            self.make(next, make);
            state = self.lock();
        }
    }
}

/// Dropped by whoever panics: the others must not wait for it.
struct Guard<'a, T>(&'a Board<T>);

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.lock().broken = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::in_order;

    #[test]
    fn parts_come_in_order_from_any_number_of_workers() {
        for workers in [1, 2, 3, 8] {
            for count in [0, 1, 2, 100] {
                let mut taken = Vec::new();
                in_order(workers, count, |number| number * 2, |part| taken.push(part));
                assert!(taken.iter().copied().eq((0..count).map(|number| number * 2)), "{workers} {count}");
            }
        }
    }

    #[test]
    fn whoever_panics_holds_nobody_up() {
        for workers in [1, 2, 8] {
            let made = |number| assert!(number != 7, "on purpose");
            assert!(catch_unwind(|| in_order(workers, 500, made, |()| ())).is_err(), "a maker, {workers}");
            let taken = AssertUnwindSafe(|| in_order(workers, 500, |number| number, |part| assert!(part != 7, "on purpose")));
            assert!(catch_unwind(taken).is_err(), "the taker, {workers}");
        }
    }
}
