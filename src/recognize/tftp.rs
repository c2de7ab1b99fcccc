//! TFTP (RFC 1350, RFC 2347): requests. The data goes between two other ports, which a request announces.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// TFTP.
pub static TFTP: Protocol = Protocol { name: "TFTP", label: Some("TFTP"), behind: &["TFTP"] };

const MODES: &[&[u8]] = &[b"octet", b"netascii", b"mail"];

enum Packet<'a> {
    Request {
        is_read: bool,
        file: &'a [u8],
    },
    /// Data, acknowledgement, error, option acknowledgement.
    Other,
}

/// Looks for TFTP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let request = exchange.iter().find_map(|(side, packet)| match packet {
        Packet::Request { is_read, file } => Some((side, *is_read, *file)),
        Packet::Other => None,
    });
    // Only a request has a signature; answers within the same flow confirm it, and data alone could be anything.
    let Some((side, is_read, file)) = request else { return if exchange.is_both() { Look::No } else { Look::More } };
    let detail = format!("{} {}", if is_read { "read" } else { "write" }, shown(file));
    Look::Sure(Finding::new(&TFTP, Confidence::Certain).asked_by(Some(side)).detailed(&detail))
}

fn read<'a>(said: &Said<'a>) -> Read<Packet<'a>> {
    match said.datagram().0 {
        [0, opcode @ (1 | 2), rest @ ..] => {
            let mut fields = rest.split(|byte| *byte == 0);
            let (file, mode) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let is_mode = MODES.iter().any(|known| known.eq_ignore_ascii_case(mode));
            let is_name = !file.is_empty() && file.iter().all(|byte| *byte >= b' ');
            Read::or_unlike((is_mode && is_name).then_some(Packet::Request { is_read: *opcode == 1, file }))
        }
        [0, 3..=6, _, ..] => Read::Like(Packet::Other),
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn a_read_request_with_options() {
        let request = b"\0\x01boot\\x64\\wdsnbp.com\0octet\0tsize\x000\0";
        assert_eq!(detail(&found(udp([1, 2], request, b"", look))), r"read boot\x64\wdsnbp.com");
        assert_eq!(udp([1, 2], b"\0\x01\0octet\0", b"", look), Look::No);
        assert_eq!(udp([1, 2], b"\0\x03\0\x01data", b"\0\x04\0\x01", look), Look::No);
    }
}
