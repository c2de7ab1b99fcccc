//! IEC 60870-5-104: telecontrol frames that begin with 0x68 and a length.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// IEC 60870-5-104.
pub static IEC_104: Protocol = hint("IEC 60870-5-104");

/// Looks for IEC 60870-5-104.
pub fn look(seen: &Opening<'_>) -> Look {
    let alone = if seen.has_port(2404) { Confidence::Both } else { Confidence::Plausible };
    conversation(seen, &IEC_104, |said| read(said, alone))
}

fn read<'a>(said: &Said<'a>, alone: Confidence) -> Read<Turn<'a>> {
    let Some((frame, more)) = said.bytes.split_first_chunk::<6>() else {
        return if said.bytes.first() == Some(&0x68) { Read::Short } else { Read::Unlike };
    };
    let turn = match frame {
        // Start, stop and test, to be done or done.
        [0x68, 4, 0x07 | 0x13 | 0x43, 0, 0, 0] => Turn::ask(Confidence::Certain),
        [0x68, 4, 0x0b | 0x23 | 0x83, 0, 0, 0] => Turn::answer(Confidence::Certain),
        [0x68, 4, 1, 0, low, _] if low & 1 == 0 => Turn::peer(alone),
        // Numbered, with a known type of information.
        [0x68, size, low, _, back, _]
            if *size >= 10
                && low & 1 == 0
                && back & 1 == 0
                && matches!(more, [1..=40 | 45..=51 | 58..=64 | 70 | 100..=107 | 110..=113 | 120..=127, ..]) =>
        {
            Turn::peer(alone)
        }
        _ => return Read::Unlike,
    };
    Read::Like(turn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_start_and_its_confirmation() {
        let finding = found(look(&tcp(&hex("6804 07000000"), &hex("6804 0b000000"))));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(b"hello!", b"")), Look::No);
    }
}
