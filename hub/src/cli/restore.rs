//! `flisthub restore`: makes a data directory from a backup, or only checks the backup. It needs no hub.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use flisthub_storage::Silent;

use crate::backup::{self, Checked, Restored};
use crate::catalog::Location;
use crate::data::RESTORING;
use crate::place;

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The folder that `flisthub backup` wrote.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Which snapshot: the name of its file in `snapshots/` without the ending; the newest unless named.
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
    /// Only read the backup and say whether it is whole.
    #[arg(long)]
    check: bool,
    /// The data directory to make: empty, or not there.
    #[arg(long, value_name = "DIR", env = "FLISTHUB_DATA", required_unless_present = "check")]
    data: Option<PathBuf>,
    /// The hub's configuration file. If it, or `FLISTHUB_CATALOG_URL`, names a PostgreSQL database, the catalog
    /// comes there; the database must hold none yet.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
}

pub(super) async fn run(arguments: Restore) -> anyhow::Result<()> {
    tokio::task::spawn_blocking(move || {
        let Restore { backup, snapshot, check, data, config } = arguments;
        match data {
            Some(data) if !check => {
                let config = super::config(config.as_deref())?;
                let server = place::server(&config.catalog)?;
                restore(&backup, snapshot.as_deref(), &data, server.as_ref())
            }
            _ => {
                let checked = backup::check(&backup, snapshot.as_deref(), &Silent)
                    .context("nothing can be restored from it as it is")?;
                say(&format!("{} is whole", described(&checked)))
            }
        }
    })
    .await?
}

fn restore(
    backup: &Path,
    snapshot: Option<&str>,
    data: &Path,
    server: Option<&Location>,
) -> anyhow::Result<()> {
    let Restored { backup: checked, absent } =
        backup::restore(backup, snapshot, data, server, &Silent).with_context(|| {
            let begun = data.join(RESTORING).exists();
            let then = if begun {
                "what is there is not whole: remove it and try again"
            } else {
                "nothing is written"
            };
            format!("cannot restore into {}; {then}", data.display())
        })?;
    say(&format!("{} is restored into {}", described(&checked), data.display()))?;
    if absent.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "the hub had lost {} flists before the backup was made; everything else is restored. The \
         manifests that are absent: {}",
        absent.len(),
        absent.join(" ")
    )
}

fn described(checked: &Checked) -> String {
    let Checked { snapshot, flists, files, bytes, .. } = checked;
    format!("snapshot {snapshot} ({flists} flists, {files} files, {bytes} bytes)")
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
