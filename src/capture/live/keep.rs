//! Keeps what is seen in a pcapng file (draft-ietf-opsawg-pcapng): a section header, a description of each interface, and an enhanced packet
//! block a packet, in little-endian order.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::interface::Interface;
use crate::net::{Frame, LinkType};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// A file being written.
pub(super) struct Keep {
    file: Writer<BufWriter<File>>,
    failed: Option<io::Error>,
}

impl Keep {
    pub fn create(path: &Path, interfaces: &[Interface]) -> io::Result<Self> {
        let mut file = Writer { out: BufWriter::with_capacity(1 << 20, File::create(path)?), block: Vec::new() };
        file.section()?;
        for interface in interfaces {
            file.interface(&interface.name, interface.link, interface.snaplen)?;
        }
        Ok(Self { file, failed: None })
    }

    /// Writes a packet, unless an earlier one could not be written.
    pub fn packet(&mut self, interface: usize, frame: &Frame<'_>) {
        if self.failed.is_none() {
            self.failed = self.file.packet(interface as u32, frame).err();
        }
    }

    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub fn finish(mut self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => self.file.out.flush(),
        }
    }
}

/// Writes blocks, each made in a buffer that is reused.
struct Writer<W> {
    out: W,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    fn section(&mut self) -> io::Result<()> {
        // The byte-order magic, version 1.0, and a length that is not told.
        self.block.extend(0x1a2b_3c4d_u32.to_le_bytes());
        self.block.extend([1, 0, 0, 0]);
        self.block.extend((-1_i64).to_le_bytes());
        self.option(4, concat!("flowlabel ", env!("CARGO_PKG_VERSION")).as_bytes());
        self.option(0, &[]);
        self.end(SECTION_HEADER)
    }

    fn interface(&mut self, name: &str, link: LinkType, snaplen: u32) -> io::Result<()> {
        self.block.extend(link.0.to_le_bytes());
        self.block.extend([0, 0]);
        self.block.extend(snaplen.to_le_bytes());
        self.option(2, name.as_bytes());
        // if_tsresol: nanoseconds.
        self.option(9, &[9]);
        self.option(0, &[]);
        self.end(INTERFACE_DESCRIPTION)
    }

    fn packet(&mut self, interface: u32, frame: &Frame<'_>) -> io::Result<()> {
        let nanos = i128::from(frame.time.seconds()) * 1_000_000_000 + i128::from(frame.time.subsec_nanos());
        let time = u64::try_from(nanos).unwrap_or(0);
        for word in [interface, (time >> 32) as u32, time as u32, frame.data.len() as u32, frame.wire_len] {
            self.block.extend(word.to_le_bytes());
        }
        self.block.extend_from_slice(frame.data);
        self.end(ENHANCED_PACKET)
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.block.extend(code.to_le_bytes());
        self.block.extend((value.len() as u16).to_le_bytes());
        self.block.extend_from_slice(value);
        self.pad();
    }

    fn pad(&mut self) {
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    /// Writes the block with its type in front and its length at both ends.
    fn end(&mut self, kind: u32) -> io::Result<()> {
        self.pad();
        let length = (self.block.len() as u32 + 12).to_le_bytes();
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length)?;
        self.out.write_all(&self.block)?;
        self.out.write_all(&length)?;
        self.block.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::read_bytes;
    use crate::net::Timestamp;

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = Writer { out: Vec::new(), block: Vec::new() };
        writer.section().unwrap();
        writer.interface("eth0", LinkType::ETHERNET, 100).unwrap();
        writer.interface("tun0", LinkType::RAW, 100).unwrap();
        let frame =
            |nanos, data| Frame { number: 1, time: Timestamp::new(5, nanos, 9), link: LinkType::ETHERNET, data, wire_len: 60 };
        writer.packet(0, &frame(1, &[1, 2, 3])).unwrap();
        writer.packet(1, &frame(999_999_999, &[4, 5, 6, 7])).unwrap();
        let out = read_bytes(&writer.out);
        assert!(out.damage.is_empty(), "{out:?}");
        let packets: Vec<_> = out.packets.iter().map(|p| (p.link, p.time.as_str(), p.wire_len, p.data.len())).collect();
        let times = ["1970-01-01T00:00:05.000000001Z", "1970-01-01T00:00:05.999999999Z"];
        assert_eq!(packets, [(1, times[0], 60, 3), (101, times[1], 60, 4)]);
    }

    #[test]
    fn an_enhanced_packet_block_byte_by_byte() {
        let mut writer = Writer { out: Vec::new(), block: Vec::new() };
        let frame =
            Frame { number: 1, time: Timestamp::new(4, 294_967_297, 9), link: LinkType::ETHERNET, data: &[0xaa], wire_len: 64 };
        writer.packet(2, &frame).unwrap();
        // 4.294967297 s are 2^32 + 1 nanoseconds.
        let words: [u32; 9] = [6, 36, 2, 1, 1, 1, 64, 0xaa, 36];
        assert_eq!(writer.out, words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
    }
}
