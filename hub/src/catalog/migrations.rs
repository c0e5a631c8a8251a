//! The migration steps, compiled in, and how they are run. The rules for writing one are in
//! `migrations/README.md`.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, SqlSafeStr};

use super::error::CatalogError;

/// One file of `migrations/`.
pub(super) struct Step {
    pub(super) version: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// Every step, oldest first.
pub(super) const STEPS: &[Step] = &[
    Step { version: 1, name: "users", sql: include_str!("../../../migrations/0001_users.sql") },
    Step {
        version: 2,
        name: "repositories",
        sql: include_str!("../../../migrations/0002_repositories.sql"),
    },
    Step {
        version: 3,
        name: "name_history",
        sql: include_str!("../../../migrations/0003_name_history.sql"),
    },
    Step { version: 4, name: "jobs", sql: include_str!("../../../migrations/0004_jobs.sql") },
    Step {
        version: 5,
        name: "hub_state",
        sql: include_str!("../../../migrations/0005_hub_state.sql"),
    },
    Step {
        version: 6,
        name: "local_jobs",
        sql: include_str!("../../../migrations/0006_local_jobs.sql"),
    },
    Step {
        version: 7,
        name: "conversions",
        sql: include_str!("../../../migrations/0007_conversions.sql"),
    },
    Step {
        version: 8,
        name: "image_layers",
        sql: include_str!("../../../migrations/0008_image_layers.sql"),
    },
    Step {
        version: 9,
        name: "links_and_tags",
        sql: include_str!("../../../migrations/0009_links_and_tags.sql"),
    },
    Step { version: 10, name: "access", sql: include_str!("../../../migrations/0010_access.sql") },
];

/// Applies the first `count` steps that are not applied yet. `connection` holds the write lock, in a
/// transaction, so that of two programs that start together one waits for the other.
pub(super) async fn run(connection: &mut AnyConnection, count: usize) -> Result<(), CatalogError> {
    let steps = STEPS.iter().take(count).map(|step| {
        let kind = MigrationType::Simple;
        Migration::new(step.version, step.name.into(), kind, step.sql.into_sql_str(), false)
    });
    Ok(Migrator::with_migrations(steps.collect()).run(connection).await?)
}
