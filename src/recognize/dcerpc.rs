//! DCE/RPC over TCP (C706 chapter 12, [MS-RPCE]): PDUs one after the other, and the interfaces that are bound.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol};
use super::interfaces::{InterfaceId, interface};
use super::opening::{Opening, Read, Said};
use super::text;
use super::uuid::Uuid;

/// DCE/RPC.
pub static DCE_RPC: Protocol = Protocol {
    name: "DCE/RPC",
    label: Some("RPC"),
    behind: &[
        "RPC",
        "RPC Endpoint Mapper",
        "RPC over HTTP",
        "MSMQ-RPC",
        "MSMQ-DCs",
        "MSMQ-Mgmt",
        "Cluster Services",
        "WMI",
        "Randomly allocated high TCP ports",
    ],
};

/// Bytes of the header that all PDUs share.
const HEADER: usize = 16;
/// PDUs of one side that are walked.
const PDUS: usize = 16;

/// What NDR and NDR64 are called on the wire, and the negotiation of security features (its last eight bytes are flags).
const NDR: [u8; 8] = [0x8a, 0x88, 0x5d, 0x04, 0x1c, 0xeb, 0x11, 0xc9];
const NDR64: [u8; 8] = [0x71, 0x71, 0x05, 0x33, 0xbe, 0xba, 0x49, 0x37];

/// The management interface (C706 appendix Q).
const MANAGEMENT: Uuid = Uuid([0xaf, 0xa8, 0xbd, 0x80, 0x7d, 0x8a, 0x11, 0xc9, 0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89]);

#[derive(Default)]
struct Talk {
    from_client: Option<bool>,
    interfaces: Vec<InterfaceId>,
    /// A bind with a transfer syntax that is known, an answer to one: nothing else looks like it.
    is_certain: bool,
    ntlm: bool,
}

/// Looks for DCE/RPC.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let alone = if exchange.values().any(|talk| talk.is_certain) { Confidence::Certain } else { Confidence::Plausible };
        let interfaces = exchange.values().fold(Vec::new(), |mut all: Vec<InterfaceId>, talk| {
            all.extend(talk.interfaces.iter().filter(|offered| !all.contains(offered)).copied().collect::<Vec<_>>());
            all
        });
        Finding::new(&DCE_RPC, exchange.confidence(alone))
            .asked_by(exchange.client(|talk| talk.from_client))
            .noting(Note::Ntlm, exchange.values().any(|talk| talk.ntlm))
            .detailed(&names(&interfaces))
            .binding(interfaces)
    })
}

/// The interfaces in words.
pub(super) fn names(interfaces: &[InterfaceId]) -> String {
    // Every endpoint is managed: of several interfaces that one says nothing.
    let mut told: Vec<Uuid> = Vec::new();
    let mut text = String::with_capacity(48);
    for uuid in interfaces.iter().map(|offered| offered.uuid) {
        if told.len() >= 4 || told.contains(&uuid) || (uuid == MANAGEMENT && interfaces.len() > 1) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        match interface(uuid) {
            Some(known) => text.push_str(&known.name),
            None => text.push_str(&uuid.to_string()),
        }
        told.push(uuid);
    }
    text
}

/// The interfaces that a PDU inside of something else binds: a message to a pipe.
pub(super) fn bound_in(bytes: &[u8]) -> Vec<InterfaceId> {
    let mut talk = Talk::default();
    let is_pdu = pdu(&mut Cursor::new(bytes), &mut talk) == Some(true);
    if is_pdu { talk.interfaces } else { Vec::new() }
}

