//! Kerberos password change (RFC 3244): a length, a version, and a Kerberos message that proves who asks.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// Password change.
pub static PASSWORD_CHANGE: Protocol =
    Protocol { name: "Kerberos password change", label: Some("Kerberos password change"), behind: &["Kerberos password change"] };

struct Message {
    is_set: bool,
    asks: bool,
}

/// Looks for a password change.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = if seen.is_udp() { seen.read(read_datagram) } else { seen.read(read_stream) };
    let Some(exchange) = exchange else { return Look::No };
    exchange.look(|| {
        let is_set = exchange.values().any(|message| message.is_set);
        Finding::new(&PASSWORD_CHANGE, Confidence::Certain)
            .asked_by(exchange.client(|message| Some(message.asks)))
            .detailed(if is_set { "set password" } else { "change password" })
    })
}

fn read_datagram(said: &Said<'_>) -> Read<Message> {
    let (bytes, len) = said.datagram();
    message(bytes, len).unwrap_or(Read::Unlike)
}

/// Over TCP a length of four bytes comes first.
fn read_stream(said: &Said<'_>) -> Read<Message> {
    let mut cursor = Cursor::new(said.bytes);
    let Some(len) = cursor.be32() else { return Read::Short };
    match message(cursor.rest(), len as usize) {
        None if len < 1 << 16 => Read::Short,
        found => found.unwrap_or(Read::Unlike),
    }
}

/// `None` where it is cut before its signature.
fn message(bytes: &[u8], len: usize) -> Option<Read<Message>> {
    let mut cursor = Cursor::new(bytes);
    let (length, version, ticket) = (usize::from(cursor.be16()?), cursor.be16()?, cursor.be16()?);
    if length != len || !matches!(version, 1 | 0xff80) || usize::from(ticket) + 6 > length {
        return Some(Read::Unlike);
    }
    // AP-REQ asks, AP-REP answers, KRB-ERROR refuses.
    let asks = match (ticket, cursor.u8()?) {
        (0, 0x7e) | (1.., 0x6f) => false,
        (1.., 0x6e) => true,
        _ => return Some(Read::Unlike),
    };
    Some(Read::Like(Message { is_set: version == 0xff80, asks }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    #[test]
    fn a_password_is_set_over_both_transports() {
        let ask = [&hex("000e ff80 0004 6e020500")[..], &hex("75020500")].concat();
        let finding = found(udp([1, 2], &ask, b"", look));
        assert_eq!((detail(&finding), finding.client), ("set password", Some(Side::A)));
        let stream = [&hex("0000000e")[..], &ask].concat();
        assert_eq!(detail(&found(look(&tcp(&stream, b"")))), "set password");
        assert_eq!(udp([1, 2], &ask[..13], b"", look), Look::No);
        assert_eq!(look(&tcp(&stream[..8], b"")), Look::More);
    }
}
