//! Ceph: both sides begin with a banner.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// Ceph.
pub static CEPH: Protocol = hint("Ceph");

/// Looks for Ceph.
pub fn look(seen: &Opening<'_>) -> Look {
    let peer = || Turn::peer(Confidence::Certain);
    conversation(seen, &CEPH, |said| signed(said.bytes, &[(b"ceph v2\n", peer()), (b"ceph v0", peer())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_banner() {
        assert_eq!(found(look(&tcp(b"ceph v027\0", b""))).protocol, &CEPH);
        assert_eq!(look(&tcp(b"cephalopod", b"")), Look::No);
    }
}
