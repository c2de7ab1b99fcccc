//! MPLS (RFC 3032): a stack of labels that does not say what it carries.
//!
//! The first nibble tells (RFC 4928): 4 and 6 are IP, 0 a pseudowire's control word (RFC 4385), 1 its associated channel.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const ENTRY: usize = 4;
const BOTTOM: u32 = 0x100;
/// Labels of a stack before it is taken for nonsense; real ones have a handful.
const MAX_LABELS: usize = 32;
/// The high half of the control word of an Ethernet pseudowire: all of it reserved (RFC 4448 section 4.6).
const ETHERNET_CONTROL: [u8; 2] = [0, 0];

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let mut rest = window;
    for _ in 0..MAX_LABELS {
        let entry = u32::from_be_bytes(*rest.header::<ENTRY>("mpls-label-cut")?);
        rest = rest.skip(ENTRY);
        if entry & BOTTOM != 0 {
            walk.tunnel("mpls", Some(entry >> 12));
            return payload(rest);
        }
    }
    Err(rest.stop("mpls-stack-depth"))
}

/// What the bottom label's packet starts with.
fn payload(window: Window<'_>) -> Result<Next<'_>, Stop> {
    match window.header::<1>("mpls-payload-cut")?[0] >> 4 {
        4 => Ok(Next::Ipv4(window)),
        6 => Ok(Next::Ipv6(window)),
        0 => Ok(pseudowire(window)),
        1 => Ok(Next::NonIp(Word::Plain("mpls-channel"))),
        _ => Ok(Next::NonIp(Word::Plain("mpls-payload"))),
    }
}

/// Ethernet behind a control word. Without one nothing tells an address from other data, so it is not tried.
fn pseudowire(window: Window<'_>) -> Next<'_> {
    match window.peek() {
        Some(&ETHERNET_CONTROL) => Next::Link(LinkType::ETHERNET, window.skip(ENTRY)),
        _ => Next::NonIp(Word::Plain("mpls-pseudowire")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const MAC: &str = "020000000002 020000000001";

    #[test]
    fn the_packet_behind_the_bottom_label() {
        leads_to_ipv4(1, &format!("{MAC} 8847 00010140"));
        leads_to_ipv6(1, &format!("{MAC} 8848 0001003f 00020140"));
        leads_to_ipv4(219, "00010140");
    }

    #[test]
    fn an_ethernet_pseudowire() {
        let decoded = leads_to_ipv4(1, &format!("{MAC} 8847 00010140 00000001 {MAC} 8100 000a 0800"));
        assert_eq!(decoded.layers[0].vlans.as_slice(), [10]);
    }

    #[test]
    fn other_payloads() {
        assert_eq!(outcome(219, "00010140 10000007"), "non-ip mpls-channel");
        assert_eq!(outcome(219, "00010140 01020304"), "non-ip mpls-pseudowire");
        assert_eq!(outcome(219, "00010140 ff030021"), "non-ip mpls-payload");
        assert_eq!(outcome(219, &"00010040".repeat(40)), "stop mpls-stack-depth at 128");
        assert_eq!(outcome(219, "00010140"), "stop mpls-payload-cut at 4");
    }
}
