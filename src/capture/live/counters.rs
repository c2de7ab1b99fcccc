//! What a capture counts while it runs, for whoever watches it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::record::Drops;

/// Shared between the capture and whoever shows it.
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) packets: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) kernel: AtomicU64,
    pub(super) interface: AtomicU64,
    pub(super) flowlabel: AtomicU64,
    failure: Mutex<Option<io::Error>>,
}

impl Counters {
    /// Packets captured.
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    /// Their bytes on the wire.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Packets lost.
    pub fn drops(&self) -> Drops {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Drops { kernel: of(&self.kernel), interface: of(&self.interface), flowlabel: of(&self.flowlabel) }
    }

    /// Why packets could not be kept, told once.
    pub fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn fail(&self, error: io::Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}
