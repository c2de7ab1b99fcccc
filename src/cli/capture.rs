//! `flowlabel capture`: live traffic becomes records.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, FromArgMatches};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::args::{CaptureArgs, SharedArgs, TrafficArgs, Verbosity};
use super::carve::Carving;
use super::exit::{Exit, Failure};
use super::label::{self, Desk, Labelling};
use super::output::{self, Detail, Formats, Output};
use super::signals::{self, Ending};
use super::{parse, privileges, sandbox};
use crate::capture::live::{Counters, Live, LiveError, Settings, Surroundings};
use crate::capture::{Between, Pieces, Rotation, Source};
use crate::net::Timestamp;
use crate::record::{Drops, Loss};
use crate::report::LINES;
use crate::tui::{self, View};

/// The smallest ring that makes sense: less than this libpcap rounds up to.
const SMALLEST_BUFFER: u64 = 1 << 20;

/// Captures until it is told to stop, and writes what it saw.
pub fn run(args: &CaptureArgs, verbosity: &Verbosity, formats: Formats) -> Result<Exit, Failure> {
    let labelling = Labelling::new(&args.shared, true, options(args))?;
    label_live(args, verbosity, labelling, formats)
}

/// The arguments of a capture where only these were typed.
pub fn arguments(traffic: TrafficArgs, shared: SharedArgs) -> Result<CaptureArgs, Failure> {
    let command = CaptureArgs::augment_args(clap::Command::new("capture").no_binary_name(true));
    let matches = command.try_get_matches_from(&traffic.interface).map_err(|error| Failure::Usage(error.to_string()))?;
    let defaults = CaptureArgs::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(CaptureArgs { duration: traffic.duration, packets: traffic.packets, plain: true, shared, ..defaults })
}

/// The same for whoever has more to do with the records.
pub fn label_live(args: &CaptureArgs, verbosity: &Verbosity, labelling: Labelling, formats: Formats) -> Result<Exit, Failure> {
    let rotation = rotation(args)?;
    let settings = settings(args, verbosity, rotation.as_ref())?;
    let (from, to) = (args.shared.select.from.as_deref(), args.shared.select.to.as_deref());
    let (from, to) = (from.map(parse::time).transpose()?, to.map(parse::time).transpose()?);
    let ending = Ending::default();
    let live = Live::open(&settings, surroundings(args, &ending)?).map_err(|error| Failure::Usage(advice(&error)))?;
    let counters = live.counters();
    let carving = Carving::of_passing(&args.shared.output)?;
    let mut source = Carving::around(carving.as_ref(), Box::new(Between::new(live, from, to)));
    Output::must_not_be_input(&args.shared, &[])?;
    let desk = Desk::open(
        &args.shared,
        Detail { flows: lists_flows(args), verbose: verbosity.verbose, quiet: verbosity.quiet },
        formats,
        carving,
    )?;
    if let (Some(rotation), Some(path)) = (&rotation, results_in_pieces(args)) {
        desk.rotate(path, rotation, now())?;
    }
    if tells_at_once(args) {
        desk.tell_at_once();
    }
    shut_in(args, verbosity)?;
    if !verbosity.quiet {
        let _ = writeln!(io::stderr(), "flowlabel: listening on {}", args.interfaces.join(", "));
    }
    let view = if has_view(args, verbosity) { Some(open_view(args, &labelling, &desk, &counters, &ending)?) } else { None };
    signals::heed(ending.clone(), rotation, view.as_ref().map(View::suspender))?;

    let status = Status::new(&counters, verbosity, args, view.is_some());
    let watch = |_: &dyn Source| {
        status.show();
        if desk.tell(now()) {
            ending.set();
        }
    };
    let drops = || {
        if let Some(view) = view {
            view.close();
        }
        status.bar.finish_and_clear();
        counters.drops()
    };
    let workers = args.shared.flows.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let labelled = labelling.run(&mut *source, workers, &desk, &watch, drops);
    let labelled = label::say(labelled, &*source, verbosity)?;
    if !verbosity.quiet {
        say_losses(counters.drops());
    }
    match (counters.take_failure(), &args.write) {
        (Some(error), Some(path)) => Err(Failure::Usage(format!("cannot write {}: {error}", path.display()))),
        _ => Ok(label::exit(&*source, labelled.fails)),
    }
}

