//! Floor 1: where frames come from.
//!
//! A [`Source`] fills recycled [`Batch`]es of small descriptors. Frames of a plain file stay where they are mapped; those of a
//! stream or an interface lie in the batch's own arena. It knows nothing of what is inside a frame.
//!
//! [`open()`] turns paths into a source: `open.rs` lists what the paths name, `opener.rs` opens one after another and says what is
//! no capture, `storage.rs` brings the bytes (mapped or streamed, `compress.rs` unpacks), `format/` finds the packets in them, and
//! `reader.rs` drives the two and goes on after damage. Around a source go the adapters: [`Filtered`], [`Between`], merging.
//! `live/` is the source that is no file: interfaces, through libpcap. What goes the other way, into files, is `write.rs` (pcapng) and
//! `pieces.rs` (files that are begun anew).
//!
//! One more file format is one file in `format/` and one line in its table; one more kind of input is one more `Source`.

mod batch;
mod between;
#[cfg(feature = "live")]
mod bpf;
mod compress;
#[cfg(feature = "live")]
mod dlt;
#[cfg(feature = "live")]
mod filter;
mod format;
#[cfg(feature = "live")]
pub mod live;
mod log;
mod map;
mod open;
mod opener;
#[cfg(feature = "live")]
mod pieces;
mod reader;
mod sources;
mod spool;
mod storage;
#[cfg(test)]
mod testing;
mod write;

pub use batch::{Batch, Bytes, Descriptor};
pub use between::Between;
#[cfg(feature = "live")]
pub use filter::{FilterError, Filtered};
pub use log::Note;
pub use open::{OpenError, Options, open};
#[cfg(feature = "live")]
pub use pieces::{Pieces, Rotation};
pub use spool::{Spool, Spooled};
pub use write::{Description, PcapngWriter};

use crate::record::{Damage, Input};

/// Anything that yields frames in order.
pub trait Source: Send {
    /// Empties `batch` and fills it with the next packets, at most about [`Batch::CAPACITY`].
    ///
    /// `false` when the input is at its end; the batch is empty then. It may also come back empty with `true`: nothing is there yet.
    fn fill(&mut self, batch: &mut Batch) -> bool;

    /// What was wrong with the inputs read so far, in order.
    fn damage(&self) -> &[Damage];

    /// The inputs opened so far, in order. The size of a stream is known once it has ended.
    fn inputs(&self) -> &[Input];

    /// Bytes read so far and in all, as stored, for a progress bar; the total is `None` where it cannot be known.
    fn progress(&self) -> (u64, Option<u64>);

    /// What a person should know of the inputs read so far though nothing is wrong, in order: files passed over, odd headers.
    fn notes(&self) -> &[Note] {
        &[]
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        (**self).fill(batch)
    }

    fn damage(&self) -> &[Damage] {
        (**self).damage()
    }

    fn inputs(&self) -> &[Input] {
        (**self).inputs()
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (**self).progress()
    }

    fn notes(&self) -> &[Note] {
        (**self).notes()
    }
}
