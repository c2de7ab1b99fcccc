//! Memcached: lines of text, or a binary header; over UDP with a frame in front.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint, text};

/// Memcached.
pub static MEMCACHED: Protocol = hint("Memcached");

/// No line is longer, its end included: it is refused while it is cut, so it is refused whole.
const LONGEST: usize = 300;

/// Looks for Memcached.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &MEMCACHED, |said| {
        if !seen.is_udp() {
            return read(said.bytes);
        }
        // Request, number, how many, reserved.
        match said.datagram().0 {
            [_, _, 0, _, 0, 1..=200, 0, 0, message @ ..] => read(message),
            _ => Read::Unlike,
        }
    })
}

fn read(bytes: &[u8]) -> Read<Turn<'_>> {
    if let [0x80 | 0x81, ..] = bytes {
        return read_binary(bytes);
    }
    let line = match text::line(bytes) {
        // A key holds no control characters (protocol.txt, "Keys").
        Read::Like(line) if line.len() + 1 < LONGEST && text::is_text(line) => line,
        Read::Short if bytes.len() < LONGEST && text::may_become_line(bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    let words: Vec<&[u8]> = text::words(line).take(6).collect();
    let is_number = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    match words.as_slice() {
        [b"get" | b"gets" | b"delete" | b"incr" | b"decr" | b"mg" | b"touch", key, ..] if key.len() <= 250 => {
            Read::Like(Turn::ask(Confidence::Plausible))
        }
        [b"set" | b"add" | b"replace" | b"append" | b"prepend" | b"cas", _, numbers @ ..]
            if numbers.len() >= 3 && numbers.iter().take(3).all(is_number) =>
        {
            Read::Like(Turn::ask(Confidence::Certain))
        }
        [b"stats" | b"version" | b"flush_all", ..] => Read::Like(Turn::ask(Confidence::Plausible)),
        [b"VALUE", _, numbers @ ..] if numbers.len() >= 2 && numbers.iter().all(is_number) => {
            Read::Like(Turn::answer(Confidence::Certain))
        }
        [b"STAT", _, _] | [b"VERSION", _] => Read::Like(Turn::answer(Confidence::Both)),
        [b"STORED" | b"NOT_STORED" | b"NOT_FOUND" | b"DELETED" | b"END" | b"TOUCHED" | b"EN"] => {
            Read::Like(Turn::answer(Confidence::Plausible))
        }
        _ => Read::Unlike,
    }
}

fn read_binary(bytes: &[u8]) -> Read<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (Some(magic), Some(operation), Some(key)) = (cursor.u8(), cursor.u8(), cursor.be16()) else { return Read::Short };
    let (Some(extras), Some(kind), Some(_), Some(body)) = (cursor.u8(), cursor.u8(), cursor.be16(), cursor.be32()) else {
        return Read::Short;
    };
    let is_possible =
        kind <= 3 && operation <= 0x48 && u32::from(key) + u32::from(extras) <= body && body < 0x10_0000 && key <= 250;
    let Some(number) = cursor.be32() else { return Read::Short };
    Read::or_unlike(is_possible.then(|| Turn::asking(magic == 0x80, Confidence::Plausible).numbered(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn text_and_binary() {
        assert_eq!(found(look(&tcp(b"get a\r\n", b"VALUE a 0 1\r\n"))).client, Some(Side::A));
        let (ask, answer) = (hex("80 0b 0000 00 00 0000 00000000 00000007"), hex("81 0b 0000 00 00 0000 00000006 00000007"));
        assert_eq!(found(look(&tcp(&ask, &answer))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(b"get out of here now please", b"HTTP/1.1 400 Bad\r\n")), Look::No);
    }
    #[test]
    fn a_line_is_judged_whole_as_it_is_cut() {
        let is_refused = |line: &[u8]| matches!(read(line), Read::Unlike);
        let keys = |count: usize| [b"get".as_slice(), &b" a".repeat(count)].concat();
        let (long, too_long) = (keys(147), keys(148));
        for line in [b"get a\r6VALUE a \x0e".as_slice(), b"VALUE a\0 0 1", &long, &too_long] {
            let whole = [line, b"\r\n"].concat();
            let cut = (1..whole.len()).any(|length| is_refused(&whole[..length]));
            assert_eq!(cut, is_refused(&whole), "{line:?}");
        }
        assert!(is_refused(b"get a\r6VALUE a \x0e\r\n") && !is_refused(&[&long, b"\r\n".as_slice()].concat()));
    }
}