fn read(said: &Said<'_>) -> Read<Talk> {
    let mut cursor = Cursor::new(said.bytes);
    let mut talk = Talk::default();
    // RPC over HTTP on 593 greets first ([MS-RPCH] section 2.1.1).
    if let Some(rest) = said.bytes.strip_prefix(b"ncacn_http/1.") {
        cursor = Cursor::new(rest);
        let _ = cursor.u8();
        talk.is_certain = true;
    }
    let mut pdus = 0;
    while !cursor.rest().is_empty() && pdus < PDUS {
        match pdu(&mut cursor, &mut talk) {
            Some(true) => pdus += 1,
            // After a first PDU the bytes may be cut anywhere; a wrong one there means that the first was none.
            None if pdus > 0 => break,
            None => return Read::Short,
            Some(false) => return Read::Unlike,
        }
    }
    if pdus > 0 || talk.is_certain { Read::Like(talk) } else { Read::Short }
}

/// One PDU. `None` where its header is cut, false where it is none.
fn pdu(cursor: &mut Cursor<'_>, talk: &mut Talk) -> Option<bool> {
    let all = cursor.rest();
    if !all.starts_with(&[5]) || all.get(1).is_some_and(|minor| *minor > 1) || all.get(2).is_some_and(|kind| *kind > 19) {
        return Some(false);
    }
    let mut header = Cursor::new(all.get(..HEADER)?);
    header.skip(2)?;
    let (kind, _flags, drep) = (header.u8()?, header.u8()?, header.array::<4>()?);
    let little = drep[0] >> 4 == 1;
    let mut word = || if little { header.le16() } else { header.be16() };
    let (fragment, auth) = (word()?, word()?);
    // Integers are big- or little-endian, characters ASCII or EBCDIC, numbers of four kinds; the rest is reserved.
    let is_drep = drep[0] >> 4 <= 1 && drep[0] & 15 <= 1 && drep[1] <= 3 && drep[2] == 0 && drep[3] == 0;
    let fits = usize::from(fragment) >= HEADER + usize::from(auth) + if auth > 0 { 8 } else { 0 };
    // Types of the connectionless protocol do not travel over TCP.
    if !is_drep || !fits || !matches!(kind, 0 | 2 | 3 | 11..=19) {
        return Some(false);
    }
    let body = cursor.take_most(usize::from(fragment));
    talk.from_client = talk.from_client.or(from_client(kind));
    let inside = Cursor::new(body.get(HEADER..).unwrap_or_default());
    match kind {
        11 | 14 => bound(inside, little, talk),
        12 | 15 => talk.is_certain |= acknowledges(body),
        _ => {}
    }
    if auth > 0 && text::has(body, b"NTLMSSP\0") {
        talk.ntlm = true;
    }
    Some(true)
}

fn from_client(kind: u8) -> Option<bool> {
    match kind {
        0 | 11 | 14 | 16 | 18 | 19 => Some(true),
        2 | 3 | 12 | 13 | 15 => Some(false),
        _ => None,
    }
}

/// The presentation contexts of a bind or alter-context: each an interface and the transfer syntaxes offered for it.
fn bound(mut cursor: Cursor<'_>, little: bool, talk: &mut Talk) {
    let mut contexts = || {
        cursor.skip(8)?;
        let count = cursor.u8()?;
        cursor.skip(3)?;
        for _ in 0..count.min(16) {
            cursor.skip(2)?;
            let syntaxes = cursor.u8()?;
            cursor.skip(1)?;
            let uuid = Uuid::from_wire(cursor.array()?, little);
            let offered = InterfaceId::new(uuid, if little { cursor.le32() } else { cursor.be32() }?);
            if !talk.interfaces.contains(&offered) {
                talk.interfaces.push(offered);
            }
            for _ in 0..syntaxes {
                let syntax = Uuid::from_wire(cursor.array()?, little);
                talk.is_certain |= syntax.0.starts_with(&NDR) || syntax.0.starts_with(&NDR64);
                cursor.skip(4)?;
            }
        }
        Some(())
    };
    let _ = contexts();
    talk.is_certain |= talk.interfaces.iter().any(|offered| interface(offered.uuid).is_some());
}

