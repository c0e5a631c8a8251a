//! The audit log: who changed what, when and from where. A row is written in the transaction of the change
//! itself, so there is none without its change, and no change without one.

use std::fmt::Write as _;

use sqlx::{AnyConnection, AssertSqlSafe};

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, number};

/// Who changes something, as the audit log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Number of the user; `None` for the operator.
    pub user_id: Option<i64>,
    /// The user's name, or `operator`.
    pub name: String,
    /// By what they are known: `token 17`, `login 17`, `jwt https://issuer.example`, `command line`, `job`.
    pub credential: String,
    /// The address that the request came from.
    pub address: Option<String>,
    /// The request's id in the log.
    pub request: Option<String>,
}

impl Actor {
    /// Whoever works at the hub's machine.
    pub fn operator() -> Self {
        Self {
            user_id: None,
            name: "operator".to_owned(),
            credential: "command line".to_owned(),
            address: None,
            request: None,
        }
    }
}

/// What is to be noted of a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted<'a> {
    pub(super) action: &'a str,
    pub(super) repository_id: Option<i64>,
    pub(super) subject: &'a str,
    pub(super) detail: Option<&'a str>,
}

/// A row of `audit_log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// 1 for the first change, then one more each time.
    pub id: u64,
    /// When, in seconds since the Unix epoch.
    pub happened: u64,
    /// Who.
    pub actor: Actor,
    /// What: `publish`, `token-create`, ...
    pub action: String,
    /// To what: `alice/base`, `user alice`, `token 17`.
    pub subject: String,
    /// More of it, for people.
    pub detail: Option<String>,
}

/// Which rows of the audit log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of what was done to this repository.
    pub repository_id: Option<i64>,
    /// Of what this user did.
    pub user_id: Option<i64>,
    /// Of this action.
    pub action: Option<String>,
}

type Columns = (
    i64,
    i64,
    String,
    Option<i64>,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
    Option<String>,
);

impl AuditRow {
    fn from_columns(row: Columns) -> Result<Self, CatalogError> {
        let (id, happened, name, user_id, credential, address, request, action, subject, detail) =
            row;
        let key = id.to_string();
        Ok(Self {
            id: number("audit_log", &key, id)?,
            happened: number("audit_log", &key, happened)?,
            actor: Actor { user_id, name, credential, address, request },
            action,
            subject,
            detail,
        })
    }
}

/// Adds a row within the transaction of the change.
pub(super) async fn note(
    connection: &mut AnyConnection,
    by: &Actor,
    noted: Noted<'_>,
    now: u64,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into audit_log (id, happened_at, actor, user_id, credential, address, request, action,
                                repository_id, subject, detail)
         select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 from audit_log",
    )
    .bind(column(now))
    .bind(&by.name)
    .bind(by.user_id)
    .bind(&by.credential)
    .bind(by.address.as_deref())
    .bind(by.request.as_deref())
    .bind(noted.action)
    .bind(noted.repository_id)
    .bind(noted.subject)
    .bind(noted.detail)
    .execute(connection)
    .await?;
    Ok(())
}

impl Catalog {
    /// A page of the audit log, newest first: rows before the row `before` (`None`: from the last), at most
    /// `limit`.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, CatalogError> {
        let mut conditions = String::from("id < $1");
        // Numbers only: nothing of what a caller writes becomes SQL.
        if let Some(repository) = filter.repository_id {
            let _ = write!(conditions, " and repository_id = {repository}");
        }
        if let Some(user) = filter.user_id {
            let _ = write!(conditions, " and user_id = {user}");
        }
        if filter.action.is_some() {
            conditions.push_str(" and action = $3");
        }
        let sql = format!(
            "select id, happened_at, actor, user_id, credential, address, request, action, subject, detail
             from audit_log where {conditions} order by id desc limit $2"
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(before.map_or(i64::MAX, column))
            .bind(i64::from(limit));
        if let Some(action) = &filter.action {
            query = query.bind(action);
        }
        let rows: Vec<Columns> = query.fetch_all(&self.pool).await?;
        rows.into_iter().map(AuditRow::from_columns).collect()
    }
}
