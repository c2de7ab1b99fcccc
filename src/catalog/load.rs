//! From files to a catalog: the built-in rules, then each `--rules` directory, the later winning.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::build::{Input, Parts, build};
use super::index::Index;
use super::mistake::Mistakes;
use super::nearest::suggestion;
use super::reader::Reader;
use super::{Catalog, FactRef, RuleFile, SystemRef, builtin, raw};

/// Which rules to load.
#[derive(Clone, Debug)]
pub struct Options {
    /// Start from the rules in the binary.
    pub builtin: bool,
    /// Optional built-in files to switch on (`common-lan`).
    pub with: Vec<String>,
    /// Directories whose `*.toml` add to or override what is there, later ones winning.
    pub rules: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { builtin: true, with: Vec::new(), rules: Vec::new() }
    }
}

/// Why there is no catalog.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The rules have mistakes.
    #[error("{0}")]
    Mistakes(#[from] Mistakes),
    /// A directory or file cannot be read.
    #[error("cannot read the rules in {path}: {error}")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A directory holds no rules.
    #[error("{0} holds no rules: no file there ends in .toml")]
    Empty(PathBuf),
    /// `--with` names no built-in file.
    #[error("no built-in rules are called `{word}`{meant} (possible: {})", optional_names().join(", "))]
    UnknownWith {
        /// The word.
        word: String,
        /// The nearest name.
        meant: String,
    },
}

/// What `--with` can switch on.
pub fn optional_names() -> Vec<&'static str> {
    builtin::OPTIONAL.iter().map(|(name, _)| *name).collect()
}

impl Catalog {
    /// Loads the rules that the options name.
    pub fn load(options: &Options) -> Result<Self, LoadError> {
        let mut files = Vec::new();
        if options.builtin {
            files.extend(builtin::FILES.iter().map(|(name, text)| built_in(name, text)));
        }
        for word in &options.with {
            files.push(optional(word)?);
        }
        for (at, directory) in options.rules.iter().enumerate() {
            files.extend(directory_files(directory, at as u16 + 1)?);
        }
        Ok(Self::from_files(files)?)
    }

    /// Builds a catalog from files already read.
    pub fn from_files(files: Vec<RuleFile>) -> Result<Self, Mistakes> {
        let mut inputs: Vec<Input<'_>> = files.iter().map(input).collect();
        let (parts, mistakes) = build(&mut inputs);
        drop(inputs);
        if mistakes.is_empty() { Ok(Self::from_parts(parts, files)) } else { Err(Mistakes(mistakes)) }
    }

    fn from_parts(parts: Parts, files: Vec<RuleFile>) -> Self {
        let ids = parts.systems.iter().enumerate().map(|(at, system)| (system.id.clone(), SystemRef(at as u16))).collect();
        let mut protocols: HashMap<String, Vec<FactRef>> = HashMap::new();
        for (at, fact) in parts.facts.iter().enumerate() {
            for name in std::iter::once(&fact.protocol).chain(&fact.printed) {
                let facts = protocols.entry(name.to_lowercase()).or_default();
                if facts.last() != Some(&FactRef(at as u32)) {
                    facts.push(FactRef(at as u32));
                }
            }
        }
        let mut catalog = Self {
            files,
            documents: parts.documents,
            products: parts.products,
            roles: parts.roles,
            protocol_rules: parts.protocols,
            systems: parts.systems,
            facts: parts.facts,
            repeated: parts.repeated,
            index: Index::empty(),
            ids,
            protocols,
            readings: OnceLock::new(),
            hints: OnceLock::new(),
            digest: OnceLock::new(),
            defects: OnceLock::new(),
            dynamic_texts: Default::default(),
            announced_texts: OnceLock::default(),
        };
        catalog.index = Index::compile(&catalog);
        catalog
    }
}

fn built_in(name: &str, text: &'static str) -> RuleFile {
    RuleFile { name: name.to_owned(), text: Cow::Borrowed(text), layer: 0 }
}

fn optional(word: &str) -> Result<RuleFile, LoadError> {
    match builtin::OPTIONAL.iter().find(|(name, _)| *name == word) {
        Some((name, text)) => Ok(built_in(&format!("rules/{name}.toml"), text)),
        None => Err(LoadError::UnknownWith { word: word.to_owned(), meant: suggestion(word, optional_names()) }),
    }
}

/// The `*.toml` of a directory in order of name (a single file is taken as it is).
fn directory_files(directory: &Path, layer: u16) -> Result<Vec<RuleFile>, LoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| LoadError::Unreadable { path, error }
    };
    let mut paths = Vec::new();
    if directory.is_file() {
        paths.push(directory.to_owned());
    } else {
        for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
            paths.push(entry.map_err(unreadable(directory))?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
    }
    if paths.is_empty() {
        return Err(LoadError::Empty(directory.to_owned()));
    }
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(unreadable(path))?;
        Ok(RuleFile { name: path.display().to_string(), text: Cow::Owned(text), layer })
    };
    paths.iter().map(read).collect()
}

fn input(file: &RuleFile) -> Input<'_> {
    let mut reader = Reader::new(&file.name, &file.text);
    let raw = raw::read(&mut reader);
    let stem = Path::new(&file.name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Input { reader, raw, layer: file.layer, stem }
}

/// `sha256:` over name, length and text of every file: the same rules give the same word on every machine.
pub(super) fn digest(files: &[RuleFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let name = Path::new(&file.name).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((file.text.len() as u64).to_be_bytes());
        hash.update(file.text.as_bytes());
    }
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
