//! Captures made from scenarios: a short TOML text that names hosts and says who sends what becomes the bytes of a capture file.
//!
//! ```text
//! scenario.toml --scenario--> Scenario --craft--> frames --file--> capture.pcap
//!                                 payload: the little language for bytes
//!                                 header:  one function a header, checksums right
//! ```
//!
//! Beside that `table` reads the tables of `tests/data` and `program` runs the real binary.
//!
//! It shares no code with the crate it tests: what both got wrong in the same way would not show. `fixtures/README.md`
//! describes the language. One more header is one function in `header.rs` and, where it wraps packets, one arm of `Via` in `scenario.rs`.

// Each test binary compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod binary;
pub mod captures;
pub mod conversation;
pub mod craft;
pub mod file;
pub mod framing;
pub mod header;
pub mod learned;
pub mod payload;
pub mod program;
pub mod records;
pub mod scenario;
pub mod table;
pub mod traffic;
pub mod updates;
#[cfg(feature = "live")]
pub mod wire;

use std::path::{Path, PathBuf};

/// What goes wrong while crafting is a sentence for the author of the scenario.
pub type Fallible<T> = Result<T, String>;

/// The bytes of the capture that a scenario describes.
pub fn capture(scenario: &str) -> Fallible<Vec<u8>> {
    let scenario: scenario::Scenario = toml::from_str(scenario).map_err(|error| error.to_string())?;
    Ok(file::write(&scenario, &craft::frames(&scenario)?))
}

/// A path from the top of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every folder `fixtures/<family>/<case>`, in order of name.
pub fn fixtures() -> Vec<PathBuf> {
    let mut cases: Vec<_> = folders(&repository("fixtures")).iter().flat_map(|family| folders(family)).collect();
    cases.sort();
    cases
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// A switch that a person sets to have files written anew.
pub fn is_asked_for(switch: &str) -> bool {
    std::env::var_os(switch).is_some_and(|value| !value.is_empty() && value != "0")
}