/// Puts the live view on the terminal.
fn open_view(
    args: &CaptureArgs,
    labelling: &Labelling,
    desk: &Desk,
    counters: &Arc<Counters>,
    ending: &Ending,
) -> Result<View, Failure> {
    let board = Arc::default();
    desk.show_on(Arc::clone(&board));
    let counters = Arc::clone(counters);
    let (ask, leave, asked) = (ending.clone(), ending.clone(), ending.clone());
    let capture = tui::Capture {
        name: args.interfaces.join(", "),
        counts: Box::new(move || (counters.packets(), counters.bytes(), counters.drops())),
        end: Box::new(move || ask.ask()),
        leave: Box::new(move || leave.set()),
        is_ending: Box::new(move || asked.is_set()),
    };
    Ok(View::open(board, labelling.catalog(), capture, output::color(args.shared.output.color, true))?)
}

/// Whether there is a live view: somebody sits at a terminal, and nothing else is to be written to it.
fn has_view(args: &CaptureArgs, verbosity: &Verbosity) -> bool {
    let output = &args.shared.output;
    let is_free = output.output.is_some() || (output.format == "table" && !output.flows);
    let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    let can_draw = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    is_free && is_terminal && can_draw && !args.plain && !verbosity.quiet
}

/// From here on the program can do little more than capture.
fn shut_in(args: &CaptureArgs, verbosity: &Verbosity) -> Result<(), Failure> {
    let folders = sandbox::folders(&rotated(args));
    // Root begins files in a folder of somebody else's only with a privilege; opened files need none.
    let foreign = folders.iter().any(|folder| privileges::are_needed_in(folder));
    privileges::give_up(foreign).map_err(Failure::Usage)?;
    let in_force = sandbox::enter(&folders);
    if verbosity.verbose {
        let given_up =
            if foreign { "all privileges given up but that to begin files in a folder of others" } else { "privileges given up" };
        let _ = writeln!(io::stderr(), "flowlabel: {given_up}; {in_force}");
    }
    Ok(())
}

/// The file of results, where it is one that can be written in pieces.
fn results_in_pieces(args: &CaptureArgs) -> Option<&Path> {
    let output = &args.shared.output;
    output.output.as_deref().filter(|_| LINES.contains(&&*output.format))
}

/// When files are begun anew. What an earlier run left in them is kept.
fn rotation(args: &CaptureArgs) -> Result<Option<Rotation>, Failure> {
    let Some(rotation) = parse::rotation(&args.rotate)? else { return Ok(None) };
    let files = rotated(args);
    if files.is_empty() {
        let formats = LINES.join(" or ");
        return Err(Failure::Usage(format!("--rotate is about files: add -w FILE.pcapng, or -o FILE with --format {formats}")));
    }
    for file in files {
        Pieces::set_aside(file).map_err(|error| Failure::Usage(format!("cannot move {}: {error}", file.display())))?;
    }
    Ok(Some(rotation))
}

/// The files that are written in pieces, where it is asked for.
fn rotated(args: &CaptureArgs) -> Vec<&Path> {
    if args.rotate.is_empty() {
        return Vec::new();
    }
    args.write.as_deref().into_iter().chain(results_in_pieces(args)).collect()
}

fn settings(args: &CaptureArgs, verbosity: &Verbosity, rotation: Option<&Rotation>) -> Result<Settings, Failure> {
    let buffer = parse::size(&args.buffer)?;
    let buffer = u32::try_from(buffer.max(SMALLEST_BUFFER)).ok().filter(|buffer| i32::try_from(*buffer).is_ok());
    Ok(Settings {
        interfaces: args.interfaces.clone(),
        filter: args.shared.select.filter.clone(),
        snaplen: args.snaplen,
        promiscuous: !args.no_promiscuous,
        buffer: buffer.ok_or_else(|| Failure::Usage("--buffer takes less than 2G, for each interface".to_owned()))?,
        packets: args.packets,
        keep: args.write.clone(),
        rotation: rotation.cloned(),
        look: has_view(args, verbosity) || tells_at_once(args),
    })
}

