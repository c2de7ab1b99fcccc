//! Who is called what, and where that was said.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use foldhash::quality::{FixedState, FoldHasher};

use super::lease::{Lease, Step};
use crate::net::{Addr, Timestamp};
use crate::recognize::plausible_name;
use crate::record::escape;

/// Names that one datagram may claim; a list of a whole segment would be the exception.
const CLAIMS: usize = 64;

/// Where a name is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// An answer of a name server.
    Dns,
    /// A host's own announcement (RFC 6762).
    Mdns,
    /// A host's own answer (RFC 4795).
    Llmnr,
    /// A registration, an answer to a query, a node's status.
    NetBios,
    /// A request for a lease, or the lease.
    Dhcp,
    /// What the host itself, or one who talked to it, said in a conversation: SNI, `Host`, NTLM.
    Payload,
}

impl Origin {
    /// As records print it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::NetBios => "netbios",
            Self::Dhcp => "dhcp",
            Self::Payload => "payload",
        }
    }
}

/// A host has a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Claim {
    /// The packet that said so.
    pub packet: u64,
    /// When.
    pub time: Timestamp,
    /// 4 or 6.
    pub version: u8,
    /// Whose name it is.
    pub host: Addr,
    /// The name, fit to be shown.
    pub name: Box<str>,
    /// How it was said.
    pub origin: Origin,
}

/// What was claimed lately, so that who says the same again and again costs a comparison.
#[derive(Debug)]
pub struct Lately(Box<[u64; Self::SLOTS]>);

impl Default for Lately {
    fn default() -> Self {
        Self(Box::new([0; Self::SLOTS]))
    }
}

impl Lately {
    const SLOTS: usize = 256;

    /// Whether the last claim about this host was another one.
    fn is_news(&mut self, host: Addr, name: &[u8], origin: Origin) -> bool {
        let hash = |what: &dyn Fn(&mut FoldHasher<'_>)| {
            // The same in every run: what is told must not depend on chance.
            let mut hasher = FixedState::default().build_hasher();
            what(&mut hasher);
            hasher.finish()
        };
        let slot = hash(&|hasher| host.hash(hasher)) as usize % Self::SLOTS;
        let value = hash(&|hasher| (host, name, origin).hash(hasher));
        self.0.get_mut(slot).is_none_or(|last| std::mem::replace(last, value) != value)
    }
}

/// Takes what one datagram claims.
#[derive(Debug)]
pub struct Teller<'a> {
    /// Its number.
    pub packet: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// How it is said.
    pub origin: Origin,
    /// What the same hosts were called before.
    pub lately: &'a mut Lately,
    /// All that was claimed.
    pub claims: &'a mut Vec<Claim>,
    /// Who asked for an address, and who was given one.
    pub leases: &'a mut Vec<Lease>,
    /// How many of them are this datagram's.
    pub told: usize,
}

impl Teller<'_> {
    /// A step on the way to an address.
    pub fn lease(&mut self, transaction: u32, step: Step) {
        self.leases.push(Lease { packet: self.packet, time: self.time, transaction, step });
    }

    /// A host has a name. What cannot be one is passed over.
    pub fn say(&mut self, version: u8, host: Addr, name: &[u8]) {
        let Some(name) = plausible_name(name).filter(|_| self.told < CLAIMS && is_one_host(version, host)) else { return };
        self.told += 1;
        if self.lately.is_news(host, name, self.origin) {
            let (packet, time, origin) = (self.packet, self.time, self.origin);
            self.claims.push(Claim { packet, time, version, host, name: escape::from_bytes(name).into(), origin });
        }
    }
}

/// Whether an address stands for one host that others can meet.
pub fn is_one_host(version: u8, host: Addr) -> bool {
    match host.to_ip(version) {
        IpAddr::V4(ip) => !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.is_broadcast()),
        IpAddr::V6(ip) => !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::claimed;
    use super::*;

    fn host() -> Addr {
        Addr::v4([10, 0, 0, 9])
    }

    #[test]
    fn what_cannot_be_a_name_or_a_host_is_passed_over() {
        let said = |name: &[u8], host: [u8; 4]| claimed(Origin::Dns, |teller| teller.say(4, Addr::v4(host), name));
        assert_eq!(said(b"sms1.corp.example.", [10, 0, 0, 9]), ["10.0.0.9 sms1.corp.example dns"]);
        for name in [&b""[..], b".", b"  ", b"10.0.0.9", b"[2001:db8::1]", &[b'a'; 256]] {
            assert_eq!(said(name, [10, 0, 0, 9]), [""; 0], "{name:?}");
        }
        for host in [[0; 4], [127, 0, 0, 1], [224, 0, 0, 251], [255; 4]] {
            assert_eq!(said(b"dc1", host), [""; 0], "{host:?}");
        }
    }

    #[test]
    fn hostile_names_are_harmless() {
        let said = |name: &[u8]| claimed(Origin::Mdns, |teller| teller.say(4, host(), name));
        assert_eq!(said(b"dc1\x1b[2J\r\n"), [r"10.0.0.9 dc1\x1b[2J mdns"]);
        assert_eq!(said("\u{202e}1cd".as_bytes()), [r"10.0.0.9 \u{202e}1cd mdns"]);
        assert_eq!(said(b"\xff\xfe"), [r"10.0.0.9 \xff\xfe mdns"]);
    }

    #[test]
    fn repetitions_are_no_news_and_one_datagram_names_only_so_many() {
        let said = claimed(Origin::Dns, |teller| {
            for name in [b"a", b"a", b"b", b"a"] {
                teller.say(4, host(), name);
            }
        });
        assert_eq!(said, ["10.0.0.9 a dns", "10.0.0.9 b dns", "10.0.0.9 a dns"]);
        let many = claimed(Origin::Dns, |teller| (1..=200).for_each(|number| teller.say(4, Addr::v4([10, 0, 0, number]), b"a")));
        assert_eq!(many.len(), CLAIMS);
    }
}
