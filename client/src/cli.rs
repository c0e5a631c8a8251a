//! The command line: what can be typed, and where each verb goes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use flisthub_client::{HubClient, Patience};
use tokio::runtime::Runtime;

use crate::command::{
    cat, convert, diff, export, inspect, jobs, link, log, login, ls, member, merge, promote, pull,
    push, rename, repository, rm, rollback, sign, stac, tag, token,
};
use crate::config::{Environment, Images, Settings};
use crate::failure::{EXIT_CODES, UsageError};
use crate::output::Output;

/// Push trees of files to a Flisthub hub, and get them back.
#[derive(Debug, Parser)]
#[command(name = "hub-client", version, after_help = EXIT_CODES)]
struct Cli {
    /// The hub's address, http:// or https://. Default: the one you logged in to.
    #[arg(long, global = true, env = "FLISTHUB_URL", value_name = "URL")]
    url: Option<String>,

    /// Trust a hub whose certificate leads to one in this file (PEM), beside those that the system trusts.
    #[arg(long, global = true, env = "FLISTHUB_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Print results as JSON on standard output, and errors as JSON on standard error.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Login(login::Arguments),
    Logout(login::LogoutArguments),
    Password(login::PasswordArguments),
    Token(token::Arguments),
    Repository(repository::Arguments),
    Member(member::Arguments),
    #[command(visible_alias = "publish")]
    Push(push::Arguments),
    Pull(pull::Arguments),
    Ls(ls::Arguments),
    Cat(cat::Arguments),
    Sign(sign::Arguments),
    Rm(rm::Arguments),
    Rename(rename::Arguments),
    Promote(promote::Arguments),
    Link(link::Arguments),
    Tag(tag::Arguments),
    Untag(tag::UntagArguments),
    Log(log::Arguments),
    Rollback(rollback::Arguments),
    Diff(diff::Arguments),
    Jobs(jobs::ListArguments),
    Job(jobs::JobArguments),
    Cancel(jobs::CancelArguments),
    Merge(merge::Arguments),
    Convert(convert::Arguments),
    Inspect(inspect::Arguments),
    Export(export::Arguments),
    Stac(stac::Arguments),
}

/// What a verb works with.
pub(crate) struct Session {
    /// The hub.
    pub(crate) hub: HubClient,
    /// Where its calls run. Dropped without waiting for what is still under way.
    pub(crate) runtime: Runtime,
    /// Where results go.
    pub(crate) output: Output,
}

/// Runs the program; gives its exit code.
pub(crate) fn run(arguments: Vec<OsString>, environment: Environment) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if json && error.use_stderr() => {
            let line = error.to_string();
            let line = line.trim_start_matches("error: ").trim_end().to_owned();
            return Output::new(true).fail(&UsageError(line).into());
        }
        Err(error) => {
            // Nothing is left to do when even this cannot be printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let output = Output::new(cli.json).coloured(!environment.no_colour);
    match execute(cli, environment, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.fail(&error),
    }
}

fn execute(cli: Cli, mut environment: Environment, output: Output) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("cannot start the threads of the HTTP client")?;
    let url = cli.url.filter(|url| !url.is_empty());
    environment.ca_file = cli.ca_file.filter(|file| !file.as_os_str().is_empty());
    match cli.command {
        Command::Login(arguments) => {
            return login::run(&arguments, &environment, &runtime, output);
        }
        Command::Logout(_) => return login::logout(&environment, &runtime, output),
        _ => {}
    }
    let images = std::mem::take(&mut environment.images);
    let roots = environment.roots()?;
    let settings = Settings::find(url, environment, output)?;
    let token = settings.token.as_deref();
    let hub = HubClient::trusting(&settings.url, token, Patience::default(), &roots)?;
    let session = Session { hub, runtime, output };
    let done = perform(cli.command, &session, &images);
    session.runtime.shutdown_background();
    done
}

fn perform(command: Command, session: &Session, images: &Images) -> anyhow::Result<()> {
    match command {
        // They are about what is stored of a hub, and are done.
        Command::Login(_) | Command::Logout(_) => Ok(()),
        Command::Password(arguments) => login::password(&arguments, session),
        Command::Token(arguments) => token::run(&arguments, session),
        Command::Repository(arguments) => repository::run(&arguments, session),
        Command::Member(arguments) => member::run(&arguments, session),
        Command::Push(arguments) => push::run(&arguments, session),
        Command::Pull(arguments) => pull::run(&arguments, session),
        Command::Ls(arguments) => ls::run(&arguments, session),
        Command::Cat(arguments) => cat::run(&arguments, session),
        Command::Sign(arguments) => sign::run(&arguments, session),
        Command::Rm(arguments) => rm::run(&arguments, session),
        Command::Rename(arguments) => rename::run(&arguments, session),
        Command::Promote(arguments) => promote::run(&arguments, session),
        Command::Link(arguments) => link::run(&arguments, session),
        Command::Tag(arguments) => tag::tag(&arguments, session),
        Command::Untag(arguments) => tag::untag(&arguments, session),
        Command::Log(arguments) => log::run(&arguments, session),
        Command::Rollback(arguments) => rollback::run(&arguments, session),
        Command::Diff(arguments) => diff::run(&arguments, session),
        Command::Jobs(arguments) => jobs::list(&arguments, session),
        Command::Job(arguments) => jobs::job(&arguments, session),
        Command::Cancel(arguments) => jobs::cancel(&arguments, session),
        Command::Merge(arguments) => merge::run(&arguments, session),
        Command::Convert(arguments) => convert::run(&arguments, session, images),
        Command::Inspect(arguments) => inspect::run(&arguments, session),
        Command::Export(arguments) => export::run(&arguments, session),
        Command::Stac(arguments) => stac::run(&arguments, session),
    }
}
