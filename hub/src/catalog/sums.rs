//! How much of everything there is, for whoever watches over the hub. Each of these reads whole tables: ask
//! now and then, not for each request.

use super::Catalog;
use super::error::CatalogError;
use super::job_row::JobState;
use super::names::Kind;

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Users.
    pub users: u64,
    /// Repositories.
    pub repositories: u64,
    /// Names, by their kind.
    pub names: Vec<(Kind, u64)>,
    /// Bytes of content of all that names point at, each name counted at full length. More than an integer
    /// of 64 bits may be asked for, so not one.
    pub logical_bytes: f64,
    /// Entries of all that names point at.
    pub logical_entries: f64,
    /// Jobs that wait or run: kind, state, how many.
    pub jobs: Vec<(String, JobState, u64)>,
}

/// A job that did what was asked, as far as a list of such tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its id.
    pub id: String,
    /// What was asked for, as JSON.
    pub arguments: String,
}

/// Jobs that [`Catalog::done_lately`] looks at.
const LATELY: i64 = 20;

impl Catalog {
    /// Counts everything.
    pub async fn sums(&self) -> Result<Sums, CatalogError> {
        let (logical_bytes, logical_entries) = sqlx::query_as(
            "select coalesce(sum(cast(flists.bytes as double precision)), 0.0),
                    coalesce(sum(cast(flists.entries as double precision)), 0.0)
             from names join flists on flists.id = names.flist_id",
        )
        .fetch_one(&self.pool)
        .await?;
        let names: Vec<(i16, i64)> =
            sqlx::query_as("select kind, count(*) from names group by kind")
                .fetch_all(&self.pool)
                .await?;
        let jobs: Vec<(String, String, i64)> = sqlx::query_as(
            "select kind, state, count(*) from jobs where state in ('queued', 'running')
             group by kind, state",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Sums {
            users: self.count("select count(*) from users").await?,
            repositories: self.count("select count(*) from repositories").await?,
            names: names
                .into_iter()
                .filter_map(|(kind, count)| Some((Kind::from_code(kind)?, count.unsigned_abs())))
                .collect(),
            logical_bytes,
            logical_entries,
            jobs: jobs
                .into_iter()
                .filter_map(|(kind, state, count)| {
                    Some((kind, JobState::from_word(&state)?, count.unsigned_abs()))
                })
                .collect(),
        })
    }

    async fn count(&self, sql: &'static str) -> Result<u64, CatalogError> {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// The newest jobs of a kind that did what was asked, the newest first.
    pub async fn done_lately(&self, kind: &str) -> Result<Vec<Done>, CatalogError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "select id, arguments from jobs where state = 'succeeded' and kind = $1
             order by sequence desc limit $2",
        )
        .bind(kind)
        .bind(LATELY)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id, arguments)| Done { id, arguments }).collect())
    }
}
