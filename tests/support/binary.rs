//! The real binary as a script meets it.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run said and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Every line of ndjson.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The records, and the summary that must come last.
    pub fn records(&self) -> (Vec<Value>, Value) {
        let mut records = self.lines();
        let summary = records.pop().unwrap_or_else(|| panic!("nothing on stdout; stderr: {}", self.err));
        assert_eq!(summary["type"], "summary");
        (records, summary)
    }

    pub fn summary(&self) -> Value {
        self.records().1
    }
}

/// The binary, with an input that is at its end and no colour asked for or against.
pub fn flowlabel() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    command.env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn said_by(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// `flowlabel read PATH --format ndjson OPTIONS...`
pub fn read(path: &Path, options: &[&str]) -> Said {
    said_by(flowlabel().arg("read").arg(path).args(["--format", "ndjson"]).args(options))
}
