//! ARCNET: RFC 1051 puts the packet right behind the protocol id, RFC 1201 a flag and a sequence number before it.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// The flag of a frame that was made longer to avoid a length the hardware cannot send; the true header follows it.
const EXCEPTION: u8 = 0xff;

/// As BSD captures it: source, destination, protocol.
pub(super) fn bsd<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<3>("arcnet-header-cut")?;
    if is_rfc1051(header[2]) || window.skip(3).peek() != Some(&[EXCEPTION]) {
        return by_protocol(header[2], window.skip(3));
    }
    by_protocol(header[2], window.skip(7))
}

/// As Linux captures it: source, destination, two bytes of the hardware's offset, protocol.
pub(super) fn linux<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<5>("arcnet-header-cut")?;
    by_protocol(header[4], window.skip(5))
}

fn is_rfc1051(protocol: u8) -> bool {
    matches!(protocol, 0xf0 | 0xf1)
}

fn by_protocol(protocol: u8, window: Window<'_>) -> Result<Next<'_>, Stop> {
    match protocol {
        0xf0 => Ok(Next::Ipv4(window)),
        0xd4 => Ok(unfragmented(window)?.map_or(fragment(), Next::Ipv4)),
        0xc4 => Ok(unfragmented(window)?.map_or(fragment(), Next::Ipv6)),
        0xf1 | 0xd5 => Ok(Next::NonIp(Word::Plain("arp"))),
        0xd6 => Ok(Next::NonIp(Word::Plain("rarp"))),
        0xcd => Ok(Next::NonIp(Word::Plain("bacnet"))),
        0xdd => Ok(Next::NonIp(Word::Plain("appletalk"))),
        0xfa => Ok(Next::NonIp(Word::Plain("ipx"))),
        _ => Ok(Next::NonIp(Word::Plain("arcnet-protocol"))),
    }
}

/// What stands behind flag and sequence number; nothing where this is a later part of a packet (RFC 1201 section 2.2). The first part
/// has an odd flag, and the IP header.
fn unfragmented(window: Window<'_>) -> Result<Option<Window<'_>>, Stop> {
    let [flag, ..] = *window.header::<3>("arcnet-header-cut")?;
    Ok((flag == 0 || flag & 1 == 1).then(|| window.skip(3)))
}

fn fragment<'a>() -> Next<'a> {
    Next::NonIp(Word::Plain("arcnet-fragment"))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn rfc_1051_has_no_more_header() {
        leads_to_ipv4(7, "01 02 f0");
        leads_to_ipv4(129, "01 02 0000 f0");
        assert_eq!(outcome(129, "01 02 0000 f1 0007"), "non-ip arp");
    }

    #[test]
    fn rfc_1201_has_a_flag_and_a_sequence_number() {
        leads_to_ipv4(7, "01 02 d4 00 0001");
        leads_to_ipv4(7, "01 02 d4 ff ffff ff 00 0001");
        leads_to_ipv4(129, "01 02 0000 d4 00 0001");
        leads_to_ipv6(129, "01 02 0000 c4 01 0001");
        assert_eq!(outcome(129, "01 02 0000 d4 02 0001 4500"), "non-ip arcnet-fragment");
        assert_eq!(outcome(7, "01"), "stop arcnet-header-cut at 0");
    }
}
