//! IKE 1 and 2 (RFC 2408 section 3.1, RFC 7296 section 3.1), also behind the marker of port 4500 (RFC 3948).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// IKE.
pub static IKE: Protocol =
    Protocol { name: "IKE", label: Some("IPSec ISAKMP"), behind: &["IPSec ISAKMP", "IPsec negotiation", "NAT-T"] };

struct Header {
    initiator: [u8; 8],
    responder: [u8; 8],
    major: u8,
    exchange: u8,
    /// A length that is not the datagram's, or no cookie.
    is_broken: bool,
    /// IKE 2 says who began.
    from_initiator: Option<bool>,
}

/// Looks for IKE: versions, exchange types, and a length that is the datagram's.
pub fn look(seen: &Opening<'_>) -> Look {
    let (at_home, beside_esp) = (seen.has_port(500), seen.has_port(4500));
    let read = |said: &Said<'_>| if beside_esp { read_marked(said) } else { read(said, at_home) };
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let mut cookies = exchange.values().map(|header| header.initiator);
        let same = exchange.is_both() && cookies.next() == cookies.next();
        let first =
            exchange.values().any(|header| !header.is_broken && header.responder == [0; 8] && !name(header.exchange).is_empty());
        let confidence = if same || first { Confidence::Certain } else { Confidence::Plausible };
        let asks = |header: &Header| if header.responder == [0; 8] { Some(true) } else { header.from_initiator };
        let detail = exchange.values().next().map(|header| format!("IKEv{} {}", header.major, name(header.exchange)));
        Finding::new(&IKE, confidence).asked_by(exchange.client(asks)).detailed(&detail.unwrap_or_default())
    })
}

fn name(exchange: u8) -> &'static str {
    match exchange {
        1 => "base",
        2 => "main mode",
        3 => "authentication only",
        4 => "aggressive mode",
        5 => "informational",
        32 => "quick mode",
        33 => "new group",
        34 => "SA_INIT",
        35 => "AUTH",
        36 => "CREATE_CHILD_SA",
        37 => "INFORMATIONAL",
        _ => "",
    }
}

fn read(said: &Said<'_>, at_home: bool) -> Read<Header> {
    // A keep-alive of one byte may come first.
    let mut datagrams = said.datagrams().filter(|(bytes, len)| *len != 1 || bytes != b"\xff");
    let Some((bytes, len)) = datagrams.next() else { return Read::Short };
    let marked = bytes.strip_prefix(&[0; 4]).and_then(|inside| header(inside, len.saturating_sub(4)));
    Read::or_unlike(marked.or_else(|| header(bytes, len)).or_else(|| if at_home { broken_header(bytes) } else { None }))
}

/// On port 4500 what is marked by zeros stands among ESP, which is not.
fn read_marked(said: &Said<'_>) -> Read<Header> {
    let mut marked = said.datagrams().filter_map(|(bytes, len)| Some((bytes.strip_prefix(&[0; 4])?, len.saturating_sub(4))));
    match marked.next() {
        Some((bytes, len)) => Read::or_unlike(header(bytes, len)),
        None => Read::Short,
    }
}

/// A header of which nothing but cookie and version holds, for the port where nothing else is spoken.
fn broken_header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    let (initiator, responder) = (cursor.array()?, cursor.array()?);
    let [_, version @ (0x10 | 0x20), exchange, _] = cursor.array()? else { return None };
    cursor.skip(8)?;
    let header = Header { initiator, responder, major: version >> 4, exchange, is_broken: true, from_initiator: None };
    (initiator != [0; 8] || !name(exchange).is_empty()).then_some(header)
}

fn header(bytes: &[u8], len: usize) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    let (initiator, responder) = (cursor.array()?, cursor.array()?);
    let [next, version, exchange, flags] = cursor.array()?;
    let (_message, length) = (cursor.be32()?, cursor.be32()?);
    let known = match version {
        // Payload types to 20 and those of NAT traversal and vendors.
        0x10 => {
            (matches!(exchange, 1..=6 | 32..=33) || (240..=255).contains(&exchange)) && (next <= 21 || next >= 128) && flags <= 7
        }
        0x20 => (34..=44).contains(&exchange) && (next == 0 || (33..=54).contains(&next) || next >= 128) && flags & 0xc7 == 0,
        _ => false,
    };
    let from_initiator = (version == 0x20).then_some(flags & 8 != 0);
    (known && length as usize == len && initiator != [0; 8]).then_some(Header {
        initiator,
        responder,
        major: version >> 4,
        exchange,
        is_broken: false,
        from_initiator,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn main_mode_on_500_and_sa_init_on_4500() {
        let one = hex("0102030405060708 0000000000000000 01100200 00000000 00000020 00000004");
        let finding = found(udp([500, 500], &one, b"", look));
        assert_eq!(
            (detail(&finding), finding.client, finding.confidence),
            ("IKEv1 main mode", Some(Side::A), Confidence::Certain)
        );
        let two = hex("00000000 0102030405060708 1112131415161718 21202220 00000000 0000001c");
        let finding = found(udp([4500, 4500], &two, b"", look));
        assert_eq!((detail(&finding), finding.client), ("IKEv2 SA_INIT", Some(Side::B)));
        assert_eq!(udp([1, 2], &one[..31], b"", look), Look::No);
        // One side sends ESP, the other one IKE.
        let esp = hex("deadbeef 00000001 aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa");
        assert_eq!(found(udp([51_000, 4500], &esp, &two, look)).protocol, &IKE);
        // A length that is not the datagram's is believed on the port only, and not much.
        let broken = hex("0102030405060708 000cfb007f011010 05101010 ff000000 91000020 0610");
        assert_eq!(found(udp([1, 500], &broken, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &broken, b"", look), Look::No);
        let nameless = hex("0000000000000000 0000000000000000 0b100500 5f724dc6 00000054");
        assert_eq!(found(udp([500, 500], &nameless, b"", look)).confidence, Confidence::Plausible);
    }
}
