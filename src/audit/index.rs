//! Which rules may concern a flow, by its numbers: holding every flow against every rule would cost more than labelling it.

use hashbrown::HashMap;

use foldhash::fast::FixedState;

use super::policy::Rule;
use crate::net::IpProto;
use crate::record::FlowRecord;

/// Ranges up to this are listed port by port; wider ones are looked at for every flow of their transport.
const WIDEST: u16 = 256;

type Lists<K> = HashMap<K, Vec<u32>, FixedState>;

/// Places of rules, in order, by what they speak of. A rule may be in several lists.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Index {
    /// By transport and the port that listens.
    listening: Lists<(IpProto, u16)>,
    /// By transport and the port from which is opened.
    opening: Lists<(IpProto, u16)>,
    /// With a dynamic port.
    dynamic: Lists<IpProto>,
    /// Without ports, or with very many.
    broad: Lists<IpProto>,
    /// About any transport.
    any: Vec<u32>,
}

impl Index {
    /// The index of these rules.
    pub fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (at, rule) in rules.iter().enumerate() {
            index.add(at as u32, rule);
        }
        index
    }

    fn add(&mut self, at: u32, rule: &Rule) {
        let Some(transport) = rule.transport else { return self.any.push(at) };
        if rule.ports.is_empty() {
            push(&mut self.broad, transport, at);
        }
        let ports = if rule.opens_from { &mut self.opening } else { &mut self.listening };
        for port in &rule.ports {
            match port.bounds() {
                None => push(&mut self.dynamic, transport, at),
                Some((first, last)) if last - first > WIDEST => push(&mut self.broad, transport, at),
                Some((first, last)) => (first..=last).for_each(|port| push(ports, (transport, port), at)),
            }
        }
    }

    /// The rules whose numbers a record may have, in order.
    pub fn of(&self, record: &FlowRecord<'_>) -> Vec<usize> {
        let transport = record.transport;
        let port =
            |lists: &'_ Lists<(IpProto, u16)>, port: Option<u16>| port.and_then(|port| lists.get(&(transport, port)).cloned());
        let fixed = [port(&self.listening, record.server.port), port(&self.opening, record.client.port)];
        let lists = [self.dynamic.get(&transport), self.broad.get(&transport), Some(&self.any)];
        merged(fixed.iter().flatten().chain(lists.into_iter().flatten()))
    }

    /// The rules for this port of the other of TCP and UDP.
    pub fn crossed(&self, other: IpProto, port: u16) -> Vec<usize> {
        merged(self.listening.get(&(other, port)).into_iter().chain(self.broad.get(&other)))
    }

    /// The rules with a dynamic port of a transport.
    pub fn dynamic(&self, transport: IpProto) -> Vec<usize> {
        merged(self.dynamic.get(&transport).into_iter())
    }
}

fn push<K: Eq + std::hash::Hash>(lists: &mut Lists<K>, key: K, at: u32) {
    let list = lists.entry(key).or_default();
    if list.last() != Some(&at) {
        list.push(at);
    }
}

/// All of these places, each once and in order.
fn merged<'l>(lists: impl Iterator<Item = &'l Vec<u32>>) -> Vec<usize> {
    let mut places: Vec<usize> = lists.flatten().map(|at| *at as usize).collect();
    places.sort_unstable();
    places.dedup();
    places
}
