//! Rlogin (RFC 1282): the client sends a zero, then its user, the server's user, and the terminal with its speed, each with a zero behind it.

use crate::recognize::cursor::Cursor;
use crate::recognize::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use crate::recognize::opening::{Opening, Read, Said};
use crate::recognize::text;

/// Rlogin.
pub static RLOGIN: Protocol = Protocol { name: "rlogin", label: None, behind: &[] };

enum Talk<'a> {
    Login {
        user: &'a [u8],
        typed: &'a [u8],
    },
    /// A zero for yes, then whatever the terminal shows.
    Shows(&'a [u8]),
}

/// Looks for rlogin. Where the password is asked for it is typed in the clear.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let Some((side, user, typed)) = exchange
        .iter()
        .find_map(|(side, talk)| if let Talk::Login { user, typed } = talk { Some((side, *user, *typed)) } else { None })
    else {
        return if exchange.is_both() { Look::No } else { Look::More };
    };
    let shows =
        exchange.values().find_map(|talk| if let Talk::Shows(text) = talk { Some(*text) } else { None }).unwrap_or_default();
    let lines = typed.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
    let is_typed = lines && text::has(shows, b"assword:");
    let finding = Finding::new(&RLOGIN, Confidence::Certain)
        .asked_by(Some(side))
        .detailed(&format!("as {}", shown(user)))
        .noting(Note::CleartextCredentials, is_typed);
    if is_typed { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    match said.bytes {
        [0] => Read::Short,
        [0, rest @ ..] => match login(rest) {
            Some(talk) => Read::Like(talk),
            None if text::is_text(rest) => Read::Like(Talk::Shows(rest)),
            None if rest.len() < 64 && !rest.contains(&0) => Read::Short,
            None => Read::or_unlike(text::lines(rest).next().filter(|line| text::is_text(line)).map(|_| Talk::Shows(rest))),
        },
        _ => Read::Unlike,
    }
}

/// Three texts, the last with a speed behind a stroke.
fn login(rest: &[u8]) -> Option<Talk<'_>> {
    let mut cursor = Cursor::new(rest);
    let mut word = || {
        let end = memchr::memchr(0, cursor.rest())?;
        let word = cursor.take(end + 1)?.get(..end)?;
        word.iter().all(u8::is_ascii_graphic).then_some(word)
    };
    let (_local, user, terminal) = (word()?, word()?, word()?);
    let speed = terminal.rsplit(|byte| *byte == b'/').next()?;
    let is_terminal = speed.len() < terminal.len() && !speed.is_empty() && speed.iter().all(u8::is_ascii_digit);
    (is_terminal && !user.is_empty()).then_some(Talk::Login { user, typed: cursor.rest() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn the_example_of_rfc_1282() {
        let ask = b"\0bostic\0kbostic\0vt100/9600\0";
        let finding = found(look(&tcp(ask, b"\0Password: ")));
        assert_eq!((detail(&finding), finding.client, finding.notes().count()), ("as kbostic", Some(Side::A), 0));
        let typed = [&ask[..], b"secret\r"].concat();
        assert_eq!(found(look(&tcp(&typed, b"\0Password: "))).notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        assert_eq!(look(&tcp(b"\0\x02ab", b"\0\0\0\x01")), Look::No);
    }
}
