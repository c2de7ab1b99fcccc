//! DHCPv6 (RFC 8415 section 8): a type, a number, options.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};
use crate::net::Side;

/// DHCPv6.
pub static DHCPV6: Protocol = Protocol { name: "DHCPv6", label: Some("DHCPv6"), behind: &["DHCPv6"] };

/// Where clients listen, and where servers and relays do (RFC 8415 section 7.2).
const CLIENT: u16 = 546;
const SERVER: u16 = 547;

/// Looks for DHCPv6. Its numbers are small and its options few, so a message counts only where it is whole, says what its type must say, and goes
/// the way that its type goes.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(CLIENT) && !seen.has_port(SERVER) {
        return Look::No;
    }
    let Some(exchange) = seen.read(|said| Read::or_unlike(read(said))) else { return Look::No };
    let goes_there = |(side, message): (Side, &Message<'_>)| seen.port_of(side.other()) == message.listener();
    let comes_from = |(side, message): (Side, &Message<'_>)| seen.port_of(side) == SERVER && message.is_answer();
    if !exchange.iter().all(|said| goes_there(said) || comes_from(said)) {
        return Look::No;
    }
    exchange.look(|| {
        let kinds: Vec<&str> = exchange.values().filter_map(|message| KINDS.get(usize::from(message.kind)).copied()).collect();
        let name = exchange.values().find_map(|message| message.name.as_deref());
        let is_whole = exchange.values().any(|message| message.is_whole);
        Finding::new(&DHCPV6, if is_whole { Confidence::Certain } else { Confidence::Plausible })
            .asked_by(exchange.client(|message| Some(!message.is_answer())))
            .of_client(name)
            .detailed(&kinds.join(", "))
    })
}

const KINDS: [&str; 22] = [
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
    // RFC 5007, RFC 5460, RFC 6977, RFC 7341.
    "lease query",
    "answer to a lease query",
    "end of lease queries",
    "lease query data",
    "reconfigure request",
    "answer to a reconfigure request",
    "DHCPv4 query",
    "DHCPv4 response",
];

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

/// The options that a message must have, any one of them (RFC 8415 section 16, RFC 5007 section 4.2, RFC 9686 section 4): who its client is, who its server, what
/// it asks for, what a relay carries.
fn required(kind: u8) -> &'static [u16] {
    match kind {
        1 | 3..=6 | 8 | 9 => &[1],
        2 | 7 | 10 | 15..=17 => &[1, 2],
        11 => &[1, 6, 8],
        RELAY_FORWARD | RELAY_REPLY => &[9],
        14 => &[1, 44],
        18 | 19 => &[1, 2, 9],
        20 | 21 => &[87],
        36 | 37 => &[1, 5],
        _ => &[],
    }
}

struct Message<'a> {
    kind: u8,
    name: Option<Cow<'a, [u8]>>,
    /// Its options end where the datagram does, and what it must say is among them.
    is_whole: bool,
}

impl Message<'_> {
    /// A server sends it. Whom it answers, client or relay, may have asked from any port (RFC 8357).
    fn is_answer(&self) -> bool {
        self.is_for_a_relay() || matches!(self.kind, 2 | 7 | 10 | 15..=17 | 21 | 37)
    }

    fn is_for_a_relay(&self) -> bool {
        matches!(self.kind, RELAY_REPLY | 19)
    }

    /// The port of whoever is meant to read it. A relay's own port is a server's.
    fn listener(&self) -> u16 {
        if self.is_answer() && !self.is_for_a_relay() { CLIENT } else { SERVER }
    }
}

fn read<'a>(said: &Said<'a>) -> Option<Message<'a>> {
    let (bytes, len) = said.datagram();
    let mut cursor = Cursor::new(bytes);
    let kind = cursor.u8()?;
    // A relay's message has hops, at most 32 of them (RFC 3315 section 5.5), and two addresses instead of the number.
    if matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
        cursor.u8().filter(|hops| *hops <= 32)?;
        cursor.skip(32)?;
    } else {
        cursor.skip(3)?;
    }
    let (is_cut, required) = (bytes.len() < len, required(kind));
    let mut message = Message { kind, name: None, is_whole: false };
    let mut says_enough = false;
    while !cursor.rest().is_empty() {
        let Some((code, value)) = option(&mut cursor) else { return is_cut.then_some(message) };
        // The client's name (RFC 4704): flags, then labels.
        if let (39, [_, labels @ ..]) = (code, value) {
            message.name = dotted(labels).map(Cow::Owned);
        }
        says_enough |= required.contains(&code);
    }
    message.is_whole = says_enough && !is_cut;
    (says_enough || is_cut && !required.is_empty()).then_some(message)
}

