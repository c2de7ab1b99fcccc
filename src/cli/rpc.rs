//! `flowlabel rpc`: who listens where, from files or live.

#[cfg(feature = "live")]
use super::args::TrafficArgs;
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
        let (interface, duration) = (args.interface, args.duration);
        let traffic = TrafficArgs { inputs: Vec::new(), merge: false, interface, duration, packets: None };
        let capture = super::capture::arguments(traffic, args.shared)?;
        return super::capture::run(&capture, verbosity, report::rpc_format);
    }
    let read = ReadArgs { inputs: args.inputs, merge: args.merge, stream: false, shared: args.shared };
    read::run(&read, verbosity, report::rpc_format)
}
