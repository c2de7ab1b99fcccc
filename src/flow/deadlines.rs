//! When to look at a flow again: whether it has been silent for too long is asked once in a while, not at every packet.

use std::collections::BTreeMap;

use crate::net::Timestamp;

/// Ticks of a second: live, a flow's line is to come soon after its end.
const TICKS: u64 = 8;
const TICK_NANOS: u64 = 1_000_000_000 / TICKS;

/// Flows by the tick at which to look at them. A flow is in at most one; those taken out by somebody else are simply not found then.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_tick: BTreeMap<i64, Vec<u32>>,
}

/// The tick a time lies in; years beyond all counting share the last.
fn tick(time: Timestamp) -> i64 {
    let within = u64::from(time.subsec_nanos()) / TICK_NANOS;
    time.seconds().saturating_mul(TICKS.cast_signed()).saturating_add(within.cast_signed())
}

impl Deadlines {
    /// Looks at a flow so many nanoseconds after a time; never where there is no time.
    pub fn set(&mut self, flow: u32, after: Timestamp, nanos: u64) {
        if !after.is_some() {
            return;
        }
        // Rounded up, so that the time has come when its tick has.
        let ticks = i64::try_from(nanos.div_ceil(TICK_NANOS)).unwrap_or(i64::MAX).saturating_add(1);
        self.by_tick.entry(tick(after).saturating_add(ticks)).or_default().push(flow);
    }

    /// Takes the flows whose tick has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<u32> {
        let now = tick(now);
        let mut due = Vec::new();
        while let Some(entry) = self.by_tick.first_entry().filter(|entry| *entry.key() <= now) {
            due.append(&mut entry.remove());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_due_once_and_not_before_its_time() {
        let at = |seconds| Timestamp::new(seconds, 500_000_000, 9);
        let mut deadlines = Deadlines::default();
        deadlines.set(7, at(10), 1_500_000_000);
        deadlines.set(8, at(i64::MAX), u64::MAX);
        assert_eq!(deadlines.due(at(11)), [0_u32; 0]);
        assert_eq!(deadlines.due(Timestamp::new(12, 0, 9)), [0_u32; 0]);
        assert_eq!(deadlines.due(Timestamp::new(12, 250_000_000, 9)), [7]);
        assert_eq!(deadlines.due(at(100)), [0_u32; 0]);
    }
}
