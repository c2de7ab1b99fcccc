//! NNTP (RFC 3977, RFC 4643): a greeting of its own, and the commands of newsreaders and of servers among themselves.

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// NNTP.
pub static NNTP: Protocol = Protocol { name: "NNTP", label: Some("NNTP"), behind: &["NNTP"] };

/// Commands that no other protocol of lines begins with (RFC 3977 section 10.2, RFC 4643, RFC 4644, RFC 2980).
const OWN: &[&[u8]] = &[
    b"MODE READER",
    b"MODE STREAM",
    b"GROUP ",
    b"LISTGROUP",
    b"NEWGROUPS ",
    b"NEWNEWS ",
    b"ARTICLE",
    b"IHAVE ",
    b"XOVER",
    b"OVER",
    b"XHDR ",
    b"HDR ",
    b"AUTHINFO ",
    b"CHECK <",
    b"TAKETHIS <",
    b"XPAT ",
    b"XGTITLE",
];
/// Commands that others have too.
const SHARED: &[&[u8]] = &[
    b"CAPABILITIES",
    b"LIST",
    b"HELP",
    b"DATE",
    b"QUIT",
    b"STAT",
    b"HEAD",
    b"BODY",
    b"LAST",
    b"NEXT",
    b"POST",
    b"STARTTLS",
    b"COMPRESS ",
];

enum Talk<'a> {
    Greeting { text: &'a [u8], names_itself: bool },
    Commands { first: &'a [u8], is_own: bool, password: bool },
}

/// Looks for NNTP. Its greetings 200 and 201 are met in other protocols, its common commands too: one of the two has to be its own.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let mut greeting = None;
    let mut commands = None;
    for talk in exchange.values() {
        match talk {
            Talk::Greeting { text, names_itself } => greeting = Some((*text, *names_itself)),
            Talk::Commands { first, is_own, password } => commands = Some((*first, *is_own, *password)),
        }
    }
    let confidence = match (greeting, commands) {
        (Some((_, names_itself)), Some((_, is_own, _))) if names_itself || is_own => Confidence::Both,
        (Some((_, true)), None) | (None, Some((_, true, _))) => Confidence::Plausible,
        _ => return if exchange.is_both() && greeting.is_none() { Look::No } else { Look::More },
    };
    let (_, _, password) = commands.unwrap_or_default();
    let server = greeting.and_then(|(text, _)| text::words(text).next()).filter(|name| name.contains(&b'.'));
    let finding = Finding::new(&NNTP, confidence)
        .asked_by(exchange.client(|talk| Some(matches!(talk, Talk::Commands { .. }))))
        .of_server(server.filter(|name| name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte))))
        .detailed(&shown(greeting.map(|(text, _)| text).or(commands.map(|(first, ..)| first)).unwrap_or_default()))
        .noting(Note::CleartextCredentials, password)
        .noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)));
    if seen.said.iter().any(|said| text::lines(said.bytes).any(|line| line.eq_ignore_ascii_case(b"STARTTLS"))) {
        return tls::upgraded(finding, seen);
    }
    let settled = seen.said.iter().all(|said| text::lines(said.bytes).count() > 4);
    if confidence == Confidence::Both && settled { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if text::may_become_line(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    if let Some((code, text)) = text::reply(line) {
        let lower = line.to_ascii_lowercase();
        let names_itself = [&b"nntp"[..], b"news", b"posting", b"usenet", b"innd"].iter().any(|word| text::has(&lower, word));
        let is_greeting = matches!(code, 200 | 201 | 400 | 502) && text::is_text(text);
        return Read::or_unlike(is_greeting.then_some(Talk::Greeting { text, names_itself }));
    }
    let begins = |commands: &[&[u8]], line: &[u8]| commands.iter().any(|command| text::after(line, command).is_some());
    if !begins(OWN, line) && !begins(SHARED, line) {
        return Read::Unlike;
    }
    // The last line may be cut.
    let whole = said.bytes.iter().rposition(|byte| *byte == b'\n').and_then(|end| said.bytes.get(..end)).unwrap_or_default();
    Read::Like(Talk::Commands {
        first: line,
        is_own: text::lines(whole).any(|line| begins(OWN, line)),
        password: text::lines(whole).any(|line| text::after(line, b"AUTHINFO PASS").is_some()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_newsreader_logs_in() {
        let finding = found(look(&tcp(
            b"MODE READER\r\nAUTHINFO USER a\r\nAUTHINFO PASS b\r\n",
            b"200 news.example InterNetNews ready\r\n",
        )));
        assert_eq!((finding.confidence, finding.client), (Confidence::Both, Some(Side::A)));
        assert_eq!(detail(&finding), "news.example InterNetNews ready");
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("news.example"));
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
    }

    #[test]
    fn what_others_say_too_is_not_enough() {
        assert_eq!(look(&tcp(b"HELP\r\n", b"200 ready\r\n")), Look::More);
        assert_eq!(look(&tcp(b"", b"200 ready\r\n")), Look::More);
        assert_eq!(look(&tcp(b"USER a\r\n", b"220 ready\r\n")), Look::No);
    }
}
