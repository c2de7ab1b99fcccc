//! SOCKS 4 and 5 (RFC 1928): methods and the one that was chosen, a request and its answer.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// SOCKS.
pub static SOCKS: Protocol = hint("SOCKS");

/// Looks for SOCKS.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SOCKS, |said| read(said, seen.has_port(1080)))
}

fn read<'a>(said: &Said<'a>, at_home: bool) -> Read<Turn<'a>> {
    let alone = if at_home { Confidence::Both } else { Confidence::Plausible };
    match said.bytes {
        // Version 4: connect or bind, port, address, and a user's name with a zero.
        [4, 1 | 2, _, _, _, _, _, _, user @ ..] => {
            let is_user =
                user.last() == Some(&0) && user.len() < 64 && user.iter().all(|byte| *byte == 0 || byte.is_ascii_graphic());
            Read::or_unlike(is_user.then(|| Turn::ask(alone).saying("version 4")))
        }
        [0, 0x5a..=0x5d, _, _, _, _, _, _, ..] => Read::Like(Turn::confirmation()),
        [4 | 5 | 0] | [4, 1 | 2, ..] | [0, 0x5a..=0x5d, ..] => Read::Short,
        [5, count, rest @ ..] => version_5(*count, rest, alone),
        _ => Read::Unlike,
    }
}

/// A list of methods, or the one that was chosen, each perhaps followed by what comes next.
fn version_5(count: u8, rest: &[u8], alone: Confidence) -> Read<Turn<'_>> {
    let is_next = |next: &[u8]| next.is_empty() || matches!(next, [5, 0..=8, 0, 1 | 3 | 4, ..] | [1, ..]);
    let methods = rest.split_at_checked(usize::from(count)).filter(|(methods, next)| {
        (1..=8).contains(&count) && methods.iter().all(|method| *method < 10 || *method >= 0x80) && is_next(next)
    });
    if methods.is_some() && !rest.is_empty() {
        return Read::Like(Turn::ask(alone).saying("version 5"));
    }
    Read::or_unlike((matches!(count, 0..=2 | 0xff) && is_next(rest)).then(Turn::confirmation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn methods_and_a_choice() {
        let finding = found(look(&tcp(b"\x05\x02\0\x02", b"\x05\0")));
        assert_eq!((finding.confidence, finding.client, detail(&finding)), (Confidence::Both, Some(Side::A), "version 5"));
        assert_eq!(found(look(&tcp(b"\x04\x01\0\x50\x0a\0\0\x01me\0", b"\0\x5a\0\0\0\0\0\0"))).confidence, Confidence::Both);
        // DCE/RPC begins with the same number.
        assert_eq!(look(&tcp(&hex("05000b03 10000000 4800"), b"")), Look::No);
    }
}
