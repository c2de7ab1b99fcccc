//! Where results go: the report, the stream it is written to, and what decides the exit code.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use super::args::{FailOn, OutputArgs, When};
use super::exit::Failure;
use super::parse::Only;
use crate::record::{FlowRecord, Summary, SummaryBuilder};
use crate::report::{self, Report, View};

/// Bytes gathered before they are written.
const BUFFER: usize = 256 * 1024;

/// Writes the records a run selects, and counts all of them.
pub struct Output {
    report: Box<dyn Report + Send>,
    stream: Box<dyn Write + Send>,
    /// What messages call the stream.
    target: String,
    only: Vec<Only>,
    builder: SummaryBuilder,
    fail_on: Vec<FailOn>,
    flagged: bool,
    /// The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

impl Output {
    /// Opening an output empties it: a capture that was typed twice would be lost.
    pub fn must_not_be_input(args: &OutputArgs, inputs: &[PathBuf]) -> Result<(), Failure> {
        let Some(output) = args.output.as_ref().filter(|path| path.is_file()) else { return Ok(()) };
        let file = output.canonicalize()?;
        if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == file)) {
            return Err(Failure::Usage(format!("{} is an input; results would overwrite it", output.display())));
        }
        Ok(())
    }

    /// Opens the stream, so that a wrong path is known before anything is read.
    pub fn open(args: &OutputArgs, flows: bool, only: Vec<Only>) -> Result<Self, Failure> {
        let format = report::format(&args.format).ok_or_else(|| Failure::Usage(format!("no format '{}'", args.format)))?;
        let (stream, on_terminal): (Box<dyn Write + Send>, bool) = match &args.output {
            Some(path) => {
                let file =
                    File::create(path).map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))?;
                (Box::new(BufWriter::with_capacity(BUFFER, file)), false)
            }
            None => (Box::new(BufWriter::with_capacity(BUFFER, io::stdout())), io::stdout().is_terminal()),
        };
        let view = View { flows, ..view(args, on_terminal) };
        Ok(Self {
            report: (format.new)(&view),
            stream,
            target: args.output.as_ref().map_or("the results".to_owned(), |path| path.display().to_string()),
            only,
            builder: SummaryBuilder::default(),
            fail_on: args.fail_on.clone(),
            flagged: false,
            failed: None,
        })
    }

    /// Counts a record, and writes it where it is selected.
    pub fn flow(&mut self, record: &FlowRecord<'_>) {
        self.builder.flow(record);
        self.flagged |= record.is_flagged();
        if self.failed.is_none() && self.only.iter().all(|only| only.selects(record)) {
            self.failed = self.report.flow(record, &mut self.stream).err();
        }
    }

    /// Lets go of what is gathered, for those who watch.
    pub fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.stream.flush().err();
        }
    }

    /// Whether something could not be written: going on makes no sense.
    #[cfg(feature = "live")]
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Writes the summary, with what follows from the records filled in. Tells whether `--fail-on` applies.
    pub fn finish(mut self, mut summary: Summary) -> Result<bool, Failure> {
        std::mem::take(&mut self.builder).finish(&mut summary);
        self.end(&summary).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Io(error),
            _ => Failure::Usage(format!("cannot write {}: {error}", self.target)),
        })?;
        let lost = summary.drops.kernel + summary.drops.interface + summary.drops.flowlabel > 0;
        Ok(self.fail_on.iter().any(|what| match what {
            FailOn::Flagged => self.flagged,
            FailOn::Loss => lost,
        }))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.report.finish(summary, &mut self.stream)?;
        self.stream.flush()
    }
}

/// How a table may look.
fn view(args: &OutputArgs, on_terminal: bool) -> View {
    let size = if on_terminal { terminal_size::terminal_size() } else { None };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let default = View::default();
    View {
        width: size.map(|(width, _)| usize::from(width.0)).or(columns).unwrap_or(default.width),
        height: size.map_or(default.height, |(_, height)| usize::from(height.0)),
        color: color(args.color, on_terminal),
        flows: false,
    }
}

/// Whether to colour.
pub fn color(when: When, on_terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => on_terminal && is_unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}

fn is_unset(variable: &str) -> bool {
    std::env::var_os(variable).is_none_or(|value| value.is_empty())
}
