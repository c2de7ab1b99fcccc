//! collectd's network plugin: typed parts, the first names a host.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// collectd.
pub static COLLECTD: Protocol = hint("collectd");

/// Looks for collectd.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &COLLECTD, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, length) = (cursor.be16()?, usize::from(cursor.be16()?));
    let part = cursor.take(length.checked_sub(4)?)?;
    let next = cursor.be16().unwrap_or(1);
    match kind {
        0 if part.last() == Some(&0) && part.len() > 1 && matches!(next, 1..=9 | 0x100 | 0x101) => {
            let name = part.iter().take(part.len() - 1).all(u8::is_ascii_graphic);
            name.then(|| Turn::ask(Confidence::Certain))
        }
        // Signed or encrypted.
        0x200 if length > 36 => Some(Turn::ask(Confidence::Plausible)),
        0x210 if length == bytes.len() => Some(Turn::ask(Confidence::Both)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_host_and_a_time() {
        let parts = [&hex("0000 0009")[..], b"web1\0", &hex("0008 000c 0000000000000001")].concat();
        assert_eq!(found(udp([5000, 25826], &parts, b"", look)).protocol, &COLLECTD);
        assert_eq!(udp([5000, 25826], &hex("0000 0009 0102"), b"", look), Look::No);
    }
}
