//! Windows Media's MMS ([MS-MMSP] section 2.2): commands over TCP with a session mark and a seal, and data packets over UDP.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// MMS.
pub static MMS: Protocol = Protocol { name: "MMS", label: Some("MMS"), behind: &["MMS"] };

const SESSION: u32 = 0xb00b_face;
const SEAL: u32 = 0x2053_4d4d;

/// Looks for MMS over TCP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let connects = exchange.values().any(|message| *message == Some(1));
        Finding::new(&MMS, Confidence::Certain)
            .asked_by(exchange.client(|message| message.map(|number| number & 0x0004_0000 == 0)))
            .detailed(if connects { "connect" } else { "" })
    })
}

/// The message's number, where it is there.
fn read(said: &Said<'_>) -> Read<Option<u32>> {
    command(said.bytes).unwrap_or(Read::Short)
}

/// `None` where it is cut.
fn command(bytes: &[u8]) -> Option<Read<Option<u32>>> {
    let mut cursor = Cursor::new(bytes);
    let ([1, 0, _, _], SESSION) = (cursor.array()?, cursor.le32()?) else { return Some(Read::Unlike) };
    let (_length, seal) = (cursor.le32()?, cursor.le32()?);
    if seal != SEAL {
        return Some(Read::Unlike);
    }
    // Chunks, sequence, a time stamp; then the message: its chunks, and who says it.
    let message = cursor.skip(16).and_then(|()| cursor.skip(4)).and_then(|()| cursor.le32());
    Some(Read::Like(message.map(|number| number & 0x00ff_ffff)))
}

/// Looks for MMS over UDP: data packets that count and hold their own length (section 2.2.2). Little to go by, so on its port only.
pub fn look_udp(seen: &Opening<'_>) -> Look {
    if !seen.has_port(1755) {
        return Look::No;
    }
    let Some(exchange) = seen.read(read_packets) else { return Look::No };
    exchange.look(|| {
        let continues = exchange.values().any(|continues| *continues);
        Finding::new(&MMS, if continues { Confidence::Both } else { Confidence::Plausible }).detailed("data")
    })
}

/// Whether packets continue each other.
fn read_packets(said: &Said<'_>) -> Read<bool> {
    let mut packets = said.datagrams();
    let (bytes, len) = packets.next().unwrap_or_default();
    let Some((first, stream)) = packet(bytes, len) else { return Read::Unlike };
    let mut continues = false;
    for (at, (bytes, len)) in (1..).zip(packets) {
        match packet(bytes, len) {
            Some((number, same)) if number == first.wrapping_add(at) && same == stream => continues = true,
            None if bytes.len() < 8 => break,
            _ => return Read::Unlike,
        }
    }
    Read::Like(continues)
}

fn packet(bytes: &[u8], len: usize) -> Option<(u32, u8)> {
    let mut cursor = Cursor::new(bytes);
    let (number, stream, _flags, size) = (cursor.le32()?, cursor.u8()?, cursor.u8()?, cursor.le16()?);
    (usize::from(size) == len && len > 64).then_some((number, stream))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    #[test]
    fn a_client_connects() {
        let head = "01000000 cefa0bb0 90000000 4d4d5320 12000000 00000000 0000000000000000";
        let ask = hex(&format!("{head} 11000000 01000300"));
        let answer = hex(&format!("{head} 11000000 01000400"));
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), ""));
        assert_eq!(look(&tcp(&hex("01000000 cefa0bb1 90000000"), b"")), Look::No);
    }

    #[test]
    fn a_data_packet_holds_its_length() {
        let packet = [&hex("07000000 04 00 6800")[..], &[0x5a; 96]].concat();
        assert_eq!(found(udp([1, 1755], &packet, b"", look_udp)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 1755], &packet[..103], b"", look_udp), Look::No);
    }
}
