//! TACACS+ (RFC 8907 section 4.1): a client's number is odd, its answer's the next.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// TACACS+.
pub static TACACS: Protocol = hint("TACACS+");

/// Looks for TACACS+.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &TACACS, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(version), Some(kind), Some(number), Some(flags)) = (cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()) else {
        return Read::Short;
    };
    let (Some(session), Some(length)) = (cursor.be32(), cursor.be32()) else { return Read::Short };
    let is_possible = matches!(version, 0xc0 | 0xc1) && (1..=3).contains(&kind) && matches!(number, 1..=10) && flags & !5 == 0;
    let is_whole = usize::try_from(length).is_ok_and(|length| length == cursor.rest().len());
    let alone = if is_whole && number == 1 { Confidence::Both } else { Confidence::Plausible };
    let fits = is_possible && (5..0x4000).contains(&length);
    Read::or_unlike(fits.then(|| Turn::asking(number % 2 == 1, alone).numbered(session)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_start_and_a_reply() {
        let (start, reply) =
            (hex("c0 01 01 00 11223344 00000006 010203040506"), hex("c0 01 02 00 11223344 00000006 010203040506"));
        assert_eq!(found(look(&tcp(&start, &reply))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("c0 04 01 00 11223344 00000006"), b"")), Look::No);
    }
}
