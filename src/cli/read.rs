//! `flowlabel read`: capture files become records.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::args::{FlowArgs, KeyPart, ReadArgs, Verbosity};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::parse::{self, Only};
use super::rules;
use crate::capture::{self, Source};
use crate::engine::{self, Outcome};
use crate::flow::{Flow, KeyParts, SHARDS, Settings, Timeouts};
use crate::pipeline;
use crate::record::{Run, Summary};

/// Below this, starting threads takes longer than reading.
const SMALL_INPUT: u64 = 8 << 20;

/// What will be done.
struct Plan {
    inputs: Vec<PathBuf>,
    capture: capture::Options,
    settings: Settings,
    workers: Option<usize>,
    /// The options that change the result, for the summary.
    options: BTreeMap<String, Value>,
}

impl Plan {
    fn new(args: &ReadArgs) -> Result<Self, Failure> {
        let select = &args.select;
        let capture = capture::Options {
            merge: args.merge,
            filter: select.filter.clone(),
            from: select.from.as_deref().map(parse::time).transpose()?,
            to: select.to.as_deref().map(parse::time).transpose()?,
        };
        Ok(Self {
            inputs: args.inputs.clone(),
            capture,
            settings: settings(&args.flows)?,
            workers: args.flows.workers,
            options: options(args),
        })
    }

    /// How many threads are fastest for an input of this size.
    fn workers_for(&self, total: Option<u64>) -> usize {
        let small = total.is_some_and(|total| total < SMALL_INPUT);
        let machine = || std::thread::available_parallelism().map_or(1, usize::from);
        self.workers.unwrap_or_else(|| if small { 1 } else { machine() })
    }
}

/// Reads the inputs and writes what is in them.
pub fn run(args: &ReadArgs, verbosity: &Verbosity) -> Result<Exit, Failure> {
    let plan = Plan::new(args)?;
    let only = args.select.only.iter().map(|text| Only::parse(text)).collect::<Result<_, _>>()?;
    let catalog = rules::load(&args.rules)?;
    let mut source = capture::open(&plan.inputs, &plan.capture).map_err(|error| Failure::Usage(error.to_string()))?;
    let output = Mutex::new(Output::open(&args.output, only)?);
    let mut evicted = 0;

    let workers = plan.workers_for(source.progress().1);
    let started = Instant::now();
    let bar = progress_bar(verbosity, source.progress().1);
    let early = |flows: Vec<Flow>| {
        evicted += flows.len() as u64;
        if let Ok(mut output) = output.lock() {
            for flow in &flows {
                output.flow(&engine::record(flow, None, Some(&catalog)));
            }
        }
    };
    let outcome = pipeline::run(&mut *source, plan.settings, workers, early, &|source| bar.set_position(source.progress().0));
    bar.finish_and_clear();

    let mut output = output.into_inner().map_err(|_| Failure::Usage("a worker failed".to_owned()))?;
    for flow in outcome.flows() {
        output.flow(&engine::record(flow, Some(&outcome), Some(&catalog)));
    }
    let mut summary = summary(&outcome, &*source, plan.options);
    let total = summary.packets.total;
    summary.flows.evicted = evicted;
    summary.run.catalog = Some(catalog.digest().to_owned());
    summary.run.rules = args.rules.rules.iter().map(|path| path.display().to_string()).collect();
    let fails = output.finish(summary)?;
    say(&*source, verbosity);
    if verbosity.verbose {
        let seconds = started.elapsed().as_secs_f64();
        let _ = writeln!(io::stderr(), "flowlabel: {total} packets in {seconds:.2} s with --workers {workers}");
    }
    Ok(match (source.damage().is_empty(), fails) {
        (false, _) => Exit::Damaged,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    })
}

fn settings(args: &FlowArgs) -> Result<Settings, Failure> {
    let idle = args.idle_timeout.as_deref().map(parse::duration).transpose()?;
    let default = Timeouts::default();
    let timeouts = idle.map_or(default, |idle| Timeouts { tcp: idle, tcp_closed: idle.min(default.tcp_closed), other: idle });
    if args.workers == Some(0) || args.max_flows == 0 {
        return Err(Failure::Usage("--workers and --max-flows take at least 1".to_owned()));
    }
    Ok(Settings {
        split: (!args.no_split).then_some(timeouts),
        key: KeyParts { vlan: args.key.contains(&KeyPart::Vlan), tunnel: args.key.contains(&KeyPart::Tunnel) },
        dedup: args.dedup,
        max_flows: args.max_flows.div_ceil(SHARDS),
    })
}

/// The options that differ from their default and change the result.
fn options(args: &ReadArgs) -> BTreeMap<String, Value> {
    let (select, flows) = (&args.select, &args.flows);
    let keys: Vec<&str> = flows.key.iter().map(|key| if *key == KeyPart::Vlan { "vlan" } else { "tunnel" }).collect();
    let given = [
        ("merge", yes(args.merge)),
        ("filter", select.filter.as_ref().map(|filter| json!(filter))),
        ("from", select.from.as_ref().map(|time| json!(time))),
        ("to", select.to.as_ref().map(|time| json!(time))),
        ("only", (!select.only.is_empty()).then(|| json!(select.only))),
        ("no-split", yes(flows.no_split)),
        ("idle-timeout", flows.idle_timeout.as_ref().map(|time| json!(time))),
        ("max-flows", (flows.max_flows != 10_000_000).then(|| json!(flows.max_flows))),
        ("dedup", yes(flows.dedup)),
        ("key", (!keys.is_empty()).then(|| json!(keys))),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn yes(given: bool) -> Option<Value> {
    if given { Some(Value::Bool(true)) } else { None }
}

/// What the packets, the inputs and the options say; the records add the rest.
fn summary(outcome: &Outcome, source: &dyn Source, options: BTreeMap<String, Value>) -> Summary {
    let mut summary = outcome.summary();
    summary.run =
        Run { version: env!("CARGO_PKG_VERSION").to_owned(), inputs: source.inputs().to_vec(), options, ..Run::default() };
    summary.damage = source.damage().to_vec();
    summary
}

/// A bar on a terminal; a pipe never sees one.
fn progress_bar(verbosity: &Verbosity, total: Option<u64>) -> ProgressBar {
    if verbosity.quiet {
        return ProgressBar::hidden();
    }
    match total {
        Some(total) if total < SMALL_INPUT => ProgressBar::hidden(),
        Some(total) => ProgressBar::new(total).with_style(style("{bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")),
        None => ProgressBar::no_length().with_style(style("{spinner} {bytes}  {bytes_per_sec}")),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Damage and notes, for people.
fn say(source: &dyn Source, verbosity: &Verbosity) {
    let mut stderr = io::stderr().lock();
    for damage in source.damage() {
        let packet = damage.packet.map(|packet| format!("packet {packet}, ")).unwrap_or_default();
        let _ = writeln!(stderr, "flowlabel: {}: {packet}byte {}: {}", damage.file, damage.offset, damage.reason);
    }
    if !verbosity.quiet {
        for note in source.notes() {
            let _ = writeln!(stderr, "flowlabel: note: {}: {}", note.file, note.text);
        }
    }
}
