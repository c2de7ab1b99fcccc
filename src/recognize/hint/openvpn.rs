//! OpenVPN: both sides begin with a reset, and the server's names the client's session.

use super::{Confidence, Cursor, Finding, Look, Opening, Protocol, Read, Said, has, hint};

/// OpenVPN.
pub static OPENVPN: Protocol = hint("OpenVPN");

/// Looks for OpenVPN. Only the exchange of resets shows it, or its port.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = seen.read(|said| if seen.is_udp() { Read::or_unlike(reset(said.datagram().0)) } else { read_stream(said) });
    let Some(exchange) = exchange else { return Look::No };
    let is_server = |reset: &Reset<'_>| reset.is_server;
    let [of_client, of_server] = [false, true].map(|server| exchange.values().find(|reset| is_server(reset) == server));
    let confidence = match (of_client, of_server) {
        (Some(client), Some(server)) if has(server.rest, client.session) => Confidence::Certain,
        // What follows the session is encrypted.
        (Some(_), Some(_)) if seen.has_port(1194) => Confidence::Both,
        _ if exchange.is_both() => return Look::No,
        _ if seen.has_port(1194) => Confidence::Plausible,
        _ => return Look::More,
    };
    exchange.look(|| Finding::new(&OPENVPN, confidence).asked_by(exchange.client(|reset| Some(!reset.is_server))))
}

struct Reset<'a> {
    is_server: bool,
    session: &'a [u8],
    rest: &'a [u8],
}

fn read_stream<'a>(said: &Said<'a>) -> Read<Reset<'a>> {
    let Some((length, rest)) = said.bytes.split_first_chunk() else { return Read::Short };
    match rest.get(..usize::from(u16::from_be_bytes(*length))) {
        Some(packet) => Read::or_unlike(reset(packet)),
        None if said.bytes.len() < 64 => Read::Short,
        None => Read::Unlike,
    }
}

/// The first five bits are the operation: a client's reset of version 2 or 3, a server's of version 2; the key's number is 0.
fn reset(bytes: &[u8]) -> Option<Reset<'_>> {
    let mut cursor = Cursor::new(bytes);
    let is_server = match cursor.u8()? {
        0x38 | 0x50 => false,
        0x40 => true,
        _ => return None,
    };
    let session = cursor.take(8)?;
    let is_possible = session.iter().any(|byte| *byte != 0) && (14..=400).contains(&bytes.len());
    is_possible.then_some(Reset { is_server, session, rest: cursor.rest() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp, udp};

    #[test]
    fn two_resets() {
        let client = hex("38 0102030405060708 00 00000000");
        let server = hex("40 1112131415161718 01 00000000 0102030405060708 00000000");
        let finding = found(udp([5000, 5001], &client, &server, look));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        let framed = |packet: &[u8]| [&(packet.len() as u16).to_be_bytes()[..], packet].concat();
        assert_eq!(found(look(&tcp(&framed(&client), &framed(&server)))).confidence, Confidence::Certain);
        assert_eq!(udp([5000, 5001], &client, b"\x40unrelated bytes", look), Look::No);
    }
}
