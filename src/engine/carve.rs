//! Which packets belong to chosen flows: what a second look at the input asks.
//!
//! Flows keep no list of their packets. But a packet tells its keys, and of the flows of one key it belongs to the last that had begun by
//! then, so the keys and beginnings of all flows are enough. Fragments show no ports; a look of its own, before, joins them to
//! the first of their datagram the way shards do.

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::flow::{FlowKey, FragmentKey, Fragments, Identity, KeyParts, Keying, SHARDS, error_keys, shard_of};
use crate::net::Frame;
use crate::record::FlowId;
use crate::wire::{Icmp, Layer, Transport, decode_onto};

/// A flow, and why its packets are wanted, if they are.
#[derive(Debug)]
struct Seen {
    key: FlowKey,
    id: FlowId,
    wanted: Option<Wanted>,
}

/// A flow whose packets are wanted.
#[derive(Debug)]
struct Wanted {
    why: String,
    /// Packets it counted that were not found yet.
    missing: u64,
}

/// The flows of a run, each wanted or not.
#[derive(Debug, Default)]
pub struct Marks {
    seen: Vec<Seen>,
}

impl Marks {
    /// A flow that counted so many packets. What is said last of a flow holds.
    pub fn see(&mut self, key: FlowKey, id: FlowId, packets: u64, why: Option<String>) {
        self.seen.push(Seen { key, id, wanted: why.map(|why| Wanted { why, missing: packets }) });
    }

    /// Ready to look. `parts` is what flows were told apart by.
    pub fn finder(self, parts: KeyParts) -> Finder {
        let mut latest: Vec<Seen> = self.seen;
        latest.sort_by_key(|seen| seen.id);
        latest.reverse();
        latest.dedup_by_key(|seen| seen.id);
        latest.reverse();
        let keys: HashSet<FlowKey, FixedState> =
            latest.iter().filter(|seen| seen.wanted.is_some()).map(|seen| seen.key).collect();
        let mut flows: HashMap<FlowKey, Vec<(FlowId, Option<Wanted>)>, FixedState> = HashMap::default();
        for seen in latest.into_iter().filter(|seen| keys.contains(&seen.key)) {
            flows.entry(seen.key).or_default().push((seen.id, seen.wanted));
        }
        let lanes = (0..SHARDS).map(|_| Fragments::default()).collect();
        Finder { keying: Keying::new(parts, 0), flows, lanes, fragments: HashMap::default(), layers: Vec::new() }
    }
}

/// Finds the packets of the flows that are wanted.
#[derive(Debug)]
pub struct Finder {
    keying: Keying,
    /// The flows of each key that has a wanted one, in order.
    flows: HashMap<FlowKey, Vec<(FlowId, Option<Wanted>)>, FixedState>,
    lanes: Vec<Fragments<Identity, (u64, Vec<Layer>)>>,
    /// The keys of packets that are fragments of wanted flows.
    fragments: HashMap<u64, Vec<FlowKey>, FixedState>,
    layers: Vec<Layer>,
}

impl Finder {
    /// Whether any flow is wanted.
    pub fn is_idle(&self) -> bool {
        self.flows.is_empty()
    }

    /// How many flows are wanted.
    pub fn wanted(&self) -> u64 {
        self.all_wanted().count() as u64
    }

    /// Packets that wanted flows counted and that were not found.
    pub fn missing(&self) -> u64 {
        self.all_wanted().map(|wanted| wanted.missing).sum()
    }

    fn all_wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.flows.values().flatten().filter_map(|(_, wanted)| wanted.as_ref())
    }

    /// The look for fragments: must see all packets before [`Self::whose`] sees the first, where there are any.
    pub fn join(&mut self, frame: &Frame<'_>) {
        self.layers.clear();
        decode_onto(frame, &mut self.layers);
        let mut placed = Vec::new();
        for (depth, layer) in self.layers.iter().enumerate() {
            let (Some(fragment), Some(lane)) = (layer.fragment, self.lanes.get_mut(shard_of(layer))) else { continue };
            let identity = Some(Identity::of(layer)).filter(|identity| *identity != Identity::None);
            let around = self.layers.get(..=depth).unwrap_or_default().to_vec();
            lane.see(FragmentKey::of(layer, fragment), fragment, identity, (frame.number, around), &mut placed);
        }
        for (identity, (number, layers)) in placed {
            self.place(number, &layers, identity.unwrap_or(Identity::None));
        }
    }

    /// Ends the look for fragments.
    pub fn joined(&mut self) {
        let orphans: Vec<_> = self.lanes.iter_mut().flat_map(Fragments::drain).collect();
        for (number, layers) in orphans {
            self.place(number, &layers, Identity::None);
        }
    }

    fn place(&mut self, number: u64, layers: &[Layer], identity: Identity) {
        if let Some(keyed) = self.keying.key(layers, identity)
            && self.flows.contains_key(&keyed.key)
        {
            self.fragments.entry(number).or_default().push(keyed.key);
        }
    }

    /// Why a packet is wanted: a sentence for each wanted flow it belongs to, the outermost first.
    pub fn whose(&mut self, frame: &Frame<'_>) -> Vec<&str> {
        self.layers.clear();
        decode_onto(frame, &mut self.layers);
        let mut found = Vec::new();
        for (depth, layer) in self.layers.iter().enumerate() {
            let around = self.layers.get(..=depth).unwrap_or_default();
            let Some(key) = self.keying.key(around, Identity::of(layer)).map(|keyed| keyed.key) else { continue };
            match layer.transport {
                _ if layer.fragment.is_some() => {}
                Transport::Icmp(icmp @ Icmp { quoted: Some(_), .. }) => found.extend(self.quoted(&icmp, key)),
                _ => found.push((key, true)),
            }
        }
        found.extend(self.fragments.remove(&frame.number).into_iter().flatten().map(|key| (key, true)));
        let mut at: Vec<(FlowKey, usize)> = Vec::new();
        for (key, counts) in found {
            let Some(place) = self.begun(&key, frame.number) else { continue };
            if counts {
                self.count(&key, place);
            }
            at.push((key, place));
        }
        at.dedup();
        at.iter()
            .filter_map(|(key, place)| self.flows.get(key)?.get(*place)?.1.as_ref())
            .map(|wanted| wanted.why.as_str())
            .collect()
    }

    /// The flow that an ICMP error quotes, in whose packets it does not count, else the error's own.
    fn quoted(&self, icmp: &Icmp, own: FlowKey) -> Option<(FlowKey, bool)> {
        let (target, own) = error_keys(icmp, &own)?;
        Some(if self.flows.contains_key(&target) { (target, false) } else { (own, true) })
    }

    /// The last flow of a key that had begun by then. A fragment may come before the first packet that tells whose it is.
    fn begun(&self, key: &FlowKey, number: u64) -> Option<usize> {
        let begun = self.flows.get(key)?.partition_point(|(id, _)| id.packet <= number);
        Some(begun.saturating_sub(1))
    }

    fn count(&mut self, key: &FlowKey, place: usize) {
        let wanted = self.flows.get_mut(key).and_then(|flows| flows.get_mut(place)).and_then(|(_, wanted)| wanted.as_mut());
        if let Some(wanted) = wanted {
            wanted.missing = wanted.missing.saturating_sub(1);
        }
    }
}
