//! `hub-client rename OLD NEW`

use clap::Args;
use flisthub_client::Change;

use crate::cli::Session;
use crate::failure::usage;
use crate::name::FlistName;
use crate::precondition::AtRevision;
use crate::text;

/// Give a name another name in the same repository. Its history goes along; links to it do not.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "OLD")]
    old: FlistName,

    /// The new name, which must be free.
    #[arg(value_name = "NEW")]
    new: FlistName,

    /// Only say what would be.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    precondition: AtRevision,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let (old, new) = (&arguments.old, &arguments.new.name);
    let repository = runtime.block_on(old.repository(hub))?;
    if arguments.new.repository.as_ref().is_some_and(|other| *other != repository) {
        return Err(usage(
            "a name stays in its repository; `hub-client promote` makes one in another",
        ));
    }
    let change =
        Change { condition: arguments.precondition.condition(), dry_run: arguments.dry_run };
    let info = runtime.block_on(hub.rename((&repository, &old.name), new, change))?;
    let done = if arguments.dry_run { "would rename" } else { "renamed" };
    let revision = info.revision;
    let text =
        format!("{done} {repository}/{} to {repository}/{new}\n  revision  {revision}", old.name);
    output.result(&info, &text::harmless(&text))
}
