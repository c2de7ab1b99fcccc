//! The rules against the documents themselves. They are not in the repository: where they are not at hand, this says so.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use flowlabel::catalog::{Port, Status};

use crate::catalog;

const FILES: &[(&str, &str)] = &[
    ("q256884", "000_eec3b215b22a90c6.txt"),
    ("kb832017-early", "001_bf89df70d7453905.txt"),
    ("sccm-2007", "002_031579148e7645ef.txt"),
    ("kb832017", "003_72384046dc89115e.txt"),
    ("vmm-2016", "004_8bd081240f7ba739.txt"),
];

/// Document id and text of each, or nothing where they are not beside the repository.
fn documents() -> Option<Vec<(&'static str, String)>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/sources");
    let directory = std::env::var_os("FLOWLABEL_SOURCES").map_or(beside, PathBuf::from);
    let read: Option<Vec<_>> =
        FILES.iter().map(|(id, file)| Some((*id, fs::read_to_string(directory.join(file)).ok()?))).collect();
    if read.is_none() {
        eprintln!("NOT CHECKED: the source documents are not in {} (set FLOWLABEL_SOURCES)", directory.display());
    }
    read
}

/// A cited row must hold the number it is cited for.
#[test]
fn every_cited_line_holds_its_number() {
    let Some(documents) = documents() else { return };
    let mut looked_at = 0;
    for fact in catalog().facts.iter().filter(|fact| fact.status != Status::Derived) {
        for source in fact.sources.iter().chain(&fact.also) {
            let id = &catalog().document(source.doc).unwrap().id;
            let Some((_, text)) = documents.iter().find(|(known, _)| known == id) else { continue };
            let line = text.lines().nth(source.line as usize - 1).unwrap_or_else(|| panic!("{id} has no line {}", source.line));
            let numbers: HashSet<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            let holds = |port: &Port| match port {
                Port::One(number) => numbers.contains(number.to_string().as_str()),
                Port::Range(first, last) => line.contains(&format!("{first}-{last}")),
                Port::Dynamic => ["RANDOM", "DYNAMIC", "random", "dynamic", "assigned", "higher", "1025"]
                    .iter()
                    .any(|word| line.contains(word)),
            };
            // The default data port is one less than the control port in the prose, and so has no number there.
            assert!(fact.ports.iter().all(holds), "{id}:{} for {} {:?}: {line}", source.line, fact.protocol, fact.ports);
            looked_at += 1;
        }
    }
    assert!(looked_at > 700, "only {looked_at} lines");
}

#[test]
fn every_cited_line_lies_within_its_document() {
    let Some(documents) = documents() else { return };
    for (id, text) in &documents {
        let document = catalog().documents.iter().find(|document| document.id == *id).unwrap();
        assert_eq!(document.length, Some(text.lines().count() as u32), "{id}");
    }
    let sources = catalog().facts.iter().flat_map(|fact| fact.sources.iter().chain(&fact.also).chain(&fact.configurable_at));
    for source in sources.chain(catalog().systems.iter().flat_map(|system| &system.sources)) {
        let length = catalog().document(source.doc).unwrap().length;
        assert!(length.is_none_or(|length| (1..=length).contains(&source.line)), "{}", catalog().print_source(*source));
    }
    for cite in catalog().readings().iter().flat_map(|reading| &reading.cites) {
        let (id, line) = cite.split_once(':').unwrap();
        let document = catalog().documents.iter().find(|document| document.id == id).unwrap();
        assert!(line.parse::<u32>().unwrap() <= document.length.unwrap(), "{cite}");
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Names are facts; what is written about them is ours: no six words in a row of a document.
#[test]
fn no_sentence_of_a_document_is_copied() {
    let Some(documents) = documents() else { return };
    let mut runs: HashSet<Vec<String>> = HashSet::new();
    for (_, text) in &documents {
        runs.extend(words(text).windows(6).map(<[String]>::to_vec));
    }
    let mut texts: Vec<String> = Vec::new();
    for system in &catalog().systems {
        texts.extend(system.about.iter().chain(&system.note).chain(&system.without_port).chain(&system.notes).cloned());
    }
    for fact in &catalog().facts {
        texts.extend(fact.note.iter().chain(&fact.notes).cloned());
    }
    for reading in catalog().readings() {
        texts.extend([reading.title.clone(), reading.adopt.clone(), reading.why.clone()]);
    }
    texts.push(include_str!("../../rules/README.md").to_owned());
    for text in texts {
        for run in words(&text).windows(6) {
            assert!(!runs.contains(run), "`{}` is copied in: {text}", run.join(" "));
        }
    }
}
