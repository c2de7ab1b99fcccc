//! Lists of hosts that may not say what was meant: a host named twice, a network that swallows the hosts of another role.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::hosts::{Hosts, Range};

/// Hosts as they stand in one place of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The hosts.
    pub range: Range,
    /// As it was written: an address, a network, a range or a name.
    pub text: String,
    /// In which line.
    pub line: u32,
}

/// A role, group or service and its hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// As they were written.
    pub listed: Vec<Listed>,
}

/// What is doubtful, and in which line.
pub type Doubt = (u32, String);

impl Named {
    /// All of its hosts.
    pub fn hosts(&self) -> Hosts {
        hosts_of(&self.listed)
    }
}

/// The hosts of a list.
pub fn hosts_of(listed: &[Listed]) -> Hosts {
    Hosts::new(listed.iter().map(|listed| listed.range).collect())
}

/// Hosts that a list names twice.
pub fn repeats(listed: &[Listed]) -> Vec<Doubt> {
    let mut widest: Option<&Listed> = None;
    let mut found = Vec::new();
    for each in by_address(listed.iter().map(|listed| (listed, 0))).into_iter().map(|(listed, _)| listed) {
        let twice = widest.and_then(|before| Some((before, before.range.shared(&each.range)?)));
        if let Some((before, (first, last))) = twice {
            let text = if each.range == before.range && each.text == before.text {
                format!("`{}` is in this list twice", each.text)
            } else {
                format!("`{}` and `{}` of one list share {}", before.text, each.text, Range::between(first, last))
            };
            found.push((each.line.max(before.line), text));
        }
        if widest.is_none_or(|before| each.range.ends_after(&before.range)) {
            widest = Some(each);
        }
    }
    found
}

/// Pairs of roles or groups that share hosts, once each. A host may be in several, and single hosts are named twice on purpose; a network that
/// another one's hosts are in is often a slip.
pub fn overlaps(groups: &[Named], then: &str) -> Vec<Doubt> {
    let all = groups.iter().enumerate().flat_map(|(at, group)| group.listed.iter().map(move |listed| (listed, at)));
    let mut open: Vec<(&Listed, usize)> = Vec::new();
    let mut pairs: BTreeMap<(usize, usize), (&Listed, &Listed, u32)> = BTreeMap::new();
    for (listed, at) in by_address(all) {
        open.retain(|(before, _)| before.range.shared(&listed.range).is_some());
        for (before, other) in &open {
            if *other != at && !(before.range.is_single() && listed.range.is_single()) {
                let (one, two) = if *other < at { (*before, listed) } else { (listed, *before) };
                pairs.entry((at.min(*other), at.max(*other))).or_insert((one, two, 0)).2 += 1;
            }
        }
        open.push((listed, at));
    }
    let name = |at: usize| groups.get(at).map(|group| group.name.as_str()).unwrap_or_default();
    let doubt = |((one, two), (mine, theirs, places)): ((usize, usize), (&Listed, &Listed, u32))| {
        let (first, last) = mine.range.shared(&theirs.range)?;
        let more = if places > 1 { format!(", and more in {} other places", places - 1) } else { String::new() };
        let where_ = format!("`{}` in line {}, `{}` in line {}", mine.text, mine.line, theirs.text, theirs.line);
        let text = format!("`{}` and `{}` share {}{more} ({where_}): {then}", name(one), name(two), Range::between(first, last));
        Some((mine.line.max(theirs.line), text))
    };
    pairs.into_iter().filter_map(doubt).collect()
}

/// By first address, the wider before the narrower, then as they were written.
fn by_address<'l>(listed: impl Iterator<Item = (&'l Listed, usize)>) -> Vec<(&'l Listed, usize)> {
    let mut all: Vec<(&Listed, usize)> = listed.collect();
    all.sort_by_key(|(listed, at)| (listed.range.first(), Reverse(listed.range.last()), *at, listed.line));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(lines: &[(u32, &str)]) -> Vec<Listed> {
        let each =
            |(line, text): &(u32, &str)| Listed { range: Range::parse(text).unwrap(), text: (*text).to_owned(), line: *line };
        lines.iter().map(each).collect()
    }

    #[test]
    fn a_list_names_hosts_once() {
        assert_eq!(repeats(&listed(&[(1, "10.1.0.1"), (1, "10.1.0.3"), (2, "10.1.0.2"), (2, "fd00::/64")])), []);
        let said = repeats(&listed(&[
            (1, "10.1.0.9"),
            (2, "10.1.0.0/24"),
            (3, "10.1.0.9"),
            (4, "10.1.0.200-10.1.1.5"),
            (5, "10.1.1.5"),
        ]));
        let said: Vec<(u32, &str)> = said.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(
            said,
            [
                (2, "`10.1.0.0/24` and `10.1.0.9` of one list share 10.1.0.9"),
                (3, "`10.1.0.0/24` and `10.1.0.9` of one list share 10.1.0.9"),
                (4, "`10.1.0.0/24` and `10.1.0.200-10.1.1.5` of one list share 10.1.0.200 to 10.1.0.255"),
                (5, "`10.1.0.200-10.1.1.5` and `10.1.1.5` of one list share 10.1.1.5"),
            ]
        );
        assert_eq!(repeats(&listed(&[(1, "10.1.0.9"), (1, "10.1.0.9")])), [(1, "`10.1.0.9` is in this list twice".to_owned())]);
    }

    #[test]
    fn roles_share_single_hosts_on_purpose_and_networks_by_mistake() {
        let named = |name: &str, lines: &[(u32, &str)]| Named { name: name.to_owned(), listed: listed(lines) };
        let site = named("Site", &[(2, "10.1.0.10")]);
        assert_eq!(overlaps(&[site.clone(), named("Point", &[(3, "10.1.0.10")])], "both"), []);
        let wide = named("Client", &[(3, "10.1.0.0/16"), (4, "fd00::/8")]);
        let said = overlaps(&[site.clone(), wide.clone(), named("Point", &[(5, "10.1.0.11"), (6, "fd00::1-fd00::9")])], "both");
        assert_eq!(
            said,
            [
                (3, "`Site` and `Client` share 10.1.0.10 (`10.1.0.10` in line 2, `10.1.0.0/16` in line 3): both".to_owned()),
                (
                    5,
                    "`Client` and `Point` share 10.1.0.11, and more in 1 other places (`10.1.0.0/16` in line 3, `10.1.0.11` in line 5): both"
                        .to_owned()
                ),
            ]
        );
    }

    /// A hundred thousand hosts in each of two roles are compared in a moment.
    #[test]
    fn many_hosts_are_compared_quickly() {
        let hosts = |name: &str, first: u32| Named {
            name: name.to_owned(),
            listed: (0..100_000_u32)
                .map(|n| {
                    let text = std::net::Ipv4Addr::from(first + 2 * n).to_string();
                    Listed { range: Range::parse(&text).unwrap(), text, line: n }
                })
                .collect(),
        };
        assert_eq!(overlaps(&[hosts("a", 0x0a00_0000), hosts("b", 0x0a00_0001)], "both"), []);
        assert_eq!(repeats(&hosts("a", 0x0a00_0000).listed), []);
    }
}
