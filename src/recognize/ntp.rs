//! NTP and SNTP (RFC 5905, RFC 9327 for control messages): 48 bytes without a signature, so one direction is plausible on port 123 only.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// NTP.
pub static NTP: Protocol = Protocol { name: "NTP", label: Some("NTP"), behind: &["NTP", "SNTP"] };

struct Packet {
    mode: u8,
    version: u8,
    stratum: u8,
    origin: [u8; 8],
    transmit: [u8; 8],
    /// A client that keeps no time of its own leaves everything at zero but the first byte and the last time (RFC 4330 section 5).
    is_simple: bool,
}

/// Looks for NTP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let asked = exchange.values().find(|packet| packet.mode == 3);
    let answer = exchange.values().find(|packet| packet.mode == 4);
    // An answer repeats the question's time. Nothing less is believed on another port: DNS has the same first byte on both sides.
    let echoes = asked.zip(answer).is_some_and(|(asked, answer)| asked.transmit == answer.origin && asked.transmit != [0; 8]);
    if !echoes && !seen.has_port(123) {
        return if exchange.is_both() { Look::No } else { Look::More };
    }
    exchange.look(|| {
        let confidence = if echoes { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) };
        let first = answer.or(asked).or(exchange.values().next());
        let name = if asked.is_some_and(|packet| packet.is_simple) { "SNTP" } else { "NTP" };
        let mode = first.filter(|packet| !matches!(packet.mode, 3 | 4)).map(|packet| mode(packet.mode)).unwrap_or_default();
        let detail = first.map(|packet| format!("{name}v{}{mode}", packet.version)).unwrap_or_default();
        let stratum = answer.map(|packet| format!(", stratum {}", packet.stratum)).unwrap_or_default();
        Finding::new(&NTP, confidence)
            .asked_by(exchange.client(|packet| match packet.mode {
                3 | 6 | 7 => Some(true),
                4 => Some(false),
                _ => None,
            }))
            .detailed(&(detail + &stratum))
    })
}

/// What is neither a question nor its answer.
fn mode(mode: u8) -> &'static str {
    match mode {
        1 | 2 => ", between peers",
        5 => ", broadcast",
        6 => ", control",
        _ => ", private",
    }
}

fn read(said: &Said<'_>) -> Read<Packet> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(packet(bytes, len))
}

fn packet(bytes: &[u8], len: usize) -> Option<Packet> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8()?;
    let (version, mode) = (first >> 3 & 7, first & 7);
    if !(1..=4).contains(&version) || mode == 0 {
        return None;
    }
    if mode >= 6 {
        // Control and private messages: a header of 12 or 8 bytes, and multiples of four.
        let known = if mode == 6 { bytes.get(1).is_some_and(|op| op & 31 <= 12 || op & 31 == 31) } else { len >= 8 };
        return (known && len >= 8 && len.is_multiple_of(4)).then_some(Packet {
            mode,
            version,
            stratum: 0,
            origin: [0; 8],
            transmit: [0; 8],
            is_simple: false,
        });
    }
    let (stratum, poll, precision) = (cursor.u8()?, cursor.u8()? as i8, cursor.u8()? as i8);
    // Root delay, root dispersion, reference id, reference time.
    cursor.skip(4 + 4 + 4 + 8)?;
    let (origin, _receive, transmit) = (cursor.array()?, cursor.skip(8)?, cursor.array()?);
    // After 48 bytes a key id with a digest, or extension fields: multiples of four.
    let possible = stratum <= 16 && (-10..=24).contains(&poll) && (-32..=32).contains(&precision) && len.is_multiple_of(4);
    let is_simple = mode == 3 && bytes.get(1..40).is_some_and(|fields| fields.iter().all(|byte| *byte == 0));
    possible.then_some(Packet { mode, version, stratum, origin, transmit, is_simple })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn an_answer_repeats_the_time_of_the_question() {
        let mut ask = [0u8; 48];
        ask[0] = 0x23;
        ask[40..].copy_from_slice(&[0xe3, 1, 2, 3, 4, 5, 6, 7]);
        let mut answer = [0u8; 48];
        answer[..4].copy_from_slice(&[0x24, 2, 6, 0xe8]);
        answer[24..32].copy_from_slice(&ask[40..]);
        assert_eq!(found(udp([1, 123], &ask, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &ask, b"", look), Look::More);
        assert_eq!(udp([1, 2], &ask, &ask, look), Look::No);
        let finding = found(udp([1, 2], &ask, &answer, look));
        assert_eq!((finding.confidence, detail(&finding)), (Confidence::Certain, "SNTPv4, stratum 2"));
        ask[2] = 10;
        assert_eq!(detail(&found(udp([1, 123], &ask, &answer, look))), "NTPv4, stratum 2", "a client that polls");
        ask[0] = 0x1d;
        assert_eq!(detail(&found(udp([123, 123], &ask, b"", look))), "NTPv3, broadcast");
        assert_eq!(udp([1, 2], &ask[..47], b"", look), Look::No);
    }
}
