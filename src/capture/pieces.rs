//! A file that may be written in pieces: when it is full, old enough, or somebody asks for it, what there is gets a name of its own, and the
//! file is begun anew.
//!
//! The file being written always has the name that was typed. A finished piece of `kept.pcapng` is called `kept-20261125T172604Z-00001.pcapng`: when
//! it was begun (UTC), and its number in this run. The names sort by time, and the file being written comes after them.
//!
//! What a piece is to begin with is the business of whoever writes it: he asks [`Pieces::is_due`] where the content may be cut, calls
//! [`Pieces::turn`], and writes the head.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::net::Timestamp;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 20;

/// When a piece is finished. Its clones share who asks.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// After so many nanoseconds.
    pub every: Option<u64>,
    /// Before it has more bytes than this.
    pub size: Option<u64>,
    asked: Arc<AtomicU64>,
}

impl Rotation {
    /// A rotation by time, by size, or by both.
    pub fn new(every: Option<u64>, size: Option<u64>) -> Self {
        Self { every, size, asked: Arc::default() }
    }

    /// Finishes all pieces now.
    pub fn ask(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }
}

/// The file.
#[derive(Debug)]
pub struct Pieces {
    path: PathBuf,
    file: BufWriter<File>,
    rotation: Option<Rotation>,
    /// Bytes of this piece, and of them those of its head.
    written: u64,
    head: u64,
    begun: Timestamp,
    now: Timestamp,
    number: u32,
    /// How often somebody had asked when this piece was begun.
    asked: u64,
}

