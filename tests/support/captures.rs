//! Captures by others, which are beside the repository and not in it, and what an oracle says is in each.
//!
//! The folder is `../shared/captures` beside the repository, or what `FLOWLABEL_CAPTURES` names. `files/` holds the captures, `oracle/` a JSON
//! page for each: what an independent reading of the file's framing counts (`header`), and tshark's flows and totals.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What the oracle says of a capture.
pub struct Page {
    /// The capture's path below `files/`.
    pub name: String,
    pub capture: PathBuf,
    pub text: Value,
}

/// Past the test harness, which hides what a test that passes prints.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Where the captures are; says so where there are none.
pub fn folder() -> Option<PathBuf> {
    let beside = || super::repository("../shared/captures");
    let folder = std::env::var_os("FLOWLABEL_CAPTURES").map_or_else(beside, PathBuf::from);
    if folder.join("files").is_dir() && folder.join("oracle").is_dir() {
        return Some(folder);
    }
    say(&format!("\nNOT TESTED: there are no captures in {} (set FLOWLABEL_CAPTURES)", folder.display()));
    None
}

/// All pages of the oracle, in order of name; `None` where there are no captures.
pub fn pages() -> Option<Vec<Page>> {
    let folder = folder()?;
    let oracle = folder.join("oracle");
    let mut found = Vec::new();
    json_files(&oracle, &mut found);
    found.sort();
    Some(found.iter().map(|path| page(&folder, path.strip_prefix(&oracle).unwrap())).collect())
}

fn page(folder: &Path, below: &Path) -> Page {
    let text = std::fs::read(folder.join("oracle").join(below)).unwrap();
    let name = below.with_extension("");
    Page {
        name: name.to_str().unwrap().to_owned(),
        capture: folder.join("files").join(&name),
        text: serde_json::from_slice(&text).unwrap(),
    }
}

fn json_files(below: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            into.push(path);
        }
    }
}
