//! The findings of an audit in blocks for people: those of a kind that concern one host are one, or those about one service of many
//! hosts, whichever makes fewer of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::record::{FindingGroup, FindingKind, FlowId};

/// Filters of groups without ports joined in one.
const MOST_JOINED: usize = 8;

/// Findings of one kind.
pub(super) struct OfKind<'a> {
    pub(super) kind: FindingKind,
    pub(super) blocks: Vec<Block<'a>>,
}

impl OfKind<'_> {
    /// Flows of all of them.
    pub(super) fn flows(&self) -> u64 {
        self.blocks.iter().map(Block::flows).sum()
    }
}

/// Findings that are told together; there is at least one.
pub(super) struct Block<'a> {
    pub(super) groups: Vec<&'a FindingGroup>,
}

/// What a finding is about, but for the host.
type Service<'a> = (&'a str, Option<u16>, Option<&'a str>, Option<&'a str>);

/// What findings have in common that are told together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Common<'a> {
    Host(IpAddr),
    Service(Service<'a>),
}

fn service(group: &FindingGroup) -> Service<'_> {
    (&group.transport, group.port, group.label.as_deref(), group.link.as_deref())
}

/// The findings by kind, in the order of the audit, which has the gravest first.
pub(super) fn by_kind(findings: &[FindingGroup]) -> Vec<OfKind<'_>> {
    let kinds = findings.chunk_by(|a, b| a.kind == b.kind);
    kinds.filter_map(|groups| Some(OfKind { kind: groups.first()?.kind, blocks: blocks(groups) })).collect()
}

fn blocks(groups: &[FindingGroup]) -> Vec<Block<'_>> {
    let hosts: BTreeSet<_> = groups.iter().map(|group| group.server).collect();
    let services: BTreeSet<_> = groups.iter().map(service).collect();
    let by_host = hosts.len() <= services.len();
    let mut places: BTreeMap<Common<'_>, usize> = BTreeMap::new();
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for group in groups {
        let common = if by_host { Common::Host(group.server) } else { Common::Service(service(group)) };
        let at = *places.entry(common).or_insert(blocks.len());
        match blocks.get_mut(at) {
            Some(block) => block.groups.push(group),
            None => blocks.push(Block { groups: vec![group] }),
        }
    }
    blocks.sort_by_key(|block| std::cmp::Reverse(block.flows()));
    blocks
}

impl Block<'_> {
    pub(super) fn flows(&self) -> u64 {
        self.groups.iter().map(|group| group.flows).sum()
    }

    /// Its hosts, those with most flows first.
    pub(super) fn hosts(&self) -> Vec<IpAddr> {
        distinct(self.groups.iter().map(|group| group.server))
    }

    /// Its services in words, those with most flows first.
    pub(super) fn services(&self) -> Vec<String> {
        distinct(self.groups.iter().map(|group| service_name(group)))
    }

    /// Its first flows.
    pub(super) fn witnesses(&self, most: usize) -> Vec<FlowId> {
        let all: BTreeSet<FlowId> = self.groups.iter().flat_map(|group| &group.witnesses).copied().collect();
        all.into_iter().take(most).collect()
    }

    /// Where the documents or the policy say so.
    pub(super) fn sources(&self) -> Vec<&str> {
        distinct(self.groups.iter().flat_map(|group| &group.sources).map(String::as_str))
    }

    /// A display filter that shows all its flows; it names at most so many hosts and ports, and beyond them shows more.
    pub(super) fn filter(&self, most: usize) -> String {
        if let [one] = self.groups.as_slice() {
            return one.filter.clone();
        }
        let hosts = addresses(self.hosts().into_iter(), most);
        if self.groups.iter().any(|group| group.port.is_none()) {
            let filters: BTreeSet<_> = self.groups.iter().map(|group| group.filter.as_str()).collect();
            let joined: Vec<_> = filters.iter().map(|filter| format!("({filter})")).collect();
            return if joined.len() <= MOST_JOINED {
                joined.join(" || ")
            } else {
                hosts.unwrap_or_else(|| "ip || ipv6".to_owned())
            };
        }
        let clients: BTreeSet<_> = self.groups.iter().flat_map(|group| &group.clients).copied().collect();
        let client = addresses(clients.into_iter(), most).filter(|_| self.groups.iter().all(|group| group.clients.len() == 1));
        [client, hosts, Some(self.ports(most))].into_iter().flatten().collect::<Vec<_>>().join(" && ")
    }

    /// Any of its ports; of very many, their transport alone.
    fn ports(&self, most: usize) -> String {
        let mut ports: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
        for group in &self.groups {
            ports.entry(&group.transport).or_default().extend(group.port);
        }
        let of = |(transport, ports): (&&str, &BTreeSet<u16>)| {
            any_of(&format!("{transport}.port"), ports.iter().map(ToString::to_string), most)
                .unwrap_or_else(|| (*transport).to_owned())
        };
        joined(&ports.iter().map(of).collect::<Vec<_>>())
    }
}