fn option<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let (code, length) = cursor.be16().zip(cursor.be16()).filter(|(code, _)| *code > 0)?;
    Some((code, cursor.take(usize::from(length))?))
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
    use crate::net::IpProto;
    use crate::recognize::opening::Datagram;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    /// A client's identifier (option 1), a DUID of 10 bytes.
    const CLIENT_ID: &str = "0001 000a 00030001 0c0e76112233";
    /// A server's.
    const SERVER_ID: &str = "0002 000a 00030001 0c0e76445566";

    fn message(parts: &[&str]) -> Vec<u8> {
        hex(&parts.concat())
    }

    #[test]
    fn a_solicitation_with_a_name() {
        let solicit = [&message(&["01 123456", CLIENT_ID, "0027 0009 00"])[..], b"\x03pc7\x03abc"].concat();
        let finding = found(udp([546, 547], &solicit, b"", look));
        assert_eq!((finding.client, detail(&finding), finding.confidence), (Some(Side::A), "solicit", Confidence::Certain));
        assert_eq!(finding.texts().unwrap().client_name.as_deref(), Some("pc7.abc"));
        let advertise = message(&["02 123456", CLIENT_ID, SERVER_ID]);
        assert_eq!(detail(&found(udp([546, 547], &solicit, &advertise, look))), "solicit, advertise");
    }

    #[test]
    fn a_message_goes_the_way_of_its_type() {
        let (solicit, reply) = (message(&["01 123456", CLIENT_ID]), message(&["07 123456", CLIENT_ID, SERVER_ID]));
        // Clients listen on 546, servers on 547; whom a server answers may have sent from any port.
        for (ports, bytes, is_one) in [
            ([50_000, 547], &solicit, true),
            ([546, 50_000], &solicit, false),
            ([547, 546], &solicit, false),
            ([547, 546], &reply, true),
            ([547, 50_000], &reply, true),
            ([546, 547], &reply, false),
            ([161, 546], &solicit, false),
        ] {
            assert_eq!(udp(ports, bytes, b"", look) != Look::No, is_one, "{ports:?}");
        }
        // What a relay passes on and gets back goes to 547 both ways.
        let relayed = |kind: &str| message(&[kind, "00", &"20".repeat(32), "0009 0012 01 123456", CLIENT_ID]);
        // A relay may use a port of its own (RFC 8357), and then the answer comes there.
        for relay in [547, 546, 50_000] {
            let finding = found(udp([relay, 547], &relayed("0c"), &relayed("0d"), look));
            assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "relayed, answer to a relay"), "{relay}");
        }
        assert_eq!(udp([547, 50_000], &relayed("0c"), b"", look), Look::No);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (what, bytes) in [
            ("an option is longer than the datagram", message(&["01 123456", CLIENT_ID, "0008 0004 0000"])),
            ("a byte is left over", message(&["01 123456", CLIENT_ID, "00"])),
            ("option 0 is reserved", message(&["01 123456", CLIENT_ID, "0000 0000"])),
            ("a solicitation says who asks", message(&["01 123456", "0008 0002 0000"])),
            ("more hops than there can be", message(&["0c", "ff", &"20".repeat(32), "0009 0004 01123456"])),
            ("no such type", message(&["30 123456", CLIENT_ID])),
            ("nothing but a number", message(&["01 123456"])),
        ] {
            assert_eq!(udp([546, 547], &bytes, b"", look), Look::No, "{what}");
        }
    }

    #[test]
    fn what_the_capture_cut_is_only_plausible() {
        let bytes = message(&["01 123456", "0001 000e 0001"]);
        let datagrams = [Datagram { end: bytes.len() as u16, len: 60 }];
        let mut opening = tcp(&[], &[]);
        (opening.transport, opening.ports) = (IpProto::UDP, [546, 547]);
        (opening.said[0].bytes, opening.said[0].datagrams) = (&bytes, &datagrams);
        assert_eq!(found(look(&opening)).confidence, Confidence::Plausible);
    }
}
