//! Which record a tunnel is: from the flow that carries it and the packet that showed it to the record's id.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::flow::FlowKey;
use crate::record::FlowId;

/// The records of each flow that carries tunnels, in order.
#[derive(Debug, Default)]
pub struct Carriers {
    ids: HashMap<FlowKey, Vec<FlowId>, RandomState>,
}

impl Carriers {
    /// A flow with this key has this record.
    pub fn add(&mut self, key: FlowKey, id: FlowId) {
        // `--key` may have told apart what a tunnel's own key does not.
        let ids = self.ids.entry(FlowKey { extra: 0, ..key }).or_default();
        if let Err(at) = ids.binary_search(&id) {
            ids.insert(at, id);
        }
    }

    /// The record of the tunnel that carried a packet: the last of its flow's that had begun by then.
    pub fn of(&self, flow: &FlowKey, layer: u8, packet: u64) -> Option<FlowId> {
        let ids = self.ids.get(flow)?;
        let begun = ids.partition_point(|id| id.packet <= packet);
        ids.get(..begun)?.iter().rev().find(|id| id.layer == layer).or(ids.get(..begun)?.last()).copied()
    }
}
