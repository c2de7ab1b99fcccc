//! Exit codes and what leads to them.

use std::io;
use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, and there is something to report: `--fail-on` applies.
    Findings,
    /// Done as far as possible: an input was damaged, or is no capture.
    Damaged,
    /// Usage, catalog, policy or output error, or nothing could be opened.
    Unusable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Unusable => 2,
            Exit::Damaged => 3,
        })
    }
}

/// Why nothing could be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Output failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// We made a mistake: a thread has panicked, and said where.
    #[error("a fault of flowlabel itself ended the run; what was written is not complete. Please report it with the lines above")]
    Broken,
    /// Something typed makes no sense, or cannot be had.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// The exit code: what was written before a fault of ours is some of the input, not all.
    pub fn exit(&self) -> Exit {
        if matches!(self, Self::Broken) { Exit::Damaged } else { Exit::Unusable }
    }

    /// Whether whoever read the output has seen enough: no failure at all.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
