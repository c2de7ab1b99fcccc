//! STUN (RFC 8489), what extends it, and its first version without a cookie (RFC 3489). No document knows it.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// STUN.
pub static STUN: Protocol = Protocol { name: "STUN", label: None, behind: &[] };

struct Message {
    kind: u16,
    transaction: [u8; 12],
    has_cookie: bool,
    length: usize,
    /// The cookie, and a length that is the datagram's.
    is_proof: bool,
}

/// Looks for STUN: the magic cookie, or attributes that fill the datagram. Where the cookie is, the other side may send what was agreed upon, or wrap its
/// messages ([MS-TURN] section 2.2.1).
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = if seen.is_udp() {
        seen.read_one_proof(read_datagram, |message| message.is_proof)
    } else {
        seen.read(|said| read(said.bytes))
    };
    let Some(exchange) = exchange else { return Look::No };
    // Class 00 asks, 01 indicates, 10 and 11 answer.
    let asks = |message: &Message| match message.kind & 0x110 {
        0 => Some(true),
        0x10 => None,
        _ => Some(false),
    };
    exchange.look(|| {
        let mut transactions = exchange.values().map(|message| message.transaction);
        let same = exchange.is_both() && transactions.next() == transactions.next();
        let is_certain = same || exchange.values().any(|message| message.has_cookie);
        let confidence = if is_certain { Confidence::Certain } else { Confidence::Plausible };
        Finding::new(&STUN, confidence).asked_by(exchange.client(asks))
    })
}

fn read_datagram(said: &Said<'_>) -> Read<Message> {
    let (bytes, len) = said.datagram();
    match read(bytes) {
        Read::Like(message) => Read::Like(Message { is_proof: message.length + 20 == len, ..message }),
        _ => Read::or_unlike(classic(bytes, len)),
    }
}

fn read(bytes: &[u8]) -> Read<Message> {
    let mut cursor = Cursor::new(bytes);
    let head = (cursor.be16(), cursor.be16(), cursor.be32());
    let (Some(kind), Some(length), Some(cookie)) = head else { return Read::Short };
    let transaction = cursor.array().unwrap_or_default();
    let message = Message { kind, transaction, has_cookie: true, length: usize::from(length), is_proof: false };
    Read::or_unlike((kind < 0x4000 && cookie == 0x2112_a442).then_some(message))
}

/// RFC 3489 section 11.1: binding and shared secret, a length that is the datagram's, attributes that add up to it.
fn classic(bytes: &[u8], len: usize) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let (kind, length) = (cursor.be16()?, usize::from(cursor.be16()?));
    cursor.skip(4)?;
    let transaction = cursor.array()?;
    let mut attributes = 0;
    while let (Some(_kind), Some(size)) = (cursor.be16(), cursor.be16()) {
        cursor.skip(usize::from(size))?;
        attributes += 1;
    }
    let fits = matches!(kind & 0xfeef, 1 | 2) && length + 20 == len && bytes.len() == len && cursor.rest().is_empty();
    (fits && attributes > 0).then_some(Message { kind, transaction, has_cookie: false, length, is_proof: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn the_request_of_rfc_5769() {
        let request = hex("00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010");
        assert_eq!(found(udp([1, 2], &request, b"", look)).protocol, &STUN);
        assert_eq!(udp([1, 2], &hex("00010058 2112a443"), b"?", look), Look::No);
        assert_eq!(udp([1, 2], &hex("00010058 2112a443"), b"", look), Look::More, "the other side may prove it");
    }

    #[test]
    fn without_a_cookie_attributes_have_to_fill_the_datagram() {
        let ask = hex("00010008 00112233445566778899aabbccddeeff 00030004 00000000");
        let answer = hex("0101000c 00112233445566778899aabbccddeeff 00010008 0001d70a ac103fe0");
        assert_eq!(found(udp([1, 2], &ask, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(found(udp([1, 2], &ask, &answer, look)).confidence, Confidence::Certain);
        assert_eq!(udp([1, 2], &ask[..26], b"?", look), Look::No);
    }

    #[test]
    fn what_answers_may_be_wrapped() {
        let ask = hex("00010008 2112a442 b7e7a701bc34d686fa87dfae 80220004 00000000");
        let wrapped = [&hex("ff100028 0000000000000000")[..], &ask].concat();
        assert_eq!(found(udp([1, 2], &ask, &wrapped, look)).protocol, &STUN);
        assert_eq!(udp([1, 2], &ask[..24], &wrapped, look), Look::No, "a length that is not the datagram's proves nothing");
    }
}
