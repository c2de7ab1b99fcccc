//! Redis (RESP): commands are arrays of strings, answers begin with a type's sign.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, shown, text};

/// Redis.
pub static REDIS: Protocol = hint("Redis");

/// Looks for Redis.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &REDIS, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if said.bytes.len() < 128 && text::may_become_line(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    match line {
        [b'*', count @ ..] if is_number(count) => command(said.bytes, line.len() + 2),
        b"+PONG" => Read::Like(Turn::answer(Confidence::Both)),
        b"+OK" => Read::Like(Turn::answer(Confidence::Plausible)),
        [b'-', rest @ ..] if [&b"NOAUTH "[..], b"DENIED ", b"ERR ", b"WRONGPASS "].iter().any(|word| rest.starts_with(word)) => {
            Read::Like(Turn::answer(Confidence::Both).saying(shown(rest)))
        }
        [b':' | b'$', number @ ..] if is_number(number) || number == b"-1" => Read::Like(Turn::answer(Confidence::Plausible)),
        b"PING" | b"INFO" => Read::Like(Turn::ask(Confidence::Plausible).saying(shown(line))),
        _ => Read::Unlike,
    }
}

fn is_number(bytes: &[u8]) -> bool {
    (1..=9).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

/// An array: of strings it is a command, and what the first one says is its name; a server answers with arrays too.
fn command(bytes: &[u8], from: usize) -> Read<Turn<'_>> {
    let mut lines = text::lines(bytes.get(from..).unwrap_or_default());
    match lines.next() {
        Some([b'$', length @ ..]) if is_number(length) => {
            let name = lines.next().filter(|name| !name.is_empty() && name.iter().all(u8::is_ascii_alphabetic));
            Read::Like(Turn::peer(Confidence::Certain).saying(name.map(shown).unwrap_or_default()))
        }
        Some([b':' | b'*', number @ ..]) if is_number(number) => Read::Like(Turn::answer(Confidence::Plausible)),
        Some([] | [b'$']) | None => Read::Short,
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_command_and_its_answer() {
        let finding = found(look(&tcp(b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n")));
        assert_eq!((finding.protocol, finding.confidence, detail(&finding)), (&REDIS, Confidence::Certain, "PING"));
        assert_eq!(finding.client, Some(Side::A));
        assert_eq!(look(&tcp(b"+OK POP3 ready\r\n", b"")), Look::No);
    }
}
