//! DHCP (RFC 2131), and PXE (version 2.1 of its specification, section 2.2), whose servers listen on 4011 beside a DHCP server.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// DHCP.
pub static DHCP: Protocol = Protocol { name: "DHCP", label: Some("DHCP Server"), behind: &["DHCP", "DHCP Server", "BINL"] };
/// A boot server's own port.
pub static PXE: Protocol = Protocol { name: "PXE", label: Some("BINL"), behind: &["BINL", "DHCP", "DHCP Server"] };

/// Where boot servers listen.
const BOOT_SERVER: u16 = 4011;

const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
/// RFC 2132 section 9.6, RFC 3203, RFC 4388.
const KINDS: [&str; 14] = [
    "",
    "discover",
    "offer",
    "request",
    "decline",
    "acknowledgement",
    "refusal",
    "release",
    "inform",
    "forced renewal",
    "lease query",
    "lease unassigned",
    "lease unknown",
    "lease active",
];

#[derive(Default)]
struct Message<'a> {
    is_request: bool,
    is_cut: bool,
    kind: u8,
    host: Option<&'a [u8]>,
    vendor: Option<&'a [u8]>,
    /// What a server calls itself, and the file it gives for booting.
    server: Option<&'a [u8]>,
    file: Option<&'a [u8]>,
}

/// Looks for DHCP: BOOTP's fixed part and the cookie.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let words: Vec<String> = exchange.values().map(words).filter(|words| !words.is_empty()).collect();
        let host = exchange.values().filter(|message| message.is_request).find_map(|message| message.host);
        let alone = if exchange.values().all(|message| message.is_cut) { Confidence::Plausible } else { Confidence::Certain };
        let is_pxe = seen.has_port(BOOT_SERVER) && exchange.values().any(|message| begins(message.vendor, b"PXE"));
        Finding::new(if is_pxe { &PXE } else { &DHCP }, alone)
            .asked_by(exchange.client(|message| Some(message.is_request)))
            .of_client(host)
            .of_server(exchange.values().filter(|message| !message.is_request).find_map(|message| message.server))
            .detailed(&words.join(", "))
    })
}

fn begins(field: Option<&[u8]>, word: &[u8]) -> bool {
    field.is_some_and(|value| value.starts_with(word))
}

fn words(message: &Message<'_>) -> String {
    let mut text = match KINDS.get(usize::from(message.kind)).copied().unwrap_or_default() {
        "" if message.is_cut => "",
        "" => "BOOTP",
        kind => kind,
    }
    .to_owned();
    // Writing to a string cannot fail.
    if let Some(vendor) = message.vendor {
        let _ = write!(text, " ({})", shown(vendor));
    }
    if let Some(file) = message.file {
        let _ = write!(text, " boots {}", shown(file));
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
    // Transaction, seconds, flags, four addresses, the client's hardware address; then two texts.
    cursor.skip(40)?;
    let (server, file) = (text::until_zero(cursor.take(64)?), text::until_zero(cursor.take(128)?));
    if !matches!(op, 1 | 2) || address_length > 16 || cursor.array::<4>()? != COOKIE {
        return None;
    }
    let mut message = Message { is_request: op == 1, server, file, ..Message::default() };
    while let Some(option) = cursor.u8().filter(|option| *option != 255) {
        if option == 0 {
            continue;
        }
        let Some(value) = cursor.u8().and_then(|len| cursor.take(usize::from(len))) else { break };
        match (option, value) {
            (53, [kind]) => message.kind = *kind,
            (12, name) => message.host = Some(name),
            (60, vendor) => message.vendor = Some(vendor),
            (66, name) => message.server = Some(name),
            (67, name) => message.file = text::until_zero(name),
            // Options go on in the fields of the two texts (RFC 2132 section 9.3).
            (52, [_]) => (message.server, message.file) = (None, None),
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

    #[test]
    fn a_boot_server_names_itself_and_the_file() {
        let message = |op: u8, names: &[u8], options: &[u8]| {
            [&[op, 1, 6, 0][..], &[0; 40], names, &vec![0; 192 - names.len()], &COOKIE, options].concat()
        };
        let ask = message(1, b"", b"\x35\x01\x03\x3c\x20PXEClient:Arch:00000:UNDI:002001\xff");
        let names = [&b"WDS1"[..], &[0; 60], b"boot\\x86\\wdsnbp.com"].concat();
        let answer = message(2, &names, b"\x35\x01\x05\x3c\x09PXEClient\xff");
        let finding = found(udp([4011, 68], &answer, &ask, look));
        assert_eq!((finding.protocol, finding.client), (&PXE, Some(Side::B)));
        assert_eq!(
            detail(&finding),
            r"acknowledgement (PXEClient) boots boot\x86\wdsnbp.com, request (PXEClient:Arch:00000:UNDI:002001)"
        );
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("WDS1"));
        assert_eq!(found(udp([67, 68], &answer, &ask, look)).protocol, &DHCP, "beside a DHCP server it is one of its own");
        assert_eq!(detail(&found(udp([67, 68], &message(2, b"", b"\xff"), b"", look))), "BOOTP");
    }
}
