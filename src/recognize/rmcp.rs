//! IPMI and ASF over the network: RMCP (ASF 2.0 section 3.2.2, IPMI 2.0 section 13.1.3).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// RMCP.
pub static RMCP: Protocol = Protocol { name: "IPMI", label: Some("IPMI"), behind: &["IPMI"] };

/// The number that IANA gave to ASF.
const ASF: u32 = 4542;

struct Message {
    what: &'static str,
    /// Asked, where it can be told.
    asks: Option<bool>,
    is_certain: bool,
}

/// Looks for RMCP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let certain = exchange.values().any(|message| message.is_certain);
        Finding::new(&RMCP, exchange.confidence(if certain { Confidence::Certain } else { Confidence::Plausible }))
            .asked_by(exchange.client(|message| message.asks))
            .detailed(exchange.values().next().map_or("", |message| message.what))
    })
}

fn read(said: &Said<'_>) -> Read<Message> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len))
}

/// Version 6, zero, a sequence number that IPMI does not use, a class.
fn message(bytes: &[u8], len: usize) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let [6, 0, number, class] = cursor.array()? else { return None };
    match class {
        // An acknowledgement is the header alone.
        0x86 => (len == 4).then_some(Message { what: "acknowledgement", asks: None, is_certain: false }),
        6 => asf(cursor, len),
        7 if number == 0xff => ipmi(cursor, len),
        _ => None,
    }
}

fn asf(mut cursor: Cursor<'_>, len: usize) -> Option<Message> {
    let (enterprise, kind, _tag, _reserved, length) = (cursor.be32()?, cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let (what, asks) = match kind {
        0x80 => ("ASF presence ping", true),
        0x40 => ("ASF presence pong", false),
        0x81..=0x84 | 0x10..=0x13 | 0xc0..=0xc3 => ("ASF", true),
        0x41..=0x43 => ("ASF", false),
        _ => return None,
    };
    (enterprise == ASF && len >= 12 + usize::from(length)).then_some(Message { what, asks: Some(asks), is_certain: true })
}

fn ipmi(mut cursor: Cursor<'_>, len: usize) -> Option<Message> {
    let authentication = cursor.u8()?;
    if authentication == 6 {
        return rmcp_plus(cursor, len);
    }
    let (_sequence, session) = (cursor.le32()?, cursor.le32()?);
    // A code of 16 bytes, unless there is none.
    let code = if authentication == 0 { 0 } else { 16 };
    cursor.skip(code)?;
    let length = usize::from(cursor.u8()?);
    // A byte may follow so that the length is not one that old hardware took for another.
    let fits = (14 + code + length..=15 + code + length).contains(&len) && length >= 7;
    let [target, function, checksum] = cursor.array()?;
    let sums = target.wrapping_add(function).wrapping_add(checksum) == 0;
    (matches!(authentication, 0..=2 | 4 | 5) && fits && sums).then_some(Message {
        what: if session == 0 { "IPMI 1.5, no session" } else { "IPMI 1.5, in a session" },
        // Requests have even functions.
        asks: Some(function >> 2 & 1 == 0),
        is_certain: true,
    })
}

/// IPMI 2.0: a payload type, and its length.
fn rmcp_plus(mut cursor: Cursor<'_>, len: usize) -> Option<Message> {
    let kind = cursor.u8()?;
    let (_session, _sequence, length) = (cursor.le32()?, cursor.le32()?, usize::from(cursor.le16()?));
    let (what, asks) = match kind & 0x3f {
        0 => ("IPMI 2.0, in a session", None),
        1 => ("IPMI 2.0, serial over LAN", None),
        0x10 => ("IPMI 2.0, open session", Some(true)),
        0x11 => ("IPMI 2.0, open session", Some(false)),
        0x12 | 0x14 => ("IPMI 2.0, RAKP", Some(true)),
        0x13 | 0x15 => ("IPMI 2.0, RAKP", Some(false)),
        _ => return None,
    };
    // Behind an authenticated payload there are padding and a code.
    let fits = if kind & 0x40 == 0 { len == 16 + length } else { len >= 16 + length };
    fits.then_some(Message { what, asks, is_certain: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn what_a_controller_can_do_is_asked() {
        // Get Channel Authentication Capabilities, IPMI 2.0 section 22.13.
        let ask = hex("0600ff07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5");
        let finding = found(udp([1, 2], &ask, b"", look));
        assert_eq!((detail(&finding), finding.client), ("IPMI 1.5, no session", Some(Side::A)));
        let open = hex("0600ff07 06 10 00000000 00000000 2000 0000000000000000000000000000000000000000000000000000000000000000");
        assert_eq!(detail(&found(udp([1, 2], &open, b"", look))), "IPMI 2.0, open session");
        assert_eq!(udp([1, 2], &ask[..22], b"", look), Look::No);
    }

    #[test]
    fn a_presence_ping_and_its_pong() {
        let (ask, answer) =
            (hex("0600ff06 000011be 80000000"), hex("0600ff06 000011be 40000010 000011be 00000000 8100000000000000"));
        let finding = found(udp([1, 2], &ask, &answer, look));
        assert_eq!((detail(&finding), finding.client), ("ASF presence ping", Some(Side::A)));
    }
}