impl Pieces {
    /// Begins a file, which stays one piece until [`Self::rotate`] says otherwise.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        let none = Timestamp::NONE;
        Ok(Self { path: path.to_owned(), file, rotation: None, written: 0, head: 0, begun: none, now: none, number: 0, asked: 0 })
    }

    /// From now on it is written in pieces; something that is no regular file never is.
    pub fn rotate(&mut self, rotation: &Rotation, now: Timestamp) {
        if self.file.get_ref().metadata().is_ok_and(|metadata| metadata.is_file()) {
            self.rotation = Some(rotation.clone());
            (self.begun, self.now) = (now, now);
        }
    }

    /// What was written to this piece so far is its head: alone it is not worth a piece.
    pub fn mark_head(&mut self) {
        self.head = self.written;
    }

    /// Tells what time it is.
    pub fn tell(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Whether this piece is finished when `more` bytes are still to come.
    pub fn is_due(&mut self, more: u64) -> bool {
        let Some(rotation) = &self.rotation else { return false };
        let is_empty = self.written == self.head;
        let is_old = rotation.every.is_some_and(|every| self.now.nanos_since(self.begun) >= every);
        if is_old && is_empty {
            self.begun = self.now;
        }
        let is_full = rotation.size.is_some_and(|size| self.written + more > size);
        (!is_empty && (is_old || is_full)) || rotation.asked.load(Ordering::SeqCst) != self.asked
    }

    /// Finishes this piece and begins the next; whether there was anything to finish.
    pub fn turn(&mut self) -> io::Result<bool> {
        self.file.flush()?;
        self.asked = self.rotation.as_ref().map_or(0, |rotation| rotation.asked.load(Ordering::SeqCst));
        match (self.is_in_place(), self.written > self.head) {
            (true, true) => {
                self.number += 1;
                fs::rename(&self.path, free_name(&self.path, self.begun, &mut self.number))?;
            }
            (true, false) => return Ok(false),
            // Somebody else has moved it already: he has its content, and wants the name.
            (false, _) => {}
        }
        self.file = BufWriter::with_capacity(BUFFER, File::create(&self.path)?);
        (self.written, self.head, self.begun) = (0, 0, self.now);
        Ok(true)
    }

    /// Whether the name still leads to what is being written.
    fn is_in_place(&self) -> bool {
        let (open, named) = (self.file.get_ref().metadata(), fs::metadata(&self.path));
        let which = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        open.map(which).ok().zip(named.map(which).ok()).is_some_and(|(open, named)| open == named)
    }

    /// Keeps what an earlier run left under a name as a piece, so that it is not overwritten.
    pub fn set_aside(path: &Path) -> io::Result<()> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && metadata.len() > 0 => {
                let modified = Timestamp::new(metadata.mtime(), 0, 0);
                fs::rename(path, free_name(path, modified, &mut 0))
            }
            _ => Ok(()),
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The name of a piece; where it is taken, that of a later number.
fn free_name(path: &Path, begun: Timestamp, number: &mut u32) -> PathBuf {
    loop {
        let name = piece_name(path, begun, *number);
        if fs::symlink_metadata(&name).is_err() {
            return name;
        }
        *number += 1;
    }
}

fn piece_name(path: &Path, begun: Timestamp, number: u32) -> PathBuf {
    let time: String = begun.text().chars().filter(|c| !matches!(c, '-' | ':')).take_while(|c| *c != '.' && *c != 'Z').collect();
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{time}Z-{number:05}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        // 2026-11-25T17:26:04Z is 1 795 627 564 seconds after 1970 began.
        Timestamp::new(1_795_627_564 + seconds, 5, 9)
    }

    fn begin(path: &Path, every: Option<u64>, size: Option<u64>) -> (Pieces, Rotation) {
        let rotation = Rotation::new(every, size);
        let mut pieces = Pieces::create(path).unwrap();
        pieces.rotate(&rotation, at(0));
        (pieces, rotation)
    }

    /// A record of a kind that may be cut before.
    fn put(pieces: &mut Pieces, text: &str) {
        if pieces.is_due(text.len() as u64) {
            pieces.turn().unwrap();
        }
        pieces.write_all(text.as_bytes()).unwrap();
    }

    fn content(dir: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_full_piece_gets_a_name_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pieces, _) = begin(&dir.path().join("a.log"), None, Some(5));
        for text in ["one", "22", "3", "too long", "5"] {
            put(&mut pieces, text);
        }
        pieces.flush().unwrap();
        let expected = [
            ("a-20261125T172604Z-00001.log", "one22"),
            ("a-20261125T172604Z-00002.log", "3"),
            ("a-20261125T172604Z-00003.log", "too long"),
            ("a.log", "5"),
        ];
        assert_eq!(content(dir.path()), named(&expected));
    }

    #[test]
    fn an_old_piece_is_finished_unless_there_is_nothing_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pieces, _) = begin(&dir.path().join("a"), Some(10 * SECOND), None);
        pieces.write_all(b"head").unwrap();
        pieces.mark_head();
        pieces.tell(at(10));
        put(&mut pieces, " 1");
        pieces.tell(at(19));
        put(&mut pieces, " 2");
        pieces.tell(at(20));
        put(&mut pieces, "3");
        pieces.flush().unwrap();
        assert_eq!(content(dir.path()), named(&[("a", "3"), ("a-20261125T172614Z-00001", "head 1 2")]));
    }

    #[test]
    fn whoever_asks_gets_a_piece_and_whoever_has_moved_the_file_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let (mut pieces, rotation) = begin(&path, None, Some(100));
        rotation.ask();
        put(&mut pieces, "1");
        rotation.ask();
        put(&mut pieces, "2");
        fs::rename(&path, dir.path().join("moved")).unwrap();
        // As `logrotate` with `create` leaves it.
        fs::write(&path, "").unwrap();
        rotation.ask();
        put(&mut pieces, "3");
        pieces.flush().unwrap();
        let expected = [("a-20261125T172604Z-00001.log", "1"), ("a.log", "3"), ("moved", "2")];
        assert_eq!(content(dir.path()), named(&expected));
    }

    #[test]
    fn what_an_earlier_run_left_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "before").unwrap();
        Pieces::set_aside(&path).unwrap();
        let files = content(dir.path());
        let [(name, text)] = &*files else { panic!("{files:?}") };
        assert!(name.starts_with("a-2") && name.ends_with("Z-00000.log"), "{name}");
        assert_eq!(text, "before");
    }

    #[test]
    fn what_is_no_regular_file_stays_one() {
        let (mut pieces, rotation) = begin(Path::new("/dev/null"), Some(1), Some(1));
        rotation.ask();
        pieces.tell(at(100));
        put(&mut pieces, "much");
        assert!(!pieces.is_due(1));
    }
}
