//! The packets of an input that can be read once only, kept for a second look: as many of the newest as a budget holds.
//!
//! Two files take turns: when the one being written has half of the budget, the other, older one is emptied and written next.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::log::Note;
use super::{Batch, Source};
use crate::net::{Frame, LinkType, Timestamp};
use crate::record::{Damage, Input};

/// What stands before the bytes of a packet: number, seconds, nanoseconds, digits, link type, length on the wire, length.
const HEADER: usize = 8 + 8 + 4 + 1 + 2 + 4 + 4;

/// Packets on disk.
#[derive(Debug)]
pub struct Spool {
    /// The older file, then the one being written.
    files: [BufWriter<File>; 2],
    /// Bytes in the one being written.
    written: u64,
    /// Bytes one file may have.
    half: u64,
    /// The first failure; nothing is kept after it.
    failed: Option<io::Error>,
}

impl Spool {
    /// An empty spool that takes at most `budget` bytes of disk, in files without a name.
    pub fn new(budget: u64) -> io::Result<Self> {
        let file = || io::Result::Ok(BufWriter::with_capacity(1 << 18, tempfile::tempfile()?));
        Ok(Self { files: [file()?, file()?], written: 0, half: budget / 2, failed: None })
    }

    /// What went wrong while it was written.
    pub fn failure(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }

    fn keep(&mut self, frame: &Frame<'_>) {
        if self.failed.is_none() {
            self.failed = self.append(frame).err();
        }
    }

    fn append(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if self.written > 0 && self.written + (HEADER + frame.data.len()) as u64 > self.half {
            self.files.swap(0, 1);
            self.written = 0;
            let [_, next] = &mut self.files;
            next.flush()?;
            next.get_mut().set_len(0)?;
            next.seek(SeekFrom::Start(0))?;
        }
        let [_, file] = &mut self.files;
        file.write_all(&header(frame))?;
        file.write_all(frame.data)?;
        self.written += (HEADER + frame.data.len()) as u64;
        Ok(())
    }

    /// Shows the packets that are kept, in order.
    pub fn replay(&mut self, mut see: impl FnMut(&Frame<'_>) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for file in &mut self.files {
            file.seek(SeekFrom::Start(0))?;
            let mut reader = BufReader::with_capacity(1 << 18, file.get_ref());
            let mut header = [0; HEADER];
            // A file that could not be written to its end may end in the middle of a packet.
            while reader.read_exact(&mut header).is_ok() {
                let (frame, length) = frame(&header);
                bytes.resize(length, 0);
                if reader.read_exact(&mut bytes).is_err() {
                    break;
                }
                see(&Frame { data: &bytes, ..frame })?;
            }
        }
        Ok(())
    }
}

fn header(frame: &Frame<'_>) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let time = frame.time;
    let fields: [&[u8]; 7] = [
        &frame.number.to_ne_bytes(),
        &time.seconds().to_ne_bytes(),
        &time.subsec_nanos().to_ne_bytes(),
        &[time.digits()],
        &frame.link.0.to_ne_bytes(),
        &frame.wire_len.to_ne_bytes(),
        &(frame.data.len() as u32).to_ne_bytes(),
    ];
    for (to, from) in header.iter_mut().zip(fields.into_iter().flatten()) {
        *to = *from;
    }
    header
}

/// A packet without its bytes, and how many there are.
fn frame(header: &[u8; HEADER]) -> (Frame<'static>, usize) {
    let mut rest = header.as_slice();
    let number = u64::from_ne_bytes(take(&mut rest));
    let (seconds, nanos) = (i64::from_ne_bytes(take(&mut rest)), u32::from_ne_bytes(take(&mut rest)));
    let [digits] = take(&mut rest);
    let link = LinkType(u16::from_ne_bytes(take(&mut rest)));
    let (wire_len, length) = (u32::from_ne_bytes(take(&mut rest)), u32::from_ne_bytes(take(&mut rest)));
    let time = if seconds == i64::MIN { Timestamp::NONE } else { Timestamp::new(seconds, nanos, digits) };
    (Frame { number, time, link, data: &[], wire_len }, length as usize)
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (first, after) = rest.split_first_chunk().unwrap_or((&[0; N], &[]));
    *rest = after;
    *first
}

/// A source whose packets are kept on their way.
pub struct Spooled<S> {
    source: S,
    spool: Arc<Mutex<Spool>>,
}

impl<S: Source> Spooled<S> {
    /// Keeps the packets of `source` in `spool`.
    pub fn new(source: S, spool: Arc<Mutex<Spool>>) -> Self {
        Self { source, spool }
    }
}

impl<S: Source> Source for Spooled<S> {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        let more = self.source.fill(batch);
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        for packet in &batch.packets {
            spool.keep(&batch.frame(packet));
        }
        drop(spool);
        more
    }

    fn damage(&self) -> &[Damage] {
        self.source.damage()
    }

    fn inputs(&self) -> &[Input] {
        self.source.inputs()
    }

    fn progress(&self) -> (u64, Option<u64>) {
        self.source.progress()
    }

    fn notes(&self) -> &[Note] {
        self.source.notes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers_kept(budget: u64, packets: u64) -> Vec<u64> {
        let mut spool = Spool::new(budget).unwrap();
        for number in 1..=packets {
            let (data, time) = ([number as u8; 69], Timestamp::new(-7, 5, 6));
            spool.keep(&Frame { number, time, link: LinkType::RAW, data: &data, wire_len: 1500 });
        }
        let mut kept = Vec::new();
        spool
            .replay(|frame| {
                assert_eq!((frame.link, frame.wire_len, frame.data), (LinkType::RAW, 1500, &[frame.number as u8; 69][..]));
                assert_eq!((frame.time.seconds(), frame.time.subsec_nanos(), frame.time.digits()), (-7, 5, 6));
                kept.push(frame.number);
                Ok(())
            })
            .unwrap();
        kept
    }

    #[test]
    fn what_fits_is_kept() {
        assert_eq!(numbers_kept(10_000, 9), (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn of_what_does_not_fit_the_newest_is_kept() {
        // 100 bytes a packet: five in each half. The eighteenth is the third in its file; before it came 11 to 15.
        assert_eq!(numbers_kept(1000, 18), (11..=18).collect::<Vec<_>>());
    }

    #[test]
    fn a_packet_larger_than_the_budget_is_kept_alone() {
        assert_eq!(numbers_kept(150, 3), [2, 3]);
    }
}
