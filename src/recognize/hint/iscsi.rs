//! iSCSI (RFC 7143 section 11.12): the login and its answer.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint, shown};

/// iSCSI.
pub static ISCSI: Protocol = hint("iSCSI");

/// Looks for iSCSI.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &ISCSI, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Some((header, texts)) = said.bytes.split_at_checked(48) else {
        return if matches!(said.bytes.first(), Some(0x43 | 0x03 | 0x23)) { Read::Short } else { Read::Unlike };
    };
    match header {
        // Login: stages, versions 0, no additional header; keys with values follow.
        [0x43 | 0x03, _, 0, 0, 0, 0, _, _, ..] if has(texts, b"InitiatorName=") || has(texts, b"SessionType=") => {
            let key = texts.split(|byte| *byte == 0).find(|key| key.starts_with(b"TargetName="));
            Read::Like(Turn::ask(Confidence::Certain).saying(key.map(shown).unwrap_or_default()))
        }
        [0x23, _, 0, 0, 0, 0, _, _, ..] => Read::Like(Turn::confirmation()),
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_login() {
        let login = [
            &hex("43 87 00 00 00000040")[..],
            &[0; 40],
            b"InitiatorName=iqn.1993-08.org.debian:01:a\0TargetName=iqn.2001-04.example:t1\0",
        ]
        .concat();
        let finding = found(look(&tcp(&login, b"")));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "TargetName=iqn.2001-04.example:t1"));
        assert_eq!(look(&tcp(&[0x43; 60], b"")), Look::No);
    }
}
