//! `hub-client rm NAME`

use clap::Args;
use serde::Serialize;

use crate::cli::Session;
use crate::confirm::confirm;
use crate::failure::Declined;
use crate::name::FlistName;
use crate::precondition::AtRevision;

/// Remove a name of any kind from a hub. What it pointed at stays until the hub sweeps it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// Do not ask at the terminal.
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    precondition: AtRevision,
}

#[derive(Serialize)]
struct Removed {
    removed: String,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let hub = &session.hub;
    let repository = session.runtime.block_on(arguments.name.repository(hub))?;
    let full = format!("{repository}/{}", arguments.name.name);
    let ask = !arguments.yes && !session.output.is_json();
    if ask && !confirm(&format!("remove {full} from {}?", hub.address()))? {
        return Err(Declined.into());
    }
    let condition = arguments.precondition.condition();
    session.runtime.block_on(hub.remove((&repository, &arguments.name.name), condition))?;
    let text = format!("removed {full}");
    session.output.result(&Removed { removed: full }, &text)
}
