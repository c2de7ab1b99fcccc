//! What the view knows: sums by label, the newest flows, the newest flagged ones, learned endpoints. Its memory is bounded whatever the traffic.
//!
//! Records of ended flows come as they are written, those of flows under way a few times a second. A flow under way counts with
//! what it had when it was last seen, so that a long transfer shows while it lasts and is counted once.

use std::collections::{BTreeMap, HashMap};

use super::listener::Listener;
use super::row::{Row, name};
use crate::record::{FlowId, FlowRecord, LearnedEndpoint};

/// Flows kept of each list.
const KEPT: usize = 1000;
/// Flows made into rows between two ticks: of a flood only so many are worth the time it takes.
const ROWS_PER_TICK: usize = 500;
/// Flows under way that are followed; of further ones only the end is seen.
const FOLLOWED: usize = 100_000;
/// Names that are told apart; further ones share the last.
const NAMES: usize = 2000;
/// Seconds of history.
pub const HISTORY: usize = 60;

/// What was counted under one name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sum {
    /// The label, or what the flows probably are.
    pub name: String,
    /// Flows, ended or under way.
    pub flows: u64,
    /// Those that are flagged.
    pub flagged: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Bytes of each of the last seconds, the newest last.
    pub history: Vec<u64>,
    /// Bytes at the last tick.
    ticked: u64,
}

impl Sum {
    /// Bytes a second of late.
    pub fn rate(&self) -> u64 {
        /// Seconds that are averaged.
        const LATE: usize = 3;
        let late = self.history.iter().rev().take(LATE);
        late.sum::<u64>() / LATE.min(self.history.len()).max(1) as u64
    }

    fn add(&mut self, part: &Part) {
        self.flows += 1;
        self.flagged += u64::from(part.flagged);
        self.packets += part.packets;
        self.bytes += part.bytes;
    }

    fn take(&mut self, part: &Part) {
        self.flows = self.flows.saturating_sub(1);
        self.flagged = self.flagged.saturating_sub(u64::from(part.flagged));
        self.packets = self.packets.saturating_sub(part.packets);
        self.bytes = self.bytes.saturating_sub(part.bytes);
    }
}

/// What a flow under way has added to the sum of its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part {
    name: usize,
    packets: u64,
    bytes: u64,
    flagged: bool,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Board {
    sums: Vec<Sum>,
    names: HashMap<String, usize>,
    under_way: HashMap<FlowId, Part>,
    newest: BTreeMap<FlowId, Row>,
    flagged: BTreeMap<FlowId, Row>,
    listeners: Vec<Listener>,
    /// Whether a second has passed since they were told.
    is_stale: bool,
    ended: u64,
    rows_made: usize,
}

impl Board {
    /// A flow has ended.
    pub fn ended(&mut self, record: &FlowRecord<'_>) {
        self.ended += 1;
        let part = self.part(record);
        self.replace(record.id, part);
        self.list(record, true);
    }

    /// Something was learned of a flow that has ended.
    pub fn updated(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>) {
        let (was, is) = (self.part(before), self.part(after));
        if let Some(sum) = self.sums.get_mut(was.name) {
            sum.take(&was);
        }
        if let Some(sum) = self.sums.get_mut(is.name) {
            sum.add(&is);
        }
        if self.flow(after.id).is_some() {
            self.list(after, true);
        }
    }

    /// A flow is under way.
    pub fn under_way(&mut self, record: &FlowRecord<'_>) {
        if self.under_way.len() >= FOLLOWED && !self.under_way.contains_key(&record.id) {
            return;
        }
        let part = self.part(record);
        self.replace(record.id, part);
        self.under_way.insert(record.id, part);
        self.list(record, false);
    }

    /// A second has passed.
    pub fn tick(&mut self) {
        (self.rows_made, self.is_stale) = (0, true);
        for sum in &mut self.sums {
            let bytes = sum.bytes.saturating_sub(sum.ticked);
            sum.ticked = sum.bytes;
            push(&mut sum.history, bytes);
        }
    }

    /// How many endpoints it would like to be told of: none where it was told within this second.
    pub fn wants_listeners(&self) -> Option<usize> {
        (self.is_stale || self.listeners.is_empty()).then_some(KEPT)
    }

    /// What listens where, as far as it was learned.
    pub fn listen(&mut self, endpoints: &[LearnedEndpoint]) {
        self.listeners = endpoints.iter().map(Listener::new).collect();
        self.is_stale = false;
    }

    /// Learned endpoints, by server.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// The sums that count something.
    pub fn sums(&self) -> impl Iterator<Item = &Sum> {
        self.sums.iter().filter(|sum| sum.flows > 0)
    }

    /// The newest flows, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Row> {
        self.newest.values().rev()
    }

    /// The newest flagged flows, the newest first.
    pub fn flagged(&self) -> impl Iterator<Item = &Row> {
        self.flagged.values().rev()
    }

    /// A flow, as far as it is kept.
    pub fn flow(&self, id: FlowId) -> Option<&Row> {
        self.newest.get(&id).or_else(|| self.flagged.get(&id))
    }

    /// Flows that ended, and those under way.
    pub fn flows(&self) -> (u64, usize) {
        (self.ended, self.under_way.len())
    }

    fn part(&mut self, record: &FlowRecord<'_>) -> Part {
        let name = self.number(name(record));
        Part { name, packets: record.packets.sum(), bytes: record.bytes.sum(), flagged: record.is_flagged() }
    }

    /// The number of a name.
    fn number(&mut self, name: String) -> usize {
        if let Some(known) = self.names.get(&name) {
            return *known;
        }
        if self.sums.len() == NAMES {
            return NAMES - 1;
        }
        self.names.insert(name.clone(), self.sums.len());
        self.sums.push(Sum { name, ..Sum::default() });
        self.sums.len() - 1
    }

    /// What is known of a flow now stands for what was known before.
    fn replace(&mut self, id: FlowId, part: Part) {
        if let Some(before) = self.under_way.remove(&id)
            && let Some(sum) = self.sums.get_mut(before.name)
        {
            sum.take(&before);
        }
        if let Some(sum) = self.sums.get_mut(part.name) {
            sum.add(&part);
        }
    }

    /// Puts a flow where it belongs in the lists; one that is there already, anew.
    fn list(&mut self, record: &FlowRecord<'_>, ended: bool) {
        let known = self.newest.contains_key(&record.id) || self.flagged.contains_key(&record.id);
        if !known && (self.rows_made >= ROWS_PER_TICK || is_too_old(&self.newest, record.id)) && !record.is_flagged() {
            return;
        }
        // Flagged flows have a share of their own.
        if self.rows_made >= 2 * ROWS_PER_TICK {
            return;
        }
        self.rows_made += usize::from(!known);
        let row = Row::new(record, ended);
        if record.is_flagged() {
            keep(&mut self.flagged, row.clone());
        } else {
            self.flagged.remove(&record.id);
        }
        keep(&mut self.newest, row);
    }
}

fn is_too_old(list: &BTreeMap<FlowId, Row>, id: FlowId) -> bool {
    list.len() == KEPT && list.first_key_value().is_some_and(|(oldest, _)| id < *oldest)
}

fn keep(list: &mut BTreeMap<FlowId, Row>, row: Row) {
    list.insert(row.id, row);
    if list.len() > KEPT {
        list.pop_first();
    }
}

/// Adds the newest value to a history.
pub fn push(history: &mut Vec<u64>, value: u64) {
    if history.len() == HISTORY {
        history.remove(0);
    }
    history.push(value);
}
