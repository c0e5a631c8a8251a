//! `flisthub user` and `flisthub token`: they touch the catalog alone, so they work while the hub runs.

use std::io::Write as _;

use anyhow::Context as _;
use flisthub_storage::{Clock as _, SystemClock};

use super::Data;
use crate::actions::accounts;
use crate::auth::{Expiry, Scope};
use crate::catalog::Catalog;
use crate::data::DataDirectory;
use crate::name::RepositoryName;

async fn open(data: &Data) -> anyhow::Result<Catalog> {
    let directory = DataDirectory::open(&data.data)
        .with_context(|| format!("the data directory {}", data.data.display()))?;
    let file = directory.catalog();
    Catalog::open(&file).await.with_context(|| format!("the catalog {}", file.display()))
}

pub(super) async fn add_user(data: &Data, name: &str) -> anyhow::Result<()> {
    // Looked at before the data directory is made: a refused name leaves nothing behind.
    RepositoryName::parse(name).with_context(|| format!("cannot add user {name:?}"))?;
    let catalog = open(data).await?;
    let added = accounts::add_user(&catalog, name, SystemClock.now()).await;
    catalog.close().await;
    added.with_context(|| format!("cannot add user {name:?}"))?;
    writeln!(std::io::stdout(), "user {name} and repository {name} are made")?;
    Ok(())
}

pub(super) async fn create_token(
    data: &Data,
    user: &str,
    scope: Scope,
    expiry: Expiry,
) -> anyhow::Result<()> {
    let catalog = open(data).await?;
    let now = SystemClock.now();
    let token = accounts::create_token(&catalog, user, scope, expiry, now).await;
    catalog.close().await;
    let token = token.with_context(|| format!("cannot make a token for {user:?}"))?;
    writeln!(std::io::stdout(), "{}", token.reveal())?;
    Ok(())
}
