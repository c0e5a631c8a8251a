//! The migration steps, compiled in, and how they are run. The rules for writing one are in
//! `migrations/README.md`.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, SqlSafeStr};

use super::dialect::Dialect;
use super::error::CatalogError;

/// One number of `migrations/`.
pub(super) struct Step {
    pub(super) version: i64,
    pub(super) name: &'static str,
    pub(super) sql: Sql,
}

/// What a step runs.
pub(super) enum Sql {
    /// The same on both databases: one file.
    Both(&'static str),
    /// A file for each database.
    Each { sqlite: &'static str, postgres: &'static str },
}

impl Sql {
    fn of(&self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Both(sql), _)
            | (Self::Each { sqlite: sql, .. }, Dialect::Sqlite)
            | (Self::Each { postgres: sql, .. }, Dialect::Postgres) => sql,
        }
    }
}

/// Every step, oldest first.
pub(super) const STEPS: &[Step] = &[
    Step {
        version: 1,
        name: "users",
        sql: Sql::Both(include_str!("../../../migrations/0001_users.sql")),
    },
    Step {
        version: 2,
        name: "repositories",
        sql: Sql::Both(include_str!("../../../migrations/0002_repositories.sql")),
    },
    Step {
        version: 3,
        name: "name_history",
        sql: Sql::Both(include_str!("../../../migrations/0003_name_history.sql")),
    },
    Step {
        version: 4,
        name: "jobs",
        sql: Sql::Both(include_str!("../../../migrations/0004_jobs.sql")),
    },
    Step {
        version: 5,
        name: "hub_state",
        sql: Sql::Each {
            sqlite: include_str!("../../../migrations/0005_hub_state.sqlite.sql"),
            postgres: include_str!("../../../migrations/0005_hub_state.postgres.sql"),
        },
    },
    Step {
        version: 6,
        name: "local_jobs",
        sql: Sql::Both(include_str!("../../../migrations/0006_local_jobs.sql")),
    },
    Step {
        version: 7,
        name: "conversions",
        sql: Sql::Both(include_str!("../../../migrations/0007_conversions.sql")),
    },
    Step {
        version: 8,
        name: "image_layers",
        sql: Sql::Both(include_str!("../../../migrations/0008_image_layers.sql")),
    },
    Step {
        version: 9,
        name: "links_and_tags",
        sql: Sql::Both(include_str!("../../../migrations/0009_links_and_tags.sql")),
    },
    Step {
        version: 10,
        name: "access",
        sql: Sql::Both(include_str!("../../../migrations/0010_access.sql")),
    },
    Step {
        version: 11,
        name: "lease",
        sql: Sql::Each {
            sqlite: include_str!("../../../migrations/0011_lease.sqlite.sql"),
            postgres: include_str!("../../../migrations/0011_lease.postgres.sql"),
        },
    },
    Step {
        version: 12,
        name: "image_repositories",
        sql: Sql::Both(include_str!("../../../migrations/0012_image_repositories.sql")),
    },
    Step {
        version: 13,
        name: "items",
        sql: Sql::Each {
            sqlite: include_str!("../../../migrations/0013_items.sqlite.sql"),
            postgres: include_str!("../../../migrations/0013_items.postgres.sql"),
        },
    },
    Step {
        version: 14,
        name: "item_values",
        sql: Sql::Each {
            sqlite: include_str!("../../../migrations/0014_item_values.sqlite.sql"),
            postgres: include_str!("../../../migrations/0014_item_values.postgres.sql"),
        },
    },
    Step {
        version: 15,
        name: "written_items",
        sql: Sql::Both(include_str!("../../../migrations/0015_written_items.sql")),
    },
];

/// Whether any of the first `count` steps is not applied yet. The table that says so must be there.
pub(super) async fn any_missing(
    connection: &mut AnyConnection,
    count: usize,
) -> Result<bool, CatalogError> {
    let applied: Vec<(i64,)> =
        sqlx::query_as("select version from _sqlx_migrations").fetch_all(connection).await?;
    Ok(STEPS.iter().take(count).any(|step| !applied.contains(&(step.version,))))
}

/// Applies the first `count` steps that are not applied yet. `connection` is in a transaction that keeps others
/// from doing the same.
pub(super) async fn run(
    connection: &mut AnyConnection,
    dialect: Dialect,
    count: usize,
) -> Result<(), CatalogError> {
    let steps = STEPS.iter().take(count).map(|step| {
        let (kind, sql) = (MigrationType::Simple, step.sql.of(dialect));
        Migration::new(step.version, step.name.into(), kind, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.set_locking(false).run(&mut *connection).await?;
    dialect.after_migrations(connection).await
}
