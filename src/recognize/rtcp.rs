//! RTCP (RFC 3550 section 6): a datagram that is packets of known types from its first byte to its last.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// RTCP. Its ports are agreed upon call by call, in a conversation that may be encrypted or elsewhere: payload alone says nothing against a port.
pub static RTCP: Protocol = Protocol { name: "RTCP", label: None, behind: &["RTCP"] };

struct Compound {
    first: u8,
    packets: usize,
    source: u32,
    /// Every side that speaks twice names the same source.
    repeats: bool,
}

/// Looks for RTCP. Two packets in one datagram whose lengths add up are met nowhere else; a single one is short.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let sure = exchange.values().any(|compound| compound.packets > 1 || compound.repeats);
        let words: Vec<&str> = exchange.values().map(|compound| name(compound.first)).collect();
        Finding::new(&RTCP, if sure { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) })
            .detailed(&words.join(", "))
    })
}

fn name(kind: u8) -> &'static str {
    match kind {
        200 => "sender report",
        201 => "receiver report",
        202 => "source description",
        203 => "goodbye",
        204 => "application",
        205 | 206 => "feedback",
        _ => "extended report",
    }
}

fn read(said: &Said<'_>) -> Read<Compound> {
    let mut datagrams = said.datagrams();
    let (bytes, len) = datagrams.next().unwrap_or_default();
    let either = |bytes, len| compound(bytes, len).or_else(|| encrypted(bytes, len));
    let Some(mut first) = either(bytes, len) else { return Read::Unlike };
    for (bytes, len) in datagrams {
        match either(bytes, len) {
            Some(next) => first.repeats |= next.source == first.source && first.source != 0,
            // RTP may share the port (RFC 5761), and so may what looks like nothing.
            None => break,
        }
    }
    Read::Like(first)
}

fn compound(bytes: &[u8], len: usize) -> Option<Compound> {
    let mut cursor = Cursor::new(bytes);
    let mut found: Option<Compound> = None;
    let mut left = len;
    while left > 0 {
        let Some([flags, kind]) = cursor.array() else { break };
        let words = usize::from(cursor.be16()?) + 1;
        let (count, padded) = (usize::from(flags & 31), flags & 0x20 != 0);
        // Reports are 24 bytes each; their number is in the header.
        let least = match kind {
            200 => 7 + 6 * count,
            201 => 2 + 6 * count,
            202 | 203 => 1 + count.min(1),
            204..=206 => 3,
            207 => 2,
            _ => return None,
        };
        if flags >> 6 != 2 || words < least || words * 4 > left || (padded && words * 4 < left) {
            return None;
        }
        left -= words * 4;
        let source = Cursor::new(cursor.take_most(words * 4 - 4)).be32().unwrap_or(0);
        let packets = found.as_ref().map_or(0, |compound| compound.packets) + 1;
        let (first, source) = found.as_ref().map_or((kind, source), |compound| (compound.first, compound.source));
        found = Some(Compound { first, packets, source, repeats: false });
    }
    found
}

/// Encrypted (RFC 3711 section 3.4): the first header and the source are in the clear; the index and its flag stand before a tag of 4, 10 or 16 bytes.
fn encrypted(bytes: &[u8], len: usize) -> Option<Compound> {
    let mut cursor = Cursor::new(bytes);
    let ([flags, first @ (200 | 201)], words, source) = (cursor.array()?, usize::from(cursor.be16()?), cursor.be32()?) else {
        return None;
    };
    let counts = words == usize::from(flags & 31) * 6 + if first == 200 { 6 } else { 1 };
    let is_index = |tag: usize| {
        let at = len.checked_sub(tag + 4)?;
        let [flag, high, ..]: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
        Some(flag == 0x80 && high == 0)
    };
    let fits = flags & 0xe0 == 0x80
        && counts
        && (words + 1) * 4 + 8 <= len
        && [4, 10, 16].into_iter().any(|tag| is_index(tag) == Some(true));
    fits.then_some(Compound { first, packets: 1, source, repeats: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_report_and_a_description() {
        let both = hex("80c80006 deadbeef 00000000 00000000 00000000 00000001 000000a0 81ca0002 deadbeef 01016100");
        let finding = found(udp([1, 2], &both, b"", look));
        assert_eq!((detail(&finding), finding.confidence), ("sender report", Confidence::Certain));
        assert_eq!(found(udp([1, 2], &hex("80c90001 deadbeef"), b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &both[..both.len() - 1], b"", look), Look::No);
        assert_eq!(udp([1, 2], &hex("80d00001 deadbeef"), b"", look), Look::No);
    }
}
