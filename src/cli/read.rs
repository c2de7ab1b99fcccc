//! `flowlabel read`: capture files become records.

use std::io::{self, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{ReadArgs, Verbosity};
use super::carve::Carving;
use super::exit::{Exit, Failure};
use super::label::{self, Desk, Labelling};
use super::output::{Detail, Formats, Output};
use super::parse;
use crate::capture;
use crate::record::Drops;

/// Below this, starting threads takes longer than reading.
const SMALL_INPUT: u64 = 8 << 20;

/// Reads the inputs and writes what is in them.
pub fn run(args: &ReadArgs, verbosity: &Verbosity, formats: Formats) -> Result<Exit, Failure> {
    let own = label::given([("merge", label::yes(args.merge))]);
    let labelling = Labelling::new(&args.shared, args.stream, own)?;
    label_files(args, verbosity, labelling, formats)
}

/// The same for whoever has more to do with the records.
pub fn label_files(args: &ReadArgs, verbosity: &Verbosity, labelling: Labelling, formats: Formats) -> Result<Exit, Failure> {
    let select = &args.shared.select;
    let options = capture::Options {
        merge: args.merge,
        filter: select.filter.clone(),
        from: select.from.as_deref().map(parse::time).transpose()?,
        to: select.to.as_deref().map(parse::time).transpose()?,
    };
    let source = capture::open(&args.inputs, &options).map_err(|error| Failure::Usage(error.to_string()))?;
    Output::must_not_be_input(&args.shared, &args.inputs)?;
    let carving = Carving::of_files(&args.shared.output, &args.inputs, &options)?;
    let mut source = Carving::around(carving.as_ref(), source);
    let desk = Desk::open(
        &args.shared,
        Detail { flows: args.shared.output.flows, verbose: verbosity.verbose, quiet: verbosity.quiet },
        formats,
        carving,
    )?;

    let total = source.progress().1;
    let workers = args.shared.flows.workers.unwrap_or_else(|| workers_for(total));
    let started = Instant::now();
    let bar = progress_bar(verbosity, total);
    let told = |source: &dyn capture::Source| bar.set_position(source.progress().0);
    let none_lost = || {
        bar.finish_and_clear();
        Drops::default()
    };
    let labelled = labelling.run(&mut *source, workers, &desk, &told, none_lost);
    let labelled = label::say(labelled, &*source, verbosity)?;
    if verbosity.verbose {
        let (packets, seconds) = (labelled.packets, started.elapsed().as_secs_f64());
        let _ = writeln!(io::stderr(), "flowlabel: {packets} packets in {seconds:.2} s with --workers {workers}");
    }
    Ok(label::exit(&*source, labelled.fails))
}

/// How many threads are fastest for an input of this size.
fn workers_for(total: Option<u64>) -> usize {
    let small = total.is_some_and(|total| total < SMALL_INPUT);
    if small { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) }
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
