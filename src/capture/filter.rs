//! Only the packets that match a filter in libpcap's syntax.

use std::collections::BTreeMap;

use pcap::{Capture, Linktype};
use thiserror::Error;

use super::bpf::{Instruction, accepts};
use super::log::Note;
use super::{Batch, Source, dlt};
use crate::net::LinkType;
use crate::record::{Damage, Input};

/// Link types a filter is tried with before the input is known: some filters make sense on one kind of link only.
const TRIED: &[u16] = &[1, 101, 113, 276, 105, 127, 9, 0, 107, 123];

/// A filter that does not compile.
#[derive(Debug, Error)]
#[error("filter {filter:?}: {reason}")]
pub struct FilterError {
    filter: String,
    reason: String,
}

/// A source without the packets that do not match. Packets keep their numbers.
pub struct Filtered<S> {
    source: S,
    filter: String,
    /// Compiled once for each link type; `None` where the filter does not apply.
    programs: BTreeMap<LinkType, Option<Vec<Instruction>>>,
    notes: Vec<Note>,
    /// How many of the source's notes are among ours.
    copied: usize,
}

impl<S: Source> Filtered<S> {
    /// The packets of `source` that match; an error when the filter compiles for no kind of link.
    pub fn new(source: S, filter: &str) -> Result<Self, FilterError> {
        let mut tries = TRIED.iter().map(|link| compile(filter, LinkType(*link)));
        let first = tries.next().transpose().map(|program| program.is_some());
        if let Err(reason) = first
            && !tries.any(|program| program.is_ok())
        {
            return Err(FilterError { filter: filter.to_owned(), reason });
        }
        Ok(Self { source, filter: filter.to_owned(), programs: BTreeMap::new(), notes: Vec::new(), copied: 0 })
    }

    fn prepare(&mut self, link: LinkType) {
        if self.programs.contains_key(&link) {
            return;
        }
        let program = compile(&self.filter, link);
        if let Err(reason) = &program {
            let text = format!("packets of link type {link} are left out, the filter does not apply to them: {reason}");
            let file = self.source.inputs().last().map(|input| input.path.clone()).unwrap_or_default();
            self.notes.push(Note { file, text });
        }
        self.programs.insert(link, program.ok());
    }

    /// Compiles for the link types of a batch that are new.
    fn prepare_all(&mut self, batch: &Batch) {
        let mut last = None;
        for packet in &batch.packets {
            if last.replace(packet.link) != Some(packet.link) {
                self.prepare(packet.link);
            }
        }
    }
}

impl<S: Source> Source for Filtered<S> {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        let more = self.source.fill(batch);
        self.notes.extend_from_slice(self.source.notes().get(self.copied..).unwrap_or_default());
        self.copied = self.source.notes().len();
        self.prepare_all(batch);
        let mut packets = std::mem::take(&mut batch.packets);
        packets.retain(|packet| {
            let program = self.programs.get(&packet.link).and_then(Option::as_deref);
            program.is_some_and(|program| accepts(program, batch.frame(packet).data, packet.wire_len))
        });
        batch.packets = packets;
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
        &self.notes
    }
}

/// The program of a filter on a link type; the error is libpcap's.
fn compile(filter: &str, link: LinkType) -> Result<Vec<Instruction>, String> {
    let capture = Capture::dead(Linktype(dlt::of_link(link))).map_err(|e| e.to_string())?;
    let program = capture.compile(filter, true).map_err(|e| e.to_string())?;
    program
        .get_instructions()
        .iter()
        .map(|instruction| read(&instruction.to_string()))
        .collect::<Option<_>>()
        .ok_or_else(unreadable)
}

fn unreadable() -> String {
    "the compiled program cannot be read".to_owned()
}

/// An instruction as the wrapper shows it, its only way out: code, two jumps, operand.
fn read(shown: &str) -> Option<Instruction> {
    let mut words = shown.split(' ');
    let mut next = || words.next();
    Some(Instruction {
        code: next()?.parse().ok()?,
        if_true: next()?.parse().ok()?,
        if_false: next()?.parse().ok()?,
        k: next()?.parse().ok()?,
    })
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
