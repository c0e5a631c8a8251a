//! `hub-client rollback NAME REVISION`

use clap::Args;
use flisthub_client::Change;
use flisthub_flist::wire::NameInfo;

use crate::cli::Session;
use crate::name::FlistName;
use crate::precondition::AtRevision;
use crate::text;

/// Make a name point again at what it pointed at before. That is a new revision; nothing is forgotten.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// The revision to go back to, as `log` shows it.
    #[arg(value_name = "REVISION")]
    revision: u64,

    /// Only say what would be.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    precondition: AtRevision,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let Arguments { name, revision, dry_run, precondition } = arguments;
    let repository = runtime.block_on(name.repository(hub))?;
    let change = Change { condition: precondition.condition(), dry_run: *dry_run };
    let rollback = hub.rollback((&repository, &name.name), *revision, change);
    let info = runtime.block_on(rollback)?;
    let done = if *dry_run { "would roll" } else { "rolled" };
    let text = format!(
        "{done} {repository}/{} back to revision {revision}\n{}  revision  {}",
        name.name,
        points_at(&info),
        info.revision
    );
    output.result(&info, &text::harmless(&text))
}

/// The line of what a name points at.
fn points_at(info: &NameInfo) -> String {
    match (&info.flist, &info.target) {
        (Some(flist), _) => format!("  flist     {flist}\n"),
        (None, Some(target)) => format!("  target    {target}\n"),
        (None, None) => String::new(),
    }
}
