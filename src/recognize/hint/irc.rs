//! IRC (RFC 2812): a nick name, and numbered replies behind the server's name.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint, text};

/// IRC.
pub static IRC: Protocol = hint("IRC");

/// Looks for IRC.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &IRC, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if said.bytes.len() < 512 && text::may_become_line(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    let words: Vec<&[u8]> = text::words(line).take(4).collect();
    match words.as_slice() {
        [b"NICK", nick] | [b"NICK", nick, _] if nick.len() <= 64 => Read::Like(Turn::ask(Confidence::Both)),
        [b"CAP", b"LS" | b"REQ" | b"END", ..] => Read::Like(Turn::ask(Confidence::Both)),
        // A password, and then who it is.
        [b"PASS", _] if has(said.bytes, b"\nNICK ") && has(said.bytes, b"\nUSER ") => Read::Like(Turn::ask(Confidence::Both)),
        [b"PASS", _] if said.bytes.len() < 512 && !said.ended => Read::Short,
        [b"JOIN" | b"PRIVMSG" | b"PART", channel, ..] if channel.starts_with(b"#") => Read::Like(Turn::peer(Confidence::Both)),
        [b"NOTICE", b"AUTH" | b"*", ..] => Read::Like(Turn::answer(Confidence::Both)),
        [server, code, _, ..] if server.starts_with(b":") && server.len() > 2 => reply(code),
        _ => Read::Unlike,
    }
}

fn reply(code: &[u8]) -> Read<Turn<'static>> {
    let is_number = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
    let is_word = [&b"NOTICE"[..], b"PRIVMSG", b"JOIN", b"MODE", b"CAP", b"QUIT", b"PART"].contains(&code);
    Read::or_unlike((is_number || is_word).then(|| Turn::answer(Confidence::Certain)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_user_registers() {
        let finding = found(look(&tcp(b"NICK me\r\nUSER me 0 * :Me\r\n", b":irc.example 001 me :Welcome\r\n")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(b"USER anonymous\r\n", b"")), Look::No);
    }
}
