//! RADIUS (RFC 2865, RFC 2866, RFC 5176).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// Authentication.
pub static AUTHENTICATION: Protocol =
    Protocol { name: "RADIUS", label: Some("RADIUS Authentication"), behind: &["RADIUS Authentication", "Legacy RADIUS"] };
/// Accounting.
pub static ACCOUNTING: Protocol =
    Protocol { name: "RADIUS accounting", label: Some("RADIUS Accounting"), behind: &["RADIUS Accounting", "Legacy RADIUS"] };

/// Disconnecting users and changing what they may (RFC 5176). It has a port of its own, and no document names it.
pub static DYNAMIC: Protocol = Protocol { name: "RADIUS dynamic authorization", label: None, behind: &[] };

/// Authentication and accounting, the old pair, and changes of authorization, the old one too.
const HOME: &[u16] = &[1812, 1813, 1645, 1646, 3799, 1700];

struct Packet {
    code: u8,
    id: u8,
    attributes: usize,
    /// An attribute that names a user or a server of access: what RADIUS is about.
    names: bool,
}

/// Looks for RADIUS: lengths that add up to the datagram.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = HOME.iter().any(|port| seen.has_port(*port));
    let Some(exchange) = seen.read(|said: &Said<'_>| read(said, at_home)) else { return Look::No };
    // Twenty bytes and pairs of kind and length: elsewhere too little, unless both sides say it or it names whom it is about.
    if !at_home && !exchange.is_both() && !exchange.values().any(|packet| packet.names && packet.attributes >= 2) {
        return if seen.is_contested(&exchange) { Look::No } else { Look::More };
    }
    exchange.look(|| {
        let mut ids = exchange.values().map(|packet| packet.id);
        let pairs = exchange.is_both() && ids.next() == ids.next();
        let names = exchange.values().any(|packet| packet.names && packet.attributes >= 2);
        let has = |codes: std::ops::RangeInclusive<u8>| exchange.values().any(|packet| codes.contains(&packet.code));
        let protocol = if has(40..=45) {
            &DYNAMIC
        } else if has(4..=5) {
            &ACCOUNTING
        } else {
            &AUTHENTICATION
        };
        let confidence = if pairs && names { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) };
        let words: Vec<&str> = exchange.values().map(|packet| word(packet.code)).collect();
        Finding::new(protocol, confidence)
            .asked_by(exchange.client(|packet| Some(matches!(packet.code, 1 | 4 | 12 | 40 | 43))))
            .detailed(&words.join(", "))
    })
}

fn word(code: u8) -> &'static str {
    match code {
        1 => "access request",
        2 => "access accept",
        3 => "access reject",
        4 => "accounting request",
        5 => "accounting response",
        11 => "access challenge",
        12 | 13 => "status",
        40..=42 => "disconnect",
        _ => "change of authorization",
    }
}

fn read(said: &Said<'_>, at_home: bool) -> Read<Packet> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(packet(bytes, len).or_else(|| if at_home { header(bytes, len) } else { None }))
}

/// The header alone, for the ports where attributes may be broken and it is RADIUS all the same.
fn header(bytes: &[u8], len: usize) -> Option<Packet> {
    let mut cursor = Cursor::new(bytes);
    let (code, id, length) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.be16()?));
    let is_header = matches!(code, 1..=5 | 11..=13 | 40..=45) && (20..=4096).contains(&length) && len >= 20;
    is_header.then_some(Packet { code, id, attributes: 0, names: false })
}

fn packet(bytes: &[u8], len: usize) -> Option<Packet> {
    let mut cursor = Cursor::new(bytes);
    let (code, id, length) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.be16()?));
    cursor.skip(16)?;
    // Bytes beyond the length are padding (RFC 2865 section 3).
    if !matches!(code, 1..=5 | 11..=13 | 40..=45) || !(20..=4096).contains(&length) || length > len {
        return None;
    }
    let is_whole = bytes.len() >= length;
    let mut rest = Cursor::new(bytes.get(20..length.min(bytes.len()))?);
    let mut packet = Packet { code, id, attributes: 0, names: false };
    while let (Some(kind), Some(size)) = (rest.u8(), rest.u8()) {
        if size < 2 || kind == 0 {
            return None;
        }
        if rest.skip(usize::from(size) - 2).is_none() {
            return (!is_whole).then_some(packet);
        }
        packet.attributes += 1;
        packet.names |= matches!(kind, 1 | 4 | 32);
    }
    (rest.rest().is_empty() && (packet.attributes > 0 || !matches!(code, 1 | 4))).then_some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    /// RFC 2865 section 7.1.
    const ASK: &str =
        "01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 0406c0a80110 050600000003";
    const ANSWER: &str = "02000026 86fe220e7624ba2a1005f6bf9b55e0b2 060600000001 0f0600000000 0e06c0a80103";

    #[test]
    fn the_example_of_rfc_2865() {
        let finding = found(udp([1, 2], &hex(ASK), &hex(ANSWER), look));
        assert_eq!((finding.confidence, finding.client, finding.protocol), (Confidence::Certain, Some(Side::A), &AUTHENTICATION));
        assert_eq!(found(udp([1, 2], &hex(ASK), b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &hex(&ASK.replace("050600", "050700")), b"", look), Look::No);
    }
}
