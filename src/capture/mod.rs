//! Floor 1: where frames come from.
//!
//! A [`Source`] fills recycled [`Batch`]es of small descriptors. Frames of a plain file stay where they are mapped; those of a
//! stream or an interface lie in the batch's own arena. It knows nothing of what is inside a frame.
//! One more kind of input is one more `Source`.

mod batch;

pub use batch::{Batch, Bytes, Descriptor};

use crate::record::{Damage, Input};

/// Anything that yields frames in order.
pub trait Source: Send {
    /// Empties `batch` and fills it with the next packets, at most about [`Batch::CAPACITY`]. `false` when the input is at its end.
    ///
    /// A batch may come back empty with `true`: nothing is there yet.
    fn fill(&mut self, batch: &mut Batch) -> bool;

    /// What was wrong with the inputs read so far, in order.
    fn damage(&self) -> &[Damage];

    /// The inputs opened so far, in order.
    fn inputs(&self) -> &[Input];

    /// Bytes read so far and in all, as stored, for a progress bar; the total is `None` where it cannot be known.
    fn progress(&self) -> (u64, Option<u64>);
}
