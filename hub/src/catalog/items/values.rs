//! Values of properties beside the items (`_item_values`): written with each document, and read later of documents
//! that were written without them. What an older release writes is unread again: triggers see to it.

use sqlx::AnyConnection;

use super::known::column;
use super::row::listed;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::stac::{COLUMNS, Scalar, UNREAD, values};

/// Documents that are read in one transaction, which others who write wait for.
const AT_ONCE: usize = 100;

/// Bytes of documents that are read at a time, one at least.
const MOST_BYTES: i64 = 4 << 20;

/// Writes what is kept of a document.
pub(super) async fn put(
    connection: &mut AnyConnection,
    document: i64,
    text: &str,
) -> Result<(), CatalogError> {
    let mut bound = Bound::default();
    let read = values(text);
    let mut set = vec![format!("odd = {}", bound.number(read.odd))];
    for (property, value) in COLUMNS.iter().zip(read.each) {
        // Nothing is written as such: sqlx gives PostgreSQL a missing number of eight bytes as one of four.
        let place = match value {
            None => "null".to_owned(),
            Some(Scalar::Number(number)) => bound.real(number),
            Some(Scalar::Text(text)) => bound.text(text),
            Some(Scalar::Time(micros)) => bound.number(micros),
        };
        set.push(format!("{} = {place}", column(property.property)));
    }
    let number = bound.number(document);
    let text = format!("update _item_values set {} where document = {number}", set.join(", "));
    // There are as many texts of it as sets of columns that have a value.
    bound.query(text).persistent(false).execute(connection).await?;
    Ok(())
}

impl Catalog {
    /// Whether there are documents whose values were not read.
    pub async fn has_unread_items(&self) -> Result<bool, CatalogError> {
        let sql =
            format!("select document from _item_values where odd = {UNREAD} and odd <> 0 limit 1");
        let row: Option<(i64,)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    /// Reads the values of some documents from after `after` on, and tells how far it came. `None`: none is left.
    /// What is found does not change by it.
    pub async fn read_items(&self, after: i64) -> Result<Option<i64>, CatalogError> {
        let mut transaction = self.write().await?;
        let unread: Vec<(i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "select v.document, cast(octet_length(d.document) as bigint)
             from _item_values v join item_documents d on d.number = v.document
             where v.odd = {UNREAD} and v.odd <> 0 and v.document > $1
             order by v.document limit {AT_ONCE}"
        )))
        .bind(after)
        .fetch_all(&mut *transaction)
        .await?;
        let mut bytes = 0_i64;
        let some = unread.iter().take_while(|(_, length)| {
            let fits = bytes == 0 || bytes.saturating_add(*length) <= MOST_BYTES;
            bytes = bytes.saturating_add(*length);
            fits
        });
        let numbers: Vec<i64> = some.map(|(number, _)| *number).collect();
        let Some(last) = numbers.last().copied() else { return Ok(None) };
        let sql = format!(
            "select number, document from item_documents where number in ({})",
            listed(&numbers)
        );
        let documents: Vec<(i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .persistent(false)
            .fetch_all(&mut *transaction)
            .await?;
        for (number, document) in documents {
            put(&mut transaction, number, &document).await?;
        }
        transaction.commit().await?;
        Ok(Some(last))
    }
}
