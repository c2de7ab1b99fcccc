//! H.225 call signalling (ITU-T Q.931 in TPKT): H.323 telephony.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// H.225.
pub static H225: Protocol = hint("H.225");

/// Looks for H.225.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &H225, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Some((head, rest)) = said.bytes.split_first_chunk::<9>() else {
        return if [3, 0].starts_with(said.bytes.get(..2).unwrap_or(said.bytes)) { Read::Short } else { Read::Unlike };
    };
    // TPKT, Q.931's discriminator, a call reference of two bytes, and the user-to-user element somewhere.
    let turn = match head {
        [3, 0, _, _, 8, 2, _, _, 5] => Turn::ask(Confidence::Certain).saying("setup"),
        [3, 0, _, _, 8, 2, _, _, 1 | 2 | 3 | 7] => Turn::answer(Confidence::Certain),
        [3, 0, _, _, 8, 2, _, _, 0x5a | 0x62 | 0x6e | 0x7b | 0x7d] => Turn::peer(Confidence::Certain),
        _ => return Read::Unlike,
    };
    Read::or_unlike((rest.contains(&0x7e) || rest.len() < 4).then_some(turn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_call_is_set_up() {
        assert_eq!(detail(&found(look(&tcp(&hex("0300 0030 08 02 0001 05 04038893a5 7e 0010 05 20"), b"")))), "setup");
        assert_eq!(look(&tcp(&hex("0300 0013 0e e0 0000 0000 00 01 00"), b"")), Look::No);
    }
}
