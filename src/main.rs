//! The `flowlabel` command.

use std::process::ExitCode;

/// A flow takes a dozen small allocations, and workers free what others allocated: a tenth of the processor time, and half of what a second
/// worker was kept waiting for, went into the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flowlabel::cli::main()
}
