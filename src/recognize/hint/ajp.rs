//! AJP 1.3: web servers and the servlet engines behind them.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// AJP.
pub static AJP: Protocol = hint("AJP");

/// Looks for AJP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &AJP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    match said.bytes {
        [0x12, 0x34, _, _, 2 | 7 | 8 | 10, ..] => Read::Like(Turn::ask(Confidence::Certain)),
        [b'A', b'B', _, _, 3..=6 | 9, ..] => Read::Like(Turn::answer(Confidence::Both)),
        [0x12, 0x34, ..] | [b'A', b'B', ..] if said.bytes.len() < 5 => Read::Short,
        [0x12 | b'A'] => Read::Short,
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_request_is_passed_on() {
        assert_eq!(found(look(&tcp(&hex("1234 0100 02 02"), &hex("4142 0010 04 00c8")))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"ABCDEF", b"")), Look::No);
    }
}
