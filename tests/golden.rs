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

/// `docs/protocols.md` is what `flowlabel catalog protocols` says, as a page.
#[test]
fn the_page_of_protocols_is_the_binarys() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.args(["catalog", "protocols", "--format", "json"]).output().unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let page = page_of(&rows);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/protocols.md");
    if support::is_asked_for("UPDATE_GOLDEN") {
        std::fs::write(&path, page).unwrap();
        return;
    }
    assert!(std::fs::read_to_string(&path).unwrap() == page, "{} is out of date (make golden writes it)", path.display());
}

fn page_of(rows: &[Value]) -> String {
    let words = |list: &Value, between: &str| {
        list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(between)
    };
    let web = rows.iter().find(|row| row["protocol"] == "HTTP").unwrap();
    let row = |row: &Value| {
        let name = row["protocol"].as_str().unwrap();
        let is_web = row["services"] == web["services"] && row["protocol"] != "HTTP";
        let services = if is_web { "as HTTP".to_owned() } else { words(&row["services"], ", ") };
        format!("| {name} | {} | {services} |\n", words(&row["transports"], ", "))
    };
    let those = |evidence: &str, has_label: bool| {
        let wanted = move |row: &&Value| row["evidence"] == evidence && row["label"].is_null() != has_label;
        rows.iter().filter(wanted).collect::<Vec<_>>()
    };
    let hints = those("payload", false);
    let (general, others): (Vec<_>, Vec<_>) = hints.into_iter().partition(|row| !row["services"].as_array().unwrap().is_empty());
    let names = |rows: Vec<&Value>| rows.into_iter().map(|row| row["protocol"].as_str().unwrap()).collect::<Vec<_>>().join(", ");
    let recognised: String = those("payload", true).into_iter().chain(general).map(row).collect();
    [
        "# Protocols\n\nWhat `flowlabel catalog protocols` prints; `make golden` writes this page anew.\n",
        "## Recognised by their bytes, on any port\n\n| protocol | over | services at whose ports it is at home |\n|---|---|---|",
        &recognised,
        "## Recognised as a hint\n\nNo document names them; they explain an unmatched flow.\n",
        &(names(others) + ".\n"),
        "## Without a published format\n\nThe port is the only evidence there can be, and records say so.\n",
        &(names(those("port", true)) + ".\n"),
    ]
    .join("\n")
}
