//! MQTT 3.1, 3.1.1 and 5: the connection's first packet names the protocol.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, after, conversation, hint};

/// MQTT.
pub static MQTT: Protocol = hint("MQTT");

/// Looks for MQTT.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &MQTT, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(kind), Some(length)) = (cursor.u8(), remaining(&mut cursor)) else {
        return if said.bytes.len() < 5 { Read::Short } else { Read::Unlike };
    };
    match kind {
        0x10 => connect(cursor.rest()),
        0x20 => match cursor.take(2) {
            // Flags, and a code: 0 to 5, above 0x80 in version 5.
            Some([0 | 1, 0..=5 | 0x80..=0xa2]) if (2..=400).contains(&length) => Read::Like(Turn::answer(Confidence::Plausible)),
            None => Read::Short,
            _ => Read::Unlike,
        },
        // A topic after its length.
        0x30..=0x3d if !said.from_start && publishes(cursor.rest()) => Read::Like(Turn::peer(Confidence::Plausible)),
        // Ping and its answer.
        0xc0 | 0xd0 if length == 0 && !said.from_start => Read::Like(Turn::asking(kind == 0xc0, Confidence::Plausible)),
        _ => Read::Unlike,
    }
}

fn connect(bytes: &[u8]) -> Read<Turn<'_>> {
    let (name, rest) = match (after(bytes, b"\0\x04MQTT"), after(bytes, b"\0\x06MQIsdp")) {
        (Read::Like(rest), _) => ("version ", rest),
        (_, Read::Like(rest)) => ("MQIsdp version ", rest),
        (Read::Unlike, Read::Unlike) => return Read::Unlike,
        _ => return Read::Short,
    };
    match rest.first() {
        Some(version @ (3..=5 | 0x83 | 0x84)) => {
            Read::Like(Turn::ask(Confidence::Certain).saying(format!("{name}{}", version & 0x7f)))
        }
        Some(_) => Read::Unlike,
        None => Read::Short,
    }
}

fn publishes(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    let topic = cursor.be16().filter(|length| *length > 0).and_then(|length| cursor.take(usize::from(length)));
    topic.is_some_and(|topic| topic.iter().all(u8::is_ascii_graphic) && topic.contains(&b'/'))
}

/// Seven bits a byte, the low ones first, at most four bytes.
fn remaining(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut length = 0;
    for at in 0..4 {
        let byte = cursor.u8()?;
        length |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_connection() {
        let finding = found(look(&tcp(b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd", b"\x20\x02\0\0")));
        assert_eq!((finding.confidence, finding.client, detail(&finding)), (Confidence::Certain, Some(Side::A), "version 4"));
        assert_eq!((look(&tcp(b"\x10\x10\0\x04MQ", b"")), look(&tcp(b"\x10\x10\0\x04MQXX", b""))), (Look::More, Look::No));
    }
}
