//! TDS ([MS-TDS]): pre-login and what it agrees on, login, batches.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol};
use super::opening::{Opening, Read, Said};

/// TDS, the protocol of SQL Server.
pub static TDS: Protocol = Protocol { name: "TDS", label: Some("TDS"), behind: &["TDS", "SQL over TCP"] };

#[derive(Default)]
struct Packet {
    kind: u8,
    is_certain: bool,
    encryption: Option<u8>,
    version: Option<[u8; 4]>,
}

/// Looks for TDS.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let answer = exchange.values().find(|packet| packet.kind == 4);
        let alone = if exchange.values().any(|packet| packet.is_certain) { Confidence::Certain } else { Confidence::Plausible };
        let chosen = answer.and_then(|packet| packet.encryption);
        let version = answer.and_then(|packet| packet.version);
        let detail =
            version.map(|[major, minor, high, low]| format!("SQL Server {major}.{minor}.{}", u16::from_be_bytes([high, low])));
        // ENCRYPT_OFF protects the login packet only, ENCRYPT_NOT_SUP nothing.
        Finding::new(&TDS, exchange.confidence(alone))
            .asked_by(exchange.client(|packet| Some(packet.kind != 4)))
            .detailed(&detail.unwrap_or_default())
            .noting(Note::TdsUnencrypted, matches!(chosen, Some(0 | 2)))
    })
}

fn read(said: &Said<'_>) -> Read<Packet> {
    let mut cursor = Cursor::new(said.bytes);
    let Some([kind, status, high, low, _, _, number, window]) = cursor.array() else {
        let starts = matches!(said.bytes, [1..=4 | 6..=8 | 0x0e..=0x12] | [1..=4 | 6..=8 | 0x0e..=0x12, ..=0x1f, ..]);
        return if starts { Read::Short } else { Read::Unlike };
    };
    let length = u16::from_be_bytes([high, low]);
    let is_packet = matches!(kind, 1..=4 | 6..=8 | 0x0e..=0x12)
        && status <= 0x1f
        && (8..=32_767).contains(&length)
        && window == 0
        && number <= 2;
    if !is_packet {
        return Read::Unlike;
    }
    let body = cursor.rest().get(..usize::from(length) - 8).unwrap_or(cursor.rest());
    let mut packet = Packet { kind, ..Packet::default() };
    match kind {
        0x12 | 4 => prelogin(body, &mut packet),
        0x10 => packet.is_certain = is_login(body, length),
        _ => {}
    }
    Read::or_unlike((packet.is_certain || is_possible(kind, body, length)).then_some(packet))
}

/// [MS-TDS] section 2.2.4: metadata, order, rows, errors, information, changes of the environment, acknowledgements, ends.
const TOKENS: &[u8] =
    &[0x79, 0x81, 0x88, 0xa0, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xd1, 0xd2, 0xe3, 0xe4, 0xed, 0xee, 0xfd, 0xfe, 0xff];

/// Whether the body may be one of its kind. A pre-login that is none, or a login that is none, is another protocol.
fn is_possible(kind: u8, body: &[u8], length: u16) -> bool {
    match kind {
        0x10 | 0x12 => false,
        // TLS in its envelope, or a token that an answer may begin with.
        4 => matches!(body, [] | [0x14..=0x17, 3, ..]) || body.first().is_some_and(|token| TOKENS.contains(token)),
        1 => matches!(body, [] | [_]) || is_batch(body),
        // An attention has no body.
        6 => length == 8,
        // SSPI: NTLM or a token of GSS-API.
        0x11 => matches!(body, [] | [b'N', b'T', ..] | [0x60 | 0xa1, ..]),
        _ => true,
    }
}

/// Text in UTF-16, behind headers since version 7.2 ([MS-TDS] sections 2.2.6.7 and 2.2.5.3): a length of all, then that of the first.
fn is_batch(body: &[u8]) -> bool {
    let mut cursor = Cursor::new(body);
    match body {
        [b'\t' | b'\n' | b'\r' | b' '..=b'~', 0, ..] if !matches!(body.get(2..4), Some([0, 0])) => true,
        _ => cursor
            .le32()
            .is_some_and(|all| (10..=1000).contains(&all) && cursor.le32().is_none_or(|first| (6..all).contains(&first))),
    }
}

/// Options as token, offset, length ([MS-TDS] section 2.2.6.5); version first.
fn prelogin(body: &[u8], packet: &mut Packet) {
    let mut cursor = Cursor::new(body);
    if body.first() != Some(&0) {
        // TLS inside of a pre-login packet.
        packet.is_certain = packet.kind == 0x12 && matches!(body, [0x16, 3, ..]);
        return;
    }
    while let Some(token) = cursor.u8().filter(|token| *token != 0xff) {
        let (Some(offset), Some(length)) = (cursor.be16(), cursor.be16()) else { return };
        let value = body.get(usize::from(offset)..usize::from(offset) + usize::from(length));
        match (token, value) {
            (0, Some(value)) if length == 6 => {
                packet.is_certain = true;
                packet.version = value.first_chunk().copied();
            }
            (1, Some([encryption])) => packet.encryption = Some(*encryption),
            (0..=8, _) => {}
            _ => return,
        }
    }
}

/// A LOGIN7: its own length and a version from 7.0 to 8.0.
fn is_login(body: &[u8], length: u16) -> bool {
    let mut cursor = Cursor::new(body);
    let (Some(own), Some(version)) = (cursor.le32(), cursor.le32()) else { return false };
    own >= 36 && (own + 8 <= u32::from(length) || length >= 4096) && (0x70..=0x80).contains(&(version >> 24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    /// The pre-login request of [MS-TDS] section 4.1, and an answer that does not encrypt.
    const ASK: &str = "1201002f 00000100 00001a0006 0100200001 0200210001 0300220004 0400260001 ff 0900000000000100 b80d0000 01";
    const ANSWER: &str = "0401002b 00000100 00001a0006 0100200001 0200210001 0300220000 0400220001 ff 0f0007d00000 02 00 00";

    #[test]
    fn pre_login() {
        let finding = found(look(&tcp(&hex(ASK), &hex(ANSWER))));
        assert_eq!(
            (detail(&finding), finding.client, finding.confidence),
            ("SQL Server 15.0.2000", Some(Side::A), Confidence::Certain)
        );
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["tds-unencrypted"]);
    }

    #[test]
    fn a_batch_is_only_plausible_and_noise_is_nothing() {
        assert_eq!(found(look(&tcp(&hex("0101 0020 0000 0100 16000000 12000000"), b""))).confidence, Confidence::Plausible);
        assert_eq!(look(&tcp(&hex("0101 0040 3c00 0000 18000104 00000000"), b"")), Look::No, "no text and no headers");
        assert_eq!(look(&tcp(&hex("1201 0010 0000 0100 41414141"), b"")), Look::No);
        assert_eq!(look(&tcp(&hex("0180 0020 0000 0100"), b"")), Look::No);
    }

    #[test]
    fn an_answer_begins_with_a_token() {
        assert_eq!(look(&tcp(&hex("040c0050 00000000 00000000"), b"")), Look::No);
        assert_eq!(found(look(&tcp(&hex("04010050 00330100 e31b0001"), b""))).confidence, Confidence::Plausible);
    }
}
