//! `hub-client promote FROM TO`

use clap::Args;
use flisthub_client::Change;
use flisthub_flist::wire::FlistInfo;

use crate::cli::Session;
use crate::name::{FlistName, Own};
use crate::precondition::Precondition;
use crate::text;

/// Make a name point at what another name points at now. Nothing is copied.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name to take from: REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "FROM")]
    from: FlistName,

    /// The name to change.
    #[arg(value_name = "TO")]
    to: FlistName,

    /// Only say what would be.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    precondition: Precondition,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let own = runtime.block_on(Own::of(hub, [&arguments.from, &arguments.to]))?;
    let (from, to) = (own.full(&arguments.from).to_string(), own.full(&arguments.to));
    let change =
        Change { condition: arguments.precondition.condition(), dry_run: arguments.dry_run };
    let info = runtime.block_on(hub.promote(to.pair(), &from, change))?;
    let done = if arguments.dry_run { "would promote" } else { "promoted" };
    let text = format!("{done} {from} to {to}\n{}", about(&info));
    output.result(&info, &text::harmless(&text))
}

/// What a name points at, one thing a line.
fn about(info: &FlistInfo) -> String {
    format!(
        "  flist     {}\n  tree      {} entries, {}\n  revision  {}",
        info.flist,
        info.entries,
        text::size(info.bytes),
        info.revision,
    )
}
