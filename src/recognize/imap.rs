//! IMAP 4 (RFC 9051, RFC 3501).

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// IMAP.
pub static IMAP: Protocol = Protocol { name: "IMAP", label: Some("IMAP"), behind: &["IMAP"] };

const OPENINGS: &[&[u8]] =
    &[b"CAPABILITY", b"LOGIN", b"AUTHENTICATE", b"STARTTLS", b"NOOP", b"LOGOUT", b"ID", b"SELECT", b"EXAMINE", b"LIST"];

enum Talk<'a> {
    Greeting(&'a [u8]),
    Commands { password: bool, secured: bool },
}

/// Looks for IMAP: an untagged greeting, tagged commands.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let greeting = exchange.values().find_map(|talk| if let Talk::Greeting(text) = talk { Some(*text) } else { None });
    let (password, secured) = exchange
        .values()
        .find_map(|talk| if let Talk::Commands { password, secured } = talk { Some((*password, *secured)) } else { None })
        .unwrap_or_default();
    let Some(greeting) = greeting else { return if exchange.is_both() { Look::No } else { Look::More } };
    let finding = Finding::new(&IMAP, exchange.confidence(Confidence::Plausible))
        .asked_by(exchange.client(|talk| Some(matches!(talk, Talk::Commands { .. }))))
        .detailed(&shown(greeting))
        .noting(Note::CleartextCredentials, password)
        .noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)));
    if secured {
        return tls::upgraded(finding, seen);
    }
    if exchange.is_both() && password { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if text::is_text(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    if let Some(rest) = line.strip_prefix(b"* ") {
        let is_greeting = [&b"OK"[..], b"PREAUTH", b"BYE"].iter().any(|word| text::after(rest, word).is_some());
        return Read::or_unlike(is_greeting.then_some(Talk::Greeting(rest)));
    }
    let mut words = text::words(line);
    let (tag, command) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_ascii_uppercase());
    let is_tag = tag.len() <= 20 && tag.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if !is_tag || !OPENINGS.contains(&command.as_slice()) {
        return Read::Unlike;
    }
    let has = |wanted: &[u8]| {
        text::lines(said.bytes).any(|line| text::words(line).nth(1).is_some_and(|word| word.eq_ignore_ascii_case(wanted)))
    };
    // PLAIN and LOGIN (RFC 4616) are the password itself.
    let plain = |line: &[u8]| {
        let mut words = text::words(line).skip(1);
        words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"AUTHENTICATE"))
            && words.next().is_some_and(|how| how.eq_ignore_ascii_case(b"PLAIN") || how.eq_ignore_ascii_case(b"LOGIN"))
    };
    Read::Like(Talk::Commands { password: has(b"LOGIN") || text::lines(said.bytes).any(plain), secured: has(b"STARTTLS") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_login() {
        let finding = found(look(&tcp(b"a001 CAPABILITY\r\na002 login mrc secret\r\n", b"* OK IMAP4rev1 Service Ready\r\n")));
        assert_eq!((finding.confidence, finding.notes().collect::<Vec<_>>()), (Confidence::Both, vec!["cleartext-credentials"]));
        let plain = found(look(&tcp(b"a AUTHENTICATE PLAIN\r\nAGEAYg==\r\n", b"* OK ready\r\n+\r\n")));
        assert_eq!(plain.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        assert_eq!(look(&tcp(b"a001 FETCH\r\n", b"* OK\r\n")), Look::No);
    }
}
