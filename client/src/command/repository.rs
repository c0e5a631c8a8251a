//! `hub-client repository create`, `repository show` and `repository set`

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use flisthub_flist::wire::RepositoryDetail;

use crate::cli::Session;
use crate::text;

/// A repository itself: make one, show it, say who may read it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a repository; you own it.
    Create {
        /// Its name.
        #[arg(value_name = "REPOSITORY")]
        name: String,
        /// Who may read it: public (everybody), internal (every signed-in user) or private (its members). As the
        /// hub is configured unless given.
        #[arg(long, value_name = "WHO", value_parser = visibilities())]
        visibility: Option<String>,
    },
    /// Show who may read a repository, and what you are in it.
    Show {
        /// Its name.
        #[arg(value_name = "REPOSITORY")]
        name: String,
    },
    /// Say who may read a repository. Takes an owner.
    Set {
        /// Its name.
        #[arg(value_name = "REPOSITORY")]
        name: String,
        /// Who may read it: public, internal or private.
        #[arg(long, value_name = "WHO", value_parser = visibilities())]
        visibility: String,
    },
}

fn visibilities() -> PossibleValuesParser {
    ["public", "internal", "private"].into()
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let detail = match &arguments.what {
        What::Create { name, visibility } => {
            runtime.block_on(hub.create_repository(name, visibility.as_deref()))?
        }
        What::Show { name } => runtime.block_on(hub.repository(name))?,
        What::Set { name, visibility } => runtime.block_on(hub.set_visibility(name, visibility))?,
    };
    output.result(&detail, &shown(&detail))
}

fn shown(detail: &RepositoryDetail) -> String {
    let updated = text::time(i64::try_from(detail.updated).unwrap_or(i64::MAX));
    let level = detail.level.as_deref().unwrap_or("no member");
    let text = format!(
        "{}\n  visibility  {}\n  you         {level}\n  updated     {updated}",
        detail.name, detail.visibility
    );
    text::harmless(&text)
}
