//! Keeps what is seen in a pcapng file.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use super::interface::Interface;
use crate::capture::write::{Description, PcapngWriter};
use crate::net::Frame;

/// A file being written.
pub(super) struct Keep {
    file: PcapngWriter<BufWriter<File>>,
    failed: Option<io::Error>,
}

impl Keep {
    pub fn create(path: &Path, interfaces: &[Interface]) -> io::Result<Self> {
        let mut file = PcapngWriter::new(BufWriter::with_capacity(1 << 20, File::create(path)?))?;
        for Interface { name, link, snaplen, .. } in interfaces {
            file.interface(&Description { name: Some(name), link: *link, snaplen: *snaplen, digits: 9 })?;
        }
        Ok(Self { file, failed: None })
    }

    /// Writes a packet, unless an earlier one could not be written.
    pub fn packet(&mut self, interface: usize, frame: &Frame<'_>) {
        if self.failed.is_none() {
            self.failed = self.file.packet(interface as u32, frame, []).err();
        }
    }

    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub fn finish(mut self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => self.file.flush(),
        }
    }
}
