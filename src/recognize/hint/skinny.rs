//! Cisco's Skinny Client Control Protocol: length, version, message.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// Skinny.
pub static SKINNY: Protocol = hint("Skinny");

/// Looks for Skinny.
pub fn look(seen: &Opening<'_>) -> Look {
    let alone = if seen.has_port(2000) { Confidence::Both } else { Confidence::Plausible };
    conversation(seen, &SKINNY, |said| read(said, alone))
}

fn read<'a>(said: &Said<'a>, alone: Confidence) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(version), Some(message)) = (cursor.le32(), cursor.le32(), cursor.le32()) else {
        return Read::Short;
    };
    let is_possible = (4..=2000).contains(&length) && (version == 0 || (10..=25).contains(&version));
    let turn = match message {
        0 if length == 4 => Turn::ask(alone),
        // A phone registers with its name.
        1 if cursor.rest().starts_with(b"SEP") || cursor.rest().starts_with(b"ATA") => Turn::ask(Confidence::Certain),
        2..=0x4f => Turn::ask(alone),
        0x100 if length == 4 => Turn::answer(alone),
        0x81..=0x15f => Turn::answer(alone),
        _ => return Read::Unlike,
    };
    Read::or_unlike(is_possible.then_some(turn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_phone_registers() {
        let register = [&hex("30000000 00000000 01000000")[..], b"SEP001122334455\0"].concat();
        assert_eq!(found(look(&tcp(&register, b""))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("00000030 00000000 01000000"), b"")), Look::No);
    }
}
