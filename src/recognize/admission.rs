//! Who is asked at all: the recognizers whose protocol can begin with the first bytes of a side, on these ports.
//!
//! This only saves calls. A recognizer that is left out would have said no; the tests of `testing.rs` hold it to that.

use std::sync::LazyLock;

use super::opening::{Opening, Said};
use super::set::Set;
use super::table::{AT_PORTS, FROM_THE_MIDDLE, RECOGNIZERS, Recognizer, SMALL_FOURTH_BYTE};
use crate::net::IpProto;

/// Of those that need a small fourth byte, the largest one.
const SMALL: u8 = 8;

/// What the table says, by what is looked up.
struct Table {
    /// For TCP and UDP, by the first byte.
    by_first_byte: [Box<[Set]>; 2],
    /// Recognizers that go by the port alone, and those of each port, in its order.
    at_ports: Set,
    by_port: Vec<(u16, Set)>,
    small_fourth_byte: Set,
    from_the_middle: Set,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let of_words = |words: &[&str]| matching(|recognizer| words.contains(&recognizer.word));
    let ports = |recognizer: &Recognizer| AT_PORTS.iter().find(|(word, _)| *word == recognizer.word).map(|(_, ports)| *ports);
    let mut numbers: Vec<u16> = AT_PORTS.iter().flat_map(|(_, ports)| *ports).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let at = |port: u16| matching(|recognizer| ports(recognizer).is_some_and(|ports| ports.contains(&port)));
    Table {
        by_first_byte: [IpProto::TCP, IpProto::UDP].map(|transport| (0..=255).map(|byte| beginning(transport, byte)).collect()),
        at_ports: matching(|recognizer| ports(recognizer).is_some()),
        by_port: numbers.into_iter().map(|port| (port, at(port))).collect(),
        small_fourth_byte: of_words(SMALL_FOURTH_BYTE),
        from_the_middle: of_words(FROM_THE_MIDDLE),
    }
});

fn beginning(transport: IpProto, byte: u8) -> Set {
    matching(|recognizer| recognizer.over.contains(&transport) && recognizer.first.iter().any(|range| range.contains(&byte)))
}

fn matching(is_wanted: impl Fn(&Recognizer) -> bool) -> Set {
    let mut set = Set::default();
    RECOGNIZERS.iter().enumerate().filter(|(_, recognizer)| is_wanted(recognizer)).for_each(|(rank, _)| set.insert(rank));
    set
}

/// The recognizers worth a look at what one side says first.
pub(super) fn admitted(opening: &Opening<'_>, said: &Said<'_>) -> Set {
    let table = &*TABLE;
    let [tcp, udp] = &table.by_first_byte;
    let by_first_byte = if opening.is_udp() { udp } else { tcp };
    let first = said.bytes.first().and_then(|first| by_first_byte.get(usize::from(*first)));
    let Some(mut set) = first.copied() else { return Set::default() };
    let mut elsewhere = table.at_ports;
    for port in opening.ports {
        if let Ok(at) = table.by_port.binary_search_by_key(&port, |(port, _)| *port) {
            table.by_port.get(at).into_iter().for_each(|(_, here)| elsewhere.remove(*here));
        }
    }
    set.remove(elsewhere);
    if said.bytes.get(3).is_some_and(|fourth| *fourth > SMALL) {
        set.remove(table.small_fourth_byte);
    }
    if !said.from_start && !opening.is_udp() {
        set.add(table.from_the_middle);
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_lists_is_in_the_table() {
        let words = AT_PORTS.iter().map(|(word, _)| *word).chain(SMALL_FOURTH_BYTE.iter().chain(FROM_THE_MIDDLE).copied());
        let is_known = |word: &&str| RECOGNIZERS.iter().any(|recognizer| recognizer.word == *word);
        assert_eq!(words.filter(|word| !is_known(word)).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn text_is_shown_to_few_and_a_port_to_its_own() {
        let words = |bytes: &[u8], ports: [u16; 2], transport: IpProto| {
            let said = Said { bytes, datagrams: &[], from_start: true, ended: false };
            let set = admitted(&Opening { transport, ports, said: [said, Said::default()] }, &said);
            set.ranks().map(|rank| RECOGNIZERS[rank].word).collect::<Vec<_>>()
        };
        assert!(!words(b"GET /", [50_000, 80], IpProto::TCP).contains(&"mysql"));
        assert!(words(b"J\0\0\0\x0a5.5", [50_000, 3306], IpProto::TCP).contains(&"mysql"));
        assert!(!words(b"\x12\x34\x01\0", [50_000, 53], IpProto::UDP).contains(&"mdns"));
        assert!(words(b"\x12\x34\x01\0", [5353, 5353], IpProto::UDP).contains(&"mdns"));
        assert!(words(b"", [50_000, 80], IpProto::TCP).is_empty());
    }
}
