//! L2TP's control messages (RFC 2661 section 3.1, RFC 3931 section 4.1.2.2): a header whose length is the datagram's, then attributes. Data
//! messages show nothing but a few bits, so they are believed on the port only.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// L2TP.
pub static L2TP: Protocol = Protocol { name: "L2TP", label: Some("L2TP"), behind: &["L2TP"] };

const MESSAGES: [&str; 17] = [
    "ZLB", "SCCRQ", "SCCRP", "SCCCN", "StopCCN", "", "HELLO", "OCRQ", "OCRP", "OCCN", "ICRQ", "ICRP", "ICCN", "", "CDN", "WEN",
    "SLI",
];
/// Host name and vendor name (RFC 2661 section 4.4.3).
const HOST: u16 = 7;
const VENDOR: u16 = 8;

#[derive(Default)]
struct Message<'a> {
    kind: u16,
    host: Option<&'a [u8]>,
    vendor: Option<&'a [u8]>,
}

/// Looks for L2TP.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(1701);
    let Some(exchange) = seen.read(|said: &Said<'_>| read(said, at_home)) else { return Look::No };
    exchange.look(|| {
        let asks = |message: &Message<'_>| match message.kind {
            1 | 3 => Some(true),
            2 => Some(false),
            _ => None,
        };
        // An acknowledgement without attributes is twelve bytes, most of them small numbers.
        let alone = if exchange.values().any(|message| message.kind > 0) { Confidence::Certain } else { Confidence::Plausible };
        let host = |side| exchange.values().find(|message| asks(message) == Some(side))?.host;
        let words: Vec<String> = exchange.values().map(words).collect();
        Finding::new(&L2TP, exchange.confidence(alone))
            .asked_by(exchange.client(asks))
            .of_client(host(true))
            .of_server(host(false))
            .detailed(&words.join(", "))
    })
}

fn words(message: &Message<'_>) -> String {
    let word = MESSAGES.get(usize::from(message.kind)).copied().unwrap_or_default();
    message.vendor.map_or_else(|| word.to_owned(), |vendor| format!("{word} ({})", shown(vendor)))
}

fn read<'a>(said: &Said<'a>, at_home: bool) -> Read<Message<'a>> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len).or_else(|| if at_home { data(bytes) } else { None }))
}

/// A data message of version 2: reserved bits are zero, a tunnel has a number.
fn data(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [flags, 2] = cursor.array()? else { return None };
    if flags & 0x40 != 0 {
        cursor.skip(2)?;
    }
    let tunnel = cursor.be16()?;
    (flags & 0xb4 == 0 && tunnel != 0).then(Message::default)
}

fn message(bytes: &[u8], len: usize) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    // Control messages carry a length and sequence numbers; their other flags are zero.
    let ([0xc8, version @ (2 | 3)], length) = (cursor.array()?, usize::from(cursor.be16()?)) else { return None };
    // Tunnel and session, or the control connection; the next number of each side.
    let (_tunnel, sent, _received) = (cursor.be32()?, cursor.be16()?, cursor.be16()?);
    if length != len || length < 12 {
        return None;
    }
    if length == 12 {
        return (version == 2 && sent < 0x4000).then(Message::default);
    }
    let mut message = Message { kind: message_type(&mut cursor)?, ..Message::default() };
    while let Some((vendor, kind, value)) = attribute(&mut cursor) {
        match (vendor, kind) {
            (0, HOST) => message.host = Some(value),
            (0, VENDOR) => message.vendor = Some(value),
            _ => {}
        }
    }
    Some(message)
}

/// The first attribute: mandatory, eight bytes long, of the IETF, of type zero.
fn message_type(cursor: &mut Cursor<'_>) -> Option<u16> {
    let [0x80, 8, 0, 0, 0, 0] = cursor.array()? else { return None };
    cursor.be16().filter(|kind| (1..=20).contains(kind))
}

fn attribute<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, u16, &'a [u8])> {
    let (length, vendor, kind) = (cursor.be16()? & 0x3ff, cursor.be16()?, cursor.be16()?);
    Some((vendor, kind, cursor.take(usize::from(length.checked_sub(6)?))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_tunnel_is_asked_for() {
        let ask = hex("c802 0027 0000 0000 0000 0000 8008 0000 0000 0001 800a 0000 0007 70633731 8009 0000 0008 4d5352");
        let finding = found(udp([1, 2], &ask, b"", look));
        assert_eq!((detail(&finding), finding.confidence, finding.client), ("SCCRQ (MSR)", Confidence::Certain, Some(Side::A)));
        assert_eq!(finding.texts().unwrap().client_name.as_deref(), Some("pc71"));
        let acknowledged = hex("c802 000c 0001 0000 0001 0001");
        assert_eq!(found(udp([1, 2], &acknowledged, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &ask[..38], b"", look), Look::No);
    }
}
