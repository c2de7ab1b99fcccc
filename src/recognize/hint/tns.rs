//! Oracle's transparent network substrate: connect, accept, refuse, redirect, resend.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint};

/// Oracle TNS.
pub static TNS: Protocol = hint("Oracle TNS");

/// Looks for TNS.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &TNS, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(0), Some(kind), Some(_), Some(0)) =
        (cursor.be16(), cursor.be16(), cursor.u8(), cursor.u8(), cursor.be16())
    else {
        return if said.bytes.len() < 8 { Read::Short } else { Read::Unlike };
    };
    let rest = cursor.rest();
    match kind {
        1 if length >= 26 => connect(cursor),
        2 if (24..=64).contains(&length) => Read::or_unlike(
            cursor.be16().filter(|version| (300..=330).contains(version)).map(|_| Turn::answer(Confidence::Certain)),
        ),
        4 if has(rest, b"(DESCRIPTION=") || has(rest, b"(ERR=") => {
            Read::Like(Turn::answer(Confidence::Certain).saying("refused"))
        }
        5 if length >= 10 && (rest.len() < 4 || has(rest, b"(")) => {
            Read::Like(Turn::answer(Confidence::Both).saying("redirected"))
        }
        11 if length == 8 => Read::Like(Turn::answer(Confidence::Both)),
        _ => Read::Unlike,
    }
}

/// Version and oldest version, then somewhere the connect string.
fn connect(mut cursor: Cursor<'_>) -> Read<Turn<'_>> {
    let Some((version, oldest)) = cursor.be16().zip(cursor.be16()) else { return Read::Short };
    Read::or_unlike(((300..=330).contains(&version) && oldest <= version).then(|| Turn::ask(Confidence::Certain)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_connection_is_asked_for() {
        let connect = [&hex("0074 0000 01 00 0000 0136 012c 0000 0800")[..], b"(DESCRIPTION=(CONNECT_DATA="].concat();
        assert_eq!(found(look(&tcp(&connect, &hex("0008 0000 0b 00 0000")))).client, Some(Side::A));
        assert_eq!(look(&tcp(&hex("0074 0000 01 00 0000 4136 012c"), b"")), Look::No);
    }
}
