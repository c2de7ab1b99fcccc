//! SSH (RFC 4253 section 4.2): the version lines.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// SSH. The documents know it as the carrier of SFTP.
pub static SSH: Protocol = Protocol { name: "SSH", label: None, behind: &["SFTP"] };

/// Stands for a side whose packets are encrypted.
const SEALED: &[u8] = b"sealed";

/// Looks for SSH.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(|said| read(said, seen.has_port(22))) else { return Look::No };
    exchange.look(|| {
        let lines: Vec<_> = exchange.values().filter(|line| line.starts_with(b"SSH-")).map(|line| shown(line)).collect();
        let is_sealed = exchange.values().all(|line| *line == SEALED);
        Finding::new(&SSH, if is_sealed { Confidence::Plausible } else { Confidence::Certain }).detailed(&lines.join(", "))
    })
}

fn read<'a>(said: &Said<'a>, at_home: bool) -> Read<&'a [u8]> {
    if said.bytes.starts_with(b"SSH-2.0-") || said.bytes.starts_with(b"SSH-1.") {
        return match text::line(said.bytes) {
            // RFC 4253: at most 255 characters.
            Read::Short if said.bytes.len() > 255 => Read::Unlike,
            line => line,
        };
    }
    if said.bytes.starts_with(&[0, 0]) && !said.from_start {
        return match read_key_exchange(said.bytes) {
            Read::Unlike if at_home && is_sealed(said.bytes) => Read::Like(SEALED),
            read => read,
        };
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

/// Encrypted packets whose length stays in the clear, where the code is computed over what was encrypted (`aes-gcm` of RFC 5647, the `-etm` codes of
/// OpenSSH): lengths of whole blocks, each followed by a code of one size. For the port of SSH only.
fn is_sealed(bytes: &[u8]) -> bool {
    [16, 32, 64, 20, 12, 8].into_iter().any(|code| {
        let mut cursor = Cursor::new(bytes);
        let mut packets = 0;
        while let Some(length) = cursor.be32() {
            if !length.is_multiple_of(8) || !(16..=35_000).contains(&length) {
                return false;
            }
            let Some(()) = cursor.skip(length as usize + code) else { return packets > 0 };
            packets += 1;
        }
        packets > 0 && cursor.rest().is_empty()
    })
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

    #[test]
    fn under_way_and_encrypted_the_lengths_tell() {
        let packet = |length: u32| [&length.to_be_bytes()[..], &vec![0xa7; length as usize + 16]].concat();
        let mut opening = tcp(b"", b"");
        opening.ports = [50_000, 22];
        opening.said[0].from_start = false;
        let at = |bytes: &[u8]| {
            let mut opening = opening;
            opening.said[0].bytes = bytes;
            look(&opening)
        };
        let two = [packet(96), packet(32)].concat();
        assert_eq!(found(at(&two)).protocol, &SSH);
        assert_eq!(found(at(&packet(96))).confidence, Confidence::Plausible);
        assert_eq!((at(&[&two[..], &[9; 4]].concat()), at(&two[..90])), (Look::More, Look::More), "nothing yet");
    }
}
