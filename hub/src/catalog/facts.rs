//! What takes reading a whole flist to know. Computed when somebody asks for the first time, and kept: it
//! follows from the flist's id.

use flisthub_flist::Counts;
use flisthub_storage::ChunkId;

use super::Catalog;
use super::error::CatalogError;
use super::rows::{column, inconsistent, number};

/// A row of `flist_facts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlistFacts {
    /// Length of the `.flist` file in bytes.
    pub file_bytes: u64,
    /// MD5 of the `.flist` file: for 0-hub's clients, which check downloads by it. No protection.
    pub md5: [u8; 16],
    /// Entries by kind. A regular file with several hard links counts once for each.
    pub counts: Counts,
}

impl Catalog {
    /// What is known of a flist; `None` before somebody asked.
    pub async fn facts(&self, flist: ChunkId) -> Result<Option<FlistFacts>, CatalogError> {
        type Columns = (i64, Vec<u8>, i64, i64, i64, i64);
        let row: Option<Columns> = sqlx::query_as(
            "select file_bytes, md5, regular, symlink, directory, special from flist_facts
             where flist_id = $1",
        )
        .bind(flist.as_bytes().to_vec())
        .fetch_optional(&self.pool)
        .await?;
        let Some((file_bytes, md5, regular, symlink, directory, special)) = row else {
            return Ok(None);
        };
        let (table, row) = ("flist_facts", flist.to_string());
        let count = |column| number(table, &row, column);
        Ok(Some(FlistFacts {
            file_bytes: count(file_bytes)?,
            md5: md5.try_into().map_err(|_| inconsistent(table, &row))?,
            counts: Counts {
                regular: count(regular)?,
                symlink: count(symlink)?,
                directory: count(directory)?,
                special: count(special)?,
            },
        }))
    }

    /// Keeps what was found out of a flist that is published.
    pub async fn set_facts(&self, flist: ChunkId, facts: &FlistFacts) -> Result<(), CatalogError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "insert into flist_facts (flist_id, file_bytes, md5, regular, symlink, directory,
                                      special)
             select id, $2, $3, $4, $5, $6, $7 from flists where id = $1
             on conflict (flist_id) do nothing",
        )
        .bind(flist.as_bytes().to_vec())
        .bind(column(facts.file_bytes))
        .bind(facts.md5.to_vec())
        .bind(column(facts.counts.regular))
        .bind(column(facts.counts.symlink))
        .bind(column(facts.counts.directory))
        .bind(column(facts.counts.special))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
