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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::policy::Origin;
    use super::super::tests::record;
    use super::*;
    use crate::catalog::Port;

    fn rule(ports: Vec<Port>, transport: Option<IpProto>, opens_from: bool) -> Rule {
        Rule { transport, ports, opens_from, ..Rule::new("expect:1", "expect:1", Origin::Site, None) }
    }

    fn ports() -> impl Strategy<Value = Port> {
        let range = |(a, b): (u16, u16)| if a == b { Port::One(a) } else { Port::Range(a.min(b), a.max(b)) };
        // Wide and narrow ones, and those just as wide as is still listed.
        let anywhere = (any::<u16>(), any::<u16>()).prop_map(range);
        let short = (0_u16..64_000, 0..600_u16).prop_map(move |(first, more)| range((first, first + more)));
        let edge = (0_u16..64_000, WIDEST - 1..WIDEST + 2).prop_map(move |(first, more)| range((first, first + more)));
        prop_oneof![anywhere, short, edge, Just(Port::Dynamic), any::<u16>().prop_map(Port::One)]
    }

    fn rules() -> impl Strategy<Value = Vec<Rule>> {
        let transport = prop_oneof![Just(None), Just(Some(IpProto::TCP)), Just(Some(IpProto::UDP)), Just(Some(IpProto::GRE))];
        let one = (proptest::collection::vec(ports(), 0..4), transport, any::<bool>())
            .prop_map(|(ports, transport, opens_from)| rule(ports, transport, opens_from));
        proptest::collection::vec(one, 0..40)
    }

    /// Whether a rule's numbers may be the record's: what `of` has to find, at the least.
    fn may_concern(rule: &Rule, transport: IpProto, (client, server): (u16, u16)) -> bool {
        let at = if rule.opens_from { client } else { server };
        let port = rule.ports.is_empty() || rule.ports.iter().any(|port| *port == Port::Dynamic || port.contains(at));
        rule.transport.is_none_or(|wanted| wanted == transport) && port
    }

    proptest! {
        #[test]
        fn an_index_leaves_out_nothing_that_looking_at_all_would_find(
            rules in rules(), udp in any::<bool>(), client in any::<u16>(), server in any::<u16>(), near in any::<prop::sample::Index>(),
        ) {
            let (transport, other) = if udp { (IpProto::UDP, IpProto::TCP) } else { (IpProto::TCP, IpProto::UDP) };
            // Half of the ports asked for are those at the ends of a range.
            let ends: Vec<u16> = rules.iter().flat_map(|rule| rule.ports.iter().filter_map(|port| port.bounds()))
                .flat_map(|(first, last)| [first, last, last.saturating_add(1), first.saturating_sub(1)]).collect();
            let server = if client % 2 == 0 && !ends.is_empty() { ends[near.index(ends.len())] } else { server };
            let index = Index::new(&rules);
            let mut record = record(transport, "10.0.0.1", "10.0.0.2", server);
            record.client.port = Some(client);
            let found = index.of(&record);
            prop_assert!(found.is_sorted() && found.iter().all(|at| *at < rules.len()));
            for (at, rule) in rules.iter().enumerate() {
                prop_assert!(found.contains(&at) || !may_concern(rule, transport, (client, server)), "{at} {rule:?}");
                let crosses = rule.transport == Some(other) && !rule.opens_from && rule.ports.iter().any(|port| port.contains(server));
                prop_assert!(!crosses || index.crossed(other, server).contains(&at), "{at} {rule:?}");
            }
        }
    }

    /// Twenty thousand ranges cost what they are, and not what they span.
    #[test]
    fn wide_ranges_are_not_listed_port_by_port() {
        let rules: Vec<Rule> =
            (0..20_000_u16).map(|n| rule(vec![Port::Range(n, n + 40_000)], Some(IpProto::TCP), false)).collect();
        let index = Index::new(&rules);
        assert!(index.listening.is_empty() && index.opening.is_empty());
        assert_eq!(index.of(&record(IpProto::TCP, "10.0.0.1", "10.0.0.2", 5)).len(), rules.len());
        assert_eq!(index.of(&record(IpProto::UDP, "10.0.0.1", "10.0.0.2", 5)), [0; 0]);
    }
}
