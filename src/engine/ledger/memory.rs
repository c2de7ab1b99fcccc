//! Flows whose records are written already, for as long as an announcement may still change them.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{Ledger, Lesson, doors};
use crate::announce::{Announcement, Door};
use crate::flow::Flow;

/// Flows remembered.
const MOST: usize = 1 << 16;

/// The flows that were written last, by their doors.
#[derive(Debug, Default)]
pub struct Memory {
    flows: VecDeque<Flow>,
    /// The number of the first of them.
    first: u64,
    at: HashMap<Door, Vec<u64>>,
}

/// A flow that looks different now.
#[derive(Debug)]
pub struct Revised {
    /// Which of the memory.
    number: u64,
    /// What was known of it when it was written.
    pub before: Option<Lesson>,
    /// What is known now.
    pub after: Option<Lesson>,
}

impl Memory {
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Keeps a flow; of too many the oldest is forgotten.
    pub fn keep(&mut self, flow: Flow) {
        let number = self.first + self.flows.len() as u64;
        for (_, door) in doors(&flow) {
            self.at.entry(door).or_default().push(number);
        }
        self.flows.push_back(flow);
        if self.flows.len() > MOST {
            self.forget_oldest();
        }
    }

    /// The flow that was revised.
    pub fn flow(&self, revised: &Revised) -> Option<&Flow> {
        self.get(revised.number)
    }

    fn get(&self, number: u64) -> Option<&Flow> {
        self.flows.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn forget_oldest(&mut self) {
        let Some(flow) = self.flows.pop_front() else { return };
        for (_, door) in doors(&flow) {
            let Some(numbers) = self.at.get_mut(&door) else { continue };
            numbers.retain(|number| *number != self.first);
            if numbers.is_empty() {
                self.at.remove(&door);
            }
        }
        self.first += 1;
    }
}

impl Ledger {
    /// Takes announcements and flows that have ended, and tells which remembered flows look different now, in the order of their ids.
    pub fn revise<'a>(
        &mut self,
        memory: &'a Memory,
        announcements: Vec<Announcement>,
        ended: impl Iterator<Item = &'a Flow> + Clone,
    ) -> Vec<Revised> {
        if memory.is_empty() {
            for announcement in announcements {
                self.hear(announcement);
            }
            for flow in ended {
                self.meet(flow);
            }
            return Vec::new();
        }
        let announced = announcements.iter().map(|announcement| announcement.door);
        let visited = ended.clone().flat_map(|flow| self.doors_changed_by(flow));
        let touched: BTreeSet<Door> = announced.chain(visited).collect();
        let numbers: BTreeSet<u64> = touched.iter().filter_map(|door| memory.at.get(door)).flatten().copied().collect();
        let flows = || numbers.iter().filter_map(|number| Some((*number, memory.get(*number)?)));
        let before: Vec<Option<Lesson>> = flows().map(|(_, flow)| self.lesson(flow)).collect();
        let mut changes = false;
        for announcement in announcements {
            changes |= self.hear(announcement);
        }
        for (_, flow) in flows() {
            changes |= self.meet_at_doors(flow);
        }
        for flow in ended {
            changes |= self.meet(flow);
        }
        if !changes {
            return Vec::new();
        }
        let revised =
            flows().zip(before).map(|((number, flow), before)| (flow.id, Revised { number, before, after: self.lesson(flow) }));
        let mut revised: Vec<_> = revised.filter(|(_, revised)| revised.differs()).collect();
        revised.sort_by_key(|(id, _)| *id);
        revised.into_iter().map(|(_, revised)| revised).collect()
    }
}

impl Revised {
    fn differs(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => !before.is(after),
            (before, after) => before.is_some() || after.is_some(),
        }
    }
}
