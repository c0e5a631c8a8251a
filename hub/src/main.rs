//! The `flisthub` program: reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser as _;
use flisthub_hub::cli::{Cli, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flisthub: {error:#}");
            ExitCode::FAILURE
        }
    }
}
