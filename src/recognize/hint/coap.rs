//! CoAP (RFC 7252 section 3): every byte of a message has to make sense.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// CoAP.
pub static COAP: Protocol = hint("CoAP");

/// Looks for CoAP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &COAP, |said| Read::or_unlike(read(said.datagram().0, seen.has_port(5683))))
}

fn read(bytes: &[u8], at_home: bool) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (first, code, id) = (cursor.u8()?, cursor.u8()?, cursor.be16()?);
    let (version, token) = (first >> 6, usize::from(first & 15));
    if version != 1 || token > 8 {
        return None;
    }
    let alone = if at_home { Confidence::Both } else { Confidence::Plausible };
    let turn = match (code >> 5, code & 31) {
        // Empty: an acknowledgement, a reset or a ping.
        (0, 0) => return (at_home && bytes.len() == 4).then(|| Turn::peer(alone)),
        (0, 1..=7) => Turn::ask(alone),
        (2, 1..=8 | 31) | (4, 0..=31) | (5, 0..=8) => Turn::answer(alone),
        _ => return None,
    };
    cursor.skip(token)?;
    options(cursor).then(|| turn.numbered(u32::from(id)))
}

/// Deltas and lengths of four bits, 13 and 14 extended by one and two bytes; 0xff before what is not empty.
fn options(mut cursor: Cursor<'_>) -> bool {
    let mut number = 0_u32;
    while let Some(byte) = cursor.u8() {
        if byte == 0xff {
            return !cursor.rest().is_empty();
        }
        let mut extended = |nibble: u8| match nibble {
            13 => cursor.u8().map(|more| u32::from(more) + 13),
            14 => cursor.be16().map(|more| u32::from(more) + 269),
            15 => None,
            small => Some(u32::from(small)),
        };
        let Some((delta, length)) = extended(byte >> 4).zip(extended(byte & 15)) else { return false };
        number += delta;
        if number > 0xffff || cursor.skip(length as usize).is_none() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn the_example_of_rfc_7252() {
        // Figure 16: GET /temperature, and 2.05 "22.3 C".
        let get = [&hex("40 01 7d34 bb")[..], b"temperature"].concat();
        let content = [&hex("60 45 7d34 ff")[..], b"22.3 C"].concat();
        let finding = found(udp([5000, 5683], &get, &content, look));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(udp([5000, 5683], &hex("40 01 7d34 f0"), b"", look), Look::No);
    }
}
