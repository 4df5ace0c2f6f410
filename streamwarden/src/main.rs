//! `streamwarden`: see [`streamwarden::cli`].

use std::process::ExitCode;

use clap::Parser;
use streamwarden::cli::Cli;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    streamwarden::command::main(Cli::parse())
}
