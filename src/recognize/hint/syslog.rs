//! Syslog (RFC 3164, RFC 5424, and over TCP RFC 6587): a priority in angle brackets, then a version or a date.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint, text};

/// Syslog.
pub static SYSLOG: Protocol = hint("Syslog");

/// Looks for syslog.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SYSLOG, |said| read(said.bytes, seen.has_port(514)))
}

fn read(bytes: &[u8], at_home: bool) -> Read<Turn<'_>> {
    // Over TCP a length may stand in front.
    let message = match bytes.iter().position(|byte| !byte.is_ascii_digit()) {
        Some(digits @ 1..=5) if bytes.get(digits) == Some(&b' ') => bytes.get(digits + 1..).unwrap_or_default(),
        Some(0) => bytes,
        None if bytes.len() < 6 => return Read::Short,
        _ => return Read::Unlike,
    };
    let Some(rest) = message.strip_prefix(b"<") else {
        return if message.is_empty() { Read::Short } else { Read::Unlike };
    };
    let Some(end) = rest.iter().position(|byte| *byte == b'>') else {
        return if rest.len() < 4 { Read::Short } else { Read::Unlike };
    };
    let priority = rest.get(..end).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u8>().ok());
    let text = rest.get(end + 1..).unwrap_or_default();
    if priority.is_none_or(|priority| priority > 191) || !text::is_text(text.get(..16).unwrap_or(text)) {
        return Read::Unlike;
    }
    let alone = if is_dated(text) {
        Confidence::Certain
    } else if at_home {
        Confidence::Both
    } else {
        Confidence::Plausible
    };
    Read::Like(Turn::ask(alone))
}

/// `1 2003-10-11T...`, `Oct 11 22:14:15`, or as some switches have it `123: Oct 11` and `2003 Oct 11`.
fn is_dated(text: &[u8]) -> bool {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let is_month =
        |text: &[u8]| matches!(text, [name @ .., b' ', b' ' | b'0'..=b'3'] if MONTHS.chunks(3).any(|month| month == name));
    text.starts_with(b"1 2") || text.starts_with(b"1 - ") || text.get(..5).is_some_and(is_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp, udp};

    #[test]
    fn old_and_new() {
        for message in [&b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - failed"[..], b"<34>Oct 11 22:14:15 host su: failed"] {
            assert_eq!(found(udp([5000, 9999], message, b"", look)).confidence, Confidence::Certain);
        }
        assert_eq!(found(look(&tcp(b"9 <13>hello", b""))).confidence, Confidence::Plausible);
        assert_eq!(udp([5000, 514], b"<html>", b"", look), Look::No);
        assert_eq!(udp([5000, 514], b"<999>text", b"", look), Look::No);
    }
}