/// The options of the command itself that change the result.
pub fn options(args: &CaptureArgs) -> std::collections::BTreeMap<String, serde_json::Value> {
    label::given([
        ("duration", args.duration.as_ref().map(|time| json!(time))),
        ("packets", args.packets.map(|packets| json!(packets))),
        ("snaplen", (args.snaplen != 262_144).then(|| json!(args.snaplen))),
        ("no-promiscuous", label::yes(args.no_promiscuous)),
        ("buffer", (args.buffer != "64M").then(|| json!(args.buffer))),
    ])
}

/// The table says the flows one by one too, where somebody reads along without a terminal.
fn lists_flows(args: &CaptureArgs) -> bool {
    args.shared.output.flows || args.plain || (args.shared.output.output.is_none() && !io::stdout().is_terminal())
}

/// Whether somebody may read flagged flows before they end: wherever records are written as they come. In an audit all is judged at the end.
fn tells_at_once(args: &CaptureArgs) -> bool {
    let output = &args.shared.output;
    LINES.contains(&&*output.format) || output.format == "json" || (output.format == "table" && lists_flows(args))
}

fn surroundings(args: &CaptureArgs, ending: &Ending) -> Result<Surroundings, Failure> {
    let duration = args.duration.as_deref().map(parse::duration).transpose()?.map(Duration::from_nanos);
    let deadline = duration.and_then(|duration| Instant::now().checked_add(duration));
    let ending = ending.clone();
    let is_over = move || ending.is_set() || deadline.is_some_and(|deadline| Instant::now() >= deadline);
    Ok(Surroundings { now, stop: Box::new(is_over) })
}

/// The clock that the kernel stamps packets with.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::new(since.as_secs().cast_signed(), since.subsec_nanos(), 9)
}

/// What to do about it.
fn advice(error: &LiveError) -> String {
    match error {
        LiveError::Permission { interface, .. } => {
            let program = std::env::current_exe().map_or("flowlabel".to_owned(), |path| path.display().to_string());
            format!(
                "{error}\n  once:    sudo {program} capture {interface}\n  \
                 always:  sudo setcap cap_net_raw=ep {program}\n  \
                 a group: sudo chgrp pcap {program} && sudo chmod 750 {program}, then setcap as above: members of pcap may capture"
            )
        }
        LiveError::Interface { .. } => format!("{error} (flowlabel interfaces lists what can be captured)"),
        _ => error.to_string(),
    }
}

/// Loss, and what helps against it.
fn say_losses(drops: Drops) {
    let mut stderr = io::stderr().lock();
    for Loss { by, packets, why, help } in drops.losses() {
        let _ = writeln!(stderr, "flowlabel: {packets} packets dropped by {by}: {why}; {help}");
    }
}

/// One line on a terminal while it runs.
struct Status<'a> {
    bar: ProgressBar,
    counters: &'a Counters,
}

impl<'a> Status<'a> {
    /// Nothing where it would be in the way: quiet, or records going to the same terminal.
    fn new(counters: &'a Counters, verbosity: &Verbosity, args: &CaptureArgs, has_view: bool) -> Self {
        let output = &args.shared.output;
        let shares_terminal = output.output.is_none() && io::stdout().is_terminal() && (output.format != "table" || args.plain);
        let bar = if verbosity.quiet || has_view || shares_terminal { ProgressBar::hidden() } else { ProgressBar::no_length() };
        let style = ProgressStyle::with_template("{spinner} {elapsed}  {pos} packets  {per_sec}  {msg}");
        Self { bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())), counters }
    }

    fn show(&self) {
        if self.bar.is_hidden() {
            return;
        }
        let Drops { kernel, interface, .. } = self.counters.drops();
        if kernel + interface > 0 {
            self.bar.set_message(format!("dropped: {kernel} by the kernel, {interface} by the interface"));
        }
        self.bar.set_position(self.counters.packets());
    }
}
