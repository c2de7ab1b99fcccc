//! DCE/RPC over UDP (C706 chapter 12.5). The header is easily met by chance, so one direction counts only with an interface that is known.

use super::cursor::Cursor;
use super::dcerpc::{DCE_RPC, names};
use super::finding::{Confidence, Finding, Look};
use super::interfaces::{InterfaceId, interface};
use super::opening::{Opening, Read, Said};
use super::uuid::Uuid;

const HEADER: usize = 80;

struct Pdu {
    kind: u8,
    interface: InterfaceId,
    activity: [u8; 16],
}

/// Looks for connectionless DCE/RPC.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let mut activities = exchange.values().map(|pdu| pdu.activity);
    let same = exchange.is_both() && activities.next() == activities.next();
    let known = exchange.values().any(|pdu| interface(pdu.interface.uuid).is_some());
    if !same && !known {
        return if exchange.is_both() { Look::No } else { Look::More };
    }
    let called = exchange.values().map(|pdu| pdu.interface).find(|called| called.uuid.0 != [0; 16]);
    exchange.look(|| {
        Finding::new(&DCE_RPC, Confidence::Certain)
            .asked_by(exchange.client(|pdu| Some(from_client(pdu.kind))))
            .detailed(&names(called.as_slice()))
            .binding(called.into_iter().collect())
    })
}

/// Request, ping, acknowledgement of an answer and cancel come from the client.
fn from_client(kind: u8) -> bool {
    matches!(kind, 0 | 1 | 7 | 8)
}

fn read(said: &Said<'_>) -> Read<Pdu> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(pdu(bytes, len))
}

fn pdu(bytes: &[u8], len: usize) -> Option<Pdu> {
    let mut cursor = Cursor::new(bytes);
    let [version, kind, _flags, more_flags, drep, floats, reserved, _serial] = cursor.array()?;
    let little = drep >> 4 == 1;
    cursor.skip(16)?;
    let uuid = Uuid::from_wire(cursor.array()?, little);
    let activity = cursor.array()?;
    cursor.skip(4)?;
    let interface = InterfaceId::new(uuid, if little { cursor.le32() } else { cursor.be32() }?);
    cursor.skip(4 + 2 + 2 + 2)?;
    let body = if little { cursor.le16() } else { cursor.be16() }?;
    let is_possible =
        version == 4 && kind <= 10 && more_flags & 0xfc == 0 && drep >> 4 <= 1 && drep & 15 <= 1 && floats <= 3 && reserved == 0;
    // What authentication adds stands behind the body.
    (is_possible && HEADER + usize::from(body) <= len && activity != [0; 16]).then_some(Pdu { kind, interface, activity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    fn datagram(kind: u8, uuid: &str) -> Vec<u8> {
        let head = [&[4, kind, 0x20, 0, 0x10, 0, 0, 0][..], &[0; 16], &hex(uuid), &[7; 16], &[0; 4]].concat();
        [&head[..], &hex("01000000 00000000 0300 ffff ffff 0400 0000 0000"), b"body"].concat()
    }

    #[test]
    fn a_known_interface_or_both_directions() {
        let (known, unknown) = ("0883afe11f5dc91191a408002b14a0fa", "0102030405060708090a0b0c0d0e0f10");
        let finding = found(udp([1, 2], &datagram(0, known), b"", look));
        assert_eq!((detail(&finding), finding.client), ("epmapper", Some(Side::A)));
        assert_eq!(udp([1, 2], &datagram(0, unknown), b"", look), Look::More);
        assert_eq!(found(udp([1, 2], &datagram(2, unknown), &datagram(0, unknown), look)).client, Some(Side::B));
        assert_eq!(udp([1, 2], &datagram(11, known), b"", look), Look::No);
    }
}
