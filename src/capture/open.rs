//! What the given paths name: files, directories of files, standard input.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Source;
use super::between::Between;
use super::opener::Opener;
use super::sources::{Files, Merged};
use crate::net::Timestamp;
use crate::record::Damage;
use crate::record::escape::visible;

/// What to make of the inputs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Merge them by time instead of reading one after another.
    pub merge: bool,
    /// A filter in libpcap's syntax.
    pub filter: Option<String>,
    /// Leave out packets before this time.
    pub from: Option<Timestamp>,
    /// Leave out packets after this time.
    pub to: Option<Timestamp>,
}

/// Why nothing can be read at all.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Not one of the inputs could be opened.
    #[error("no input could be opened: {0}")]
    Nothing(String),
    /// The filter is wrong.
    #[cfg(feature = "live")]
    #[error(transparent)]
    Filter(#[from] super::FilterError),
    /// A filter was given to a build without libpcap.
    #[cfg(not(feature = "live"))]
    #[error("this flowlabel was built without libpcap and cannot filter")]
    Filter,
}

/// One thing to do, in order.
#[derive(Debug)]
pub(super) enum Entry {
    /// Read a file.
    File {
        /// Where.
        path: PathBuf,
        /// Found in a directory, not named by the user.
        listed: bool,
    },
    /// Read standard input.
    Stdin,
    /// All files of this directory have been read.
    EndOfDirectory(String),
    /// Say what is wrong.
    Trouble(Damage),
    /// Say what is passed over.
    PassedOver(String, &'static str),
}

/// The inputs as one source, in the order given; files are opened when their turn comes.
///
/// A file is `-` for standard input; of a directory, the captures in it and below it are read in the order of their names. What
/// cannot be opened is damage as long as something else can.
pub fn open(inputs: &[PathBuf], options: &Options) -> Result<Box<dyn Source>, OpenError> {
    let (entries, total) = list(inputs)?;
    let opener = Opener::new(entries, total);
    let source: Box<dyn Source> = if options.merge { Box::new(Merged::new(opener)) } else { Box::new(Files::new(opener)) };
    let source: Box<dyn Source> = match (options.from, options.to) {
        (None, None) => source,
        (from, to) => Box::new(Between::new(source, from, to)),
    };
    filtered(source, options.filter.as_deref())
}

#[cfg(feature = "live")]
fn filtered(source: Box<dyn Source>, filter: Option<&str>) -> Result<Box<dyn Source>, OpenError> {
    Ok(match filter {
        Some(filter) => Box::new(super::Filtered::new(source, filter)?),
        None => source,
    })
}

#[cfg(not(feature = "live"))]
fn filtered(source: Box<dyn Source>, filter: Option<&str>) -> Result<Box<dyn Source>, OpenError> {
    if filter.is_some() { Err(OpenError::Filter) } else { Ok(source) }
}

/// The entries of all inputs, and their size as stored where it can be known.
fn list(inputs: &[PathBuf]) -> Result<(Vec<Entry>, Option<u64>), OpenError> {
    let mut list = List { entries: Vec::new(), total: Some(0) };
    let mut troubles = Vec::new();
    for input in inputs {
        if let Err(reason) = list.named(input) {
            troubles.push(format!("{}: {reason}", visible(&input.display().to_string())));
            list.trouble(input, reason);
        }
    }
    if troubles.len() == inputs.len() { Err(OpenError::Nothing(troubles.join("; "))) } else { Ok((list.entries, list.total)) }
}

struct List {
    entries: Vec<Entry>,
    total: Option<u64>,
}

impl List {
    /// What the user named; the error says why it cannot be opened.
    fn named(&mut self, path: &Path) -> Result<(), String> {
        if path.as_os_str() == "-" {
            self.total = None;
            self.entries.push(Entry::Stdin);
            return Ok(());
        }
        let about = fs::metadata(path).map_err(|e| why_not(&e))?;
        if about.is_dir() {
            let names = names_in(path).map_err(|e| why_not(&e))?;
            self.below(names);
            self.entries.push(Entry::EndOfDirectory(path.display().to_string()));
            return Ok(());
        }
        if about.is_file() {
            // Anything else may wait for its other end when it is opened, and notices when it is closed.
            fs::File::open(path).map_err(|e| why_not(&e))?;
        }
        self.file(path, &about, false);
        Ok(())
    }

    fn file(&mut self, path: &Path, about: &fs::Metadata, listed: bool) {
        self.total = self.total.filter(|_| about.is_file()).map(|sum| sum.saturating_add(about.len()));
        self.entries.push(Entry::File { path: path.to_owned(), listed });
    }

    /// Everything of a directory, those below it in their place; `names` is in reverse order.
    fn below(&mut self, mut names: Vec<PathBuf>) {
        while let Some(path) = names.pop() {
            match self.found(&path) {
                Ok(below) => names.extend(below),
                Err(e) => self.trouble(&path, why_not(&e)),
            }
        }
    }

    /// One thing found in a directory; the things in it if it is a directory itself.
    fn found(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let kind = fs::symlink_metadata(path)?;
        if kind.is_dir() {
            return names_in(path);
        }
        let about = fs::metadata(path)?;
        let shown = || path.display().to_string();
        if about.is_file() {
            self.file(path, &about, true);
        } else if about.is_dir() {
            // It may lead back up.
            self.entries.push(Entry::PassedOver(shown(), "passed over: a link to a directory"));
        } else {
            self.entries.push(Entry::PassedOver(shown(), "passed over: not a regular file"));
        }
        Ok(Vec::new())
    }

    fn trouble(&mut self, path: &Path, reason: String) {
        self.entries.push(Entry::Trouble(Damage { file: path.display().to_string(), packet: None, offset: 0, reason }));
    }
}

/// The paths in a directory, last name first.
fn names_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable_by(|a, b| b.file_name().cmp(&a.file_name()));
    Ok(names)
}

/// What a person needs to know of an error when opening.
pub(super) fn why_not(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => format!("it cannot be opened: {error}"),
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
