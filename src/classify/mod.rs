//! Floor 3: evidence and catalog become a label. Pure: the same flow and catalog always give the same answer.
//!
//! [`ends()`] tells the client from the server, [`label()`] fills in what the catalog says of a record. Both look at counts, ports, protocol
//! numbers and what recognizers found; they know no packet, no file and no policy. `lookup` finds the fact, `payload` holds what was
//! recognised against it, `learned` what was announced, `reason` writes the sentence, `remarks` adds what the course of the flow tells.
//!
//! The precedence of evidence is the order of [`crate::record::Evidence`]; one more kind of flag or note is a line in `words.rs`.

mod ends;
mod label;
mod learned;
mod lookup;
mod payload;
mod reason;
mod remarks;
#[cfg(test)]
mod tests;
mod words;

pub use ends::{Ends, ends};
pub use label::label;
pub use learned::Learned;
pub use words::{FLAGS, FOREIGN, NOTES, meaning};
