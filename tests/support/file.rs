//! Frames as the bytes of a capture file.

use super::craft::Frame;
use super::scenario::{Format, Link, Scenario};

/// The file.
pub fn write(scenario: &Scenario, frames: &[Frame]) -> Vec<u8> {
    let link = match scenario.link {
        Link::Ethernet => 1,
        Link::Raw => 101,
    };
    let snaplen = scenario.snaplen as u32;
    match scenario.format {
        Format::Pcap => pcap(0xa1b2_c3d4, u32::to_le_bytes, u16::to_le_bytes, 1000, (link, snaplen), frames),
        Format::PcapBe => pcap(0xa1b2_c3d4, u32::to_be_bytes, u16::to_be_bytes, 1000, (link, snaplen), frames),
        Format::PcapNs => pcap(0xa1b2_3c4d, u32::to_le_bytes, u16::to_le_bytes, 1, (link, snaplen), frames),
        Format::Pcapng => pcapng(link as u16, snaplen, frames),
    }
}

fn kept(frame: &Frame, snaplen: u32) -> &[u8] {
    &frame.bytes[..frame.bytes.len().min(snaplen as usize)]
}

/// pcap (draft-ietf-opsawg-pcap): `unit` is how many nanoseconds the file's fraction counts in.
fn pcap(
    magic: u32,
    long: fn(u32) -> [u8; 4],
    short: fn(u16) -> [u8; 2],
    unit: i128,
    (link, snaplen): (u32, u32),
    frames: &[Frame],
) -> Vec<u8> {
    let mut out = [&long(magic)[..], &short(2), &short(4), &[0; 8], &long(snaplen), &long(link)].concat();
    for frame in frames {
        let kept = kept(frame, snaplen);
        out.extend(long((frame.time / 1_000_000_000) as u32));
        out.extend(long((frame.time % 1_000_000_000 / unit) as u32));
        out.extend(long(kept.len() as u32));
        out.extend(long(frame.bytes.len() as u32));
        out.extend(kept);
    }
    out
}

/// pcapng (draft-ietf-opsawg-pcapng): a section, an interface with a clock of nanoseconds, enhanced packet blocks.
fn pcapng(link: u16, snaplen: u32, frames: &[Frame]) -> Vec<u8> {
    const NANOSECONDS: [u8; 12] = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &u64::MAX.to_le_bytes()].concat();
    let interface = [&link.to_le_bytes()[..], &[0, 0], &snaplen.to_le_bytes(), &NANOSECONDS].concat();
    let mut out = [block(0x0a0d_0d0a, &section), block(1, &interface)].concat();
    for frame in frames {
        let kept = kept(frame, snaplen);
        let time = frame.time as u64;
        let numbers = [0, (time >> 32) as u32, time as u32, kept.len() as u32, frame.bytes.len() as u32];
        let mut body: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        body.extend(kept);
        body.resize(body.len().next_multiple_of(4), 0);
        out.extend(block(6, &body));
    }
    out
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &length].concat()
}
