//! OpenFlow: version, type, length and transaction in front of every message.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// OpenFlow.
pub static OPENFLOW: Protocol = hint("OpenFlow");

/// Looks for OpenFlow.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &OPENFLOW, |said| read(said, seen))
}

fn read<'a>(said: &Said<'a>, seen: &Opening<'_>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(version), Some(kind), Some(length), Some(_)) = (cursor.u8(), cursor.u8(), cursor.be16(), cursor.be32()) else {
        return Read::Short;
    };
    let rest = cursor.rest();
    let is_hello = kind == 0 && (length == 8 || matches!(rest, [0, 1, 0, 8, ..]));
    // The registered port, and the one used before.
    let is_at_home = seen.has_port(6653) || seen.has_port(6633);
    let is_message = is_hello || (is_at_home && kind <= 35 && length >= 8 && length % 2 == 0);
    Read::or_unlike(
        ((1..=6).contains(&version) && is_message)
            .then(|| Turn::peer(if is_at_home { Confidence::Both } else { Confidence::Plausible })),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn two_hellos() {
        let hello = hex("04 00 0010 00000001 0001 0008 00000010");
        assert_eq!(found(look(&tcp(&hello, &hello))).confidence, Confidence::Both);
        assert_eq!(look(&tcp(&hex("04 05 0008 00000001"), b"")), Look::No);
    }
}
