//! BSD loopback: an address family in four bytes, in the byte order of whoever captured (NULL) or of the network (LOOP).

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 4;
/// PPP drivers of old BSDs announced this link type too (all stations, unnumbered information).
const PPP_FRAMING: [u8; 2] = [0xff, 0x03];

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = *window.header::<HEADER>("null-header-cut")?;
    if header.starts_with(&PPP_FRAMING) {
        return inner::ppp(walk, window);
    }
    // A family is small: of the two readings the one with the zero bytes in front is meant.
    let family = u32::from_be_bytes(header).min(u32::from_le_bytes(header));
    Ok(family_or_type(family, window.skip(HEADER)))
}

/// `OpenBSD`'s capture of decrypted `IPsec` traffic: family, SPI, flags.
pub(super) fn enc<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    const ENC_HEADER: usize = 12;
    let header = window.header::<ENC_HEADER>("enc-header-cut")?;
    let family = [header[0], header[1], header[2], header[3]];
    Ok(by_family(u32::from_be_bytes(family).min(u32::from_le_bytes(family)), window.skip(ENC_HEADER)))
}

/// Some write an `EtherType` where the family belongs; no family is that large.
fn family_or_type(family: u32, inside: Window<'_>) -> Next<'_> {
    match u16::try_from(family) {
        Ok(kind @ inner::FIRST_ETHERTYPE..) => Next::Ether(kind, inside),
        _ => by_family(family, inside),
    }
}

/// `AF_INET` is 2 everywhere; `AF_INET6` is 10 on Linux, 23 on Windows, 24 on `NetBSD` and `OpenBSD`, 26 on Solaris, 28 on `FreeBSD`
/// and 30 on Darwin.
pub(super) fn by_family(family: u32, inside: Window<'_>) -> Next<'_> {
    match family {
        2 => Next::Ipv4(inside),
        10 | 24 | 26 | 28 | 30 => Next::Ipv6(inside),
        // IPX on BSD: the first nibble decides.
        23 => match inside.peek() {
            Some([first]) if first >> 4 != 6 => Next::NonIp(Word::Plain("ipx")),
            _ => Next::Ipv6(inside),
        },
        7 => Next::NonIp(Word::Plain("osi")),
        _ => Next::NonIp(Word::Plain("address-family")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn families_in_both_byte_orders() {
        leads_to_ipv4(0, "02000000");
        leads_to_ipv4(0, "00000002");
        leads_to_ipv4(108, "00000002");
        for family in [10, 23, 24, 26, 28, 30] {
            leads_to_ipv6(0, &format!("{family:02x}000000"));
            leads_to_ipv6(0, &format!("000000{family:02x}"));
        }
        assert_eq!(outcome(0, "11000000 45"), "non-ip address-family");
        assert_eq!(outcome(0, "17000000 ffff"), "non-ip ipx");
        assert_eq!(outcome(0, "020000"), "stop null-header-cut at 0");
    }

    #[test]
    fn an_ethertype_in_place_of_a_family() {
        leads_to_ipv4(0, "00080000");
        leads_to_ipv6(0, "000086dd");
    }

    #[test]
    fn ppp_in_place_of_a_family() {
        leads_to_ipv4(0, "ff03 0021");
    }

    #[test]
    fn decrypted_traffic_of_openbsd() {
        leads_to_ipv4(109, "00000002 00001234 00000000");
        leads_to_ipv6(109, "18000000 00001234 00000000");
    }
}
