//! `hub-client link NAME TARGET`

use clap::Args;
use flisthub_client::Change;

use crate::cli::Session;
use crate::name::{FlistName, Own};
use crate::precondition::Precondition;
use crate::text;

/// Make a name a link to another name, or to a tag. A link follows its target wherever that points later.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The link: REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// The name that it points at.
    #[arg(value_name = "TARGET")]
    target: FlistName,

    /// Only say what would be.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    precondition: Precondition,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let own = runtime.block_on(Own::of(hub, [&arguments.name, &arguments.target]))?;
    let (name, target) = (own.full(&arguments.name), own.full(&arguments.target).to_string());
    let change =
        Change { condition: arguments.precondition.condition(), dry_run: arguments.dry_run };
    let info = runtime.block_on(hub.link(name.pair(), &target, change))?;
    let done = if arguments.dry_run { "would link" } else { "linked" };
    let (kind, revision) = (info.kind.word(), info.revision);
    let text = format!("{done} {name} to {target}\n  kind      {kind}\n  revision  {revision}");
    output.result(&info, &text::harmless(&text))
}
