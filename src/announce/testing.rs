//! Conversations for the tests of readers.

use super::hearing::Hearing;
use super::reader::Reader;
use crate::net::{Addr, IpProto, Side, Timestamp};

/// A piece of a conversation between 10.0.0.1:40000 (A) and 10.0.0.2:1000 (B).
pub struct Talk<'a> {
    side: Side,
    bytes: &'a [u8],
}

impl<'a> Talk<'a> {
    pub fn new(side: Side, bytes: &'a [u8]) -> Self {
        Self { side, bytes }
    }
}

/// What is announced in a conversation, in words, and whether somebody named another host's address. Bytes that are left come again with the next.
pub fn told(reader: &mut dyn Reader, talk: &[Talk<'_>]) -> (Vec<String>, bool) {
    told_over(IpProto::TCP, reader, talk)
}

pub fn told_over(transport: IpProto, reader: &mut dyn Reader, talk: &[Talk<'_>]) -> (Vec<String>, bool) {
    let mut hearing = hearing(transport);
    let mut left = [Vec::new(), Vec::new()];
    for piece in talk {
        let left = &mut left[piece.side.index()];
        left.extend_from_slice(piece.bytes);
        let consumed = reader.read(piece.side, left, &mut hearing);
        left.drain(..if transport == IpProto::UDP { left.len() } else { consumed.min(left.len()) });
    }
    let words = hearing.announced.iter().map(|told| {
        let (host, version) = (told.door.host, told.door.version);
        let with = told.with.map(|with| format!(" with {}", with.to_ip(version))).unwrap_or_default();
        let interface = told.interface.map(|interface| format!(" {interface}")).unwrap_or_default();
        format!("{} {} {}{with} {}{interface}", host.to_ip(version), told.door.transport, told.door.port, told.how)
    });
    (words.collect(), hearing.foreign)
}

pub fn hearing(transport: IpProto) -> Hearing<'static> {
    Hearing {
        packet: 1,
        time: Timestamp::new(1, 0, 6),
        version: 4,
        transport,
        hosts: [Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2])],
        ports: [40_000, 1000],
        server_name: None,
        announced: Vec::new(),
        foreign: false,
    }
}
