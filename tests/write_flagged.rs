//! `--write-flagged`: what comes into the file is what the records count, and nothing else.

#![cfg(test)]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{fixtures, repository};

/// Records (by key, without what says where they stand), and the summary.
fn read(arguments: &[&str], stdin: Option<&Path>) -> (Vec<Value>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    command.args(["read", "--format", "ndjson", "--with", "common-lan"]).args(arguments);
    command.stdin(stdin.map_or_else(Stdio::null, |path| File::open(path).unwrap().into()));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.pop().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (lines, summary)
}

/// What can be held against each other: ends, packets, bytes, first and last, verdict.
fn counted(record: &Value) -> String {
    let fields = ["transport", "packets", "bytes", "first", "last", "icmp_errors"];
    let ends = [&record["client"]["ip"], &record["client"]["port"], &record["server"]["ip"], &record["server"]["port"]];
    format!("{ends:?} {:?}", fields.map(|field| &record[field]))
}

/// The records of flagged flows of a capture, and those of what was written of it.
fn both(capture: &Path, stdin: bool) -> (Vec<String>, Vec<String>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("flagged.pcapng");
    let (name, from) = if stdin { ("-", Some(capture)) } else { (capture.to_str().unwrap(), None) };
    let (records, summary) = read(&[name, "--write-flagged", written.to_str().unwrap()], from);
    let flagged = records.iter().filter(|record| record["verdict"] != "matched").map(counted).collect();
    let (again, _) = read(&[written.to_str().unwrap()], None);
    (flagged, again.iter().map(counted).collect(), summary["write_flagged"].clone())
}

#[test]
fn what_is_written_holds_the_flagged_flows() {
    let mut flows = 0;
    for case in fixtures().iter().filter(|case| !case.to_string_lossy().contains("hostile")) {
        let capture = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
        for capture in capture.filter(|path| path.file_stem().is_some_and(|stem| stem == "capture")) {
            for stdin in [false, true] {
                let (flagged, written, summary) = both(&capture, stdin);
                // Packets of flagged flows inside of tunnels bring the tunnels with them, so there may be more in the file than was flagged.
                for record in &flagged {
                    assert!(written.contains(record), "{} {stdin}: {record}\n{written:#?}", capture.display());
                }
                assert_eq!((summary["flows"].as_u64(), summary["not_kept"].as_u64()), (Some(flagged.len() as u64), Some(0)));
                flows += flagged.len();
            }
        }
    }
    assert!(flows > 12, "the fixtures hold flagged flows: {flows}");
}

#[test]
fn every_packet_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("flagged.pcapng");
    let demo = repository("fixtures/demo/segment/capture.pcap");
    let (records, summary) = read(&[demo.to_str().unwrap(), "--write-flagged", written.to_str().unwrap()], None);
    let bytes = fs::read(&written).unwrap();
    let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|window| *window == needle).count() as u64;
    let mut packets = 0;
    for record in records.iter().filter(|record| record["verdict"] != "matched") {
        let of_flow = record["packets"]["client"].as_u64().unwrap() + record["packets"]["server"].as_u64().unwrap();
        let comment = format!("flowlabel {}: {}", record["id"].as_str().unwrap(), record["verdict"].as_str().unwrap());
        assert_eq!(count(comment.as_bytes()), of_flow, "{comment}");
        packets += of_flow;
    }
    assert_eq!(summary["write_flagged"]["packets"], packets);
    assert_eq!(count(b"is documented as HTTPS"), 11, "the SSH connection to port 443, as tshark counts its packets");
}

/// In an audit the finding comes first, then what the catalog makes of the flow.
#[test]
fn every_packet_of_a_finding_says_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("flagged.pcapng");
    let segment = repository("fixtures/demo/segment");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    command.arg("audit").arg("--policy").arg(segment.join("policy.toml")).arg(segment.join("capture.pcap"));
    assert_eq!(command.arg("--write-flagged").arg(&written).output().unwrap().status.code(), Some(1));
    let bytes = fs::read(&written).unwrap();
    let count = |needle: &str| bytes.windows(needle.len()).filter(|window| *window == needle.as_bytes()).count();
    // Packets as the scenario has them.
    assert_eq!(count("flowlabel 216.0: role-missing: 10.1.0.9 (Site Server) answers SMS Remote Chat (TCP 2703)"), 14);
    assert_eq!(count(" matched: TCP 2703 is SMS Remote Chat"), 14);
    let contradicted =
        "flowlabel 277.0: payload-contradicts-port: sccm.link.15 (Client -> Distribution Point) expects HTTPS (TCP 443)";
    assert_eq!(count(contradicted), 11);
    assert_eq!(count(" mismatched, payload-contradicts-port: TCP 443 is documented as HTTPS"), 11);
}

#[test]
fn what_is_not_selected_is_not_written_and_what_the_spool_cannot_hold_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("flagged.pcapng");
    let demo = repository("fixtures/demo/segment/capture.pcap");
    let options = ["--write-flagged", written.to_str().unwrap()];
    let (_, summary) = read(&[&[demo.to_str().unwrap(), "--only", "verdict=mismatched"], &options[..]].concat(), None);
    assert_eq!(summary["write_flagged"]["flows"], 1);
    let (_, whole) = read(&[&["-"], &options[..]].concat(), Some(&demo));
    let (_, part) = read(&[&["-", "--spool", "8K"], &options[..]].concat(), Some(&demo));
    let (whole, part) = (&whole["write_flagged"], &part["write_flagged"]);
    let sum = part["packets"].as_u64().unwrap() + part["not_kept"].as_u64().unwrap();
    assert!(part["not_kept"].as_u64() > Some(0) && Some(sum) == whole["packets"].as_u64(), "{part} {whole}");
}

#[test]
fn an_input_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture.pcap");
    fs::copy(repository("fixtures/demo/segment/capture.pcap"), &capture).unwrap();
    let before = fs::read(&capture).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.arg("read").arg(&capture).arg("--write-flagged").arg(&capture).output().unwrap();
    assert_eq!((output.status.code(), fs::read(&capture).unwrap()), (Some(2), before));
}
