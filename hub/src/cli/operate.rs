//! `flisthub gc`, `scrub`, `backup`, `space` and `why`: each is a job, done by the hub that runs on the data
//! directory, or by this process if none runs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::ending::Ending;
use super::show::Show;
use super::{local, quantity};
use crate::catalog::Catalog;
use crate::control::Client;
use crate::control::protocol::{Ask, Tell};
use crate::jobs::JobSpec;
use crate::place;

/// What all of these commands want to know.
#[derive(Debug, Args)]
pub(super) struct Operator {
    /// The hub's data directory.
    #[arg(long, value_name = "DIR", env = "FLISTHUB_DATA")]
    data: PathBuf,
    /// The hub's configuration file, for when no hub runs; one that runs has its own.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Gc {
    /// Only tell what would be deleted.
    #[arg(long)]
    dry_run: bool,
    /// For how long anything that was put, asked for or deleted by name stays, as in 24h or 30d. As
    /// configured (`store.grace_seconds`) unless given.
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds)]
    grace: Option<u64>,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(super) struct Scrub {
    /// Bytes a second to read at most, as in 100M. As fast as it goes unless given.
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    rate: Option<u64>,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The folder that holds the backups; made if it is not there.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// How many backups to keep in it, the new one included. All of them unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(super) struct Space {
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(super) struct Why {
    /// The id of a chunk, directory or other stored object, 64 hex digits.
    id: String,
    #[command(flatten)]
    operator: Operator,
}

impl Gc {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { dry_run, grace, operator } = self;
        operator.job(JobSpec::Sweep { dry_run, grace_seconds: grace }).await
    }
}

impl Scrub {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        self.operator.job(JobSpec::Scrub { rate_bytes_per_second: self.rate }).await
    }
}

impl Backup {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        // The hub works elsewhere than this program.
        let directory = std::path::absolute(&self.directory)
            .with_context(|| format!("the backup folder {}", self.directory.display()))?;
        self.operator.job(JobSpec::Backup { directory, keep: self.keep }).await
    }
}

impl Space {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        self.operator.job(JobSpec::Space {}).await
    }
}

impl Why {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        self.operator.job(JobSpec::Why { id: self.id }).await
    }
}

impl Operator {
    /// The running hub, if one runs. A mistyped data directory is not made by asking.
    pub(super) async fn hub(&self) -> anyhow::Result<Option<Client>> {
        Ok(Client::connect(&super::existing(&self.data)?.control()).await?)
    }

    /// The data directory, opened in this process.
    pub(super) async fn open(&self) -> anyhow::Result<crate::state::Hub> {
        local::open(&self.data, super::config(self.config.as_deref())?).await
    }

    /// The catalog alone, which many processes may use at a time.
    pub(super) async fn catalog(&self) -> anyhow::Result<Catalog> {
        let config = super::config(self.config.as_deref())?;
        let data = super::existing(&self.data)?;
        super::refuse_anothers(&data)?;
        Ok(place::open(&data, &config.catalog).await?)
    }

    /// Has a job done and shows how it goes. Ctrl-C asks it to end.
    async fn job(&self, spec: JobSpec) -> anyhow::Result<ExitCode> {
        if let Some(client) = self.hub().await? {
            let mut ending = Ending::of_follower()?;
            return ask(client, spec, &mut Show::new(self.json), &mut ending).await;
        }
        let hub = self.open().await?;
        let mut ending = Ending::of_worker()?;
        let code = local::run(&hub, &spec, &mut Show::new(self.json), &mut ending).await;
        let closed = local::close(&hub).await;
        // Why the job has no report counts more than what went wrong after it.
        let code = code?;
        closed?;
        Ok(code)
    }
}

/// Has the running hub do a job.
async fn ask(
    mut client: Client,
    job: JobSpec,
    show: &mut Show,
    ending: &mut Ending,
) -> anyhow::Result<ExitCode> {
    client.ask(&Ask::Start { job }).await?;
    // Whether the job was queued: an error before that says why it was not.
    let mut queued = false;
    loop {
        tokio::select! {
            tell = client.next() => match tell? {
                // The job may have ended before it could be cancelled; then its end comes next.
                Tell::Error { .. } if queued => {}
                tell => {
                    queued |= matches!(tell, Tell::Job { .. } | Tell::Line { .. });
                    if let Some(code) = show.tell(tell)? {
                        return Ok(code);
                    }
                }
            },
            () = ending.asked() => {
                client.ask(&Ask::Cancel { id: None }).await?;
                show.say("asked to end; waiting for it");
            }
        }
    }
}
