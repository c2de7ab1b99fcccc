//! Geneve (RFC 8926): options of any length, and what follows by `EtherType`.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const HEADER: usize = 8;
const ETHERNET: u16 = 0x6558;

/// Reads the header. A version other than 0 is no Geneve that anybody knows.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(h) = window.peek::<HEADER>().filter(|h| h[0] >> 6 == 0) else { return Ok(Next::Done) };
    let options = usize::from(h[0] & 0x3f) * 4;
    let inside = window.skip(HEADER + options);
    walk.tunnel("geneve", Some(u32::from_be_bytes([0, h[4], h[5], h[6]])));
    match u16::from_be_bytes([h[2], h[3]]) {
        ETHERNET => Ok(Next::Link(LinkType::ETHERNET, inside)),
        kind => Ok(Next::Ether(kind, inside)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries_nothing, carries_passenger, ethernet, ipv4, passenger, udp, with};

    fn geneve(header: &str, inside: &[u8]) -> Vec<u8> {
        ipv4(17, &udp(50000, 6081, &with(header, inside)))
    }

    #[test]
    fn it_carries_ethernet_or_ip_behind_its_options() {
        let outer = (17, Some((50000, 6081)));
        carries_passenger(&geneve("00 00 6558 000001 00", &ethernet(0x0800, &passenger())), outer, "geneve", Some(1));
        carries_passenger(&geneve("00 00 0800 000001 00", &passenger()), outer, "geneve", Some(1));
        carries_passenger(&geneve("02 40 0800 000001 00 0102000100000000", &passenger()), outer, "geneve", Some(1));
    }

    #[test]
    fn an_unknown_version_is_not_entered() {
        carries_nothing(&geneve("40 00 0800 000001 00", &passenger()));
    }
}
