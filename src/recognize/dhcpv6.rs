//! DHCP for IPv6 (RFC 8415 section 8): options that end where the datagram does. Its ports are fixed, and on others this is little to go by.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// DHCP for IPv6.
pub static DHCPV6: Protocol = Protocol { name: "DHCPv6", label: Some("DHCPv6"), behind: &["DHCPv6"] };

const MESSAGES: [&str; 14] = [
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
    "relay forward",
    "relay reply",
];
/// The identifiers of client and server, a relayed message.
const CLIENT: u16 = 1;
const SERVER: u16 = 2;
const RELAYED: u16 = 9;
const CLIENT_NAME: u16 = 39;

#[derive(Default)]
struct Message<'a> {
    kind: u8,
    names_client: bool,
    name: Option<&'a [u8]>,
}

/// Looks for DHCP for IPv6.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(546) && !seen.has_port(547) {
        return Look::No;
    }
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let named = exchange.values().all(|message| message.names_client);
        let confidence = if named { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) };
        let words: Vec<&str> = exchange.values().filter_map(|message| MESSAGES.get(usize::from(message.kind)).copied()).collect();
        Finding::new(&DHCPV6, confidence)
            .asked_by(exchange.client(|message| Some(!matches!(message.kind, 2 | 7 | 10 | 13))))
            .of_client(exchange.values().find_map(|message| message.name))
            .detailed(&words.join(", "))
    })
}

fn read<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len))
}

fn message(bytes: &[u8], len: usize) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let kind = cursor.u8().filter(|kind| (1..=13).contains(kind))?;
    // A transaction; in a relay's message the hops and two addresses.
    cursor.skip(if kind >= 12 { 33 } else { 3 })?;
    let mut message = Message { kind, ..Message::default() };
    let mut options = 0;
    while !cursor.rest().is_empty() {
        let (Some(option), Some(length)) = (cursor.be16(), cursor.be16()) else { break };
        let Some(value) = cursor.take(usize::from(length)) else { break };
        options += 1;
        if option == 0 || option > 1024 {
            return None;
        }
        message.names_client |= matches!(option, CLIENT | SERVER | RELAYED);
        // Flags, then the name as DNS writes it: the first label is enough.
        if option == CLIENT_NAME {
            message.name = value.get(1..).and_then(first_label);
        }
    }
    let is_whole = cursor.rest().is_empty() || bytes.len() < len;
    (options > 0 && is_whole).then_some(message)
}

fn first_label(name: &[u8]) -> Option<&[u8]> {
    let (length, rest) = name.split_first()?;
    rest.get(..usize::from(*length)).filter(|label| !label.is_empty() && *length < 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_client_looks_for_a_server() {
        let solicit = hex("01 a1b2c3 0001 000a 00030001001122334455 0008 0002 0000 0027 0005 00 03706337");
        let advertise = hex("02 a1b2c3 0001 000a 00030001001122334455 0002 000a 00030001001122334466");
        let finding = found(udp([546, 547], &solicit, b"", look));
        assert_eq!((detail(&finding), finding.client), ("solicit", Some(Side::A)));
        assert_eq!(finding.texts().unwrap().client_name.as_deref(), Some("pc7"));
        assert_eq!(detail(&found(udp([546, 547], &solicit, &advertise, look))), "solicit, advertise");
        assert_eq!(udp([546, 547], &solicit[..21], b"", look), Look::No);
    }
}
