//! FTP's control connection (RFC 959, RFC 2228, RFC 2389, RFC 3659).

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// FTP control.
pub static FTP: Protocol = Protocol { name: "FTP", label: Some("FTP control"), behind: &["FTP control"] };

/// Commands a client begins with.
const OPENINGS: &[&[u8]] = &[b"USER", b"AUTH", b"FEAT", b"SYST", b"OPTS", b"HOST", b"CLNT", b"ACCT", b"ADAT", b"PBSZ"];
/// Commands that are FTP's alone and may come first where the beginning was missed.
const OTHERS: &[&[u8]] = &[
    b"PASS", b"PASV", b"EPSV", b"PORT", b"EPRT", b"RETR", b"STOR", b"CWD", b"PWD", b"XPWD", b"LIST", b"NLST", b"MLSD", b"TYPE",
    b"SIZE", b"MDTM",
];

/// Mechanisms of RFC 2228 and RFC 4217; mail protocols have a command of the same name with others.
const SECURITY: &[&[u8]] = &[b"TLS", b"TLS-C", b"TLS-P", b"SSL", b"GSSAPI", b"KERBEROS_V4"];

enum Talk<'a> {
    Greeting { text: &'a [u8], names_itself: bool },
    Commands { password: bool, anonymous: bool, secured: bool },
}

/// Looks for FTP. A greeting of 220 is SMTP's too; the client's first word or the name in the greeting tells them apart.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let greeting = exchange
        .values()
        .find_map(|talk| if let Talk::Greeting { text, names_itself } = talk { Some((*text, *names_itself)) } else { None });
    let commands = exchange.values().find_map(|talk| match talk {
        Talk::Commands { password, anonymous, secured } => Some((*password, *anonymous, *secured)),
        Talk::Greeting { .. } => None,
    });
    let confidence = match (greeting, commands) {
        (Some(_), Some(_)) => Confidence::Both,
        (Some((_, true)), None) | (None, Some(_)) => Confidence::Plausible,
        (Some((_, false)), None) if exchange.is_both() => return Look::No,
        _ => return Look::More,
    };
    let (password, anonymous, secured) = commands.unwrap_or_default();
    let finding = Finding::new(&FTP, confidence)
        .asked_by(exchange.client(|talk| Some(matches!(talk, Talk::Commands { .. }))))
        .detailed(&shown(greeting.map(|(text, _)| text).unwrap_or_default()))
        .noting(Note::CleartextCredentials, password);
    if secured {
        return tls::upgraded(finding, seen);
    }
    if confidence == Confidence::Both && (password || anonymous) { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let line = match text::line(said.bytes) {
        Read::Like(line) => line,
        Read::Short if text::may_become_line(said.bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    if let Some((code, rest)) = text::reply(line) {
        let is_greeting = matches!(code, 120 | 220 | 421 | 530) || !said.from_start;
        let names_itself = text::has(&said.bytes.to_ascii_uppercase(), b"FTP");
        return Read::or_unlike((is_greeting && text::is_text(rest)).then_some(Talk::Greeting { text: rest, names_itself }));
    }
    let word = text::words(line).next().unwrap_or_default().to_ascii_uppercase();
    let is_mail = word == b"AUTH"
        && !text::words(line).nth(1).is_some_and(|how| SECURITY.iter().any(|known| known.eq_ignore_ascii_case(how)));
    let known = !is_mail && OPENINGS.contains(&word.as_slice()) || (!said.from_start && OTHERS.contains(&word.as_slice()));
    if !known || !text::is_text(line) {
        return Read::Unlike;
    }
    let has = |command: &[u8]| text::lines(said.bytes).any(|line| text::after(line, command).is_some());
    // The password of an anonymous user is none.
    let anonymous = has(b"USER anonymous") || has(b"USER ftp");
    Read::Like(Talk::Commands { password: has(b"PASS ") && !anonymous, anonymous, secured: has(b"AUTH ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn greeting_and_login() {
        let finding =
            found(look(&tcp(b"USER backup\r\nPASS secret\r\n", b"220 Microsoft FTP Service\r\n331 Password required\r\n")));
        assert_eq!(
            (finding.confidence, finding.client, detail(&finding)),
            (Confidence::Both, Some(Side::A), "Microsoft FTP Service")
        );
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        let anonymous = found(look(&tcp(b"USER anonymous\r\nPASS a@b\r\n", b"220 ready\r\n")));
        assert_eq!(anonymous.notes().count(), 0);
    }

    #[test]
    fn a_mail_server_is_none() {
        assert_eq!(look(&tcp(b"AUTH LOGIN\r\n", b"220 ready\r\n")), Look::No);
        assert_eq!(look(&tcp(b"EHLO a\r\n", b"220 mail ESMTP\r\n")), Look::No);
        assert_eq!(look(&tcp(b"", b"220 ready\r\n")), Look::More);
    }
}
