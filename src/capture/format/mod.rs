//! File formats: which bytes of a capture file are packets.
//!
//! A [`Format`] sees a window of the file and takes whole records from its start; it does no I/O and does not know whether the
//! window lies in a mapped file or in a buffer. When the window ends too early it says how much it needs.
//! One more format is one file that implements the trait and one line in [`FORMATS`].

mod clock;
mod foreign;
mod pcap;
mod pcapng;
mod variant;

use crate::net::{LinkType, Timestamp};

use super::batch::{Batch, Descriptor};

pub(super) use foreign::describe;

/// Longer than any record or block that makes sense.
const ABSURD: u32 = 256 << 20;

/// Why a format stopped taking records.
#[derive(Debug)]
pub(in crate::capture) enum Step {
    /// The batch is full.
    Full,
    /// The next record needs a window of at least so many bytes.
    Need(usize),
    /// The next record makes no sense.
    Bad(Fault),
}

/// A record that makes no sense.
#[derive(Debug)]
pub(in crate::capture) struct Fault {
    /// What is wrong with it.
    pub reason: String,
    /// Whether it is a packet, as opposed to something about the file.
    pub packet: bool,
    /// Where the next record starts, when that is known nevertheless.
    pub skip: Option<usize>,
}

impl Fault {
    /// A packet after which nothing can be relied on.
    fn packet(reason: String) -> Self {
        Self { reason, packet: true, skip: None }
    }
}

/// A capture file format with the state it keeps from its headers.
pub(in crate::capture) trait Format: Send {
    /// Takes whole records from `window[*at..]` and moves `at` behind them.
    fn parse(&mut self, window: &[u8], at: &mut usize, sink: &mut Sink<'_>) -> Step;

    /// What is wrong when the file ends with `rest`, which is not empty and less than a record.
    fn cut(&self, rest: &[u8]) -> Fault;

    /// Where after the bad record at its start `window` convincingly goes on.
    fn resync(&mut self, window: &[u8]) -> Option<usize>;

    /// Takes what was remarkable in the headers read so far.
    fn notes(&mut self) -> Vec<String>;
}

/// A format the table knows.
pub(in crate::capture) struct Kind {
    /// Whether a file that starts so is one.
    pub is: fn([u8; 4]) -> bool,
    /// How many bytes [`Kind::open`] wants to see; the flag says whether waiting for them is harmless.
    pub peek: fn([u8; 4], bool) -> usize,
    /// Reads the file header: the format, and how many bytes its header takes. The error says what is wrong with it.
    pub open: fn(&[u8], bool) -> Result<Opened, String>,
}

/// A format ready to parse, and the length of the header that was read.
pub(in crate::capture) type Opened = (Box<dyn Format>, usize);

/// All formats that can be read.
const FORMATS: &[Kind] = &[pcap::KIND, pcapng::KIND];

/// The format of a file that starts so.
pub(in crate::capture) fn kind_of(head: &[u8]) -> Option<&'static Kind> {
    let magic = *head.first_chunk()?;
    FORMATS.iter().find(|kind| (kind.is)(magic))
}

/// Where a format puts the packets it finds.
pub(in crate::capture) struct Sink<'a> {
    /// The packets of the batch.
    pub packets: &'a mut Vec<Descriptor>,
    /// Where the window lies in the batch's bytes.
    pub base: u64,
    /// The number of the last packet.
    pub number: &'a mut u64,
}

impl Sink<'_> {
    /// Whether the batch takes no more.
    #[inline]
    fn is_full(&self) -> bool {
        self.packets.len() >= Batch::CAPACITY
    }

    /// One packet whose bytes start at `start` of the window.
    #[inline]
    fn push(&mut self, time: Timestamp, link: LinkType, start: usize, captured: u32, wire_len: u32) {
        *self.number += 1;
        self.packets.push(Descriptor { number: *self.number, time, offset: self.base + start as u64, captured, wire_len, link });
    }
}

/// Four bytes at `at` as a number in the file's byte order; 0 behind the end.
#[inline]
fn u32_at(bytes: &[u8], at: usize, big: bool) -> u32 {
    let raw = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    if big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
}

/// Two bytes at `at` as a number in the file's byte order; 0 behind the end.
#[inline]
fn u16_at(bytes: &[u8], at: usize, big: bool) -> u16 {
    let raw = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    if big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }
}
