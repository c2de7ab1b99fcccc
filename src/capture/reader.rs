//! One capture file: brings its storage and its format together, and goes on after damage where that is possible.

use crate::record::Damage;

use super::batch::Batch;
use super::compress::Compression;
use super::format::{Fault, Format, Sink, Step, describe, kind_of};
use super::log::Log;
use super::storage::Storage;

/// How far behind a bad record the next good one is looked for.
const SCAN: usize = 1 << 20;
/// More damaged places of one file are counted and not listed.
const LISTED: u64 = 100;
/// What is looked at to tell what a file is.
const LOOK: usize = 512;

/// Why a file is not read.
pub(super) enum Refusal {
    /// It is no capture; what it looks like.
    NoCapture(String),
    /// It is one, and damaged before its first packet.
    Damaged(String),
}

/// One capture file being read.
pub(super) struct Reader {
    /// Its path as given or found.
    pub path: String,
    storage: Storage,
    format: Box<dyn Format>,
    /// Its packets so far.
    packets: u64,
    damages: u64,
}

impl Reader {
    /// Finds out what the file is; its header is behind it then.
    pub fn open(path: String, storage: Storage) -> Result<Self, Refusal> {
        let mut storage = unpacked(storage)?;
        storage.extend(4, false);
        let Some(kind) = kind_of(storage.window()) else { return Err(no_capture(storage)) };
        // A live stream is not made to wait for packets that only help to tell variants apart.
        let patient = !matches!(&storage, Storage::Stream(stream) if stream.live());
        let magic = storage.window().first_chunk().copied().unwrap_or_default();
        storage.extend((kind.peek)(magic, patient), false);
        let (format, header) = (kind.open)(storage.window(), patient).map_err(Refusal::Damaged)?;
        storage.consume(header);
        Ok(Self { path, storage, format, packets: 0, damages: 0 })
    }

    /// Bytes read so far, as stored.
    pub fn stored(&self) -> u64 {
        self.storage.stored()
    }

    /// Empties and fills `batch`; `number` is that of the last packet before. `false`, with an empty batch, at the end.
    pub fn fill(&mut self, batch: &mut Batch, number: &mut u64, log: &mut Log) -> bool {
        self.storage.reclaim(batch);
        let more = self.read(batch, number, log);
        self.storage.lend(batch);
        for text in self.format.notes() {
            log.note(&self.path, text);
        }
        if !more {
            self.count_unlisted(log);
        }
        more
    }

    fn read(&mut self, batch: &mut Batch, number: &mut u64, log: &mut Log) -> bool {
        batch.packets.reserve(Batch::CAPACITY);
        loop {
            let step = self.parse(batch, number);
            let packets = !batch.packets.is_empty();
            match step {
                Step::Full => return true,
                Step::Need(needed) => {
                    if packets && self.storage.hands_on_first() {
                        return true;
                    }
                    // At the end, a batch with packets goes first; the same place is met again with an empty one.
                    if !self.storage.extend(needed, packets) && (packets || !self.ends_or_goes_on(log)) {
                        return packets;
                    }
                }
                Step::Bad(_) if packets => return true,
                Step::Bad(fault) => {
                    if !self.recover(&fault, log) {
                        return false;
                    }
                }
            }
        }
    }

    fn parse(&mut self, batch: &mut Batch, number: &mut u64) -> Step {
        let mut at = 0;
        let before = batch.packets.len();
        let mut sink = Sink { packets: &mut batch.packets, base: self.storage.base(), number };
        let step = self.format.parse(self.storage.window(), &mut at, &mut sink);
        self.packets += (batch.packets.len() - before) as u64;
        self.storage.consume(at);
        step
    }

    /// At the end of the file: whether there is anything to go on with.
    fn ends_or_goes_on(&mut self, log: &mut Log) -> bool {
        if let Some(error) = self.storage.error() {
            let reason = format!("{error}; what came before was read");
            self.damage(self.packets > 0, self.packets, reason, log);
            return false;
        }
        if self.storage.window().is_empty() {
            return false;
        }
        let fault = self.format.cut(self.storage.window());
        self.recover(&fault, log)
    }

    /// Says what is wrong, and moves to where the file goes on. `false` when that cannot be found.
    fn recover(&mut self, fault: &Fault, log: &mut Log) -> bool {
        let skip = fault.skip.or_else(|| {
            self.storage.extend(SCAN, false);
            let window = self.storage.window();
            self.format.resync(window.get(..SCAN).unwrap_or(window))
        });
        let done = match skip {
            Some(bytes) => format!("{bytes} bytes were passed over"),
            None => "nothing was read beyond".to_owned(),
        };
        let packet = self.packets + u64::from(fault.packet);
        self.damage(packet > 0, packet, format!("{}; {done}", fault.reason), log);
        self.storage.consume(skip.unwrap_or_default());
        skip.is_some()
    }

    fn damage(&mut self, known: bool, packet: u64, reason: String, log: &mut Log) {
        self.damages += 1;
        if self.damages <= LISTED {
            let packet = known.then_some(packet);
            log.damage.push(Damage { file: self.path.clone(), packet, offset: self.storage.offset(), reason });
        }
    }

    fn count_unlisted(&mut self, log: &mut Log) {
        if let Some(more @ 1..) = self.damages.checked_sub(LISTED) {
            self.damages = 0;
            log.damaged(&self.path, format!("{more} more places are damaged"));
        }
    }
}

/// The storage of what a compressed file holds, or the same storage.
fn unpacked(mut storage: Storage) -> Result<Storage, Refusal> {
    storage.extend(4, false);
    match (Compression::of(storage.window()), storage) {
        (Some(compression), Storage::Stream(stream)) => {
            stream.unpack(compression).map(Storage::Stream).map_err(|e| Refusal::Damaged(format!("{}: {e}", compression.name())))
        }
        (_, storage) => Ok(storage),
    }
}

fn no_capture(mut storage: Storage) -> Refusal {
    storage.extend(LOOK, false);
    match storage.error() {
        Some(error) if storage.window().is_empty() => Refusal::Damaged(format!("it cannot be read: {error}")),
        _ => Refusal::NoCapture(describe(storage.window())),
    }
}
