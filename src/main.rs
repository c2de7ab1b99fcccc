//! The `flowlabel` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowlabel::cli::main()
}
