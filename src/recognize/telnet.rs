//! Telnet (RFC 854, RFC 855): option negotiation.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol};
use super::opening::{Opening, Read, Said};
use super::text;

/// Telnet.
pub static TELNET: Protocol = Protocol { name: "Telnet", label: Some("Telnet"), behind: &["Telnet"] };

/// Looks for telnet: negotiations at the start of a side. Two in a row are met nowhere else.
pub fn look(seen: &Opening<'_>) -> Look {
    // A client may type before it negotiates, so a side that does not counts for nothing.
    let counts = seen.said.map(|said| negotiations(&said));
    let most = counts.into_iter().max().unwrap_or(0);
    match most {
        0 if seen.said.iter().all(|said| said.bytes.len() >= 3) => Look::No,
        0 => seen.read(first).map_or(Look::No, |_| Look::More),
        1 => Look::Likely(Finding::new(&TELNET, Confidence::Plausible)),
        _ => {
            let [a, b] = seen.said.map(|said| said.bytes);
            let typed = text::password_is_typed(a, b) || text::password_is_typed(b, a);
            let finding = Finding::new(&TELNET, Confidence::Certain).noting(Note::CleartextCredentials, typed);
            if typed { Look::Sure(finding) } else { Look::Likely(finding) }
        }
    }
}

fn first(said: &Said<'_>) -> Read<()> {
    if said.bytes.len() < 3 || said.bytes.first() != Some(&0xff) { Read::Short } else { Read::Unlike }
}

/// How many negotiations stand at the start: WILL, WON'T, DO, DON'T with an option of IANA's list, or a whole subnegotiation.
fn negotiations(said: &Said<'_>) -> usize {
    let mut cursor = Cursor::new(said.bytes);
    let mut count = 0;
    while let Some([0xff, verb, option]) = cursor.array() {
        let known = option <= 49 || (138..=140).contains(&option) || option == 255;
        match verb {
            0xfb..=0xfe if known => count += 1,
            0xfa if known => {
                let Some(end) = text::find(cursor.rest(), &[0xff, 0xf0]) else { return count };
                let _ = cursor.skip(end + 2);
                count += 1;
            }
            _ => return count,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn negotiations_are_counted() {
        let server = [0xff, 0xfd, 0x25, 0xff, 0xfb, 0x01, b'W'];
        assert_eq!(found(look(&tcp(b"", &server))).confidence, Confidence::Certain);
        assert_eq!(found(look(&tcp(b"x", &server[..3]))).confidence, Confidence::Plausible);
        let asks = [&server[..], b"elcome\r\nlogin: \r\nPassword:"].concat();
        assert_eq!(found(look(&tcp(b"\xff\xfb\x25joe\r\0", &asks))).notes().count(), 0, "nothing typed yet");
        let typed = found(look(&tcp(b"\xff\xfb\x25joe\r\0secret\r\0", &asks)));
        assert_eq!(typed.notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        assert_eq!(look(&tcp(b"\xff\x01\x02", b"abc")), Look::No);
    }
}
