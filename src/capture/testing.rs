//! Small capture files made by hand, and ways to read them, for the tests of this folder.

use std::io::{self, Read};

use super::batch::Batch;
use super::log::Log;
use super::reader::{Reader, Refusal};
use super::storage::{Storage, Stream};
use crate::record::Damage;

/// A number in the file's byte order.
pub fn u32_in(big: bool, value: u32) -> [u8; 4] {
    if big { value.to_be_bytes() } else { value.to_le_bytes() }
}

/// A short number in the file's byte order.
pub fn u16_in(big: bool, value: u16) -> [u8; 2] {
    if big { value.to_be_bytes() } else { value.to_le_bytes() }
}

/// A pcap file header.
pub fn pcap_header(big: bool, magic: u32, version: (u16, u16), snaplen: u32, network: u32) -> Vec<u8> {
    let mut out = u32_in(big, magic).to_vec();
    out.extend(u16_in(big, version.0));
    out.extend(u16_in(big, version.1));
    for word in [0, 0, snaplen, network] {
        out.extend(u32_in(big, word));
    }
    out
}

/// The sixteen bytes in front of a packet: seconds, fraction, first length, second length.
pub fn pcap_record(big: bool, words: [u32; 4], data: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = words.into_iter().flat_map(|word| u32_in(big, word)).collect();
    out.extend(data);
    out
}

/// A pcap file of so many packets, a second apart from second 1000 on; their first byte is their number. (Were all bytes zero,
/// a cut file could also be a whole one of the variant with longer record headers.)
pub fn pcap_file(big: bool, packets: u8) -> Vec<u8> {
    let mut out = pcap_header(big, 0xa1b2_c3d4, (2, 4), 65_535, 1);
    for n in 0..packets {
        let mut data = [0xab; 20];
        data[0] = n;
        out.extend(pcap_record(big, [1000 + u32::from(n), 7, 20, 60], &data));
    }
    out
}

/// A pcapng block.
pub fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = u32_in(big, padded as u32 + 12);
    let mut out = [u32_in(big, kind), len].concat();
    out.extend(body);
    out.resize(padded + 8, 0);
    out.extend(len);
    out
}

/// A section header of unknown section length.
pub fn section(big: bool) -> Vec<u8> {
    let mut body = u32_in(big, 0x1a2b_3c4d).to_vec();
    body.extend(u16_in(big, 1));
    body.extend(u16_in(big, 0));
    body.extend([0xff; 8]);
    block(big, 0x0a0d_0d0a, &body)
}

/// An interface description with raw options.
pub fn interface(big: bool, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
    let mut body = u16_in(big, link).to_vec();
    body.extend([0, 0]);
    body.extend(u32_in(big, snaplen));
    body.extend(options);
    block(big, 1, &body)
}

/// One option, padded.
pub fn option(big: bool, code: u16, value: &[u8]) -> Vec<u8> {
    let mut out = [u16_in(big, code), u16_in(big, value.len() as u16)].concat();
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// An enhanced packet block.
pub fn enhanced(big: bool, interface: u32, ticks: u64, wire: u32, data: &[u8]) -> Vec<u8> {
    let words = [interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, wire];
    let mut body: Vec<u8> = words.into_iter().flat_map(|word| u32_in(big, word)).collect();
    body.extend(data);
    block(big, 6, &body)
}

/// A pcapng file of one Ethernet interface and so many packets, a second apart from second 1000 on.
pub fn pcapng_file(big: bool, packets: u8) -> Vec<u8> {
    let mut out = section(big);
    out.extend(interface(big, 1, 0, &[]));
    for n in 0..packets {
        out.extend(enhanced(big, 0, (1000 + u64::from(n)) * 1_000_000 + 7, 60, &[n; 20]));
    }
    out
}

/// One packet as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub time: String,
    pub link: u16,
    pub wire_len: u32,
    pub data: Vec<u8>,
}

/// What reading a file gave.
#[derive(Debug, Default)]
pub struct Outcome {
    pub packets: Vec<Seen>,
    pub damage: Vec<Damage>,
    pub notes: Vec<String>,
    /// Why it was not read at all.
    pub refused: Option<String>,
    pub batches: usize,
}

/// Reads from a storage all there is.
pub fn read_storage(storage: Storage) -> Outcome {
    let mut out = Outcome::default();
    let mut reader = match Reader::open("x".to_owned(), storage) {
        Ok(reader) => reader,
        Err(Refusal::NoCapture(reason) | Refusal::Damaged(reason)) => return Outcome { refused: Some(reason), ..out },
    };
    let (mut batch, mut log, mut number) = (Batch::default(), Log::default(), 0);
    while reader.fill(&mut batch, &mut number, &mut log) {
        out.batches += 1;
        out.packets.extend(batch.packets.iter().map(|packet| {
            let frame = batch.frame(packet);
            assert_eq!(frame.data.len(), packet.captured as usize, "every frame lies in its batch");
            Seen { time: frame.time.to_string(), link: frame.link.0, wire_len: frame.wire_len, data: frame.data.to_vec() }
        }));
    }
    assert!(batch.packets.is_empty(), "the end comes with an empty batch");
    assert_eq!(number, out.packets.len() as u64, "every packet has a number");
    out.damage = log.damage;
    out.notes = log.notes.into_iter().map(|note| note.text).collect();
    out
}

/// Reads bytes as a file that cannot be mapped.
pub fn read_bytes(bytes: &[u8]) -> Outcome {
    read_storage(Storage::Stream(Stream::new(io::Cursor::new(bytes.to_vec()), false)))
}

/// Reads bytes as a pipe that delivers one byte at a time.
pub fn read_drops(bytes: &[u8]) -> Outcome {
    read_storage(Storage::Stream(Stream::new(Drops(bytes.to_vec(), 0), true)))
}

/// Delivers one byte at a time, and is interrupted now and then.
struct Drops(Vec<u8>, usize);

impl Read for Drops {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.0.is_empty() {
            return Ok(0);
        }
        buffer[0] = self.0.remove(0);
        Ok(1)
    }
}
