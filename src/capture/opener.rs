//! Opens one input after another, and says of each what it is or why it is not read.

use std::fs::File;
use std::io::Seek;
use std::os::fd::AsFd;
use std::path::Path;

use super::compress::Compression;
use super::log::Log;
use super::open::{Entry, why_not};
use super::reader::{Reader, Refusal};
use super::storage::{Storage, Stream};
use crate::record::Input;

/// The inputs still to be opened, and what was said about those that were.
pub(super) struct Opener {
    entries: std::vec::IntoIter<Entry>,
    /// What was found out.
    pub log: Log,
    /// What was opened.
    pub inputs: Vec<Input>,
    /// Captures in the directory being read.
    captures: u64,
    /// Bytes of the inputs that are finished.
    finished: u64,
    total: Option<u64>,
}

impl Opener {
    pub fn new(entries: Vec<Entry>, total: Option<u64>) -> Self {
        Self { entries: entries.into_iter(), log: Log::default(), inputs: Vec::new(), captures: 0, finished: 0, total }
    }

    /// The next capture, with its place in `inputs`; `None` when there is no more.
    pub fn next(&mut self) -> Option<(Reader, usize)> {
        loop {
            match self.entries.next()? {
                Entry::File { path, listed } => {
                    if let Some(opened) = self.file(&path, listed) {
                        return Some(opened);
                    }
                }
                Entry::Stdin => {
                    if let Some(opened) = self.stdin() {
                        return Some(opened);
                    }
                }
                Entry::EndOfDirectory(path) => self.end_of_directory(&path),
                Entry::Trouble(damage) => self.log.damage.push(damage),
                Entry::PassedOver(path, why) => self.log.note(&path, why.to_owned()),
            }
        }
    }

    /// A capture was read to its end.
    pub fn close(&mut self, reader: &Reader, input: usize) {
        let stored = reader.stored();
        if let Some(input) = self.inputs.get_mut(input) {
            // Of a stream the size is known only now.
            input.bytes = input.bytes.max(stored);
            self.finished += input.bytes;
        }
    }

    /// Bytes read and in all, when `open` more have been read of inputs that are not finished.
    pub fn progress(&self, open: u64) -> (u64, Option<u64>) {
        (self.finished + open, self.total)
    }

    fn file(&mut self, path: &Path, listed: bool) -> Option<(Reader, usize)> {
        let shown = path.display().to_string();
        match File::open(path) {
            Ok(file) => self.capture(shown, file, listed),
            Err(e) => {
                self.log.damaged(&shown, why_not(&e));
                None
            }
        }
    }

    fn stdin(&mut self) -> Option<(Reader, usize)> {
        // A descriptor of our own, read without the buffer of `std::io::stdin`.
        match std::io::stdin().as_fd().try_clone_to_owned() {
            Ok(stdin) => self.capture("-".to_owned(), File::from(stdin), false),
            Err(e) => {
                self.log.damaged("-", why_not(&e));
                None
            }
        }
    }

    fn capture(&mut self, path: String, file: File, listed: bool) -> Option<(Reader, usize)> {
        let bytes = file.metadata().map_or(0, |about| if about.is_file() { about.len() } else { 0 });
        match Reader::open(path.clone(), storage_of(file)) {
            Ok(reader) => {
                self.captures += u64::from(listed);
                self.inputs.push(Input { path, bytes });
                Some((reader, self.inputs.len() - 1))
            }
            Err(refusal) => {
                self.refused(path, bytes, listed, refusal);
                None
            }
        }
    }

    fn refused(&mut self, path: String, bytes: u64, listed: bool, refusal: Refusal) {
        self.finished += bytes;
        match refusal {
            Refusal::NoCapture(looks) if listed => {
                return self.log.note(&path, format!("passed over, it is no capture: {looks}"));
            }
            Refusal::NoCapture(looks) => self.log.damaged(&path, format!("it is no capture: {looks}")),
            Refusal::Damaged(reason) => {
                self.captures += u64::from(listed);
                self.log.damaged(&path, reason);
            }
        }
        self.inputs.push(Input { path, bytes });
    }

    fn end_of_directory(&mut self, path: &str) {
        if std::mem::take(&mut self.captures) == 0 {
            self.log.damaged(path, "there is no capture at all in this directory".to_owned());
        }
    }
}

/// Mapped if it is a plain file at its start, else a stream; only what is no file can be live.
fn storage_of(mut file: File) -> Storage {
    let about = file.metadata();
    let regular = about.as_ref().is_ok_and(std::fs::Metadata::is_file);
    let len = about.map_or(0, |about| about.len());
    if regular && len > 0 && file.stream_position().is_ok_and(|at| at == 0) {
        let mapped = file.try_clone().ok().and_then(|file| Storage::map(file, len));
        if let Some(mapped) = mapped.filter(|mapped| Compression::of(mapped.window()).is_none()) {
            return mapped;
        }
    }
    Storage::Stream(Stream::new(file, !regular))
}
