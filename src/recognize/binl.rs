//! BINL as the loader of Remote Installation Services speaks it: a mark, three letters, a length, and then a screen, a login or a driver.
//! No document describes it; servers that were written after it are its description.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol};
use super::opening::{Opening, Read, Said};
use super::text;

/// The Boot Information Negotiation Layer.
pub static BINL: Protocol = Protocol { name: "BINL", label: Some("BINL"), behind: &["BINL"] };

/// What begins with each mark: 0x81 asks, 0x82 answers.
const MESSAGES: &[(&[u8], &str)] = &[
    (b"\x81RQU", "screen request"),
    (b"\x82RSU", "screen"),
    (b"\x81NEG", "login"),
    (b"\x82CHL", "challenge"),
    (b"\x81AUT", "login response"),
    (b"\x82RES", "login result"),
    (b"\x81NCQ", "driver request"),
    (b"\x82NCR", "driver"),
    (b"\x81REQ", "request"),
    (b"\x82RSP", "response"),
    (b"\x81OFF", "off"),
    (b"\x82UNR", "session expired"),
];

/// Looks for BINL.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let words: Vec<&str> = exchange.values().map(|(_, word)| *word).collect();
        Finding::new(&BINL, exchange.confidence(Confidence::Plausible))
            .asked_by(exchange.client(|(asks, _)| Some(*asks)))
            .detailed(&words.join(", "))
            .noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)))
    })
}

/// Whether it asks, and what it is.
fn read(said: &Said<'_>) -> Read<(bool, &'static str)> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len))
}

fn message(bytes: &[u8], len: usize) -> Option<(bool, &'static str)> {
    let mut cursor = Cursor::new(bytes);
    let mark = cursor.take(4)?;
    let (_, word) = MESSAGES.iter().find(|(known, _)| *known == mark)?;
    let length = cursor.le32()? as usize;
    (length <= len.saturating_sub(8)).then_some((mark.first() == Some(&0x81), *word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn a_login_is_begun_and_challenged() {
        let ask = b"\x81NEG\x1c\0\0\0NTLMSSP\0\x01\0\0\0\x07\x82\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let answer = b"\x82CHL\x10\0\0\0NTLMSSP\0\x02\0\0\0\0\0\0\0";
        let finding = found(udp([1024, 4011], ask, answer, look));
        assert_eq!((detail(&finding), finding.client, finding.confidence), ("login, challenge", Some(Side::A), Confidence::Both));
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["ntlm"]);
        assert_eq!(udp([1024, 4011], &ask[..20], b"", look), Look::No, "longer than its datagram");
        assert_eq!(udp([1024, 4011], b"\x81XYZ\0\0\0\0", b"", look), Look::No);
    }
}
