//! Floor 1: what the traffic itself calls its hosts.
//!
//! An answer of a name server, a registration of a NetBIOS name, a lease of an address: each names a host by its address, for whoever meets the
//! address later. A lease also tells who it was that asked without an address ([`Lease`]). A [`Reader`] reads the datagrams of one such protocol and tells a [`Teller`] what they claim. It only reads bytes: it knows no
//! flow table, no catalog and no record. What it knows of a host lasts for that datagram.
//!
//! A name is a claim and nothing more: nobody checks who answers, and whoever can send can lie. That is why names never change a label, and why
//! each is kept with the protocol and the packet that claimed it.
//!
//! One more protocol: a file here and a line in [`READERS`]. What a host is called inside of a flow that has a recognizer for it (SNI, `Host`)
//! belongs into that recognizer's finding.

mod claim;
mod dhcp;
mod dns;
mod lease;
mod netbios;

pub use claim::{Claim, Lately, Origin, Teller, is_one_host};
pub use lease::{Lease, Step};

use crate::net::Addr;

/// A datagram of a protocol that names hosts.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its payload.
    pub bytes: &'a [u8],
    /// Who sent it.
    pub by: Addr,
    /// IP version.
    pub version: u8,
}

/// What reads one protocol.
#[derive(Debug)]
pub struct Reader {
    /// The recognised protocol.
    pub protocol: &'static str,
    /// What a name from it is said to be from.
    pub origin: Origin,
    /// Reads one datagram.
    pub read: fn(&Told<'_>, &mut Teller<'_>) -> Option<()>,
}

/// Every reader.
pub const READERS: &[Reader] = &[
    Reader { protocol: "DNS", origin: Origin::Dns, read: dns::read },
    Reader { protocol: "mDNS", origin: Origin::Mdns, read: dns::read },
    Reader { protocol: "LLMNR", origin: Origin::Llmnr, read: dns::read },
    Reader { protocol: "NetBIOS name service", origin: Origin::NetBios, read: netbios::read },
    Reader { protocol: "DHCP", origin: Origin::Dhcp, read: dhcp::read },
];

/// The reader of a recognised protocol.
pub fn reader(protocol: &str) -> Option<&'static Reader> {
    READERS.iter().find(|reader| reader.protocol == protocol)
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::RECOGNIZERS;

    #[test]
    fn every_protocol_is_one_that_can_be_recognised() {
        for reader in READERS {
            let mut known = RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
            assert!(known.any(|protocol| protocol.name == reader.protocol), "{}", reader.protocol);
        }
    }
}
