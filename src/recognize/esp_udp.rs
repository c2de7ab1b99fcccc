//! ESP in UDP (RFC 3948): an SPI and a sequence number in front of what nobody can read. On port 4500 only, where IKE marks its own with zeros.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// ESP behind NAT.
pub static ESP_IN_UDP: Protocol = Protocol { name: "ESP in UDP", label: Some("NAT-T"), behind: &["NAT-T"] };

/// SPI and sequence number of a side's first packet; whether later ones continue it.
struct Packets {
    spi: u32,
    continues: bool,
}

/// Looks for ESP: datagrams of one SPI that count upwards.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(4500) {
        return Look::No;
    }
    let Some(exchange) = seen.read(read) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let continues = exchange.values().all(|packets| packets.continues);
    let confidence = if continues { Confidence::Both } else { Confidence::Plausible };
    let spis: Vec<String> = exchange.values().map(|packets| format!("{:#010x}", packets.spi)).collect();
    let finding = Finding::new(&ESP_IN_UDP, confidence).detailed(&format!("ESP, SPI {}", spis.join(" ")));
    if continues && exchange.is_both() { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn read(said: &Said<'_>) -> Read<Packets> {
    // Keep-alives of one byte come between.
    let mut packets = said.datagrams().filter(|(bytes, len)| *len != 1 || bytes != b"\xff");
    let Some((bytes, len)) = packets.next() else { return Read::Short };
    let Some((spi, number)) = header(bytes, len) else { return Read::Unlike };
    let mut continues = false;
    for (bytes, len) in packets {
        let follows = |(next, at): (u32, u32)| next == spi && at > number && at - number < 64;
        match header(bytes, len) {
            Some(next) if follows(next) => continues = true,
            None if bytes.len() < 8 => break,
            // A new pair of keys, or IKE between.
            _ if bytes.starts_with(&[0; 4]) || continues => {}
            _ => return Read::Like(Packets { spi, continues: false }),
        }
    }
    Read::Like(Packets { spi, continues })
}

/// SPIs below 256 are reserved (RFC 4303 section 2.1). After the header at least a block, a trailer and a checksum.
fn header(bytes: &[u8], len: usize) -> Option<(u32, u32)> {
    let mut cursor = Cursor::new(bytes);
    let (spi, number) = (cursor.be32()?, cursor.be32()?);
    (spi >= 256 && number > 0 && len >= 24).then_some((spi, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::IpProto;
    use crate::recognize::opening::Datagram;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn packets_of_one_spi_count_upwards() {
        let packet = |number: u8| [&[0xc1, 2, 3, 4, 0, 0, 0, number][..], &[0x5a; 40]].concat();
        assert_eq!(udp([4501, 4501], &packet(1), b"", look), Look::No);
        let finding = found(udp([4500, 1024], &packet(1), b"", look));
        assert_eq!((detail(&finding), finding.confidence), ("ESP, SPI 0xc1020304", Confidence::Plausible));
        let bytes = [packet(1), packet(2)].concat();
        let datagrams = [Datagram { end: 48, len: 48 }, Datagram { end: 96, len: 48 }];
        let said = Said { bytes: &bytes, datagrams: &datagrams, from_start: true, ended: false };
        let seen = Opening { transport: IpProto::UDP, ports: [4500, 4500], said: [said, Said::default()] };
        assert_eq!(found(look(&seen)).confidence, Confidence::Both);
    }
}
