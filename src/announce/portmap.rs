//! The port mapper of ONC RPC: version 2 (RFC 1833 section 3, portmap) and versions 3 and 4 (section 2, rpcbind), over UDP and TCP.

use super::address;
use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::Cursor;

/// A program of ONC RPC. No document knows it.
pub static PROGRAM: Service = Service { name: "ONC RPC", label: None, speaks: &[] };

const PORTMAP: u32 = 100_000;
/// Calls of one conversation that may wait for their answer.
const CALLS: usize = 32;
/// The longest record that is read.
const LONGEST: usize = 64 << 10;

/// What was asked.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// The port of a program (`GETPORT`).
    Port { program: u32, version: u32, transport: IpProto },
    /// The address of a program (`GETADDR`).
    Address { program: u32, version: u32, transport: IpProto },
    /// All ports of version 2.
    Ports,
    /// All addresses of versions 3 and 4.
    Addresses,
}

/// Questions and answers.
#[derive(Debug, Default)]
pub struct Mapper {
    calls: Vec<(u32, Asked)>,
}

impl Reader for Mapper {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        if hearing.transport == IpProto::UDP {
            let _ = self.message(side, bytes, hearing);
            return bytes.len();
        }
        // Over a connection each record has its length in front, the high bit says that it is the last piece (RFC 5531 section 11).
        let mut rest = bytes;
        while let Some((mark, after)) = rest.split_first_chunk() {
            let length = (u32::from_be_bytes(*mark) & 0x7fff_ffff) as usize;
            if length > LONGEST {
                return bytes.len();
            }
            let Some((record, next)) = after.split_at_checked(length) else { break };
            let _ = self.message(side, record, hearing);
            rest = next;
        }
        bytes.len() - rest.len()
    }
}

impl Mapper {
    fn message(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> Option<()> {
        let mut cursor = Cursor::new(bytes);
        let (id, kind) = (cursor.be32()?, cursor.be32()?);
        match kind {
            0 => {
                let asked = question(&mut cursor)?;
                self.calls.retain(|(known, _)| *known != id);
                if self.calls.len() >= CALLS {
                    self.calls.remove(0);
                }
                self.calls.push((id, asked));
            }
            1 => {
                let at = self.calls.iter().position(|(known, _)| *known == id)?;
                let (_, asked) = self.calls.swap_remove(at);
                answered(asked, side, &mut cursor, hearing);
            }
            _ => {}
        }
        Some(())
    }
}

/// A call to the port mapper that asks where something is.
fn question(cursor: &mut Cursor<'_>) -> Option<Asked> {
    let (rpc, program, version, procedure) = (cursor.be32()?, cursor.be32()?, cursor.be32()?, cursor.be32()?);
    credentials(cursor)?;
    credentials(cursor)?;
    if (rpc, program) != (2, PORTMAP) {
        return None;
    }
    match (version, procedure) {
        (2, 3) => {
            let (program, version) = (cursor.be32()?, cursor.be32()?);
            let transport = IpProto(u8::try_from(cursor.be32()?).ok()?);
            Some(Asked::Port { program, version, transport })
        }
        (3 | 4, 3) => {
            let (program, version) = (cursor.be32()?, cursor.be32()?);
            Some(Asked::Address { program, version, transport: transport(string(cursor)?)? })
        }
        (2, 4) => Some(Asked::Ports),
        (3 | 4, 4) => Some(Asked::Addresses),
        _ => None,
    }
}

fn answered(asked: Asked, server: Side, cursor: &mut Cursor<'_>, hearing: &mut Hearing<'_>) -> Option<()> {
    // Accepted, then a verifier, then successful.
    (cursor.be32()? == 0).then_some(())?;
    credentials(cursor)?;
    (cursor.be32()? == 0).then_some(())?;
    match asked {
        Asked::Port { program, version, transport } => {
            let port = u16::try_from(cursor.be32()?).ok()?;
            tell(server, (program, version), (transport, port), "GETPORT", hearing);
        }
        Asked::Address { program, version, transport } => {
            let (host, port) = address::universal(string(cursor)?)?;
            hearing.check(server, host);
            tell(server, (program, version), (transport, port), "GETADDR", hearing);
        }
        Asked::Ports => {
            while cursor.be32()? == 1 {
                let (program, version, protocol, port) = (cursor.be32()?, cursor.be32()?, cursor.be32()?, cursor.be32()?);
                let at = (IpProto(u8::try_from(protocol).ok()?), u16::try_from(port).ok()?);
                tell(server, (program, version), at, "DUMP", hearing);
            }
        }
        Asked::Addresses => {
            while cursor.be32()? == 1 {
                let (program, version) = (cursor.be32()?, cursor.be32()?);
                let (network, place, _owner) = (string(cursor)?, string(cursor)?, string(cursor)?);
                if let Some((transport, (_, port))) = transport(network).zip(address::universal(place)) {
                    tell(server, (program, version), (transport, port), "DUMP", hearing);
                }
            }
        }
    }
    Some(())
}

fn tell(
    server: Side,
    (program, version): (u32, u32),
    (transport, port): (IpProto, u16),
    how: &'static str,
    hearing: &mut Hearing<'_>,
) {
    // The mapper itself is where it was asked.
    if program == PORTMAP || !matches!(transport, IpProto::TCP | IpProto::UDP) {
        return;
    }
    let name = name(program).map_or_else(|| format!("program {program}"), str::to_owned);
    hearing.listens(
        server,
        transport,
        port,
        Word::new(&PROGRAM, how, Lasting::Standing).about(&format!("{name} version {version}")),
    );
}

/// What the usual programs are called (the registry of program numbers, RFC 5531 section 8.2).
fn name(program: u32) -> Option<&'static str> {
    Some(match program {
        100_001 => "rstatd",
        100_002 => "rusersd",
        100_003 => "NFS",
        100_004 => "ypserv",
        100_005 => "mountd",
        100_007 => "ypbind",
        100_008 => "walld",
        100_011 => "rquotad",
        100_012 => "sprayd",
        100_021 => "nlockmgr",
        100_024 => "statd",
        100_026 => "bootparam",
        100_227 => "NFS ACL",
        150_001 => "pcnfsd",
        _ => return None,
    })
}

