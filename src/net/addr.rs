//! IP addresses as one 128-bit number, so that a key compares and hashes in a few instructions.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

const V4_MAPPED: u128 = 0xffff_0000_0000;

/// An IP address. IPv4 is held in the low 32 bits of `::ffff:0:0/96`, so numeric order is byte order within a family.
///
/// The family is not part of the value: an IPv6 header may carry a mapped address. Where that matters the IP
/// version stands beside it (`FlowKey`, `Layer`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Addr(u128);

impl Addr {
    /// From four bytes in network order.
    #[inline]
    pub fn v4(bytes: [u8; 4]) -> Self {
        Self(V4_MAPPED | u128::from(u32::from_be_bytes(bytes)))
    }

    /// From sixteen bytes in network order.
    #[inline]
    pub fn v6(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The number itself, for hashing.
    #[inline]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// The address as the IP version of its header says.
    pub fn to_ip(self, version: u8) -> IpAddr {
        if version == 4 { IpAddr::V4(Ipv4Addr::from(self.0 as u32)) } else { IpAddr::V6(Ipv6Addr::from(self.0)) }
    }
}

impl From<IpAddr> for Addr {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self::v6(v6.octets()),
        }
    }
}

/// One end of a flow as records print it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Endpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port, where the transport has ports and they were seen.
    pub port: Option<u16>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port) {
            (ip, None) => write!(f, "{ip}"),
            (IpAddr::V4(ip), Some(port)) => write!(f, "{ip}:{port}"),
            (IpAddr::V6(ip), Some(port)) => write!(f, "[{ip}]:{port}"),
        }
    }
}

impl Serialize for Addr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let version = if self.0 >> 32 == 0xffff { 4 } else { 6 };
        serializer.collect_str(&self.to_ip(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_keep_their_bytes() {
        let four = Addr::v4([10, 1, 0, 9]);
        assert_eq!(four.to_ip(4), "10.1.0.9".parse::<IpAddr>().unwrap());
        let six: Ipv6Addr = "2001:db8::1".parse().unwrap();
        assert_eq!(Addr::v6(six.octets()).to_ip(6), IpAddr::V6(six));
    }

    #[test]
    fn a_mapped_address_in_an_ipv6_header_stays_ipv6() {
        let mapped: Ipv6Addr = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(Addr::v6(mapped.octets()).to_ip(6), IpAddr::V6(mapped));
    }

    #[test]
    fn order_is_network_byte_order() {
        assert!(Addr::v4([9, 255, 255, 255]) < Addr::v4([10, 0, 0, 0]));
    }
}
