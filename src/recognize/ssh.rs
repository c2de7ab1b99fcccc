//! SSH (RFC 4253 section 4.2): the version lines.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// SSH. The documents know it as the carrier of SFTP.
pub static SSH: Protocol = Protocol { name: "SSH", label: None, behind: &["SFTP"] };

/// Looks for SSH.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let lines: Vec<_> = exchange.values().filter(|line| !line.is_empty()).map(|line| shown(line)).collect();
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
    if said.bytes.starts_with(&[0, 0]) && !said.from_start {
        return read_key_exchange(said.bytes);
    }
    if b"SSH-2.0-".starts_with(said.bytes) || b"SSH-1.".starts_with(said.bytes) { Read::Short } else { Read::Unlike }
}

/// What follows the version lines (RFC 4253 section 7.1): length, padding, message 20, a cookie, and the first list of names.
fn read_key_exchange(bytes: &[u8]) -> Read<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    let header = (cursor.be32(), cursor.u8(), cursor.u8(), cursor.skip(16), cursor.be32());
    let (Some(length), Some(padding), Some(kind), Some(()), Some(names)) = header else { return Read::Short };
    let list = cursor.take_most(names as usize);
    let is_list = !list.is_empty() && list.iter().all(u8::is_ascii_graphic);
    Read::or_unlike((kind == 20 && padding >= 4 && names < length && length <= 35_000 && is_list).then_some(b""))
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

    #[test]
    fn without_version_lines_the_key_exchange_tells() {
        let exchange = [&[0, 0, 3, 0x84, 4, 20][..], &[7; 16], &[0, 0, 0, 17], b"curve25519-sha256"].concat();
        let mut opening = tcp(&exchange, b"");
        assert_eq!(look(&opening), Look::No, "a connection begins with its version");
        opening.said[0].from_start = false;
        assert_eq!(found(look(&opening)).protocol, &SSH);
    }
}
