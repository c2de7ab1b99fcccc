//! Bitcoin: a network's magic number and a command.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, shown};

/// Bitcoin.
pub static BITCOIN: Protocol = hint("Bitcoin");

/// Looks for Bitcoin.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &BITCOIN, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Some((head, _)) = said.bytes.split_first_chunk::<16>() else {
        return if matches!(said.bytes.first(), Some(0xf9 | 0x0b | 0xfa)) { Read::Short } else { Read::Unlike };
    };
    let (magic, command) = head.split_at(4);
    let is_network =
        [[0xf9, 0xbe, 0xb4, 0xd9], [0x0b, 0x11, 0x09, 0x07], [0xfa, 0xbf, 0xb5, 0xda]].iter().any(|known| known == magic);
    let name = command.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_command = !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric);
    Read::or_unlike((is_network && is_command).then(|| Turn::peer(Confidence::Certain).saying(shown(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_version() {
        assert_eq!(detail(&found(look(&tcp(b"\xf9\xbe\xb4\xd9version\0\0\0\0\0", b"")))), "version");
        assert_eq!(look(&tcp(b"\xf9\xbe\xb4\xd8version\0\0\0\0\0", b"")), Look::No);
    }
}