/// Who asks, or a proof: a kind and up to 400 bytes.
fn credentials(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.skip(4)?;
    let length = cursor.be32()? as usize;
    cursor.skip(length.next_multiple_of(4)).filter(|()| length <= 400)
}

fn string<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.be32()? as usize;
    let text = cursor.take(length)?;
    cursor.skip(length.next_multiple_of(4) - length)?;
    Some(text)
}

/// `tcp`, `udp6` ... (RFC 5665).
fn transport(network: &[u8]) -> Option<IpProto> {
    match network {
        b"tcp" | b"tcp6" => Some(IpProto::TCP),
        b"udp" | b"udp6" => Some(IpProto::UDP),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told, told_over};
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn a_port_is_asked_for_and_told() {
        let call = words(&[7, 0, 2, PORTMAP, 2, 3, 0, 0, 0, 0, 100_005, 3, 17, 0]);
        let reply = words(&[7, 1, 0, 0, 0, 0, 20_048]);
        let expected = ["10.0.0.2 udp 20048 GETPORT"];
        assert_eq!(
            told_over(IpProto::UDP, &mut Mapper::default(), &[Talk::new(Side::A, &call), Talk::new(Side::B, &reply)]).0,
            expected
        );
        let record = |message: &[u8]| [&(0x8000_0000 | message.len() as u32).to_be_bytes()[..], message].concat();
        let (call, reply) = (record(&call), record(&reply));
        assert_eq!(told(&mut Mapper::default(), &[Talk::new(Side::A, &call), Talk::new(Side::B, &reply)]).0, expected);
        assert_eq!(told(&mut Mapper::default(), &[Talk::new(Side::B, &reply)]).0, Vec::<String>::new(), "not asked for");
    }

    #[test]
    fn addresses_and_lists() {
        let call = [words(&[8, 0, 2, PORTMAP, 4, 3, 0, 0, 0, 0, 100_003, 4]), text("tcp"), text(""), text("")].concat();
        let reply = [words(&[8, 1, 0, 0, 0, 0]), text("10.0.0.2.8.1")].concat();
        assert_eq!(
            told_over(IpProto::UDP, &mut Mapper::default(), &[Talk::new(Side::A, &call), Talk::new(Side::B, &reply)]).0,
            ["10.0.0.2 tcp 2049 GETADDR"]
        );
        let call = words(&[9, 0, 2, PORTMAP, 2, 4, 0, 0, 0, 0]);
        let reply = words(&[9, 1, 0, 0, 0, 0, 1, PORTMAP, 2, 6, 111, 1, 100_024, 1, 6, 33_333, 0]);
        assert_eq!(
            told_over(IpProto::UDP, &mut Mapper::default(), &[Talk::new(Side::A, &call), Talk::new(Side::B, &reply)]).0,
            ["10.0.0.2 tcp 33333 DUMP"]
        );
    }
}
