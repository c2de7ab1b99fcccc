//! Only the packets of a time window.

use super::log::Note;
use super::{Batch, Source};
use crate::net::Timestamp;
use crate::record::{Damage, Input};

/// A source without the packets before one time and after another; both times belong to the window. Packets without a time are
/// in no window. Packets keep their numbers.
pub struct Between<S> {
    source: S,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl<S: Source> Between<S> {
    /// The packets of `source` from one time to another.
    pub fn new(source: S, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        Self { source, from, to }
    }
}

impl<S: Source> Source for Between<S> {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        let more = self.source.fill(batch);
        let (from, to) = (self.from, self.to);
        batch.packets.retain(|packet| {
            packet.time.is_some() && from.is_none_or(|from| packet.time >= from) && to.is_none_or(|to| packet.time <= to)
        });
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
