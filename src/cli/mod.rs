//! Floor 7: what was typed becomes what will be done.
//!
//! [`Cli`] is what was typed, field for field; `label::Labelling` is what is done with packets wherever they come from. `run` gives the exit code, the highest of those that
//! apply in the order 2, 3, 1, 0.

#[cfg(feature = "live")]
mod ahead;
mod args;
mod audit;
#[cfg(feature = "live")]
mod capture;
mod carve;
mod exit;
#[cfg(feature = "live")]
mod interfaces;
mod label;
mod learn;
mod output;
mod parse;
#[cfg(feature = "live")]
mod privileges;
mod protocols;
mod read;
mod rpc;
mod rpc_interface;
mod rules;
#[cfg(feature = "live")]
mod sandbox;
#[cfg(feature = "live")]
mod signals;
mod why;

use std::io::{self, Write};

use clap::{CommandFactory, Parser};

pub use args::{Cli, Command};
pub use exit::Exit;

use crate::record::escape::visible;
use crate::report;

/// Parses the command line and does what it says.
pub fn main() -> std::process::ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli).into(),
        Err(error) => {
            // Help and version are asked for: they go to stdout and are no failure.
            let _ = error.print();
            if error.use_stderr() { Exit::Unusable.into() } else { Exit::Done.into() }
        }
    }
}

fn run(cli: Cli) -> Exit {
    let result = match cli.command {
        Command::Read(args) => read::run(&args, &cli.verbosity, report::format),
        Command::Rpc(args) => rpc::run(*args, &cli.verbosity),
        #[cfg(feature = "live")]
        Command::Capture(args) => capture::run(&args, &cli.verbosity, report::format),
        #[cfg(feature = "live")]
        Command::Interfaces(args) => interfaces::run(&args),
        Command::Audit(args) => audit::run(*args, &cli.verbosity),
        Command::Learn(args) => learn::run(*args, &cli.verbosity),
        Command::Catalog(args) => rules::catalog(&args),
        Command::Explain(args) => rules::explain(&args),
        Command::Completions { shell } => completions(shell),
        Command::Man => man(),
    };
    match result {
        Ok(exit) => exit,
        Err(error) if error.is_closed_pipe() => Exit::Done,
        Err(error) => {
            complain(&error.to_string());
            Exit::Unusable
        }
    }
}

/// Says what failed. The text may have several lines, and file names in it any characters.
fn complain(text: &str) {
    let lines: Vec<_> = text.lines().map(visible).collect();
    let _ = writeln!(io::stderr(), "flowlabel: {}", lines.join("\n"));
}

fn completions(shell: clap_complete::Shell) -> Result<Exit, exit::Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flowlabel", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

fn man() -> Result<Exit, exit::Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    io::stdout().write_all(&page)?;
    Ok(Exit::Done)
}
