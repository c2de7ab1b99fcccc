//! Where results go: the reports, the streams they are written to, and what decides the exit code.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::args::{FailOn, OutputArgs, SharedArgs, When};
use super::exit::Failure;
use super::parse::Only;
#[cfg(feature = "live")]
use crate::capture::{Pieces, Rotation};
#[cfg(feature = "live")]
use crate::net::Timestamp;
use crate::record::{FlowRecord, Summary, SummaryBuilder};
use crate::report::{self, Format, Needs, Prepare, Report, View};

/// Bytes gathered before they are written.
const BUFFER: usize = 256 * 1024;

/// More than most records take as text.
const TEXT: usize = 2048;

/// Which format a name stands for.
pub type Formats = fn(&str) -> Option<&'static Format>;

/// How much a format for people is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Single flows too.
    pub flows: bool,
    /// All, however long it gets.
    pub verbose: bool,
    /// An audit that finds nothing prints no table.
    pub quiet: bool,
}

/// Writes the records a run selects, and counts all of them.
pub struct Output {
    /// The results, and the page of `--report` where it is asked for.
    sinks: Vec<Sink>,
    only: Vec<Only>,
    builder: SummaryBuilder,
    fail_on: Vec<FailOn>,
    /// How many are flagged.
    flagged: u64,
    /// The table is not printed when there is nothing to tell.
    quiet: bool,
}

