//! Keeps what is seen in a pcapng file, or in several, one after the other.

use std::io::{self, Write as _};
use std::path::Path;

use super::interface::Interface;
use crate::capture::pieces::{Pieces, Rotation};
use crate::capture::write::{Description, PcapngWriter};
use crate::net::{Frame, LinkType, Timestamp};

/// A file being written.
pub(super) struct Keep {
    file: PcapngWriter<Pieces>,
    /// What each of them says of the interfaces: name, link type, bytes of each packet.
    interfaces: Vec<(String, LinkType, u32)>,
    failed: Option<io::Error>,
}

impl Keep {
    pub fn create(path: &Path, rotation: Option<&Rotation>, interfaces: &[Interface], now: Timestamp) -> io::Result<Self> {
        let mut pieces = Pieces::create(path)?;
        if let Some(rotation) = rotation {
            pieces.rotate(rotation, now);
        }
        let interfaces = interfaces.iter().map(|interface| (interface.name.clone(), interface.link, interface.snaplen)).collect();
        let mut keep = Self { file: PcapngWriter::new(pieces)?, interfaces, failed: None };
        keep.describe()?;
        Ok(keep)
    }

    fn describe(&mut self) -> io::Result<()> {
        for (name, link, snaplen) in &self.interfaces {
            self.file.interface(&Description { name: Some(name), link: *link, snaplen: *snaplen, digits: 9 })?;
        }
        self.file.out().mark_head();
        Ok(())
    }

    /// Writes a packet, unless an earlier one could not be written.
    pub fn packet(&mut self, interface: usize, frame: &Frame<'_>) {
        if self.failed.is_none() {
            let written = self.turn_if_due(PcapngWriter::<Pieces>::size_of(frame));
            self.failed = written.and_then(|()| self.file.packet(interface as u32, frame, [])).err();
        }
    }

    /// Also where no packet comes a piece may be old, or asked for.
    pub fn tell(&mut self, now: Timestamp) {
        self.file.out().tell(now);
        if self.failed.is_none() {
            self.failed = self.turn_if_due(0).err();
        }
    }

    fn turn_if_due(&mut self, more: u64) -> io::Result<()> {
        if self.file.out().is_due(more) && self.file.out().turn()? {
            self.file.begin()?;
            self.describe()?;
        }
        Ok(())
    }

    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub fn finish(mut self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => self.file.out().flush(),
        }
    }
}
