//! The command `tributary`: arguments, logs, one call. The only place that ends the process.

use std::process::ExitCode;

use clap::Parser as _;
use tributary::cli::{self, Arguments};

/// Long series are allocated and freed all the time, by many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    cli::run(arguments)
}
