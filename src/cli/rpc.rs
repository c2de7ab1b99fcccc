//! `flowlabel rpc`: who listens where, from files or live.

use super::args::{ReadArgs, RpcArgs, Verbosity};
use super::exit::{Exit, Failure};
use super::read;
use crate::report;

/// Reads or captures, and prints what was learned.
pub fn run(args: RpcArgs, verbosity: &Verbosity) -> Result<Exit, Failure> {
    let RpcArgs { traffic, shared } = args;
    if report::rpc_format(&shared.output.format).is_none() {
        return Err(Failure::Usage(format!("rpc writes table or json, not {}", shared.output.format)));
    }
    #[cfg(feature = "live")]
    if !traffic.interface.is_empty() {
        let capture = super::capture::arguments(traffic, shared)?;
        return super::capture::run(&capture, verbosity, report::rpc_format);
    }
    if traffic.inputs.is_empty() {
        return Err(super::audit::no_traffic());
    }
    let read = ReadArgs { inputs: traffic.inputs, merge: traffic.merge, stream: false, shared };
    read::run(&read, verbosity, report::rpc_format)
}
