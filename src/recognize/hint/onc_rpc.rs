//! ONC RPC (RFC 5531): NFS, the port mapper and what else Sun's remote procedure calls carry.

use super::{Confidence, Cursor, Finding, Look, Opening, Protocol, Read, Said, hint};

/// ONC RPC.
pub static RPC: Protocol = hint("ONC RPC");

/// NFS.
pub static NFS: Protocol = hint("NFS");
/// The port mapper, or rpcbind (RFC 1833).
pub static PORTMAPPER: Protocol = hint("Portmapper");

/// Program numbers (the registry of RFC 5531 section 8.3 and older usage).
const PROGRAMS: &[(u32, &str)] = &[
    (100_000, "portmapper"),
    (100_001, "rstat"),
    (100_002, "rusers"),
    (100_003, "nfs"),
    (100_004, "ypserv"),
    (100_005, "mountd"),
    (100_007, "ypbind"),
    (100_008, "walld"),
    (100_009, "yppasswd"),
    (100_011, "rquota"),
    (100_021, "nlockmgr"),
    (100_024, "status"),
    (100_026, "bootparam"),
    (100_068, "cmsd"),
    (100_083, "ttdb"),
    (100_227, "nfs_acl"),
    (100_300, "nisplus"),
    (300_019, "amd"),
    (395_183, "vxi-11"),
    (395_184, "vxi-11 abort"),
    (395_185, "vxi-11 interrupt"),
    (0x4000_0000, "nfs callback"),
];

struct Call {
    xid: u32,
    /// Program, version and procedure; an answer does not name them.
    of: Option<[u32; 3]>,
}

/// Looks for ONC RPC.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = seen.read(|said| if seen.is_udp() { Read::or_unlike(message(said.datagram().0)) } else { read_stream(said) });
    let Some(exchange) = exchange else { return Look::No };
    let calls: Vec<&Call> = exchange.values().collect();
    let of = calls.iter().find_map(|call| call.of);
    let known = of.and_then(|[program, ..]| PROGRAMS.iter().find(|(number, _)| *number == program));
    let confidence = match calls.as_slice() {
        [one, other] if one.of.is_some() == other.of.is_some() => return Look::No,
        [one, other] if one.xid == other.xid => Confidence::Certain,
        _ if known.is_some() => Confidence::Both,
        _ => Confidence::Plausible,
    };
    let protocol = match of {
        Some([100_003, ..]) => &NFS,
        Some([100_000, ..]) => &PORTMAPPER,
        _ => &RPC,
    };
    let detail = of.map(|[program, version, procedure]| match known {
        Some((_, name)) => format!("{name} version {version} procedure {procedure}"),
        None => format!("program {program} version {version} procedure {procedure}"),
    });
    let finding = || Finding::new(protocol, confidence).asked_by(exchange.client(|call| Some(call.of.is_some())));
    exchange.look(|| finding().detailed(&detail.unwrap_or_default()))
}

/// Over TCP each record has its length in front, the top bit says that it is the last part.
fn read_stream(said: &Said<'_>) -> Read<Call> {
    let Some((mark, rest)) = said.bytes.split_first_chunk() else { return Read::Short };
    let mark = u32::from_be_bytes(*mark);
    if mark & 0x8000_0000 == 0 || !(24..=0x10_0000).contains(&(mark & 0x7fff_ffff)) {
        return Read::Unlike;
    }
    if rest.len() < 24 { Read::Short } else { Read::or_unlike(message(rest)) }
}

fn message(bytes: &[u8]) -> Option<Call> {
    let mut cursor = Cursor::new(bytes);
    let (xid, kind) = (cursor.be32()?, cursor.be32()?);
    match kind {
        0 => {
            let [version, program, of, procedure] = [cursor.be32()?, cursor.be32()?, cursor.be32()?, cursor.be32()?];
            let [flavor, length] = [cursor.be32()?, cursor.be32()?];
            let is_program = (100_000..0x6000_0000).contains(&program) && of <= 20 && procedure <= 512;
            let is_possible = version == 2 && is_program && is_authentication(flavor, length);
            is_possible.then_some(Call { xid, of: Some([program, of, procedure]) })
        }
        1 => {
            let is_accepted = cursor.be32()?;
            let [first, second] = [cursor.be32()?, cursor.be32()?];
            let is_possible = match is_accepted {
                0 => {
                    is_authentication(first, second)
                        && cursor.skip(second as usize).and_then(|()| cursor.be32()).is_none_or(|status| status <= 5)
                }
                1 => first <= 1,
                _ => false,
            };
            is_possible.then_some(Call { xid, of: None })
        }
        _ => None,
    }
}

/// None, system, short, DH, Kerberos 4, GSS; at most 400 bytes (RFC 5531 section 8.2).
fn is_authentication(flavor: u32, length: u32) -> bool {
    (flavor <= 6 || (390_000..400_000).contains(&flavor)) && length <= 400
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    const CALL: &str = "11223344 00000000 00000002 000186a3 00000003 00000001 00000000 00000000 00000000 00000000";

    #[test]
    fn a_call_of_nfs_and_its_answer() {
        let answer = hex("11223344 00000001 00000000 00000000 00000000 00000000");
        let finding = found(udp([999, 2049], &hex(CALL), &answer, look));
        assert_eq!((finding.protocol, finding.confidence, finding.client), (&NFS, Confidence::Certain, Some(Side::A)));
        assert_eq!(detail(&finding), "nfs version 3 procedure 1");
        let other = hex("11223345 00000001 00000000 00000000 00000000 00000000");
        assert_eq!(found(udp([999, 2049], &other, b"", look)).confidence, Confidence::Plausible);
    }

    #[test]
    fn over_tcp_a_record_mark_stands_in_front() {
        let call = [&hex("80000028")[..], &hex(CALL)].concat();
        assert_eq!(found(look(&tcp(&call, b""))).protocol, &NFS);
        assert_eq!((look(&tcp(&call[..20], b"")), look(&tcp(&hex("80000001 11"), b""))), (Look::More, Look::No));
    }
}
