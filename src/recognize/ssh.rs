//! SSH (RFC 4253 section 4.2): the version lines.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// SSH. The documents know it as the carrier of SFTP.
pub static SSH: Protocol = Protocol { name: "SSH", label: None, behind: &["SFTP"] };

/// Looks for SSH.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let lines: Vec<_> = exchange.values().map(|line| shown(line)).collect();
        Finding::new(&SSH, Confidence::Certain).detailed(&lines.join(", "))
    })
}

fn read<'a>(said: &Said<'a>) -> Read<&'a [u8]> {
    if said.bytes.starts_with(b"SSH-2.0-") || said.bytes.starts_with(b"SSH-1.") {
        return match text::line(said.bytes) {
            // RFC 4253: at most 255 characters.
            Read::Short if said.bytes.len() > 255 => Read::Unlike,
            line => line,
        };
    }
    if b"SSH-2.0-".starts_with(said.bytes) || b"SSH-1.".starts_with(said.bytes) { Read::Short } else { Read::Unlike }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn version_lines() {
        let finding = found(look(&tcp(b"SSH-2.0-PuTTY_0.8\r\n", b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n\0\0")));
        assert_eq!(detail(&finding), "SSH-2.0-PuTTY_0.8, SSH-2.0-OpenSSH_for_Windows_8.1");
        assert_eq!((look(&tcp(b"SSH-", b"")), look(&tcp(b"SSH-3", b""))), (Look::More, Look::No));
    }
}
