//! The `hub-client` program: what people and CI jobs type. It reads the environment here, once; all
//! else is in `cli` and the commands.

mod bars;
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
mod precondition;
mod progress;
mod rows;
mod secret;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use config::{Environment, Images};

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect(), environment())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Environment {
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = path("HOME");
    Environment {
        token: text("FLISTHUB_TOKEN"),
        // The command line takes it from the environment too.
        ca_file: None,
        // The XDG base directory specification: a relative path is as if unset.
        config_home: path("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| home.as_ref().map(|home| home.join(".config"))),
        no_colour: text("NO_COLOR").is_some() || text("TERM").is_none_or(|term| term == "dumb"),
        images: Images {
            registry_username: text("FLISTHUB_REGISTRY_USERNAME"),
            registry_password: text("FLISTHUB_REGISTRY_PASSWORD"),
            docker_config: path("DOCKER_CONFIG")
                .or_else(|| home.map(|home| home.join(".docker")))
                .map(|directory| directory.join("config.json")),
            docker_host: text("DOCKER_HOST"),
            podman_host: text("CONTAINER_HOST"),
            runtime: path("XDG_RUNTIME_DIR"),
        },
    }
}
