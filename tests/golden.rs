//! What the real binary says of every capture in `fixtures/`, line by line against `expect.ndjson`.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes them anew, to be read in review.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn every_fixture_reads_as_expected() {
    let cases = support::fixtures();
    assert!(cases.len() > 10, "fixtures are missing: {cases:?}");
    let complaints: Vec<_> = cases.iter().filter_map(|case| complaint_of(case)).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn complaint_of(case: &Path) -> Option<String> {
    let said = match said_of(case) {
        Ok(said) => said,
        Err(complaint) => return Some(complaint),
    };
    let golden = case.join("expect.ndjson");
    if support::is_asked_for("UPDATE_GOLDEN") {
        std::fs::write(&golden, said).unwrap();
        return None;
    }
    match std::fs::read_to_string(&golden) {
        Ok(expected) => difference(&expected, &said).map(|lines| format!("{}: {lines}", golden.display())),
        Err(error) => Some(format!("{}: {error} (make golden writes it)", golden.display())),
    }
}

/// The binary's output, run inside of the case so that paths are short. Damage is part of some cases: 3 is no failure.
fn said_of(case: &Path) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.current_dir(case).args(["read", "capture.pcap", "--format", "ndjson"]).output().unwrap();
    let status = output.status.code();
    if status != Some(0) && status != Some(3) {
        return Err(format!("{}: exit code {status:?}: {}", case.display(), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(without_versions(&String::from_utf8(output.stdout).unwrap()))
}

/// The version and the catalog's digest change without any flow changing.
fn without_versions(output: &str) -> String {
    let output = output.replace(concat!(r#""version":""#, env!("CARGO_PKG_VERSION"), '"'), r#""version":"*""#);
    let digest = r#""catalog":"sha256:"#;
    match output.split_once(digest).map(|(before, after)| (before, after.trim_start_matches(|c: char| c.is_ascii_hexdigit()))) {
        Some((before, after)) => format!("{before}{digest}*{after}"),
        None => output,
    }
}

/// The first line that differs, by field, and how many lines there should be.
fn difference(expected: &str, said: &str) -> Option<String> {
    if expected == said {
        return None;
    }
    let (expected, said): (Vec<_>, Vec<_>) = (expected.lines().collect(), said.lines().collect());
    let at = expected.iter().zip(&said).take_while(|(expected, said)| expected == said).count();
    let line = |lines: &[&str]| lines.get(at).and_then(|line| serde_json::from_str::<Value>(line).ok()).unwrap_or_default();
    let counts = format!("{} lines expected, {} said", expected.len(), said.len());
    Some(format!("line {}, {counts}{}", at + 1, fields(&line(&expected), &line(&said))))
}

/// A line for each field of two records that differs.
fn fields(expected: &Value, said: &Value) -> String {
    let names: BTreeSet<_> = [expected, said].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys()).collect();
    let shown = |value: Option<&Value>| value.map_or("(nothing)".to_owned(), Value::to_string);
    let mut lines = String::new();
    for name in names {
        let (expected, said) = (expected.get(name), said.get(name));
        if expected != said {
            lines += &["\n  ", name, ": ", &shown(expected), " expected, ", &shown(said), " said"].concat();
        }
    }
    lines
}
