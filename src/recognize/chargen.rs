//! Character generator (RFC 864): lines of printable characters, each one further along the same ring.

use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};
use super::text;

/// Chargen.
pub static CHARGEN: Protocol = Protocol { name: "Chargen", label: Some("Chargen"), behind: &["Chargen"] };

/// Bytes in a row that follow each other in the ring of printable characters: chance and tables of characters stay below.
const ENOUGH: usize = 64;

/// Looks for a generator: who talks to it may say anything.
pub fn look(seen: &Opening<'_>) -> Look {
    let mut short = false;
    for (side, said) in [crate::net::Side::A, crate::net::Side::B].into_iter().zip(&seen.said) {
        match read(said) {
            Read::Like(()) => return Look::Sure(Finding::new(&CHARGEN, Confidence::Certain).asked_by(Some(side.other()))),
            Read::Short => short = true,
            Read::Unlike => {}
        }
    }
    if short { Look::More } else { Look::No }
}

fn read(said: &Said<'_>) -> Read<()> {
    let bytes = if said.datagrams.is_empty() { said.bytes } else { said.datagram().0 };
    // Most text is told apart by its first two characters.
    if matches!(bytes, [one, two, ..] if next(*one) != *two) {
        return Read::Unlike;
    }
    let Read::Like(line) = text::line(bytes) else {
        let so_far = bytes.len() < 128 && follows(bytes);
        return if so_far && !said.ended { Read::Short } else { Read::Unlike };
    };
    // Where there is a second line it begins one character later than the first.
    let second = text::lines(bytes).nth(1).and_then(|line| line.first()).copied();
    let rotates = second.is_none_or(|second| line.first().is_some_and(|first| next(*first) == second));
    Read::or_unlike((line.len() >= ENOUGH && line.len() <= 80 && follows(line) && rotates).then_some(()))
}

fn follows(line: &[u8]) -> bool {
    line.windows(2).all(|pair| matches!(pair, [one, two] if next(*one) == *two))
}

/// After the tilde comes the space; some generators leave the space out.
fn next(byte: u8) -> u8 {
    match byte {
        b' '..=b'}' => byte + 1,
        b'~' => b' ',
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp, udp};

    #[test]
    fn lines_of_the_ring() {
        let ring: Vec<u8> = (b' '..=b'~').cycle().take(200).collect();
        let lines = [&ring[..72], b"\r\n", &ring[1..73], b"\r\n"].concat();
        assert_eq!(found(look(&tcp(b"", &lines))).client, Some(Side::A));
        assert_eq!(found(udp([1, 2], b"x", &lines[..74], look)).client, Some(Side::A));
        assert_eq!(look(&tcp(b"GET", &[&ring[..72], b"\r\n", &ring[..72], b"\r\n"].concat())), Look::No);
        assert_eq!(look(&tcp(b"", &lines[..20])), Look::More);
    }
}