/// `SMB (tcp 445)`, `tcp 5432`, `gre`.
pub(super) fn service_name(group: &FindingGroup) -> String {
    let number = match group.port {
        Some(port) => format!("{} {port}", group.transport),
        None => group.transport.clone(),
    };
    match &group.label {
        Some(label) => format!("{label} ({number})"),
        None => number,
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// Packets from or to any of these; nothing where there are too many to name.
fn addresses(hosts: impl Iterator<Item = IpAddr>, most: usize) -> Option<String> {
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = hosts.partition(IpAddr::is_ipv4);
    if v4.len() + v6.len() > most {
        return None;
    }
    let text = |ips: &[IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>().into_iter();
    Some(joined(&any_of("ip.addr", text(&v4), most).into_iter().chain(any_of("ipv6.addr", text(&v6), most)).collect::<Vec<_>>()))
}

/// `field == 1` or `field in {1, 2}`; nothing for none or too many.
fn any_of(field: &str, values: impl ExactSizeIterator<Item = String>, most: usize) -> Option<String> {
    match values.len() {
        0 => None,
        1 => Some(format!("{field} == {}", values.collect::<String>())),
        some if some <= most => Some(format!("{field} in {{{}}}", values.collect::<Vec<_>>().join(", "))),
        _ => None,
    }
}

fn joined(parts: &[String]) -> String {
    match parts {
        [_, _, ..] => format!("({})", parts.join(" || ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Timestamp;

    fn group(kind: FindingKind, server: &str, port: Option<u16>, flows: u64) -> FindingGroup {
        FindingGroup {
            kind,
            link: None,
            text: String::new(),
            sources: vec!["kb832017:1".to_owned()],
            filter: format!("ip.addr == {server}"),
            label: None,
            transport: "tcp".to_owned(),
            server: server.parse().unwrap(),
            port,
            server_roles: Vec::new(),
            client_roles: Vec::new(),
            clients: vec!["10.0.0.7".parse().unwrap()],
            flows,
            packets: flows,
            bytes: flows,
            first: Timestamp::NONE,
            last: Timestamp::NONE,
            witnesses: vec![FlowId { packet: flows, layer: 0 }],
            change: None,
            was: None,
        }
    }

    #[test]
    fn a_scan_of_a_host_is_one_block_and_a_sweep_is_one() {
        let scan: Vec<_> = (1..=40).map(|port| group(FindingKind::Unexpected, "10.0.0.1", Some(port), 1)).collect();
        let sweep: Vec<_> = (1..=40)
            .map(|host| group(FindingKind::Refused, &format!("10.0.1.{host}"), Some(445), u64::from(host == 9)))
            .collect();
        let all: Vec<_> = scan.into_iter().chain(sweep).collect();
        let kinds = by_kind(&all);
        assert_eq!(
            kinds.iter().map(|kind| (kind.kind, kind.blocks.len(), kind.flows())).collect::<Vec<_>>(),
            [(FindingKind::Unexpected, 1, 40), (FindingKind::Refused, 1, 1)]
        );
        assert_eq!(kinds[0].blocks[0].filter(16), "ip.addr == 10.0.0.7 && ip.addr == 10.0.0.1 && tcp");
        assert_eq!(kinds[1].blocks[0].filter(16), "ip.addr == 10.0.0.7 && tcp.port == 445");
        assert_eq!(kinds[0].blocks[0].sources(), ["kb832017:1"]);
    }

    #[test]
    fn what_is_neither_stays_apart_the_most_first() {
        let all = [
            group(FindingKind::Unexpected, "10.0.0.1", Some(22), 3),
            group(FindingKind::Unexpected, "10.0.0.1", Some(23), 1),
            group(FindingKind::Unexpected, "2001:db8::1", Some(23), 9),
        ];
        let kinds = by_kind(&all);
        let hosts: Vec<_> = kinds[0].blocks.iter().map(|block| block.hosts()[0].to_string()).collect();
        assert_eq!(hosts, ["2001:db8::1", "10.0.0.1"]);
        assert_eq!(kinds[0].blocks[1].filter(16), "ip.addr == 10.0.0.7 && ip.addr == 10.0.0.1 && tcp.port in {22, 23}");
        assert_eq!(kinds[0].blocks[1].services(), ["tcp 22", "tcp 23"]);
    }

    #[test]
    fn without_ports_the_filters_are_joined() {
        let all = [group(FindingKind::Unexpected, "10.0.0.1", None, 3), group(FindingKind::Unexpected, "10.0.0.2", None, 1)];
        assert_eq!(by_kind(&all)[0].blocks[0].filter(16), "(ip.addr == 10.0.0.1) || (ip.addr == 10.0.0.2)");
    }
}
