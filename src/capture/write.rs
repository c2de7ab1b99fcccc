//! Writes pcapng files (draft-ietf-opsawg-pcapng): a section header, a description of each interface, and an enhanced packet block a
//! packet, in little-endian order.

use std::io::{self, Write};

use crate::net::{Frame, LinkType, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// Options: their end, a comment, a name (of an interface), the program that writes, the resolution of an interface's clock.
const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;

/// Longer comments are cut: an option's length has 16 bits.
const LONGEST_COMMENT: usize = 4096;

/// What packets have in common that came from one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Description<'a> {
    /// Its name, where it has one.
    pub name: Option<&'a str>,
    /// How to read the first bytes of its packets.
    pub link: LinkType,
    /// Bytes taken of each packet; 0: all.
    pub snaplen: u32,
    /// Digits of a second that its clock has, at most 9.
    pub digits: u8,
}

/// Writes blocks, each made in a buffer that is reused.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    block: Vec<u8>,
    /// The digits of each interface's clock.
    digits: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a file.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Self { out, block: Vec::new(), digits: Vec::new() };
        writer.begin()?;
        Ok(writer)
    }

    /// Begins a section, in which no interface is described yet.
    pub fn begin(&mut self) -> io::Result<()> {
        self.digits.clear();
        // The byte-order magic, version 1.0, and a length that is not told.
        self.block.extend(0x1a2b_3c4d_u32.to_le_bytes());
        self.block.extend([1, 0, 0, 0]);
        self.block.extend((-1_i64).to_le_bytes());
        self.option(SHB_USERAPPL, concat!("flowlabel ", env!("CARGO_PKG_VERSION")).as_bytes());
        self.option(OPT_END, &[]);
        self.end(SECTION_HEADER)
    }

    /// Describes one more interface, and tells its number.
    pub fn interface(&mut self, description: &Description<'_>) -> io::Result<u32> {
        let Description { name, link, snaplen, digits } = *description;
        self.block.extend(link.0.to_le_bytes());
        self.block.extend([0, 0]);
        self.block.extend(snaplen.to_le_bytes());
        if let Some(name) = name {
            self.option(IF_NAME, name.as_bytes());
        }
        self.option(IF_TSRESOL, &[digits.min(9)]);
        self.option(OPT_END, &[]);
        self.end(INTERFACE_DESCRIPTION)?;
        self.digits.push(digits.min(9));
        Ok(self.digits.len() as u32 - 1)
    }

    /// Writes a packet of an interface that was described.
    pub fn packet<'a>(
        &mut self,
        interface: u32,
        frame: &Frame<'_>,
        comments: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        let digits = self.digits.get(interface as usize).copied().unwrap_or(9);
        let time = ticks(frame.time, digits);
        for word in [interface, (time >> 32) as u32, time as u32, frame.data.len() as u32, frame.wire_len] {
            self.block.extend(word.to_le_bytes());
        }
        self.block.extend_from_slice(frame.data);
        self.pad();
        let mut commented = false;
        for comment in comments {
            self.option(OPT_COMMENT, comment.get(..comment.floor_char_boundary(LONGEST_COMMENT)).unwrap_or(comment).as_bytes());
            commented = true;
        }
        if commented {
            self.option(OPT_END, &[]);
        }
        self.end(ENHANCED_PACKET)
    }

    /// How many bytes a packet without comments takes.
    pub fn size_of(frame: &Frame<'_>) -> u64 {
        32 + (frame.data.len() as u64).next_multiple_of(4)
    }

    /// Where it writes to.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Lets go of what is gathered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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

/// A time as the clock of an interface counts it. The format has no place for times before 1970: they are 0, as no time at all is.
fn ticks(time: Timestamp, digits: u8) -> u64 {
    if !time.is_some() {
        return 0;
    }
    let unit = 10_i128.pow(u32::from(9 - digits.min(9)));
    let nanos = i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.subsec_nanos());
    u64::try_from(nanos / unit).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::read_bytes;

    fn described(link: LinkType, digits: u8) -> Description<'static> {
        Description { name: Some("eth0"), link, snaplen: 100, digits }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = PcapngWriter::new(Vec::new()).unwrap();
        writer.interface(&described(LinkType::ETHERNET, 9)).unwrap();
        writer.interface(&described(LinkType::RAW, 6)).unwrap();
        let frame =
            |nanos, data| Frame { number: 1, time: Timestamp::new(5, nanos, 9), link: LinkType::ETHERNET, data, wire_len: 60 };
        writer.packet(0, &frame(1, &[1, 2, 3]), ["why", "and why else"]).unwrap();
        writer.packet(1, &frame(999_999_999, &[4, 5, 6, 7]), []).unwrap();
        let out = read_bytes(&writer.out);
        assert!(out.damage.is_empty(), "{out:?}");
        let packets: Vec<_> = out.packets.iter().map(|p| (p.link, p.time.as_str(), p.wire_len, p.data.len())).collect();
        let times = ["1970-01-01T00:00:05.000000001Z", "1970-01-01T00:00:05.999999Z"];
        assert_eq!(packets, [(1, times[0], 60, 3), (101, times[1], 60, 4)]);
    }

    #[test]
    fn an_enhanced_packet_block_byte_by_byte() {
        let mut writer = PcapngWriter { out: Vec::new(), block: Vec::new(), digits: vec![9, 9, 9] };
        let frame =
            Frame { number: 1, time: Timestamp::new(4, 294_967_297, 9), link: LinkType::ETHERNET, data: &[0xaa], wire_len: 64 };
        writer.packet(2, &frame, ["ab"]).unwrap();
        // 4.294967297 s are 2^32 + 1 nanoseconds; the comment is option 1 of 2 bytes, padded to 4, and the end of options.
        let words: [u32; 12] = [6, 48, 2, 1, 1, 1, 64, 0xaa, 0x0002_0001, 0x6261, 0, 48];
        assert_eq!(writer.out, words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
    }

    #[test]
    fn times_that_the_format_cannot_hold() {
        assert_eq!(ticks(Timestamp::NONE, 9), 0);
        assert_eq!(ticks(Timestamp::new(-5, 0, 6), 6), 0);
        assert_eq!(ticks(Timestamp::new(2, 345_678_900, 9), 6), 2_345_678);
    }
}
