//! `flisthub undelete`: brings a deleted name back, while a sweep has not taken what it pointed at.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Args;

use super::local;
use super::operate::Operator;
use crate::control::protocol::Ask;
use crate::control::undelete;
use crate::reindex::{self, InLog};

#[derive(Debug, Args)]
pub(super) struct Undelete {
    /// The name, as in alice/base.
    #[arg(value_name = "REPOSITORY/NAME")]
    name: String,
    #[command(flatten)]
    operator: Operator,
}

impl Undelete {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { name, operator } = self;
        if let Some(client) = operator.hub().await? {
            client.answer(&Ask::Undelete { name: name.clone() }).await?;
        } else {
            let hub = operator.open().await?;
            let done = async {
                reindex::if_needed(&hub, InLog).await.context("building the membership index")?;
                anyhow::Ok(undelete(&hub, &name).await?)
            };
            let done = done.await;
            let closed = local::close(&hub).await;
            done?;
            closed?;
        }
        writeln!(std::io::stdout(), "{name} is back")?;
        Ok(())
    }
}
