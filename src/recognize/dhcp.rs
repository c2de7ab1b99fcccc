//! DHCP (RFC 2131) and what uses its packets: BINL and PXE.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// DHCP.
pub static DHCP: Protocol = Protocol { name: "DHCP", label: Some("DHCP Server"), behind: &["DHCP", "DHCP Server", "BINL"] };

const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const KINDS: [&str; 9] = ["", "discover", "offer", "request", "decline", "acknowledgement", "refusal", "release", "inform"];

#[derive(Default)]
struct Message<'a> {
    is_request: bool,
    is_cut: bool,
    kind: u8,
    host: Option<&'a [u8]>,
    vendor: Option<&'a [u8]>,
}

/// Looks for DHCP: BOOTP's fixed part and the cookie.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let words: Vec<String> = exchange.values().map(words).filter(|words| !words.is_empty()).collect();
        let host = exchange.values().filter(|message| message.is_request).find_map(|message| message.host);
        let alone = if exchange.values().all(|message| message.is_cut) { Confidence::Plausible } else { Confidence::Certain };
        Finding::new(&DHCP, alone)
            .asked_by(exchange.client(|message| Some(message.is_request)))
            .of_client(host)
            .detailed(&words.join(", "))
    })
}

fn words(message: &Message<'_>) -> String {
    let mut text = KINDS.get(usize::from(message.kind)).copied().unwrap_or_default().to_owned();
    if let Some(vendor) = message.vendor {
        let _ = write!(text, " ({})", shown(vendor));
    }
    text
}

fn read<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    Read::or_unlike(message(said.datagram().0, said.datagram().1))
}

fn message(bytes: &[u8], len: usize) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [op, _kind, address_length, _hops] = cursor.array()?;
    // Cut by the snap length: what there is fits a client or a server on Ethernet.
    if bytes.len() < 240 && len >= 240 {
        let is_possible = matches!((op, address_length), (1 | 2, 6)) && bytes.len() > 28;
        return is_possible.then_some(Message { is_request: op == 1, is_cut: true, ..Message::default() });
    }
    cursor.skip(232)?;
    if !matches!(op, 1 | 2) || address_length > 16 || cursor.array::<4>()? != COOKIE {
        return None;
    }
    let mut message = Message { is_request: op == 1, ..Message::default() };
    while let Some(option) = cursor.u8().filter(|option| *option != 255) {
        if option == 0 {
            continue;
        }
        let Some(value) = cursor.u8().and_then(|len| cursor.take(usize::from(len))) else { break };
        match (option, value) {
            (53, [kind]) => message.kind = *kind,
            (12, name) => message.host = Some(name),
            (60, vendor) => message.vendor = Some(vendor),
            _ => {}
        }
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn a_discover_and_an_offer() {
        let message = |op: u8, options: &[u8]| [&[op, 1, 6, 0][..], &[0; 232], &COOKIE, options].concat();
        let discover = message(1, b"\x35\x01\x01\x0c\x03PC7\x3c\x09PXEClient\xff");
        let finding = found(udp([1, 2], &discover, &message(2, b"\x35\x01\x02\xff"), look));
        assert_eq!((detail(&finding), finding.client), ("discover (PXEClient), offer", Some(Side::A)));
        assert_eq!(finding.texts().unwrap().client_name.as_deref(), Some("PC7"));
        assert_eq!(udp([1, 2], &[1; 300], b"", look), Look::No);
    }
}
