//! .NET message framing ([MC-NMF] section 2.2): records of a preamble, with the address of what is asked for.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// .NET message framing.
pub static NET_TCP: Protocol = Protocol { name: ".NET message framing", label: Some("WCF"), behind: &["WCF"] };

enum Talk<'a> {
    /// The address that a client asks for, where it is whole.
    Preamble(&'a [u8]),
    /// Acknowledgement, upgrade or fault.
    Answer,
}

/// Looks for .NET message framing.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let Some((side, via)) =
        exchange.iter().find_map(|(side, talk)| if let Talk::Preamble(via) = talk { Some((side, *via)) } else { None })
    else {
        return if exchange.is_both() { Look::No } else { Look::More };
    };
    exchange.look(|| Finding::new(&NET_TCP, Confidence::Certain).asked_by(Some(side)).of_server(host(via)).detailed(&shown(via)))
}

/// The host of an address.
fn host(via: &[u8]) -> Option<&[u8]> {
    let rest = via.strip_prefix(b"net.tcp://")?;
    let host = rest.split(|byte| matches!(byte, b'/' | b':')).next()?;
    host.iter().any(u8::is_ascii_alphabetic).then_some(host)
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    match said.bytes {
        // Acknowledged or upgraded; what follows are messages, or another protocol. A fault is a text.
        [0x0a | 0x0b] | [0x0b, 0x05..=0x07, ..] | [0x0a, 0x16 | 0x14 | 0x0b, ..] => Read::Like(Talk::Answer),
        [0x08, _, rest @ ..] => Read::or_unlike(b"http://".starts_with(rest.get(..7).unwrap_or(rest)).then_some(Talk::Answer)),
        [0, ..] => preamble(said.bytes).unwrap_or(Read::Short),
        _ => Read::Unlike,
    }
}

/// Version 1.0, a mode, the address. `None` where it is cut.
fn preamble(bytes: &[u8]) -> Option<Read<Talk<'_>>> {
    let mut cursor = Cursor::new(bytes);
    let ([0, 1, 0], [1, 1..=4], 2) = (cursor.array()?, cursor.array()?, cursor.u8()?) else { return Some(Read::Unlike) };
    let mut length = usize::from(cursor.u8()?);
    if length > 127 {
        length = (length & 127) | usize::from(cursor.u8()?) << 7;
    }
    let via = cursor.take_most(length);
    let is_address = [&b"net.tcp://"[..], b"net.pipe://", b"soap.tcp://", b"http"].iter().any(|scheme| via.starts_with(scheme));
    match is_address {
        true => Some(Read::Like(Talk::Preamble(via))),
        false if via.len() < 11 && via.len() < length => None,
        false => Some(Read::Unlike),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn an_address_is_asked_for() {
        let ask = [&hex("000100 0102 021d")[..], b"net.tcp://vmm1:8100/IndigoSvc", &hex("0308 0c")].concat();
        let finding = found(look(&tcp(&ask, &[0x0b])));
        assert_eq!((detail(&finding), finding.client), ("net.tcp://vmm1:8100/IndigoSvc", Some(Side::A)));
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("vmm1"));
        assert_eq!((look(&tcp(&ask[..9], b"")), look(&tcp(&hex("000100 0105"), b""))), (Look::More, Look::More));
        assert_eq!(look(&tcp(&hex("000100 0105 02"), b"")), Look::No);
    }
}
