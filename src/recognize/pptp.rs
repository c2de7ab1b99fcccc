//! PPTP's control connection (RFC 2637 section 2): messages with a magic cookie.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// PPTP.
pub static PPTP: Protocol = Protocol { name: "PPTP", label: Some("PPTP"), behind: &["PPTP"] };

const COOKIE: u32 = 0x1a2b_3c4d;
const MESSAGES: [&str; 16] = [
    "",
    "start request",
    "start reply",
    "stop request",
    "stop reply",
    "echo request",
    "echo reply",
    "outgoing call request",
    "outgoing call reply",
    "incoming call request",
    "incoming call reply",
    "incoming call connected",
    "call clear request",
    "call disconnect",
    "WAN error",
    "link info",
];

struct Message<'a> {
    kind: u16,
    host: Option<&'a [u8]>,
    vendor: Option<&'a [u8]>,
}

/// Looks for PPTP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let word = |kind: u16| MESSAGES.get(usize::from(kind)).copied().unwrap_or_default();
        let words: Vec<String> = exchange.values().map(|message| with_vendor(word(message.kind), message.vendor)).collect();
        let host = |asks: bool| exchange.values().find(|message| from_client(message.kind) == Some(asks))?.host;
        Finding::new(&PPTP, Confidence::Certain)
            .asked_by(exchange.client(|message| from_client(message.kind)))
            .of_client(host(true))
            .of_server(host(false))
            .detailed(&words.join(", "))
    })
}

fn with_vendor(word: &str, vendor: Option<&[u8]>) -> String {
    vendor.map_or_else(|| word.to_owned(), |vendor| format!("{word} ({})", shown(vendor)))
}

/// Both sides ask for echoes and clear calls; who starts is the client.
fn from_client(kind: u16) -> Option<bool> {
    match kind {
        1 | 7 => Some(true),
        2 | 8 => Some(false),
        _ => None,
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    message(said.bytes).unwrap_or(Read::Short)
}

/// `None` where the header is cut.
fn message(bytes: &[u8]) -> Option<Read<Message<'_>>> {
    let mut cursor = Cursor::new(bytes);
    let (length, is_control) = (usize::from(cursor.be16()?), cursor.be16()? == 1);
    if !is_control || !(16..=220).contains(&length) {
        return Some(Read::Unlike);
    }
    let (cookie, kind, _reserved) = (cursor.be32()?, cursor.be16()?, cursor.be16()?);
    if cookie != COOKIE || !(1..=15).contains(&kind) {
        return Some(Read::Unlike);
    }
    // A start carries two texts of 64 bytes at its end (section 2.1).
    let text = |range| bytes.get(range).filter(|_| kind <= 2).and_then(text::until_zero);
    Some(Read::Like(Message { kind, host: text(28..92), vendor: text(92..156) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_start_names_both_hosts() {
        let start = |kind: &str, host: &[u8]| {
            let mut bytes = hex(&format!("009c0001 1a2b3c4d 000{kind}0000 01000000 00000001 00000001 00000000"));
            bytes.extend_from_slice(host);
            bytes.resize(92, 0);
            bytes.extend_from_slice(b"Microsoft");
            bytes.resize(156, 0);
            bytes
        };
        let finding = found(look(&tcp(&start("1", b"pc7"), &start("2", b"vpn1"))));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "start request (Microsoft), start reply (Microsoft)"));
        let texts = finding.texts().unwrap();
        assert_eq!((texts.client_name.as_deref(), texts.server_name.as_deref()), (Some("pc7"), Some("vpn1")));
        assert_eq!(look(&tcp(&hex("009c0001 1a2b3c4e 00010000"), b"")), Look::No);
        assert_eq!(look(&tcp(&hex("009c0001 1a2b"), b"")), Look::More);
    }
}
