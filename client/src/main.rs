//! The `hub-client` program: what people and CI jobs type. It reads the environment here, once; all
//! else is in `cli` and the commands.

mod cli;
mod command;
mod config;
mod confirm;
mod failure;
mod interrupt;
mod job_progress;
mod listing;
mod name;
mod output;
mod progress;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use config::Environment;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect(), environment())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Environment {
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    Environment {
        token: std::env::var("FLISTHUB_TOKEN").ok().filter(|token| !token.is_empty()),
        // The XDG base directory specification: a relative path is as if unset.
        config_home: path("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| path("HOME").map(|home| home.join(".config"))),
    }
}
