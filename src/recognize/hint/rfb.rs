//! The remote framebuffer protocol of VNC (RFC 6143 section 7.1.1).

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, after, conversation, first_line, hint};

/// VNC.
pub static RFB: Protocol = hint("VNC");

/// Looks for VNC: both sides say their version.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &RFB, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let version = match after(said.bytes, b"RFB ") {
        Read::Like(version) => version,
        Read::Short => return Read::Short,
        Read::Unlike => return Read::Unlike,
    };
    let Some(version) = version.first_chunk::<8>() else { return Read::Short };
    let is_version =
        std::iter::zip(version, b"000.000\n").all(|(byte, like)| byte == like || (*like == b'0' && byte.is_ascii_digit()));
    Read::or_unlike(is_version.then(|| Turn::peer(Confidence::Certain).saying(first_line(said.bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn two_versions() {
        let finding = found(look(&tcp(b"RFB 003.008\n", b"RFB 003.008\n")));
        assert_eq!((finding.protocol, detail(&finding)), (&RFB, "RFB 003.008, RFB 003.008"));
        assert_eq!((look(&tcp(b"RFB 003.", b"")), look(&tcp(b"RFB 3.8\nabcdefgh", b""))), (Look::More, Look::No));
    }
}
