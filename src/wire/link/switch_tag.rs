//! Ethernet with the tag of a switch chip in it, as Linux DSA captures it: Marvell's and Broadcom's.

use super::super::inner;
use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const ADDRESSES: usize = 12;
const TAG: usize = 4;

/// Marvell DSA: four bytes between the addresses and the `EtherType`. A frame that came with a VLAN tag has it in there.
pub(super) fn marvell<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    marvell_at(walk, window, ADDRESSES)
}

/// Marvell's tag behind an `EtherType` of its own and two reserved bytes.
pub(super) fn marvell_with_ethertype<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    marvell_at(walk, window, ADDRESSES + 4)
}

fn marvell_at<'a>(walk: &mut Walk<'_>, window: Window<'a>, at: usize) -> Result<Next<'a>, Stop> {
    const TAGGED: u8 = 0x20;
    window.header::<ADDRESSES>("ethernet-header-cut")?;
    let [first, _, high, low] = *window.skip(at).header::<TAG>("dsa-tag-cut")?;
    if first & TAGGED != 0 {
        walk.vlan(u16::from_be_bytes([high, low]) & 0x0fff);
    }
    by_type(walk, window.skip(at + TAG))
}

/// Broadcom: four bytes between the addresses and the `EtherType`.
pub(super) fn broadcom<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<{ ADDRESSES + TAG }>("broadcom-tag-cut")?;
    by_type(walk, window.skip(ADDRESSES + TAG))
}

/// Broadcom: four bytes before the frame.
pub(super) fn broadcom_prepended<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<TAG>("broadcom-tag-cut")?;
    Ok(Next::Link(LinkType::ETHERNET, window.skip(TAG)))
}

fn by_type<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let kind = u16::from_be_bytes(*window.header::<2>("ethernet-header-cut")?);
    inner::type_or_length(walk, kind, window.skip(2))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    const ADDRESSES: &str = "020000000002 020000000001";

    #[test]
    fn marvell() {
        let tagged = leads_to_ipv4(284, &format!("{ADDRESSES} 6008 000a 0800"));
        assert_eq!(tagged.layers[0].vlans.as_slice(), [10]);
        let untagged = leads_to_ipv4(285, &format!("{ADDRESSES} dada 0000 4008 0001 0800"));
        assert!(untagged.layers[0].vlans.as_slice().is_empty());
    }

    #[test]
    fn broadcom() {
        leads_to_ipv4(281, &format!("{ADDRESSES} 00000008 0800"));
        leads_to_ipv4(282, &format!("00000008 {ADDRESSES} 0800"));
        assert_eq!(outcome(281, ADDRESSES), "stop broadcom-tag-cut at 0");
    }
}
