//! `flowlabel rpc`: who listens where, from files or live.

use super::args::{ReadArgs, RpcArgs, Verbosity};
use super::exit::{Exit, Failure};
use super::read;
use crate::report;

/// Reads or captures, and prints what was learned.
pub fn run(args: RpcArgs, verbosity: &Verbosity) -> Result<Exit, Failure> {
    if report::rpc_format(&args.shared.output.format).is_none() {
        return Err(Failure::Usage(format!("rpc writes table or json, not {}", args.shared.output.format)));
    }
    #[cfg(feature = "live")]
    if !args.interface.is_empty() {
        return super::capture::run(&live(args)?, verbosity, report::rpc_format);
    }
    let read = ReadArgs { inputs: args.inputs, merge: args.merge, stream: false, shared: args.shared };
    read::run(&read, verbosity, report::rpc_format)
}

/// A capture as if typed without options, but for those given here.
#[cfg(feature = "live")]
fn live(args: RpcArgs) -> Result<super::args::CaptureArgs, Failure> {
    use clap::Parser;
    let typed = ["flowlabel", "capture", "--plain", "any"];
    match super::Cli::try_parse_from(typed).map(|cli| cli.command) {
        Ok(super::Command::Capture(capture)) => {
            Ok(super::args::CaptureArgs { interfaces: args.interface, duration: args.duration, shared: args.shared, ..*capture })
        }
        _ => Err(Failure::Usage("cannot capture".to_owned())),
    }
}
