//! The plan of the house: imports go to a lower floor only, every folder says what it is, functions stay short.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate and the floor each stands on. A new module needs a line here.
const FLOORS: &[(&str, u8)] = &[
    ("net", 0),
    ("record", 0),
    ("wire", 1),
    ("capture", 1),
    ("catalog", 1),
    ("recognize", 1),
    ("announce", 1),
    ("naming", 1),
    ("flow", 2),
    ("classify", 3),
    ("audit", 3),
    ("engine", 4),
    ("report", 5),
    ("pipeline", 5),
    ("tui", 6),
    ("cli", 7),
];

/// The vocabulary is one floor: records are made of its words. What announces is read with the tools that recognise.
const NEIGHBOURS: &[(&str, &str)] = &[("record", "net"), ("announce", "recognize"), ("naming", "recognize")];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

/// Longest function allowed, in lines with its signature.
const LONGEST: usize = 80;

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The first folder or file name under `src`.
    fn module(&self) -> String {
        let inside = self.path.strip_prefix(root()).unwrap();
        let first = inside.components().next().unwrap();
        first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
    }

    fn is_entrance(&self) -> bool {
        matches!(self.module().as_str(), "lib" | "main" | "bin")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(Source { text: fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The modules that a text names after `crate::`, with comments left out; `crate::{a::B, c}` names two.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(top_names(group)),
            None => names.push(word(rest)),
        }
    }
    names.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    names.sort();
    names.dedup();
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The names at the first level of a brace group that has just been opened.
fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && depth == 0 && !c.is_whitespace() => {
                names.push(word(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

/// What is wrong with an import, if anything.
fn objection(from: &str, to: &str) -> Option<String> {
    let (here, there) = match (floor_of(from), floor_of(to)) {
        (Some(here), Some(there)) => (here, there),
        (None, _) => return Some(format!("module `{from}` stands on no floor: add it to FLOORS")),
        (_, None) => return Some(format!("`crate::{to}` stands on no floor: import from the module that defines it")),
    };
    let is_fine = from == to || there < here || NEIGHBOURS.contains(&(from, to));
    (!is_fine).then(|| format!("{from} (floor {here}) imports {to} (floor {there})"))
}

#[test]
fn imports_go_to_a_lower_floor() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_entrance()) {
        let from = source.module();
        let objections = imports(&source.text).into_iter().filter_map(|to| objection(&from, &to));
        wrong.extend(objections.map(|objection| format!("{}: {objection}", source.path.display())));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "use crate::net::{Addr, Frame};\nuse crate::{wire::{walk, Layer}, flow};\n// crate::tui\nfn f() -> crate::cli::X { not_crate::y() }";
    assert_eq!(imports(text), ["cli", "flow", "net", "wire"]);
    assert_eq!(objection("wire", "net"), None);
    assert_eq!(objection("record", "net"), None);
    for (from, to) in [("net", "record"), ("wire", "flow"), ("wire", "catalog"), ("wire", "nowhere"), ("nowhere", "net")] {
        assert!(objection(from, to).is_some(), "{from} -> {to}");
    }
}

#[test]
fn every_folder_says_what_it_is() {
    let silent = |source: &&Source| source.path.ends_with("mod.rs") && !source.text.starts_with("//! ");
    let silent: Vec<_> = sources().iter().filter(silent).map(|source| source.path.clone()).collect();
    assert!(silent.is_empty(), "begin with a `//!` comment: {silent:?}");
}

#[test]
fn names_say_something() {
    for source in sources() {
        for part in source.path.strip_prefix(root()).unwrap() {
            let name = part.to_string_lossy();
            let name = name.trim_end_matches(".rs");
            assert!(!EMPTY_NAMES.contains(&name), "{}: a name that says what it holds, please", source.path.display());
        }
    }
}

/// Name and length in lines of every function with a body. rustfmt puts its end on the column of its beginning.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_named(line) else { continue };
        let margin = &line[..line.len() - line.trim_start().len()];
        // `}` at the margin ends a body; `) -> X;` ends a declaration of several lines.
        let is_end = |line: &&str| {
            line.strip_prefix(margin).is_some_and(|rest| rest.starts_with('}') || rest.starts_with(')') && rest.ends_with(';'))
        };
        let more =
            if line.ends_with(['}', ';']) { Some(0) } else { lines[at + 1..].iter().position(is_end).map(|more| more + 1) };
        let length = more.map(|more| more + 1);
        found.extend(length.map(|length| (name, length)));
    }
    found
}

fn function_named(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let is_qualifier = |word: &str| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(&word) || word == "crate)"
    };
    words.find(|word| !is_qualifier(word)).filter(|word| *word == "fn")?;
    words.next().map(word)
}

#[test]
fn functions_are_short() {
    let mut all = Vec::new();
    for source in sources() {
        let of_file = functions(&source.text).into_iter();
        all.extend(of_file.map(|(name, length)| (length, format!("{}: {name}", source.path.display()))));
    }
    all.sort();
    let (longest, place) = all.last().unwrap();
    let within_30 = all.iter().filter(|(length, _)| *length <= 30).count() * 100 / all.len();
    println!(
        "{} functions, median {} lines, {within_30} % within 30, longest {longest} ({place})",
        all.len(),
        all[all.len() / 2].0
    );
    let long: Vec<_> = all.iter().filter(|(length, _)| *length > LONGEST).collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:?}");
}

#[test]
fn functions_are_measured_right() {
    let text = "pub(crate) fn one() {}\n\nimpl X {\n    const fn three(\n    ) {\n        y();\n    }\n    fn declared();\n}\n";
    assert_eq!(functions(text), [("one".to_owned(), 1), ("three".to_owned(), 4), ("declared".to_owned(), 1)]);
}
