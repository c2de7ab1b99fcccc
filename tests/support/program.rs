//! The real binary, and what it says.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What one run said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The whole of stdout as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}; stderr: {}", self.err))
    }
}

/// Runs the binary.
pub fn run(arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.env_remove("NO_COLOR").stdin(Stdio::null()).args(arguments).output();
    said(output.unwrap_or_else(|error| panic!("{arguments:?}: {error}")))
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The flow records of a capture, read with further options.
pub fn flows(capture: &[u8], options: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, capture).unwrap_or_else(|error| panic!("{error}"));
    let path = path.to_string_lossy();
    let said = run(&[&["read", &path, "--format", "ndjson"], options].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines =
        said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.filter(|line| line["type"] == "flow").collect()
}
