//! POP3 (RFC 1939, RFC 2449).

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// POP3.
pub static POP3: Protocol = Protocol { name: "POP3", label: Some("POP3"), behind: &["POP3"] };

/// Commands, whichever comes first: the answers on the other side are POP3's alone.
const OPENINGS: &[&[u8]] = &[
    b"USER", b"APOP", b"CAPA", b"AUTH", b"STLS", b"STAT", b"LIST", b"UIDL", b"RETR", b"TOP", b"DELE", b"NOOP", b"RSET", b"QUIT",
    b"PASS",
];

/// SASL mechanisms (RFC 5034) that are in use.
const MECHANISMS: &[&[u8]] = &[
    b"PLAIN",
    b"LOGIN",
    b"NTLM",
    b"GSSAPI",
    b"CRAM-MD5",
    b"DIGEST-MD5",
    b"XOAUTH2",
    b"EXTERNAL",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-256",
];

enum Talk<'a> {
    Replies(&'a [u8]),
    Commands {
        password: bool,
        /// The password does not go over the wire.
        protected: bool,
        secured: bool,
    },
}

/// Looks for POP3: `+OK` on one side, commands on the other.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let greeting = exchange.values().find_map(|talk| if let Talk::Replies(text) = talk { Some(*text) } else { None });
    let (password, protected, secured) = exchange
        .values()
        .find_map(|talk| match talk {
            Talk::Commands { password, protected, secured } => Some((*password, *protected, *secured)),
            Talk::Replies(_) => None,
        })
        .unwrap_or_default();
    // Commands alone are FTP's too.
    let Some(greeting) = greeting else { return if exchange.is_both() { Look::No } else { Look::More } };
    // `+OK` with nothing behind it is Redis's answer to most commands.
    if !exchange.is_both() && (greeting.is_empty() || seen.is_contested(&exchange)) {
        return if seen.is_contested(&exchange) { Look::No } else { Look::More };
    }
    let finding = Finding::new(&POP3, exchange.confidence(Confidence::Plausible))
        .asked_by(exchange.client(|talk| Some(matches!(talk, Talk::Commands { .. }))))
        .detailed(&shown(greeting))
        .noting(Note::CleartextCredentials, password)
        .noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)));
    if secured {
        return tls::upgraded(finding, seen);
    }
    if exchange.is_both() && (password || protected) { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if text::may_become_line(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    for mark in [&b"+OK"[..], b"-ERR"] {
        if let Some(rest) = line.strip_prefix(mark) {
            return Read::or_unlike((rest.is_empty() || rest.starts_with(b" ")).then_some(Talk::Replies(rest.trim_ascii())));
        }
    }
    let word = text::words(line).next().unwrap_or_default().to_ascii_uppercase();
    let is_mechanism = |how: &[u8]| MECHANISMS.iter().any(|known| known.eq_ignore_ascii_case(how));
    // Redis answers `+OK` to `AUTH password`.
    if word == b"AUTH" && !text::words(line).nth(1).is_none_or(is_mechanism) {
        return Read::Unlike;
    }
    if !OPENINGS.contains(&word.as_slice()) {
        return Read::Unlike;
    }
    let has = |command: &[u8]| text::lines(said.bytes).any(|line| text::after(line, command).is_some());
    Read::Like(Talk::Commands {
        password: has(b"PASS ") || has(b"AUTH PLAIN") || has(b"AUTH LOGIN"),
        protected: has(b"APOP "),
        secured: has(b"STLS"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn the_session_of_rfc_1939() {
        let finding = found(look(&tcp(b"USER mrose\r\nPASS secret\r\n", b"+OK POP3 server ready\r\n+OK\r\n+OK\r\n")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Both, Some(Side::A)));
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        assert_eq!(look(&tcp(b"AUTH secret\r\n", b"+OK\r\n")), Look::No);
        assert_eq!(look(&tcp(b"USER a\r\n", b"220 ftp\r\n")), Look::No);
    }

    #[test]
    fn an_answer_without_words_is_not_enough() {
        assert_eq!(look(&tcp(b"+OK\r\n", b"")), Look::More);
        assert_eq!(look(&tcp(b"+OK\r\n", b"*3\r\n$3\r\n")), Look::No);
        assert_eq!(found(look(&tcp(b"+OK ready\r\n", b"LIST\r\n"))).confidence, Confidence::Both);
    }
}
