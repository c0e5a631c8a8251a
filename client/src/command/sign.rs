//! `hub-client sign NAME PATH...`

use clap::Args;
use flisthub_flist::wire::SignRequest;

use super::token::seconds;
use crate::cli::Session;
use crate::name::{FlistName, Own};
use crate::text;

/// Sign addresses of files, for programs that can send no token: a browser, GDAL. One a line, in the order of
/// the paths. Whoever has one can read that file until it ends.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name: REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// Files in its tree, at most 200.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,

    /// For how long: a number with s, m, h or d, at most 12h. 15 minutes unless given.
    #[arg(long = "for", value_name = "TIME")]
    lasting: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let seconds = arguments.lasting.as_deref().map(seconds).transpose()?;
    let name = runtime.block_on(Own::of(hub, [&arguments.name]))?.full(&arguments.name);
    let request = SignRequest { paths: arguments.paths.clone(), seconds };
    let signed = runtime.block_on(hub.sign(name.pair(), &request))?;
    let urls: Vec<&str> = signed.urls.iter().map(|signed| signed.url.as_str()).collect();
    output.result(&signed, &text::harmless(&urls.join("\n")))?;
    let end = text::time(i64::try_from(signed.expires).unwrap_or(i64::MAX));
    output.note(&format!("they end at {end} UTC"));
    Ok(())
}
