//! RTP (RFC 3550 section 5.1). A header without a signature: only packets of one source that count upwards are believed.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// RTP. Its ports are agreed upon call by call, in a conversation that may be encrypted or elsewhere: payload alone says nothing against a port.
pub static RTP: Protocol = Protocol { name: "RTP", label: None, behind: &["RTP"] };

struct Packet {
    payload: u8,
    number: u16,
    time: u32,
    source: u32,
}

/// A side's packets.
struct Stream {
    payload: u8,
    source: u32,
    continues: bool,
}

/// Looks for RTP: every side that speaks does so in packets that continue each other.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let Some(stream) = exchange.values().find(|stream| stream.continues) else {
        // One packet on the documented port may be one.
        return match exchange.values().next() {
            Some(stream) if seen.has_port(5004) => Look::Likely(finding(stream, Confidence::Plausible)),
            _ => Look::More,
        };
    };
    let all = exchange.values().all(|stream| stream.continues);
    let finding = finding(stream, if all { Confidence::Both } else { Confidence::Plausible });
    if all { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn finding(stream: &Stream, confidence: Confidence) -> Finding {
    Finding::new(&RTP, confidence).detailed(&format!("{}, source {:#010x}", media(stream.payload), stream.source))
}

/// Static payload types (RFC 3551 section 6) that are still met.
fn media(payload: u8) -> String {
    match payload {
        0 => "PCMU".to_owned(),
        3 => "GSM".to_owned(),
        4 => "G723".to_owned(),
        8 => "PCMA".to_owned(),
        9 => "G722".to_owned(),
        13 => "comfort noise".to_owned(),
        14 => "MPA".to_owned(),
        18 => "G729".to_owned(),
        26 => "JPEG".to_owned(),
        31 => "H261".to_owned(),
        32 => "MPV".to_owned(),
        33 => "MP2T".to_owned(),
        34 => "H263".to_owned(),
        other => format!("type {other}"),
    }
}

fn read(said: &Said<'_>) -> Read<Stream> {
    // RTCP may share the port (RFC 5761), and come first.
    let mut packets = said.datagrams().filter(|(bytes, _)| !matches!(bytes, [0x80..=0xbf, 200..=207, ..]));
    let Some((bytes, len)) = packets.next() else { return Read::Short };
    let Some(first) = packet(bytes, len) else { return Read::Unlike };
    let mut stream = Stream { payload: first.payload, source: first.source, continues: false };
    let mut last = first;
    for (bytes, len) in packets {
        // What the budget left of a datagram may be less than a header.
        let Some(next) = packet(bytes, len) else { return if bytes.len() < 12 { Read::Like(stream) } else { Read::Unlike } };
        // The same one twice says nothing.
        if (next.number, next.time, next.source) == (last.number, last.time, last.source) {
            continue;
        }
        if !follows(&last, &next) {
            return Read::Unlike;
        }
        stream.continues = true;
        last = next;
    }
    Read::Like(stream)
}

/// A packet of the same source, some steps on or, where packets overtook each other, back. Its clock stands still within a picture and moves by
/// less than a minute.
fn follows(last: &Packet, next: &Packet) -> bool {
    let steps = next.number.wrapping_sub(last.number) as i16;
    let ticks = next.time.wrapping_sub(last.time) as i32;
    next.source == last.source && (1..=3).contains(&steps.unsigned_abs()) && ticks.unsigned_abs() < 60 * 90_000
}

fn packet(bytes: &[u8], len: usize) -> Option<Packet> {
    let mut cursor = Cursor::new(bytes);
    let ([flags, payload], number, time, source) = (cursor.array()?, cursor.be16()?, cursor.be32()?, cursor.be32()?);
    // Version 2. With the marker, 200 to 204 would be RTCP (RFC 5761 section 4).
    let (sources, extended, payload) = (usize::from(flags & 15), flags & 0x10 != 0, payload & 0x7f);
    let header = 12 + 4 * sources + if extended { 4 } else { 0 };
    // Where the number is the datagram's length, it is BACnet's header (ANSI/ASHRAE 135, annex J).
    let is_length = usize::from(number) == len;
    let is_type = matches!(payload, 0..=34 | 96..=127);
    (flags >> 6 == 2 && is_type && !is_length && len > header && source != 0).then_some(Packet { payload, number, time, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::IpProto;
    use crate::recognize::opening::Datagram;
    use crate::recognize::testing::{detail, found, udp};

    fn packet(number: u8, time: u8) -> Vec<u8> {
        [&[0x80, 0, 0x10, number, 0, 0, time, 0, 0xde, 0xad, 0xbe, 0xef][..], &[0xd5; 160]].concat()
    }

    fn stream(packets: &[Vec<u8>]) -> Look {
        let ends = (1..=packets.len()).map(|count| packets[..count].iter().map(Vec::len).sum::<usize>() as u16);
        let datagrams: Vec<Datagram> = ends.map(|end| Datagram { end, len: 172 }).collect();
        let bytes = packets.concat();
        let said = Said { bytes: &bytes, datagrams: &datagrams, from_start: true, ended: false };
        look(&Opening { transport: IpProto::UDP, ports: [5, 6], said: [said, Said::default()] })
    }

    #[test]
    fn packets_that_continue_each_other() {
        let finding = found(stream(&[packet(1, 0), packet(2, 1)]));
        assert_eq!((detail(&finding), finding.confidence), ("PCMU, source 0xdeadbeef", Confidence::Both));
        assert_eq!((stream(&[packet(1, 0)]), stream(&[packet(1, 0), packet(1, 1)])), (Look::More, Look::No));
        assert_eq!(found(udp([1, 5004], &packet(1, 0), b"", look)).confidence, Confidence::Plausible);
    }
}
