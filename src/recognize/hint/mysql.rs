//! MySQL and MariaDB: the server's greeting and the client's answer to it.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, shown, text};

/// MySQL.
pub static MYSQL: Protocol = hint("MySQL");

/// Looks for MySQL.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &MYSQL, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(number), Some(kind)) = (cursor.take(3), cursor.u8(), cursor.u8()) else { return Read::Short };
    let &[low, high, 0] = length else { return Read::Unlike };
    let length = usize::from(u16::from_le_bytes([low, high]));
    match (number, kind) {
        (0, 10) if length >= 40 => greeting(cursor.rest()),
        // An error before the greeting: a host that may not connect.
        (0, 0xff) if said.bytes.len() <= length + 4 && text::is_text(cursor.rest().get(2..).unwrap_or_default()) => {
            Read::Like(Turn::answer(Confidence::Plausible))
        }
        (1, _) if length >= 32 && login(said.bytes.get(4..).unwrap_or_default()) => Read::Like(Turn::ask(Confidence::Plausible)),
        _ => Read::Unlike,
    }
}

/// Version text, then thread, salt, and a zero.
fn greeting(bytes: &[u8]) -> Read<Turn<'_>> {
    let Some(end) = memchr::memchr(0, bytes) else { return if bytes.len() < 64 { Read::Short } else { Read::Unlike } };
    let version = bytes.get(..end).unwrap_or_default();
    let is_version = version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.') && text::is_text(version);
    Read::or_unlike(is_version.then(|| Turn::answer(Confidence::Certain).saying(shown(version))))
}

/// Capabilities with the 4.1 protocol among them, the largest packet, a character set, and 23 bytes of which MariaDB uses the last four.
fn login(bytes: &[u8]) -> bool {
    let is_41 = bytes.get(1).is_some_and(|flags| flags & 2 != 0);
    is_41 && bytes.get(9..28).is_some_and(|filler| filler.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn the_greeting_of_mariadb() {
        let greeting = [&hex("5d000000 0a")[..], b"5.5.5-10.11.6-MariaDB-0+deb12u1\0\x1f\0\0\0abcdefgh\0"].concat();
        let login = [&hex("55000001 85a23f20 00000001 2d")[..], &[0; 23], b"root\0"].concat();
        let finding = found(look(&tcp(&login, &greeting)));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(detail(&finding), "5.5.5-10.11.6-MariaDB-0+deb12u1");
        assert_eq!(look(&tcp(b"\x0a\0\0\0\x0aabc", b"")), Look::No);
    }
}
