//! Records written before their flow's end: live, a flagged flow is told at once, and what it comes to in the end is an update.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::engine::{self, Carriers, Heard};
use crate::flow::Flow;
use crate::record::{FlowId, FlowRecord, Tunnel};

/// Flows told ahead that are remembered; of further ones only the end is told.
const MOST: usize = 1 << 14;

/// A flow as it was told.
pub struct Told {
    flow: Flow,
    heard: Heard,
    /// As far as their records were known then.
    tunnels: Vec<Tunnel>,
}

impl Told {
    /// What was written.
    pub fn record<'a>(&'a self, carriers: &Carriers, catalog: &'a Catalog) -> FlowRecord<'a> {
        let record = engine::record(&self.flow, carriers, Some(catalog), &self.heard);
        FlowRecord { tunnels: self.tunnels.clone(), ..record }
    }
}

/// The flows under way whose records are written.
#[derive(Default)]
pub struct Ahead(HashMap<FlowId, Told>);

impl Ahead {
    /// What was told of a flow.
    pub fn told(&self, id: FlowId) -> Option<&Told> {
        self.0.get(&id)
    }

    /// Whether one more can be remembered.
    pub fn has_room(&self) -> bool {
        self.0.len() < MOST
    }

    /// Remembers what was told.
    pub fn keep(&mut self, flow: Flow, heard: Heard, tunnels: Vec<Tunnel>) {
        self.0.insert(flow.id, Told { flow, heard, tunnels });
    }

    /// The flow has ended: what was told of it, if anything.
    pub fn take(&mut self, id: FlowId) -> Option<Told> {
        self.0.remove(&id)
    }
}

/// Whether a flow under way is judged otherwise than it was told; that it has grown is told at its end.
pub fn is_judged_anew(before: &FlowRecord<'_>, after: &FlowRecord<'_>) -> bool {
    let judgement = |record: &FlowRecord<'_>| (record.verdict, record.evidence, record.direction);
    judgement(before) != judgement(after)
        || (before.label, before.hint, before.detail) != (after.label, after.hint, after.detail)
        || before.flags != after.flags
}
