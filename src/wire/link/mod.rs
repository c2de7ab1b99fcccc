//! Link layers: how the first bytes of a frame are read, by link type.
//!
//! A reader knows its own header and nothing of what it carries: it says what comes next ([`Next`]) and leaves it to others. It never
//! guesses: bytes that it cannot read are a [`Stop`] with a word, a header that leads to no IP is `Next::NonIp` with one. A link type
//! that never holds IP has a line in `without_ip`; one that nobody here knows is counted by its number.
//!
//! One more link type is one file here, say `tunnel_box.rs`, for a box that puts a port and an `EtherType` before each packet,
//!
//! ```ignore
//! pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
//!     let [_port, high, low] = *window.header::<3>("tunnel-box-header-cut")?;
//!     Ok(Next::Ether(u16::from_be_bytes([high, low]), window.skip(3)))
//! }
//! ```
//!
//! and one line in [`TABLE`], in order of the number:
//!
//! ```ignore
//!     Reader { link: LinkType(300), step: tunnel_box::read },
//! ```
//!
//! Its test is one line more: `probe::leads_to_ipv4(300, "07 0800")` puts a known packet behind these bytes, and cuts it everywhere.

mod arcnet;
mod atm;
mod capture_card;
mod chdlc;
mod cooked;
mod docsis;
pub(super) mod ethernet;
mod fddi;
mod fibre_channel;
mod firewire;
mod frame_relay;
mod infiniband;
mod ipnet;
mod juniper;
mod loopback;
mod nflog;
mod pflog;
mod pktap;
mod ppi;
mod ppp;
mod prism;
mod radiotap;
mod raw;
mod switch_tag;
mod token_ring;
mod without_ip;
mod wlan;

use super::inner;
use super::layer::{Stop, Word};
use super::walk::{Next, Step, Walk};
use super::window::Window;
use crate::net::LinkType;

/// A link type that can be read.
pub(super) struct Reader {
    link: LinkType,
    step: Step,
}

/// Every link type that can be read, by number.
const TABLE: &[Reader] = &[
    Reader { link: LinkType::NULL, step: loopback::read },
    Reader { link: LinkType::ETHERNET, step: ethernet::read },
    Reader { link: LinkType(6), step: token_ring::read },
    Reader { link: LinkType(7), step: arcnet::bsd },
    Reader { link: LinkType::PPP, step: ppp::read },
    Reader { link: LinkType(10), step: fddi::read },
    Reader { link: LinkType(11), step: atm::rfc1483 },
    Reader { link: LinkType(12), step: raw::read },
    Reader { link: LinkType(14), step: raw::read },
    Reader { link: LinkType(19), step: atm::classical_ip },
    Reader { link: LinkType::PPP_HDLC, step: ppp::read },
    Reader { link: LinkType(51), step: inner::pppoe },
    Reader { link: LinkType(100), step: atm::rfc1483 },
    Reader { link: LinkType::RAW, step: raw::read },
    Reader { link: LinkType::CISCO_HDLC, step: chdlc::read },
    Reader { link: LinkType::IEEE802_11, step: wlan::read },
    Reader { link: LinkType(106), step: atm::classical_ip },
    Reader { link: LinkType::FRAME_RELAY, step: frame_relay::read },
    Reader { link: LinkType(108), step: loopback::read },
    Reader { link: LinkType(109), step: loopback::enc },
    Reader { link: LinkType::LINUX_SLL, step: cooked::v1 },
    Reader { link: LinkType(117), step: pflog::read },
    Reader { link: LinkType::PRISM, step: prism::read },
    Reader { link: LinkType(122), step: fibre_channel::read },
    Reader { link: LinkType(123), step: atm::sun },
    Reader { link: LinkType::RADIOTAP, step: radiotap::read },
    Reader { link: LinkType(129), step: arcnet::linux },
    Reader { link: LinkType(138), step: firewire::read },
    Reader { link: LinkType(143), step: docsis::read },
    Reader { link: LinkType::USER2, step: pktap::user2 },
    Reader { link: LinkType(163), step: prism::avs },
    Reader { link: LinkType(166), step: ppp::pppd },
    Reader { link: LinkType(178), step: juniper::ethernet },
    Reader { link: LinkType(179), step: juniper::ppp },
    Reader { link: LinkType(180), step: juniper::frame_relay },
    Reader { link: LinkType(181), step: juniper::chdlc },
    Reader { link: LinkType(192), step: ppi::read },
    Reader { link: LinkType(197), step: capture_card::erf },
    Reader { link: LinkType(204), step: ppp::with_direction },
    Reader { link: LinkType(205), step: chdlc::with_direction },
    Reader { link: LinkType(206), step: frame_relay::with_direction },
    Reader { link: LinkType(219), step: inner::mpls },
    Reader { link: LinkType(226), step: ipnet::read },
    Reader { link: LinkType::IPV4, step: raw::ipv4 },
    Reader { link: LinkType::IPV6, step: raw::ipv6 },
    Reader { link: LinkType(239), step: nflog::read },
    Reader { link: LinkType(240), step: capture_card::netanalyzer },
    Reader { link: LinkType(242), step: infiniband::ip_over_ib },
    Reader { link: LinkType::INFINIBAND, step: infiniband::read },
    Reader { link: LinkType(258), step: pktap::read },
    Reader { link: LinkType(274), step: capture_card::mpacket },
    Reader { link: LinkType::LINUX_SLL2, step: cooked::v2 },
    Reader { link: LinkType(281), step: switch_tag::broadcom },
    Reader { link: LinkType(282), step: switch_tag::broadcom_prepended },
    Reader { link: LinkType(284), step: switch_tag::marvell },
    Reader { link: LinkType(285), step: switch_tag::marvell_with_ethertype },
];

/// Reads the link header of a frame. A link type that nobody here knows is named and counted, never guessed.
#[inline]
pub(super) fn read<'a>(walk: &mut Walk<'_>, link: LinkType, window: Window<'a>) -> Result<Next<'a>, Stop> {
    if link == LinkType::ETHERNET {
        return ethernet::read(walk, window);
    }
    if let Ok(Some(reader)) = TABLE.binary_search_by_key(&link, |reader| reader.link).map(|at| TABLE.get(at)) {
        return (reader.step)(walk, window);
    }
    without_ip::name(link).map_or_else(|| Err(unknown(link, window)), |name| Ok(Next::NonIp(Word::Plain(name))))
}

/// The stop at a link type that nobody here knows.
fn unknown(link: LinkType, window: Window<'_>) -> Stop {
    Stop { why: Word::LinkType(link.0), offset: window.span().start }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::probe;
    use super::{TABLE, without_ip};

    #[test]
    fn a_table_is_sorted_and_names_a_link_type_once() {
        assert!(TABLE.is_sorted_by(|one, next| one.link < next.link));
        assert!(TABLE.iter().all(|reader| without_ip::name(reader.link).is_none()));
    }

    #[test]
    fn an_unknown_link_type_is_named() {
        assert_eq!(probe::outcome(147, "4500"), "stop link-type-147 at 0");
        assert_eq!(probe::outcome(60_000, ""), "stop link-type-60000 at 0");
    }

    proptest! {
        /// Every reader, any bytes: an end, no panic, and no span beyond the frame.
        #[test]
        fn any_bytes_decode(data in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..2000) {
            for reader in TABLE {
                let decoded = probe::decode_cut(reader.link.0, &data, data.len() + cut);
                for layer in &decoded.layers {
                    prop_assert!(layer.packet.end as usize <= data.len());
                    prop_assert!(layer.payload.end as usize <= data.len());
                }
            }
        }
    }
}
