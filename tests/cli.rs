//! The real binary as a script meets it: inputs, formats, exit codes, what goes to stdout and what to stderr.

#![cfg(test)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Frames in the demo capture, as `tshark -r` counts them.
const DEMO_FRAMES: u64 = 322;

/// The global header of a pcap file and the header of each record in it.
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The last line, which must be a summary.
    fn summary(&self) -> Value {
        let summary = self.lines().pop().unwrap_or_else(|| panic!("nothing on stdout; stderr: {}", self.err));
        assert_eq!(summary["type"], "summary");
        summary
    }
}

fn flowlabel() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    command.env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn said(arguments: &[&str]) -> Said {
    said_by(flowlabel().args(arguments))
}

fn said_by(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn demo() -> PathBuf {
    support::repository("fixtures/demo/segment/capture.pcap")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The bytes of the demo's file up to the end of so many records.
fn demo_cut_after(records: usize) -> Vec<u8> {
    let whole = fs::read(demo()).unwrap();
    let mut end = FILE_HEADER;
    for _ in 0..records {
        let length: [u8; 4] = whole[end + 8..end + 12].try_into().unwrap();
        end += RECORD_HEADER + u32::from_le_bytes(length) as usize;
    }
    whole[..end].to_vec()
}

#[test]
fn ndjson_ends_with_a_summary_whose_sums_agree() {
    let said = said(&["read", text(&demo()), "--format", "ndjson"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let summary = said.summary();
    let packets = &summary["packets"];
    let part = |name: &str| packets[name].as_u64().unwrap();
    assert_eq!(part("total"), DEMO_FRAMES);
    assert_eq!(part("flows") + part("non_ip") + part("undecodable"), DEMO_FRAMES);
    let records = said.lines().len() as u64 - 1;
    assert_eq!(summary["flows"]["total"].as_u64(), Some(records));
}

#[test]
fn json_holds_the_same_flows_and_summary() {
    let lines = said(&["read", text(&demo()), "--format", "ndjson"]).lines();
    let json: Value = serde_json::from_str(&said(&["read", text(&demo()), "--format", "json"]).out).unwrap();
    let (summary, flows) = lines.split_last().unwrap();
    assert_eq!(json["flows"].as_array().unwrap(), flows);
    assert_eq!(&json["summary"], summary);
}

#[test]
fn csv_has_a_head_and_a_row_for_each_flow() {
    let flows = said(&["read", text(&demo()), "--format", "ndjson"]).lines().len() - 1;
    let csv = said(&["read", text(&demo()), "--format", "csv"]).out;
    assert_eq!(csv.lines().count(), flows + 1);
    assert!(csv.starts_with("type,id,"), "{}", csv.lines().next().unwrap_or_default());
}

#[test]
fn the_table_fits_a_pipe_without_colour() {
    let table = said(&["read", text(&demo())]);
    assert_eq!(table.code, Some(0));
    assert!(!table.out.is_empty() && !table.out.contains('\x1b'), "{}", table.out);
}

#[test]
fn output_is_the_same_for_any_number_of_workers() {
    let with = |workers| said(&["read", text(&demo()), "--format", "ndjson", "--workers", workers]).out;
    let one = with("1");
    for workers in ["2", "3", "8"] {
        assert_eq!(with(workers), one, "{workers} workers");
    }
}

#[test]
fn standard_input_reads_like_a_file() {
    let from_file = said(&["read", text(&demo()), "--format", "ndjson"]);
    let piped = said_by(flowlabel().args(["read", "-", "--format", "ndjson"]).stdin(fs::File::open(demo()).unwrap()));
    assert_eq!(piped.code, Some(0));
    let flows =
        |said: &Said| said.out.lines().filter(|line| line.contains(r#""type":"flow""#)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(flows(&piped), flows(&from_file));
    assert_eq!(piped.summary()["run"]["inputs"][0]["path"], "-");
}

#[test]
fn a_directory_is_read_in_order_and_passes_over_what_is_no_capture() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    for name in ["c.pcap", "a.pcap", "b/x.pcap"] {
        fs::copy(demo(), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "not a capture\n").unwrap();
    let said = said(&["read", text(folder.path()), "--format", "ndjson", "--verbose"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("notes.txt"), "{}", said.err);
    let summary = said.summary();
    let inputs = summary["run"]["inputs"].as_array().unwrap();
    let names: Vec<_> =
        inputs.iter().map(|input| input["path"].as_str().unwrap().strip_prefix(text(folder.path())).unwrap()).collect();
    assert_eq!(names, ["/a.pcap", "/b/x.pcap", "/c.pcap"]);
    assert_eq!(summary["packets"]["total"], 3 * DEMO_FRAMES);
}

#[test]
fn a_cut_file_is_reported_up_to_the_cut() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcap");
    let mut bytes = demo_cut_after(100);
    let whole = bytes.len() as u64;
    // The 101st record: its header and a few bytes of what should follow.
    bytes = [bytes, fs::read(demo()).unwrap()[whole as usize..][..RECORD_HEADER + 5].to_vec()].concat();
    fs::write(&cut, bytes).unwrap();
    let said = said(&["read", text(&cut), "--format", "ndjson"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    let summary = said.summary();
    assert_eq!(summary["packets"]["total"], 100);
    let damage = &summary["damage"][0];
    assert_eq!(damage["file"], text(&cut));
    assert!(damage["offset"].as_u64().is_some_and(|offset| offset >= whole), "{damage}");
    assert!(damage["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{damage}");
    assert!(said.err.contains("cut.pcap"), "{}", said.err);
}

#[test]
fn a_file_that_ends_after_a_record_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short.pcap");
    fs::write(&short, demo_cut_after(100)).unwrap();
    let said = said(&["read", text(&short), "--format", "ndjson"]);
    assert_eq!((said.code, said.summary()["packets"]["total"].as_u64()), (Some(0), Some(100)));
}

#[test]
fn what_is_no_capture_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("empty.pcap", ""), ("text.pcap", "Dear diary, today I saw no packets at all.\n")] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let said = said(&["read", text(&path)]);
        assert_eq!(said.code, Some(3), "{name}: {}", said.err);
        assert!(said.err.contains(name), "{name}: {}", said.err);
    }
}

#[test]
fn nothing_to_open_is_code_2() {
    let said = said(&["read", "no/such/file.pcap"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("no/such/file.pcap"), "{}", said.err);
    assert_eq!(said.out, "");
}

#[test]
fn wrong_usage_is_code_2_and_says_what_would_be_right() {
    for (arguments, part) in [
        (&["read"][..], "Usage"),
        (&["read", "x.pcap", "--format", "xml"], "ndjson"),
        (&["read", "x.pcap", "--no-such-option"], "--no-such-option"),
        (&["label"], "label"),
    ] {
        let said = said(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(part), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn help_and_version_are_asked_for() {
    let version = said(&["--version"]);
    assert_eq!((version.code, version.out.trim()), (Some(0), concat!("flowlabel ", env!("CARGO_PKG_VERSION"))));
    let help = said(&["read", "--help"]);
    assert_eq!(help.code, Some(0));
    for format in ["table", "json", "ndjson", "csv"] {
        assert!(help.out.contains(format), "{format}: {}", help.out);
    }
}

#[test]
fn results_go_to_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("flows.ndjson");
    let quiet = said(&["read", text(&demo()), "--format", "ndjson", "-o", text(&output)]);
    assert_eq!((quiet.code, quiet.out.as_str()), (Some(0), ""), "{}", quiet.err);
    assert!(fs::read_to_string(&output).unwrap().lines().count() > 30);
    let nowhere = said(&["read", text(&demo()), "-o", "no/such/folder/flows.txt"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.err);
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let mut child = flowlabel()
        .args(["read", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody listens any more before the first byte is read.
    drop(child.stdout.take());
    // It may stop reading once it knows.
    let _ = child.stdin.take().unwrap().write_all(&fs::read(demo()).unwrap());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
