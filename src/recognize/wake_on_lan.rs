//! Wake on LAN's magic packet: six bytes of ones and sixteen times the sleeper's address, anywhere in a datagram; here at its beginning.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// Wake on LAN.
pub static WAKE_ON_LAN: Protocol = Protocol { name: "Wake on LAN", label: Some("Wake on LAN"), behind: &["Wake on LAN"] };

/// Looks for a magic packet.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    match exchange.iter().next() {
        None => Look::More,
        Some((side, address)) => {
            let digits: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
            Look::Sure(
                Finding::new(&WAKE_ON_LAN, Confidence::Certain)
                    .asked_by(Some(side))
                    .detailed(&format!("wakes {}", digits.join(":"))),
            )
        }
    }
}

/// The address that is woken.
fn read(said: &Said<'_>) -> Read<[u8; 6]> {
    Read::or_unlike(magic(said.datagram().0))
}

fn magic(bytes: &[u8]) -> Option<[u8; 6]> {
    let mut cursor = Cursor::new(bytes.strip_prefix(&[0xff; 6])?);
    let address: [u8; 6] = cursor.array()?;
    let repeats = (1..16).all(|_| cursor.array() == Some(address));
    (repeats && address != [0xff; 6]).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn sixteen_times_and_no_less() {
        let packet = [&[0xff; 6][..], &[0, 0x11, 0x22, 0x33, 0x44, 0x55].repeat(16)].concat();
        assert_eq!(detail(&found(udp([1, 9], &packet, b"", look))), "wakes 00:11:22:33:44:55");
        assert_eq!(udp([1, 9], &packet[..101], b"", look), Look::No);
        assert_eq!(udp([1, 9], &[0xff; 102], b"", look), Look::No);
    }
}
