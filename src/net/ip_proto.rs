//! IP protocol numbers and the words records and catalog use for them.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number of the IP protocol field (for IPv6: the last next-header reached).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct IpProto(pub u8);

impl IpProto {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// IGMP.
    pub const IGMP: Self = Self(2);
    /// IPv4 in IP.
    pub const IPIP: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP.
    pub const IPV6: Self = Self(41);
    /// GRE.
    pub const GRE: Self = Self(47);
    /// IPsec ESP.
    pub const ESP: Self = Self(50);
    /// IPsec AH.
    pub const AH: Self = Self(51);
    /// ICMP for IPv6.
    pub const ICMP6: Self = Self(58);
    /// L2TP version 3 over IP.
    pub const L2TP: Self = Self(115);
    /// SCTP.
    pub const SCTP: Self = Self(132);
    /// UDP-Lite.
    pub const UDPLITE: Self = Self(136);
    /// DCCP.
    pub const DCCP: Self = Self(33);

    /// Whether its packets name ports.
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP | Self::SCTP | Self::UDPLITE | Self::DCCP)
    }
}

/// Registered keywords in lower case, by number. 4 is `ipip` here, as everybody calls it; the registry's own IPIP (94) keeps its number.
const KEYWORDS: &[(u8, &str)] = &[
    (0, "hopopt"),
    (1, "icmp"),
    (2, "igmp"),
    (3, "ggp"),
    (4, "ipip"),
    (5, "st"),
    (6, "tcp"),
    (7, "cbt"),
    (8, "egp"),
    (9, "igp"),
    (10, "bbn-rcc-mon"),
    (11, "nvp-ii"),
    (12, "pup"),
    (13, "argus"),
    (14, "emcon"),
    (15, "xnet"),
    (16, "chaos"),
    (17, "udp"),
    (18, "mux"),
    (19, "dcn-meas"),
    (20, "hmp"),
    (21, "prm"),
    (22, "xns-idp"),
    (23, "trunk-1"),
    (24, "trunk-2"),
    (25, "leaf-1"),
    (26, "leaf-2"),
    (27, "rdp"),
    (28, "irtp"),
    (29, "iso-tp4"),
    (30, "netblt"),
    (31, "mfe-nsp"),
    (32, "merit-inp"),
    (33, "dccp"),
    (34, "3pc"),
    (35, "idpr"),
    (36, "xtp"),
    (37, "ddp"),
    (38, "idpr-cmtp"),
    (39, "tp++"),
    (40, "il"),
    (41, "ipv6"),
    (42, "sdrp"),
    (43, "ipv6-route"),
    (44, "ipv6-frag"),
    (45, "idrp"),
    (46, "rsvp"),
    (47, "gre"),
    (48, "dsr"),
    (49, "bna"),
    (50, "esp"),
    (51, "ah"),
    (52, "i-nlsp"),
    (53, "swipe"),
    (54, "narp"),
    (55, "min-ipv4"),
    (56, "tlsp"),
    (57, "skip"),
    (58, "icmp6"),
    (59, "ipv6-nonxt"),
    (60, "ipv6-opts"),
    (62, "cftp"),
    (64, "sat-expak"),
    (65, "kryptolan"),
    (66, "rvd"),
    (67, "ippc"),
    (69, "sat-mon"),
    (70, "visa"),
    (71, "ipcv"),
    (72, "cpnx"),
    (73, "cphb"),
    (74, "wsn"),
    (75, "pvp"),
    (76, "br-sat-mon"),
    (77, "sun-nd"),
    (78, "wb-mon"),
    (79, "wb-expak"),
    (80, "iso-ip"),
    (81, "vmtp"),
    (82, "secure-vmtp"),
    (83, "vines"),
    (84, "iptm"),
    (85, "nsfnet-igp"),
    (86, "dgp"),
    (87, "tcf"),
    (88, "eigrp"),
    (89, "ospf"),
    (90, "sprite-rpc"),
    (91, "larp"),
    (92, "mtp"),
    (93, "ax.25"),
    (95, "micp"),
    (96, "scc-sp"),
    (97, "etherip"),
    (98, "encap"),
    (100, "gmtp"),
    (101, "ifmp"),
    (102, "pnni"),
    (103, "pim"),
    (104, "aris"),
    (105, "scps"),
    (106, "qnx"),
    (107, "a/n"),
    (108, "ipcomp"),
    (109, "snp"),
    (110, "compaq-peer"),
    (111, "ipx-in-ip"),
    (112, "vrrp"),
    (113, "pgm"),
    (115, "l2tp"),
    (116, "ddx"),
    (117, "iatp"),
    (118, "stp"),
    (119, "srp"),
    (120, "uti"),
    (121, "smp"),
    (122, "sm"),
    (123, "ptp"),
    (124, "isis"),
    (125, "fire"),
    (126, "crtp"),
    (127, "crudp"),
    (128, "sscopmce"),
    (129, "iplt"),
    (130, "sps"),
    (131, "pipe"),
    (132, "sctp"),
    (133, "fc"),
    (134, "rsvp-e2e-ignore"),
    (135, "mobility-header"),
    (136, "udplite"),
    (137, "mpls-in-ip"),
    (138, "manet"),
    (139, "hip"),
    (140, "shim6"),
    (141, "wesp"),
    (142, "rohc"),
    (143, "ethernet"),
    (144, "aggfrag"),
    (145, "nsh"),
];

/// The registered keyword of a protocol number, where it has one.
pub fn keyword_of(number: u8) -> Option<&'static str> {
    let at = KEYWORDS.binary_search_by_key(&number, |(n, _)| *n).ok()?;
    KEYWORDS.get(at).map(|(_, keyword)| *keyword)
}

/// The number of a keyword or of `ip-N`.
pub fn protocol_named(word: &str) -> Option<u8> {
    let listed = KEYWORDS.iter().find(|(_, keyword)| *keyword == word).map(|(number, _)| *number);
    listed.or_else(|| word.strip_prefix("ip-")?.parse().ok())
}

impl fmt::Display for IpProto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match keyword_of(self.0) {
            Some(keyword) => f.pad(keyword),
            None => write!(f, "ip-{}", self.0),
        }
    }
}

impl Serialize for IpProto {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match keyword_of(self.0) {
            Some(keyword) => serializer.serialize_str(keyword),
            None => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_word_stands_once() {
        assert!(KEYWORDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut words: Vec<_> = KEYWORDS.iter().map(|(_, word)| word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), KEYWORDS.len());
    }

    #[test]
    fn words_and_numbers_go_both_ways() {
        for number in 0..=255 {
            assert_eq!(protocol_named(&IpProto(number).to_string()), Some(number));
        }
        assert_eq!(protocol_named("no such"), None);
    }
}
