//! Capture files byte by byte, right or wrong on purpose.

/// A pcap file header, little-endian, microseconds.
pub fn pcap(snaplen: u32, link: u32) -> Vec<u8> {
    [&0xa1b2_c3d4_u32.to_le_bytes()[..], &[2, 0, 4, 0], &[0; 8], &snaplen.to_le_bytes(), &link.to_le_bytes()].concat()
}

/// A record as it should be.
pub fn record(seconds: u32, frame: &[u8]) -> Vec<u8> {
    let length = frame.len() as u32;
    claimed(seconds, (length, length), frame)
}

/// A record that claims these lengths, captured and on the wire.
pub fn claimed(seconds: u32, (captured, wire): (u32, u32), frame: &[u8]) -> Vec<u8> {
    let header = [seconds, 0, captured, wire].map(u32::to_le_bytes).concat();
    [&header, frame].concat()
}

/// A pcapng section header of this major version.
pub fn section(version: u8) -> Vec<u8> {
    block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[version, 0, 0, 0], &u64::MAX.to_le_bytes()].concat())
}

/// An interface of a link type whose clock counts in 10^-`digits` of a second.
pub fn interface(link: u16, digits: u8) -> Vec<u8> {
    block(1, &[&link.to_le_bytes()[..], &[0, 0], &262_144_u32.to_le_bytes(), &[9, 0, 1, 0, digits, 0, 0, 0], &[0; 4]].concat())
}

/// An enhanced packet block.
pub fn enhanced(interface: u32, ticks: u64, frame: &[u8]) -> Vec<u8> {
    let length = frame.len() as u32;
    let numbers = [interface, (ticks >> 32) as u32, ticks as u32, length, length].map(u32::to_le_bytes).concat();
    block(6, &[&numbers, frame].concat())
}

/// A block of a type; the body is padded.
pub fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (12 + padded as u32).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &vec![0; padded - body.len()], &length].concat()
}

/// An Ethernet frame of a UDP datagram without payload, from 10.0.0.`host`:`port` to 10.0.0.1:53.
pub fn udp(host: u8, port: u16) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, host, 8, 0][..], &udp_packet(host, port)].concat()
}

/// The same without the Ethernet header.
pub fn udp_packet(host: u8, port: u16) -> Vec<u8> {
    let header = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, host, 10, 0, 0, 1];
    [&header[..], &port.to_be_bytes(), &[0, 53, 0, 8, 0, 0]].concat()
}

/// An Ethernet frame of a SYN: one of a million, each from an address and a port of its own.
pub fn syn(number: u32) -> Vec<u8> {
    let mut frame =
        [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0][..], &[0; 8], &[0; 20]].concat();
    frame[26..30].copy_from_slice(&(0x0a01_0000 + (number >> 8)).to_be_bytes());
    frame[30..34].copy_from_slice(&[10, 0, 0, 1]);
    frame[34..36].copy_from_slice(&(1024 + (number & 0xff) as u16).to_be_bytes());
    frame[36..38].copy_from_slice(&445_u16.to_be_bytes());
    frame[38..42].copy_from_slice(&number.to_be_bytes());
    frame[46..50].copy_from_slice(&[0x50, 0x02, 0x20, 0]);
    frame
}
