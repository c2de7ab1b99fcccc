//! What is said about the inputs while they are read.

use std::fmt;

use crate::record::Damage;
use crate::record::escape::visible;

/// Something a person should know of an input though nothing is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The file.
    pub file: String,
    /// What there is to know.
    pub text: String,
}

/// A line for people.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", visible(&self.file), visible(&self.text))
    }
}

/// Damage and notes, each in the order they were found.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub damage: Vec<Damage>,
    pub notes: Vec<Note>,
}

impl Log {
    /// Damage to a file as a whole.
    pub fn damaged(&mut self, file: &str, reason: String) {
        self.damage.push(Damage { file: file.to_owned(), packet: None, offset: 0, reason });
    }

    /// A note on a file.
    pub fn note(&mut self, file: &str, text: String) {
        self.notes.push(Note { file: file.to_owned(), text });
    }
}
