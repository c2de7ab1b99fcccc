//! SMTP (RFC 5321) and message submission.

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// SMTP.
pub static SMTP: Protocol = Protocol { name: "SMTP", label: Some("SMTP"), behind: &["SMTP"] };

enum Talk<'a> {
    Greeting { text: &'a [u8], names_itself: bool },
    Commands { name: &'a [u8], password: bool, secured: bool },
}

/// Looks for SMTP. Greetings are FTP's too; a client that says hello tells them apart.
pub fn look(seen: &Opening<'_>) -> Look {
    // A server that greets with its name is one, whatever a client says to it.
    let names_itself = |talk: &Talk<'_>| matches!(talk, Talk::Greeting { names_itself: true, .. });
    let Some(exchange) = seen.read_one_proof(read, names_itself) else { return Look::No };
    let greeting = exchange
        .values()
        .find_map(|talk| if let Talk::Greeting { text, names_itself } = talk { Some((*text, *names_itself)) } else { None });
    let commands = exchange.values().find_map(|talk| {
        if let Talk::Commands { name, password, secured } = talk { Some((*name, *password, *secured)) } else { None }
    });
    let confidence = match (greeting, commands) {
        (Some(_), Some(_)) => Confidence::Both,
        (Some((_, true)), None) | (None, Some(_)) => Confidence::Plausible,
        (Some((_, false)), None) if exchange.is_both() => return Look::No,
        _ => return Look::More,
    };
    let server = greeting.and_then(|(text, _)| text::words(text).next()).filter(|name| name.contains(&b'.'));
    let finding = Finding::new(&SMTP, confidence)
        .asked_by(exchange.client(|talk| Some(matches!(talk, Talk::Commands { .. }))))
        .of_server(server)
        .of_client(commands.map(|(name, ..)| name).filter(|name| name.iter().any(u8::is_ascii_alphabetic)))
        .detailed(&shown(greeting.map(|(text, _)| text).unwrap_or_default()))
        .noting(Note::CleartextCredentials, commands.is_some_and(|(_, password, _)| password));
    let finding = finding.noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)));
    if commands.is_some_and(|(.., secured)| secured) {
        return tls::upgraded(finding, seen);
    }
    let settled = seen.said.iter().all(|said| text::lines(said.bytes).count() > 4);
    if confidence == Confidence::Both && settled { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if text::may_become_line(said.bytes) => return Read::Short,
        // A greeting without end.
        Read::Unlike if said.bytes.starts_with(b"220 ") => said.bytes,
        _ => return Read::Unlike,
    };
    if let Some((code, rest)) = text::reply(line) {
        let is_greeting = matches!(code, 220 | 250 | 421 | 554) || !said.from_start;
        if !is_greeting || !text::is_text(rest) {
            return Read::Unlike;
        }
        let upper = said.bytes.to_ascii_uppercase();
        let names_itself = [&b"SMTP"[..], b"MAIL"].iter().any(|word| text::has(&upper, word));
        return Read::Like(Talk::Greeting { text: rest, names_itself });
    }
    let hello = [&b"EHLO"[..], b"HELO", b"LHLO"].iter().find_map(|word| text::after(line, word));
    let begins = hello.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" "));
    let password =
        text::lines(said.bytes).any(|line| text::after(line, b"AUTH PLAIN").or(text::after(line, b"AUTH LOGIN")).is_some());
    let secured = text::lines(said.bytes).any(|line| line.eq_ignore_ascii_case(b"STARTTLS"));
    Read::or_unlike(begins.then(|| Talk::Commands { name: hello.unwrap_or_default(), password, secured }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn hello_and_greeting() {
        let finding = found(look(&tcp(b"EHLO pc7.corp.example\r\nAUTH PLAIN AGEAYg==\r\n", b"220 mail.corp.example ESMTP\r\n")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Both, Some(Side::A)));
        let texts = finding.texts().unwrap();
        assert_eq!(
            (texts.client_name.as_deref(), texts.server_name.as_deref()),
            (Some("pc7.corp.example"), Some("mail.corp.example"))
        );
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        // A greeting may name itself in its next line.
        assert_eq!(look(&tcp(b"USER a\r\n", b"220 ready\r\n")), Look::More);
        assert_eq!(look(&tcp(b"USER a\r\n", b"+OK ready\r\n")), Look::No);
        let garbled = found(look(&tcp(b"\x67\x09\xe4\x59\n", b"220 mail.example ESMTP\r\n")));
        assert_eq!((garbled.confidence, garbled.client), (Confidence::Plausible, Some(Side::A)));
    }

    #[test]
    fn ntlm_is_noted() {
        let asked = b"EHLO pc7\r\nAUTH NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAFASgKAAAADw==\r\n";
        assert_eq!(found(look(&tcp(asked, b"220 a ESMTP\r\n"))).notes().collect::<Vec<_>>(), ["ntlm"]);
    }

    #[test]
    fn what_tls_shows_after_it_was_asked_for() {
        let asked = b"EHLO pc7\r\nSTARTTLS\r\n";
        let answered = b"220 mail.corp.example ESMTP\r\n250 STARTTLS\r\n220 go ahead\r\n";
        assert!(matches!(look(&tcp(asked, answered)), Look::Likely(_)));
        let (hello, answer) = (hex(crate::recognize::tls::tests::CLIENT), hex(crate::recognize::tls::tests::SERVER));
        let Look::Sure(finding) = look(&tcp(&[&asked[..], &hello].concat(), &[&answered[..], &answer].concat())) else {
            panic!("not sure")
        };
        assert_eq!(detail(&finding), "mail.corp.example ESMTP, then TLS 1.3 to server");
        assert_eq!((finding.protocol, finding.notes().count()), (&SMTP, 0));
    }
}