/// An acceptance repeats the transfer syntax, behind an address of any length.
fn acknowledges(body: &[u8]) -> bool {
    /// NDR in little-endian order, its first eight bytes.
    const ON_THE_WIRE: [u8; 8] = [0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11];
    text::has(body, &ON_THE_WIRE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    const BIND: &str = "05000b03 10000000 4800 0000 01000000 d016d016 00000000 01000000 0000 01 00 0883afe11f5dc91191a408002b14a0fa 0300 0000 \
        045d888aeb1cc9119fe808002b104860 02000000";
    const ACK: &str = "05000c03 10000000 3c00 0000 01000000 d016d016 01000000 0400 31333500 0000 01000000 0000 0000 045d888aeb1cc9119fe808002b104860 02000000";
    const REQUEST: &str = "05000003 10000000 1800 0000 02000000 00000000 0000 0300";

    #[test]
    fn a_bind_names_its_interface() {
        let finding = found(look(&tcp(&hex(BIND), &hex(ACK))));
        assert_eq!((detail(&finding), finding.confidence, finding.client), ("epmapper", Confidence::Certain, Some(Side::A)));
        // The version is one number, whose low half is the major one: it is turned as a whole.
        let big = "05000b03 00000000 0048 0000 00000001 16d016d0 00000000 01000000 0000 01 00 e1af83085d1f11c991a408002b14a0fa 00000003 \
            8a885d041ceb11c99fe808002b104860 00000002";
        let told = found(look(&tcp(&hex(big), b"")));
        assert_eq!(detail(&told), "epmapper");
        for finding in [finding, told] {
            assert_eq!(finding.texts().unwrap().interfaces[0].to_string(), "epmapper 3.0");
        }
    }

    #[test]
    fn a_context_that_is_altered_adds_its_interface() {
        // Management first, then an alter-context (type 14) for the endpoint mapper in the same segment.
        let managed = BIND.replace("0883afe11f5dc91191a408002b14a0fa 0300", "80bda8af8a7dc911bef408002b102989 0100");
        let altered = BIND.replacen("05000b03", "05000e03", 1);
        let finding = found(look(&tcp(&hex(&(managed.clone() + &altered)), &hex(&ACK.replacen("05000c03", "05000f03", 1)))));
        assert_eq!((detail(&finding), finding.texts().unwrap().interfaces.len()), ("epmapper", 2));
        assert_eq!(detail(&found(look(&tcp(&hex(&managed), b"")))), "mgmt");
    }

    #[test]
    fn a_request_and_its_response_in_the_middle_are_enough_together() {
        let response = "05000203 10000000 1800 0000 02000000 00000000 0000 0000";
        let mut opening = tcp(&[], &[]);
        let (asked, answered) = (hex(REQUEST), hex(response));
        opening.said = [&asked, &answered].map(|bytes| Said { bytes, from_start: false, ..Said::default() });
        assert_eq!(found(look(&opening)).confidence, Confidence::Both);
    }

    #[test]
    fn two_pdus_in_one_segment_and_one_in_two() {
        let both = [hex(BIND), hex(REQUEST)].concat();
        assert_eq!(found(look(&tcp(&both, b""))).confidence, Confidence::Certain);
        assert_eq!(found(look(&tcp(&both[..80], b""))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&both[..10], b"")), Look::More);
        assert_eq!(found(look(&tcp(&hex(REQUEST), b""))).confidence, Confidence::Plausible);
    }

    #[test]
    fn other_bytes_are_not_rpc() {
        for bytes in [
            "05010000",
            "05000103 10000000 1800 0000 02000000",
            "05000003 10000001 1800 0000 02000000",
            "05000003 10000000 0800 0000 02000000",
        ] {
            assert_eq!(look(&tcp(&hex(bytes), b"")).clone(), if bytes.len() == 8 { Look::More } else { Look::No }, "{bytes}");
        }
    }
}