impl Output {
    /// Opening an output empties it: a capture, or a policy, that was typed twice would be lost.
    pub fn must_not_be_input(args: &SharedArgs, inputs: &[PathBuf]) -> Result<(), Failure> {
        let outputs = [&args.output.output, &args.output.report, &args.output.write_flagged];
        for output in outputs.into_iter().flatten().filter(|path| path.is_file()) {
            let file = output.canonicalize()?;
            let is_it = |input: &PathBuf| input.canonicalize().is_ok_and(|input| input == file);
            let is_rule = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| file.starts_with(folder));
            if inputs.iter().any(is_it) || args.rules.rules.iter().any(is_rule) {
                return Err(Failure::Usage(format!("{} is an input; results would overwrite it", output.display())));
            }
        }
        Ok(())
    }

    /// Opens the streams, so that a wrong path is known before anything is read.
    pub fn open(args: &OutputArgs, detail: Detail, only: Vec<Only>, formats: Formats) -> Result<Self, Failure> {
        let format =
            formats(&args.format).ok_or_else(|| Failure::Usage(format!("--format {} is not for this command", args.format)))?;
        if args.output.is_some() && args.output == args.report {
            return Err(Failure::Usage("--output and --report are the same file".to_owned()));
        }
        let on_terminal = args.output.is_none() && io::stdout().is_terminal();
        let view = View { flows: detail.flows, verbose: detail.verbose, ..view(args, on_terminal) };
        let mut sinks = vec![match &args.output {
            Some(path) => Sink::file(path, format, &view)?,
            None => Sink::new(format, &view, Box::new(io::stdout()), "the results".to_owned()),
        }];
        if let Some(path) = &args.report {
            sinks.push(Sink::file(path, &report::HTML, &view)?);
        }
        // A table of single flows is written as it comes.
        let quiet = detail.quiet && !detail.flows && args.output.is_none() && format.name == "table";
        Ok(Self { sinks, only, builder: SummaryBuilder::default(), fail_on: args.fail_on.clone(), flagged: 0, quiet })
    }

    /// What is to be done with each record before its turn.
    pub fn plan(&self) -> Plan {
        let needs: Vec<Needs> = self.sinks.iter().map(|sink| sink.report.needs()).collect();
        let prepare = |needs: &Needs| if let Needs::Text(prepare) = needs { Some(*prepare) } else { None };
        Plan {
            only: self.only.clone(),
            prepare: needs.iter().map(prepare).collect(),
            terse: needs.iter().all(|needs| matches!(needs, Needs::Counts)),
        }
    }

    /// Counts a record whose turn it is, and writes it where it is selected. `whole` makes one that was terse again, with its sentence.
    pub fn prepared<'a>(&mut self, record: &FlowRecord<'a>, prepared: &Prepared, whole: impl FnOnce() -> FlowRecord<'a>) {
        self.builder.flow(record);
        self.flagged += u64::from(record.is_flagged());
        if !prepared.selected {
            return;
        }
        self.sinks.iter_mut().for_each(Sink::turn_if_due);
        if record.terse && self.sinks.iter().any(|sink| sink.report.asks_why(record)) {
            let whole = whole();
            return self.write(|report, stream| report.flow(&whole, stream));
        }
        for (sink, text) in self.sinks.iter_mut().zip(&prepared.texts) {
            sink.write(|report, stream| match text {
                Some(Ok(text)) => report.text(text, stream),
                // It failed where nobody could be told.
                Some(Err(error)) => Err(io::Error::new(error.kind(), error.to_string())),
                None => report.flow(record, stream),
            });
        }
    }

    /// Counts a record, and writes it where it is selected; tells whether it is.
    pub fn flow(&mut self, record: &FlowRecord<'_>) -> bool {
        self.builder.flow(record);
        self.flagged += u64::from(record.is_flagged());
        let selected = self.selects(record);
        if selected {
            self.write(|report, stream| report.flow(record, stream));
        }
        selected
    }

    /// Writes to each sink.
    fn write(&mut self, write: impl Fn(&mut dyn Report, &mut dyn Write) -> io::Result<()>) {
        self.sinks.iter_mut().for_each(|sink| sink.write(&write));
    }

    fn selects(&self, record: &FlowRecord<'_>) -> bool {
        selects(&self.only, record)
    }

    /// Counts and writes what later evidence changed in a record that is written; one that is selected only now is written as a whole.
    /// Tells whether it is selected now.
    pub fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>) -> bool {
        self.builder.update(before, after);
        self.flagged = self.flagged + u64::from(after.is_flagged()) - u64::from(before.is_flagged());
        let selected = self.selects(after);
        match (self.selects(before), selected) {
            (true, _) => self.write(|report, stream| report.update(before, after, stream)),
            (false, true) => self.write(|report, stream| report.flow(after, stream)),
            (false, false) => {}
        }
        selected
    }

    /// Writes a record before its flow has ended, or what was said of it otherwise `before`. It is not counted yet. Tells whether it is selected.
    #[cfg(feature = "live")]
    pub fn ahead(&mut self, before: Option<&FlowRecord<'_>>, now: &FlowRecord<'_>) -> bool {
        let selected = self.selects(now);
        match before {
            Some(before) => self.write(|report, stream| report.update(before, now, stream)),
            None if selected => self.write(|report, stream| report.flow(now, stream)),
            None => {}
        }
        selected
    }

    /// Counts the record of a flow of which `before` was written ahead, and writes what has changed. Tells whether it is selected.
    #[cfg(feature = "live")]
    pub fn end_of(&mut self, before: &FlowRecord<'_>, record: &FlowRecord<'_>) -> bool {
        self.builder.flow(record);
        self.flagged += u64::from(record.is_flagged());
        self.ahead(Some(before), record)
    }

    /// Lets go of what is gathered, for those who watch.
    pub fn flush(&mut self) {
        self.write(|_, stream| stream.flush());
    }

    /// Writes the results in pieces from now on; nothing must be written yet.
    #[cfg(feature = "live")]
    pub fn rotate(&mut self, path: &Path, rotation: &Rotation, now: Timestamp) -> Result<(), Failure> {
        let Some(sink) = self.sinks.first_mut() else { return Ok(()) };
        let mut pieces = Pieces::create(path).map_err(|error| cannot_write(&sink.target, &error))?;
        pieces.rotate(rotation, now);
        sink.stream = Stream::Pieces(pieces);
        Ok(())
    }

    /// Tells what time it is: a piece may be old, or asked for.
    #[cfg(feature = "live")]
    pub fn tell(&mut self, now: Timestamp) {
        self.sinks.iter_mut().for_each(|sink| sink.tell(now));
    }

    /// Whether something could not be written: going on makes no sense.
    #[cfg(feature = "live")]
    pub fn has_failed(&self) -> bool {
        self.sinks.iter().any(|sink| sink.failed.is_some())
    }

    /// Writes the summary, with what follows from the records filled in. Tells whether `--fail-on` applies.
    pub fn finish(mut self, mut summary: Summary) -> Result<bool, Failure> {
        std::mem::take(&mut self.builder).finish(&mut summary);
        let fails = self.fails(&summary);
        if self.quiet && summary.audit.is_some() && !fails {
            self.sinks.remove(0);
        }
        // Each is written to its end, whatever happened to the others; the first failure is told.
        let ends: Vec<_> = self.sinks.into_iter().map(|sink| sink.end(&summary)).collect();
        ends.into_iter().collect::<Result<(), Failure>>()?;
        Ok(fails)
    }

    /// Whether there are findings, or `--fail-on` applies.
    fn fails(&self, summary: &Summary) -> bool {
        let audit = summary.audit.as_ref();
        let found = audit.is_some_and(|audit| !audit.findings.is_empty() || audit.findings_left_out > 0);
        let missing = audit.is_some_and(|audit| audit.missing().next().is_some());
        let lost = summary.drops.total() > 0;
        found
            || self.fail_on.iter().any(|what| match what {
                FailOn::Flagged => self.flagged > 0,
                FailOn::Missing => missing,
                FailOn::Loss => lost,
            })
    }
}

