//! DHCPv6 (RFC 8415 section 8): a type, a number, options.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read};

/// DHCPv6.
pub static DHCPV6: Protocol = Protocol { name: "DHCPv6", label: Some("DHCPv6"), behind: &["DHCPv6"] };

/// Looks for DHCPv6.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(546) && !seen.has_port(547) {
        return Look::No;
    }
    let Some(exchange) = seen.read(|said| Read::or_unlike(read(said.datagram().0))) else { return Look::No };
    exchange.look(|| {
        let asks = |message: &Message<'_>| (!matches!(message.kind, 2 | 7 | 10 | 13 | 15..=17)).then_some(true).or(Some(false));
        let kinds: Vec<&str> = exchange.values().filter_map(|message| KINDS.get(usize::from(message.kind)).copied()).collect();
        let name = exchange.values().find_map(|message| message.name.as_deref());
        Finding::new(&DHCPV6, Confidence::Certain).asked_by(exchange.client(asks)).of_client(name).detailed(&kinds.join(", "))
    })
}

const KINDS: [&str; 19] = [
    "",
    "solicit",
    "advertise",
    "request",
    "confirm",
    "renew",
    "rebind",
    "reply",
    "release",
    "decline",
    "reconfigure",
    "information request",
    "relayed",
    "answer to a relay",
    // RFC 5007, RFC 5460, RFC 6977.
    "lease query",
    "answer to a lease query",
    "end of lease queries",
    "lease query data",
    "reconfigure request",
];

struct Message<'a> {
    kind: u8,
    name: Option<Cow<'a, [u8]>>,
}

fn read(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let kind = cursor.u8()?;
    // A relay's message has hops and two addresses instead of the number.
    cursor.skip(if matches!(kind, 12 | 13) { 33 } else { 3 })?;
    let mut message = Message { kind, name: None };
    let mut options = 0;
    while let Some((code, length)) = cursor.be16().zip(cursor.be16()) {
        let value = cursor.take(usize::from(length));
        // The client's name (RFC 4704): flags, then labels.
        if let (39, Some([_, labels @ ..])) = (code, value) {
            message.name = dotted(labels).map(Cow::Owned);
        }
        options += u32::from(value.is_some() && code > 0);
    }
    (matches!(kind, 1..=18) && options > 0).then_some(message)
}

/// Labels, each behind its length; the last, empty one may be missing.
fn dotted(labels: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(labels);
    let mut name = Vec::new();
    while let Some(length @ 1..=63) = cursor.u8() {
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(cursor.take(length.into())?);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_solicitation_with_a_name() {
        let solicit = [&hex("01 123456 0001 0004 00010001 0027 0009 00")[..], b"\x03pc7\x03abc"].concat();
        let finding = found(udp([546, 547], &solicit, b"", look));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "solicit"));
        assert_eq!(finding.texts().unwrap().client_name.as_deref(), Some("pc7.abc"));
        assert_eq!(udp([546, 547], &hex("13 123456 0001 0000"), b"", look), Look::No);
    }
}
