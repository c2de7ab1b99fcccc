//! When to look at a flow again: whether it has been silent for too long is asked once in a while, not at every packet.

use std::collections::BTreeMap;

use crate::net::Timestamp;

/// Flows by the second at which to look at them. A flow is in at most one; those taken out by somebody else are simply not found then.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_second: BTreeMap<i64, Vec<u32>>,
}

impl Deadlines {
    /// Looks at a flow so many nanoseconds after a time; never where there is no time.
    pub fn set(&mut self, flow: u32, after: Timestamp, nanos: u64) {
        if !after.is_some() {
            return;
        }
        // Rounded up, so that the time has come when its second has.
        let seconds = i64::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(i64::MAX).saturating_add(1);
        self.by_second.entry(after.seconds().saturating_add(seconds)).or_default().push(flow);
    }

    /// Takes the flows whose second has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<u32> {
        let mut due = Vec::new();
        while let Some(entry) = self.by_second.first_entry().filter(|entry| *entry.key() <= now.seconds()) {
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
        assert_eq!(deadlines.due(at(13)), [7]);
        assert_eq!(deadlines.due(at(100)), [0_u32; 0]);
    }
}
