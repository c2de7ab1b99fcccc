//! QUIC (RFC 9000 section 17.2, RFC 9369) and Google's older one: long headers with a version that exists. No document knows it.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// QUIC.
pub static QUIC: Protocol = Protocol { name: "QUIC", label: None, behind: &[] };

/// Looks for QUIC. After the handshake only short headers are sent, which show nothing.
pub fn look(seen: &Opening<'_>) -> Look {
    let long = seen.read(|said: &Said<'_>| {
        match long_header(said.datagram().0, said.datagram().1).or_else(|| google_header(said.datagram().0)) {
            Some(version) => Read::Like(version),
            None if said.bytes.first().is_some_and(|first| first & 0x80 == 0) => Read::Short,
            None => Read::Unlike,
        }
    });
    let Some(long) = long else { return Look::No };
    let Some((_, version)) = long.iter().next() else {
        return if seen.said.iter().all(|said| !said.bytes.is_empty()) { Look::No } else { Look::More };
    };
    Look::Sure(Finding::new(&QUIC, Confidence::Certain).detailed(version))
}

/// A list of versions, of which one exists, behind two connection ids.
fn negotiates(mut cursor: Cursor<'_>) -> bool {
    for _ in 0..2 {
        if cursor.u8().and_then(|len| cursor.skip(usize::from(len))).is_none() {
            return false;
        }
    }
    std::iter::from_fn(|| cursor.be32())
        .any(|version| version == 1 || version == 0x6b33_43cf || (0xff00_0000..=0xff00_0022).contains(&version))
}

fn long_header(bytes: &[u8], len: usize) -> Option<&'static str> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8()?;
    let version = cursor.be32()?;
    let name = match version {
        1 => "version 1",
        0x6b33_43cf => "version 2",
        // The last draft was the 34th; the first of version 2 counted on from 0x20.
        0xff00_0000..=0xff00_0022 | 0xff02_0000..=0xff02_00ff => "draft",
        0xface_b000..=0xface_b0ff => "mvfst",
        // Q046, Q050, T050, T051.
        0x5130_3433..=0x5130_3530 | 0x5430_3530..=0x5430_3531 => "gQUIC",
        // Versions reserved to force negotiation (RFC 9000 section 15): the datagram is as long as an initial one has to be.
        version if version & 0x0f0f_0f0f == 0x0a0a_0a0a && len >= 1200 => "reserved version",
        0 if negotiates(cursor) => "version negotiation",
        _ => return None,
    };
    let of_destination = cursor.u8()?;
    // Q046 has both lengths in one byte.
    (first & 0xc0 == 0xc0 && (of_destination <= 20 || name == "gQUIC")).then_some(name)
}

/// Public flags with a version and a connection id of 8 bytes, then `Q0nn`.
fn google_header(bytes: &[u8]) -> Option<&'static str> {
    let mut cursor = Cursor::new(bytes);
    let flags = cursor.u8()?;
    cursor.skip(8)?;
    let [b'Q', b'0', a, b] = cursor.array()? else { return None };
    (flags & 9 == 9 && a.is_ascii_digit() && b.is_ascii_digit()).then_some("gQUIC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn an_initial_packet() {
        // RFC 9001 appendix A.2.
        let initial = hex("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11");
        assert_eq!(found(udp([1, 443], &initial, b"", look)).protocol, &QUIC);
        assert_eq!(udp([1, 443], &hex("c0aabbccdd08"), b"", look), Look::No);
    }
}
