//! A row of `items` with its document, as it is given out.

use std::collections::HashMap;

use flisthub_storage::ChunkId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, FromRow, Row};

use crate::auth::Visibility;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::{id, inconsistent, number};
use crate::stac::Subject;

/// An item in a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The collection's id.
    pub collection: String,
    /// Number of the repository.
    pub repository_id: i64,
    /// Its name.
    pub repository: String,
    /// The name in it.
    pub name: String,
    /// Who may read the repository.
    pub visibility: Visibility,
    /// Of the name.
    pub revision: u64,
    /// The revision before it, if that was an item of the collection.
    pub predecessor: Option<u64>,
    /// What the name points at.
    pub flist: ChunkId,
    /// The item as JSON, marked.
    pub document: String,
    /// How many users starred it.
    pub stars: u64,
}

impl ItemRow {
    /// The item as a filter sees it.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            collection: &self.collection,
            repository: &self.repository,
            name: &self.name,
            stars: self.stars,
            document: &self.document,
        }
    }
}

/// What is read of an item. The row's own number comes with it.
pub(super) struct Columns {
    pub(super) number: i64,
    collection: String,
    repository_id: i64,
    repository: String,
    name: String,
    visibility: i16,
    revision: i64,
    predecessor: Option<i64>,
    flist: Vec<u8>,
    document: String,
    stars: i64,
}

impl FromRow<'_, AnyRow> for Columns {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            collection: row.try_get("collection")?,
            repository_id: row.try_get("repository_id")?,
            repository: row.try_get("repository")?,
            name: row.try_get("name")?,
            visibility: row.try_get("visibility")?,
            revision: row.try_get("revision")?,
            predecessor: row.try_get("predecessor")?,
            flist: row.try_get("flist_id")?,
            document: row.try_get("document")?,
            stars: row.try_get("stars")?,
        })
    }
}

/// Every query of items begins so.
pub(super) const SELECT: &str = "
    select i.number, i.collection, i.repository_id, r.name as repository, i.name, i.visibility,
           d.revision, i.predecessor, d.flist_id, d.document, i.stars
    from items i
    join item_documents d on d.number = i.document
    join repositories r on r.id = i.repository_id ";

impl Columns {
    pub(super) fn into_row(self) -> Result<ItemRow, CatalogError> {
        let row = format!("{}/{}/{}", self.collection, self.repository, self.name);
        let table = "items";
        let visibility =
            Visibility::from_code(self.visibility).ok_or_else(|| inconsistent(table, &row))?;
        let predecessor = self.predecessor.map(|revision| number(table, &row, revision));
        Ok(ItemRow {
            visibility,
            revision: number(table, &row, self.revision)?,
            predecessor: predecessor.transpose()?,
            flist: id(table, &row, &self.flist)?,
            stars: number(table, &row, self.stars)?,
            collection: self.collection,
            repository_id: self.repository_id,
            repository: self.repository,
            name: self.name,
            document: self.document,
        })
    }
}

/// Bytes of documents in one answer, about.
const MOST_BYTES: i64 = 4 << 20;

/// Rows of a page that is not weighed before it is read, because it is never too much: that of a search that asks for
/// no other number.
const FEW: usize = if cfg!(test) { 0 } else { 12 };

/// Numbers in a statement.
const AT_ONCE: usize = 500;

/// The rows with these numbers, in that order. Once there are many bytes of documents, the last ones are left out: before
/// they are read, so that no more is ever in memory than those bytes and one document.
pub(super) async fn by_number(
    connection: &mut AnyConnection,
    numbers: &[i64],
) -> Result<Vec<ItemRow>, CatalogError> {
    let (mut rows, mut bytes, mut whole) = (HashMap::new(), 0, 0);
    for some in numbers.chunks(AT_ONCE) {
        let lengths =
            if numbers.len() > FEW { lengths(connection, some).await? } else { HashMap::new() };
        let fit = some.iter().take_while(|number| {
            let fits = bytes <= MOST_BYTES;
            bytes = bytes.saturating_add(lengths.get(*number).copied().unwrap_or(0));
            fits
        });
        let fit: Vec<i64> = fit.copied().collect();
        if !fit.is_empty() {
            let sql = format!("{SELECT} where i.number in ({})", listed(&fit));
            let found: Vec<Columns> = sqlx::query_as(AssertSqlSafe(sql))
                .persistent(false)
                .fetch_all(&mut *connection)
                .await?;
            rows.extend(found.into_iter().map(|row| (row.number, row)));
        }
        whole += fit.len();
        if fit.len() < some.len() {
            break;
        }
    }
    let row = |number: &i64| rows.remove(number).ok_or_else(|| gone(*number))?.into_row();
    numbers.iter().take(whole).map(row).collect()
}

/// The error for a number that was read a moment ago, of the same state of the catalog.
fn gone(number: i64) -> CatalogError {
    inconsistent("items", &format!("number {number}"))
}

/// How long the documents of rows are. Neither database reads them for it.
async fn lengths(
    connection: &mut AnyConnection,
    numbers: &[i64],
) -> Result<HashMap<i64, i64>, CatalogError> {
    let sql = format!(
        "select i.number, cast(octet_length(d.document) as bigint) as length
         from items i join item_documents d on d.number = i.document where i.number in ({})",
        listed(numbers)
    );
    let rows: Vec<(i64, i64)> =
        sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

/// Numbers in SQL. Nothing of what a caller writes is among them as text.
pub(super) fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(", ")
}

impl Catalog {
    /// An item of a collection. Whether the caller may read it is not asked here.
    pub async fn item(
        &self,
        collection: &str,
        repository: &str,
        name: &str,
    ) -> Result<Option<ItemRow>, CatalogError> {
        let sql = format!("{SELECT} where i.collection = $1 and i.id = $2");
        let row: Option<Columns> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(collection)
            .bind(format!("{repository}/{name}"))
            .fetch_optional(&self.pool)
            .await?;
        row.map(Columns::into_row).transpose()
    }

    /// What a name is in each collection that it is in, by collection.
    pub async fn items_of(
        &self,
        repository_id: i64,
        name: &str,
    ) -> Result<Vec<ItemRow>, CatalogError> {
        let sql =
            format!("{SELECT} where d.repository_id = $1 and d.name = $2 order by i.collection");
        let rows: Vec<Columns> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(repository_id)
            .bind(name)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Columns::into_row).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::items::stage::{Stage, composed, draft, query};
    use crate::stac::Draft;

    #[tokio::test]
    async fn a_page_of_long_items_ends_early_and_the_next_one_goes_on() {
        let stage = Stage::new().await;
        let names: Vec<String> = (0..7).map(|number| format!("name{number}")).collect();
        for name in &names {
            let document = format!("{{\"long\":\"{}\"}}", "x".repeat(1 << 20));
            let item = composed(Draft { document, ..draft(&["dataset"]) });
            stage.publish((0, name), name, &item).await.unwrap();
        }
        let query = query(&["dataset"]);
        let first = stage.catalog.search_items(&query).await.unwrap();
        assert_eq!((first.rows.len(), first.matched), (4, 7));
        assert!(first.next.is_some());
        let (mut all, _) = stage.all(&query).await;
        all.sort_unstable();
        let expected: Vec<String> =
            names.iter().map(|name| format!("dataset/public/{name}")).collect();
        assert_eq!(all, expected);
    }
}
