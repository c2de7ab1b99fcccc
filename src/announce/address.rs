//! Addresses as protocols write them down.

use std::net::IpAddr;

use crate::net::Addr;

/// `10,1,0,9,192,4`: four bytes of an address, two of a port (RFC 959 section 4.1.2), in the middle of other words.
pub fn commas(text: &[u8]) -> Option<(Addr, u16)> {
    let begins = text.iter().position(u8::is_ascii_digit)?;
    let numbers = text.get(begins..)?;
    let ends = numbers.iter().position(|byte| !byte.is_ascii_digit() && *byte != b',').unwrap_or(numbers.len());
    let mut parts = numbers.get(..ends)?.split(|byte| *byte == b',').map(number::<u8>);
    let [a, b, c, d, high, low] =
        [parts.next()??, parts.next()??, parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some((Addr::v4([a, b, c, d]), u16::from_be_bytes([high, low])))
}

/// A decimal number.
pub fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// An address in the usual notation; IPv6 with or without brackets.
pub fn ip(text: &[u8]) -> Option<Addr> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.parse::<IpAddr>().ok().map(Addr::from)
}

/// `host:port` or `[address]:port`, the port optional.
pub fn host_and_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let host_ends = match text.first()? {
        b'[' => text.iter().position(|byte| *byte == b']')? + 1,
        _ => text.iter().position(|byte| *byte == b':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at_checked(host_ends)?;
    match rest.split_first() {
        None => Some((host, None)),
        Some((b':', port)) => Some((host, Some(number(port)?))),
        Some(_) => None,
    }
}

/// `10.1.0.9.8.1`, a universal address (RFC 5665 section 5.2.3.3): the last two numbers are the port; before them an address of either kind.
pub fn universal(text: &[u8]) -> Option<(Addr, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let (rest, low) = text.rsplit_once('.')?;
    let (host, high) = rest.rsplit_once('.')?;
    let port = u16::from_be_bytes([number(high.as_bytes())?, number(low.as_bytes())?]);
    Some((host.parse::<IpAddr>().ok()?.into(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_notation() {
        assert_eq!(commas(b"227 Entering Passive Mode (10,1,0,9,192,4)."), None, "the code is no part of it");
        assert_eq!(commas(b"Entering Passive Mode (10,1,0,9,192,4)."), Some((Addr::v4([10, 1, 0, 9]), 49156)));
        assert_eq!((commas(b"1,2,3,4,5"), commas(b"1,2,3,4,5,256"), commas(b"")), (None, None, None));
        assert_eq!(host_and_port(b"[fe80::1]:2869"), Some((&b"[fe80::1]"[..], Some(2869))));
        assert_eq!(host_and_port(b"10.0.0.1"), Some((&b"10.0.0.1"[..], None)));
        assert_eq!(host_and_port(b"10.0.0.1:70000"), None);
        assert_eq!(universal(b"10.1.0.9.8.1"), Some((Addr::v4([10, 1, 0, 9]), 2049)));
        assert_eq!(universal(b"::.0.111").map(|(_, port)| port), Some(111));
        assert_eq!(ip(b"[::1]"), ip(b"::1"));
    }
}
