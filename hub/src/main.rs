//! The `flisthub` program: reads the command line and runs one command.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use flisthub_hub::cli::{Cli, run};

/// How long blocking work that nobody waits for any more may go on before the program ends without it.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            runtime.shutdown_timeout(PATIENCE);
            result
        }
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