/// What is to be done with each record before its turn; any thread can.
pub struct Plan {
    only: Vec<Only>,
    /// How each sink's text is made, where it can be made by itself.
    prepare: Vec<Option<Prepare>>,
    /// Whether records may come without their sentence.
    pub terse: bool,
}

/// A record's selection and texts.
pub struct Prepared {
    /// Whether it is to be written.
    pub selected: bool,
    texts: Vec<Option<io::Result<Vec<u8>>>>,
}

impl Plan {
    /// Selects a record and makes its texts.
    pub fn prepare(&self, record: &FlowRecord<'_>) -> Prepared {
        let selected = selects(&self.only, record);
        let text = |prepare: Prepare| {
            let mut text = Vec::with_capacity(TEXT);
            prepare(record, &mut text).map(|()| text)
        };
        let wanted = |prepare: &Option<Prepare>| prepare.filter(|_| selected).map(text);
        Prepared { selected, texts: self.prepare.iter().map(wanted).collect() }
    }
}

/// A report and the stream it is written to.
struct Sink {
    format: &'static Format,
    view: View,
    report: Box<dyn Report + Send>,
    stream: Stream,
    /// What messages call the stream.
    target: String,
    /// The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

impl Sink {
    fn new(format: &'static Format, view: &View, stream: Box<dyn Write + Send>, target: String) -> Self {
        let stream = Stream::Whole(BufWriter::with_capacity(BUFFER, stream));
        Self { format, view: *view, report: (format.new)(view), stream, target, failed: None }
    }

    fn file(path: &Path, format: &'static Format, view: &View) -> Result<Self, Failure> {
        let target = path.display().to_string();
        let file = File::create(path).map_err(|error| cannot_write(&target, &error))?;
        Ok(Self::new(format, view, Box::new(file), target))
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Report, &mut dyn Write) -> io::Result<()>) {
        self.turn_if_due();
        if self.failed.is_none() {
            self.failed = write(&mut *self.report, &mut self.stream).err();
        }
    }

    /// Where results are written in pieces, each is a report of its own.
    fn turn_if_due(&mut self) {
        #[cfg(feature = "live")]
        if let (Stream::Pieces(pieces), None) = (&mut self.stream, &self.failed)
            && pieces.is_due(1)
        {
            match pieces.turn() {
                Ok(true) => self.report = (self.format.new)(&self.view),
                Ok(false) => {}
                Err(error) => self.failed = Some(error),
            }
        }
    }

    #[cfg(feature = "live")]
    fn tell(&mut self, now: Timestamp) {
        if let Stream::Pieces(pieces) = &mut self.stream {
            pieces.tell(now);
            self.turn_if_due();
        }
    }

    /// Writes what follows the last record.
    fn end(mut self, summary: &Summary) -> Result<(), Failure> {
        self.write(|report, stream| report.finish(summary, stream));
        // Not as one more thing to be written: nothing may be begun anew behind the summary.
        if self.failed.is_none() {
            self.failed = self.stream.flush().err();
        }
        match self.failed {
            None => Ok(()),
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Io(error)),
            Some(error) => Err(cannot_write(&self.target, &error)),
        }
    }
}

/// Where a report is written to.
enum Stream {
    /// One stream.
    Whole(BufWriter<Box<dyn Write + Send>>),
    /// A file that is begun anew now and then.
    #[cfg(feature = "live")]
    Pieces(Pieces),
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Whole(stream) => stream.write(bytes),
            #[cfg(feature = "live")]
            Self::Pieces(pieces) => pieces.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Whole(stream) => stream.flush(),
            #[cfg(feature = "live")]
            Self::Pieces(pieces) => pieces.flush(),
        }
    }
}

fn selects(only: &[Only], record: &FlowRecord<'_>) -> bool {
    only.iter().all(|only| only.selects(record))
}

fn cannot_write(target: &str, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot write {target}: {error}"))
}

/// How a table may look.
fn view(args: &OutputArgs, on_terminal: bool) -> View {
    let size = if on_terminal { terminal_size::terminal_size() } else { None };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let room = size.map(|(width, _)| usize::from(width.0)).or(columns);
    let default = View::default();
    View {
        width: room.unwrap_or(default.width),
        room,
        height: size.map_or(default.height, |(_, height)| usize::from(height.0)),
        color: color(args.color, on_terminal),
        flows: false,
        verbose: false,
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
