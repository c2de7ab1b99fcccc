//! Linux cooked captures, version 1 and 2: what an interface without a header of its own (or all of them at once) delivers.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const V1_HEADER: usize = 16;
const V2_HEADER: usize = 20;

/// Hardware types (ARPHRD) whose protocol field is no `EtherType`, or whose payload has a link header of its own.
mod hardware {
    pub(super) const IEEE80211: u16 = 801;
    pub(super) const IEEE80211_PRISM: u16 = 802;
    pub(super) const IEEE80211_RADIOTAP: u16 = 803;
    pub(super) const NETLINK: u16 = 824;
}

/// Protocols below the first `EtherType` that hold no IP and have a name.
const NON_IP: &[(u16, &str)] =
    &[(0x0001, "ipx"), (0x000c, "can"), (0x000d, "can"), (0x000e, "can"), (0x0017, "irda"), (0x00f6, "ieee802.15.4")];

pub(super) fn v1<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<V1_HEADER>("sll-header-cut")?;
    let hardware = u16::from_be_bytes([header[2], header[3]]);
    let protocol = u16::from_be_bytes([header[14], header[15]]);
    payload(walk, hardware, protocol, window.skip(V1_HEADER))
}

pub(super) fn v2<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<V2_HEADER>("sll2-header-cut")?;
    let protocol = u16::from_be_bytes([header[0], header[1]]);
    let hardware = u16::from_be_bytes([header[8], header[9]]);
    payload(walk, hardware, protocol, window.skip(V2_HEADER))
}

fn payload<'a>(walk: &mut Walk<'_>, hardware: u16, protocol: u16, inside: Window<'a>) -> Result<Next<'a>, Stop> {
    match hardware {
        hardware::IEEE80211 => return Ok(Next::Link(LinkType::IEEE802_11, inside)),
        hardware::IEEE80211_PRISM => return Ok(Next::Link(LinkType::PRISM, inside)),
        hardware::IEEE80211_RADIOTAP => return Ok(Next::Link(LinkType::RADIOTAP, inside)),
        hardware::NETLINK => return Ok(Next::NonIp(Word::Plain("netlink"))),
        _ => {}
    }
    match protocol {
        inner::FIRST_ETHERTYPE.. => Ok(Next::Ether(protocol, inside)),
        0x0003 => Ok(Next::Link(LinkType::ETHERNET, inside)),
        0x0004 => inner::llc(walk, inside),
        0x0007 => inner::ppp(walk, inside),
        _ => {
            let named = NON_IP.iter().find(|(listed, _)| *listed == protocol);
            Ok(Next::NonIp(Word::Plain(named.map_or("sll-protocol", |(_, name)| name))))
        }
    }
}
