//! What readers tell, in words.

use super::{Lately, Origin, Reader, Teller, Told, reader};
use crate::net::{Addr, Timestamp};

/// What was told: host, name, origin.
pub fn claimed(origin: Origin, tell: impl FnOnce(&mut Teller<'_>)) -> Vec<String> {
    let (mut lately, mut claims, mut leases) = (Lately::default(), Vec::new(), Vec::new());
    tell(&mut Teller {
        packet: 1,
        time: Timestamp::NONE,
        origin,
        lately: &mut lately,
        claims: &mut claims,
        leases: &mut leases,
        told: 0,
    });
    claims.iter().map(|claim| format!("{} {} {}", claim.host.to_ip(claim.version), claim.name, claim.origin.word())).collect()
}

/// What a datagram of a protocol claims, sent by 10.0.0.5.
pub fn read(protocol: &str, bytes: &[u8]) -> Vec<String> {
    let Reader { origin, read, .. } = reader(protocol).unwrap();
    let told = Told { bytes, by: Addr::v4([10, 0, 0, 5]), version: 4 };
    claimed(*origin, |teller| {
        let _ = read(&told, teller);
    })
}
