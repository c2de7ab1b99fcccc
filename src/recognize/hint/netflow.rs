//! NetFlow versions 1, 5, 7, 9 and IPFIX (RFC 3954, RFC 7011): flow records on their way to a collector.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// NetFlow.
pub static NETFLOW: Protocol = hint("NetFlow");

/// Looks for NetFlow and IPFIX.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &NETFLOW, |said| Read::or_unlike(read(said.datagram().0, said.datagram().1)))
}

fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (version, count) = (cursor.be16()?, usize::from(cursor.be16()?));
    let records = |header: usize, record: usize| (1..=64).contains(&count) && header + count * record == len;
    let (name, fits) = match version {
        1 => ("version 1", records(16, 52)),
        5 => ("version 5", records(24, 48)),
        7 => ("version 7", records(24, 52)),
        // Up time, time, number and source stand before the first set: a template (0, 1) or data (256 on) with its length.
        9 => ("version 9", (1..=200).contains(&count) && cursor.skip(16).is_some() && is_set(cursor, len.checked_sub(20)?, 0)),
        10 => ("IPFIX", count == len && cursor.skip(12).is_some() && is_set(cursor, len.checked_sub(16)?, 2)),
        _ => return None,
    };
    fits.then(|| Turn::ask(Confidence::Certain).saying(name))
}

fn is_set(mut cursor: Cursor<'_>, left: usize, template: u16) -> bool {
    let set = cursor.be16().zip(cursor.be16());
    set.is_some_and(|(id, length)| {
        (id == template || id == template + 1 || id >= 256) && (4..=left).contains(&usize::from(length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn lengths_have_to_fit() {
        let five = [&hex("0005 0001")[..], &[0; 68]].concat();
        assert_eq!(detail(&found(udp([5000, 2055], &five, b"", look))), "version 5");
        assert_eq!(udp([5000, 2055], &five[..60], b"", look), Look::No);
        let ipfix = hex("000a 0014 5f000000 00000001 00000000 0100 0004");
        assert_eq!(detail(&found(udp([5000, 4739], &ipfix, b"", look))), "IPFIX");
    }
}
