//! TFTP (RFC 1350, RFC 2347): requests. The data goes between two other ports, which a request announces.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Exchange, Opening, Read, Said};

/// TFTP.
pub static TFTP: Protocol = Protocol { name: "TFTP", label: Some("TFTP"), behind: &["TFTP"] };

const MODES: &[&[u8]] = &[b"octet", b"netascii", b"mail"];

enum Packet<'a> {
    Request {
        is_read: bool,
        file: &'a [u8],
    },
    /// The options of a request, acknowledged; they have names.
    Options,
    /// A block of data: its number.
    Data(u16),
    /// An acknowledgement.
    Acknowledged(u16),
    /// An error.
    Error,
}

/// Options that are registered (RFC 2348, RFC 2349, RFC 7440) and those of Windows' deployment server.
const OPTIONS: &[&[u8]] = &[b"blksize", b"timeout", b"tsize", b"windowsize", b"msftwindow", b"multicast", b"rollover"];

/// Looks for TFTP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let request = exchange.iter().find_map(|(side, packet)| match packet {
        Packet::Request { is_read, file } => Some((side, *is_read, *file)),
        _ => None,
    });
    let Some((side, is_read, file)) = request else { return transfer(&exchange) };
    let detail = format!("{} {}", if is_read { "read" } else { "write" }, shown(file));
    Look::Sure(Finding::new(&TFTP, Confidence::Certain).asked_by(Some(side)).detailed(&detail))
}

/// What a request led to, between two other ports: never more than a guess, which needs named options, or a block and its acknowledgement.
fn transfer(exchange: &Exchange<Packet<'_>>) -> Look {
    let mut packets = exchange.values();
    let is_transfer = match (packets.next(), packets.next()) {
        (Some(Packet::Options), None) => return Look::Likely(Finding::new(&TFTP, Confidence::Plausible)),
        (Some(Packet::Options), Some(Packet::Acknowledged(0) | Packet::Data(1) | Packet::Error))
        | (Some(Packet::Acknowledged(0) | Packet::Data(1)), Some(Packet::Options)) => true,
        // The first block is 1; a server acknowledges a request to write with 0.
        (Some(Packet::Data(block)), Some(Packet::Acknowledged(number)))
        | (Some(Packet::Acknowledged(number)), Some(Packet::Data(block))) => *block == 1 && *number <= 1,
        (_, None) => return Look::More,
        _ => false,
    };
    if is_transfer { Look::Sure(Finding::new(&TFTP, Confidence::Plausible)) } else { Look::No }
}

fn read<'a>(said: &Said<'a>) -> Read<Packet<'a>> {
    let (bytes, len) = said.datagram();
    match bytes {
        [0, opcode @ (1 | 2), rest @ ..] => {
            let mut fields = rest.split(|byte| *byte == 0);
            let (file, mode) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let is_mode = MODES.iter().any(|known| known.eq_ignore_ascii_case(mode));
            let is_name = !file.is_empty() && file.iter().all(|byte| *byte >= b' ');
            Read::or_unlike((is_mode && is_name).then_some(Packet::Request { is_read: *opcode == 1, file }))
        }
        [0, 3, high, low, ..] => Read::Like(Packet::Data(u16::from_be_bytes([*high, *low]))),
        [0, 4, high, low] if len == 4 => Read::Like(Packet::Acknowledged(u16::from_be_bytes([*high, *low]))),
        [0, 5, 0, 0..=8, ..] => Read::Like(Packet::Error),
        [0, 6, rest @ ..] => {
            let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
            let is_option = OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(name));
            Read::or_unlike(is_option.then_some(Packet::Options))
        }
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
    }

    #[test]
    fn a_transfer_is_a_guess() {
        assert_eq!(found(udp([1, 2], b"\0\x03\0\x01data", b"\0\x04\0\x01", look)).confidence, Confidence::Plausible);
        assert_eq!(found(udp([1, 2], b"\0\x06blksize\x001468\0", b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], b"\0\x03\0\x05data", b"\0\x04\0\x05", look), Look::No);
        assert_eq!(udp([1, 2], b"\0\x03\0\x01data", b"", look), Look::More);
    }
}
