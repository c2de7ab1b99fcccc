//! Headers of a fixed length between an `EtherType` and the next one that say nothing a flow wants: they are passed over.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// IEEE 802.1CB redundancy tag: reserved, sequence number, `EtherType`.
pub(super) fn redundancy<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<6>("rtag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[4], tag[5]]), window.skip(6))
}

/// HSR (IEC 62439-3): path and size, sequence number, `EtherType`.
pub(super) fn hsr<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<6>("hsr-tag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[4], tag[5]]), window.skip(6))
}

/// Cisco `FabricPath`: two bytes of tree and hop count behind the outer addresses, then the whole frame.
pub(super) fn fabric_path<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<2>("fabricpath-tag-cut")?;
    Ok(Next::Link(LinkType::ETHERNET, window.skip(2)))
}

/// Provider backbone bridging (IEEE 802.1ah): the service instance, then the customer's whole frame.
pub(super) fn backbone<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<4>("pbb-tag-cut")?;
    Ok(Next::Link(LinkType::ETHERNET, window.skip(4)))
}

/// Cisco timestamp tag: the `EtherType` stands behind eight bytes of time.
pub(super) fn cisco_time<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<10>("ttag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[8], tag[9]]), window.skip(10))
}

/// Cisco metadata, which carries a security group: version, length in units of four bytes, options, `EtherType`.
pub(super) fn cisco_metadata<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<2>("cisco-metadata-cut")?;
    let inside = window.skip(2 + usize::from(header[1]) * 4);
    let kind = inside.header::<2>("cisco-metadata-cut")?;
    super::type_or_length(walk, u16::from_be_bytes(*kind), inside.skip(2))
}

/// Arista's timestamp header: subtype 1, version, and a time of 64 or 48 bits.
pub(super) fn arista<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<4>("arista-header-cut")?;
    let time = match (header[1], header[3] & 0xf0) {
        (1, 0x10) => 8,
        (1, 0x20) => 6,
        _ => return Ok(Next::NonIp(Word::Plain("arista"))),
    };
    let inside = window.skip(4 + time);
    let kind = inside.header::<2>("arista-header-cut")?;
    super::type_or_length(walk, u16::from_be_bytes(*kind), inside.skip(2))
}
