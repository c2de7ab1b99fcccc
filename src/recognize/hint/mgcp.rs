//! MGCP (RFC 3435): a verb, a number, an endpoint and the version.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint, shown, text};

/// MGCP.
pub static MGCP: Protocol = hint("MGCP");

/// Looks for MGCP.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(2427) || seen.has_port(2727);
    conversation(seen, &MGCP, |said| Read::or_unlike(read(said.bytes, at_home)))
}

fn read(bytes: &[u8], at_home: bool) -> Option<Turn<'_>> {
    let line = text::lines(bytes).next()?;
    let words: Vec<&[u8]> = text::words(line).take(5).collect();
    match words.as_slice() {
        [verb, number, _, b"MGCP", version, ..] if verb.len() == 4 && is_number(number) && version.contains(&b'.') => {
            Some(Turn::ask(Confidence::Certain).saying(shown(line)))
        }
        [code, number, ..] if at_home && code.len() == 3 && is_number(code) && is_number(number) => {
            Some(Turn::answer(Confidence::Both))
        }
        _ => None,
    }
}

fn is_number(bytes: &[u8]) -> bool {
    (1..=9).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn an_audit_and_its_answer() {
        let finding = found(udp([2727, 2427], b"AUEP 1201 aaln/1@gw MGCP 1.0\r\n", b"200 1201 OK\r\n", look));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "AUEP 1201 aaln/1@gw MGCP 1.0"));
        assert_eq!(udp([5, 6], b"200 1201 OK\r\n", b"", look), Look::No);
    }
}
