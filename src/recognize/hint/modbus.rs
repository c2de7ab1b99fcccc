//! Modbus over TCP: a transaction number that the answer repeats, protocol 0, a length, a unit, a function.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// Modbus/TCP.
pub static MODBUS: Protocol = hint("Modbus/TCP");

/// Looks for Modbus.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &MODBUS, |said| read(said, seen))
}

fn read<'a>(said: &Said<'a>, seen: &Opening<'_>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(number), Some(protocol), Some(length)) = (cursor.be16(), cursor.be16(), cursor.be16()) else { return Read::Short };
    let (Some(_unit), Some(function)) = (cursor.u8(), cursor.u8()) else { return Read::Short };
    // A shorter PDU would have no data, a longer one than 253 bytes does not exist.
    let is_possible =
        protocol == 0 && (3..=254).contains(&length) && matches!(function & 0x7f, 1..=8 | 11 | 12 | 15..=17 | 20..=24 | 43 | 90);
    if !is_possible || (function & 0x80 != 0 && length != 3) {
        return Read::Unlike;
    }
    let alone = if seen.has_port(502) { Confidence::Both } else { Confidence::Plausible };
    let turn = Turn { asks: (function & 0x80 != 0).then_some(false), ..Turn::peer(alone) };
    Read::Like(turn.numbered(u32::from(number) << 8 | u32::from(function & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_register_is_read() {
        let (ask, answer) = (hex("0001 0000 0006 01 03 0000 0001"), hex("0001 0000 0005 01 03 02 0001"));
        assert_eq!(found(look(&tcp(&ask, &answer))).confidence, Confidence::Certain);
        assert_eq!(found(look(&tcp(&ask, b""))).confidence, Confidence::Plausible);
        assert_eq!(look(&tcp(&hex("0001 0001 0006 01 03"), b"")), Look::No);
    }
}
