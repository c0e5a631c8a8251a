//! What was set of a name through the API, and in which collections a repository says that its names are. Both count
//! from the moment at which its items are composed again.

use serde_json::{Map, Value};
use sqlx::AnyConnection;

use super::pending::mark;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::audit::{Actor, Noted, note};
use crate::catalog::changes::Change;
use crate::catalog::error::CatalogError;
use crate::catalog::repositories::RepositoryRow;
use crate::catalog::rows::{inconsistent, random_id};

/// What is set of a name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemSet {
    /// Keys of metadata, as they were given.
    pub metadata: Map<String, Value>,
    /// The item that was written, as JSON.
    pub item: Option<String>,
}

/// What was set of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSettings {
    /// A number that is another one after each change.
    pub revision: i64,
    /// What it is.
    pub set: ItemSet,
}

/// A JSON object from a column.
fn object(table: &'static str, row: &str, text: &str) -> Result<Map<String, Value>, CatalogError> {
    serde_json::from_str(text).map_err(|_| inconsistent(table, row))
}

/// What was set of a name, as it is in a transaction.
pub(super) async fn settings(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<Option<ItemSettings>, CatalogError> {
    let row: Option<(i64, String, Option<String>)> = sqlx::query_as(
        "select revision, metadata, item from item_settings
         where repository_id = $1 and name = $2",
    )
    .bind(repository_id)
    .bind(name)
    .fetch_optional(connection)
    .await?;
    let Some((revision, metadata, item)) = row else { return Ok(None) };
    let metadata = object("item_settings", name, &metadata)?;
    Ok(Some(ItemSettings { revision, set: ItemSet { metadata, item } }))
}

/// The number of what was set of a name, as it is in a transaction; 0: nothing was.
pub(in crate::catalog) async fn settings_revision(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<i64, CatalogError> {
    let sql = "select revision from item_settings where repository_id = $1 and name = $2";
    let query = sqlx::query_as(sql).bind(repository_id).bind(name);
    let row: Option<(i64,)> = query.fetch_optional(connection).await?;
    Ok(row.map_or(0, |(revision,)| revision))
}

/// Keeps what is set of a name, in the place of what was.
pub(super) async fn set(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    set: &ItemSet,
) -> Result<(), CatalogError> {
    if *set == ItemSet::default() {
        sqlx::query("delete from item_settings where repository_id = $1 and name = $2")
            .bind(change.repository_id)
            .bind(change.name.as_str())
            .execute(connection)
            .await?;
        return Ok(());
    }
    sqlx::query(
        "insert into item_settings (repository_id, name, revision, metadata, item)
         values ($1, $2, $3, $4, $5)
         on conflict (repository_id, name)
         do update set revision = excluded.revision, metadata = excluded.metadata,
                       item = excluded.item",
    )
    .bind(change.repository_id)
    .bind(change.name.as_str())
    .bind(random_id()?)
    .bind(Value::Object(set.metadata.clone()).to_string())
    .bind(set.item.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what was set and starred of a name that is gone: another name is made in its place.
pub(in crate::catalog) async fn forget(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<(), CatalogError> {
    for sql in [
        "delete from item_settings where repository_id = $1 and name = $2",
        "delete from item_stars where repository_id = $1 and name = $2",
    ] {
        sqlx::query(sql).bind(repository_id).bind(name).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Removes what was set and starred of names that were deleted so long ago that a sweep takes what they pointed at.
pub(in crate::catalog) async fn forget_old(
    connection: &mut AnyConnection,
) -> Result<(), CatalogError> {
    for table in ["item_settings", "item_stars"] {
        let sql = format!(
            "delete from {table}
             where not exists (select 1 from names
                               where names.repository_id = {table}.repository_id
                                 and names.name = {table}.name)
               and not exists (select 1 from name_history as gone
                               where gone.repository_id = {table}.repository_id
                                 and gone.name = {table}.name and gone.kind = 0
                                 and gone.happened_at >= (select swept_before from hub_state))"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Has what was set and starred go with a name that gets another one, in the place of what was left there.
pub(super) async fn moved(
    connection: &mut AnyConnection,
    repository_id: i64,
    (from, to): (&str, &str),
) -> Result<(), CatalogError> {
    forget(&mut *connection, repository_id, to).await?;
    for sql in [
        "update item_settings set name = $3 where repository_id = $1 and name = $2",
        "update item_stars set name = $3 where repository_id = $1 and name = $2",
    ] {
        let query = sqlx::query(sql).bind(repository_id).bind(from).bind(to);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The collections that a repository's names are in, as they stand in its row.
pub(super) async fn categories(
    connection: &mut AnyConnection,
    repository_id: i64,
) -> Result<Vec<String>, CatalogError> {
    let row: Option<(String,)> =
        sqlx::query_as("select categories from repositories where id = $1")
            .bind(repository_id)
            .fetch_optional(connection)
            .await?;
    let text = row.map_or_else(|| "[]".to_owned(), |(text,)| text);
    let wrong = |_| inconsistent("repositories", &repository_id.to_string());
    serde_json::from_str(&text).map_err(wrong)
}

/// Takes the items that are where their repository says out of all other collections.
async fn leave(
    connection: &mut AnyConnection,
    repository_id: i64,
    categories: &[String],
) -> Result<(), CatalogError> {
    let mut bound = Bound::default();
    let repository = bound.number(repository_id);
    let others = if categories.is_empty() {
        String::new()
    } else {
        format!(" and collection not in ({})", bound.texts(categories))
    };
    bound.query(leaving(&repository, &others)).execute(connection).await?;
    Ok(())
}

/// The statement for that. Nobody writes while it runs, so it looks at what is of the repository alone.
pub(super) fn leaving(repository: &str, others: &str) -> String {
    format!(
        "delete from items where repository_id = {repository}{others}
         and document in (select number from item_documents
                          where repository_id = {repository} and inherits = 1)"
    )
}

impl Catalog {
    /// What was set of a name through the API.
    pub async fn item_settings(
        &self,
        repository_id: i64,
        name: &str,
    ) -> Result<Option<ItemSettings>, CatalogError> {
        settings(&mut *self.pool.acquire().await?, repository_id, name).await
    }

    /// The number of what was set of a name, which is another one after each change; 0: nothing was.
    pub async fn item_settings_revision(
        &self,
        repository_id: i64,
        name: &str,
    ) -> Result<i64, CatalogError> {
        settings_revision(&mut *self.pool.acquire().await?, repository_id, name).await
    }

    /// The collections that a repository says all its names are in.
    pub async fn repository_categories(
        &self,
        repository_id: i64,
    ) -> Result<Vec<String>, CatalogError> {
        categories(&mut *self.pool.acquire().await?, repository_id).await
    }

    /// Says in which collections a repository's names are. Items leave others at once; all that else follows from it
    /// does when they are composed again, for which they are marked.
    pub async fn set_repository_categories(
        &self,
        repository: &RepositoryRow,
        categories: &[String],
        by: &Actor,
        now: u64,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query("update repositories set categories = $1 where id = $2")
            .bind(serde_json::json!(categories).to_string())
            .bind(repository.id)
            .execute(&mut *transaction)
            .await?;
        leave(&mut transaction, repository.id, categories).await?;
        mark(&mut transaction, Some(repository.id)).await?;
        let told = categories.join(", ");
        let noted = Noted {
            action: "repository-categories",
            repository_id: Some(repository.id),
            subject: &repository.name,
            detail: Some(&told),
        };
        note(&mut transaction, by, noted, now).await?;
        self.commit_names(transaction).await
    }
}
