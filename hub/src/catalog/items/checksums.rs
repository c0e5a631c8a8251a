//! SHA-256 of files' content, by an id of the content: computed once in a repository, wherever the content stands there.
//! What other repositories hold is never looked at: whether a checksum is known would tell it.

use std::collections::HashMap;

use flisthub_storage::ChunkId;
use sqlx::AnyConnection;

use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::rows::{inconsistent, random_id};

/// A row of `content_checksums`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    /// An id of the content.
    pub content: ChunkId,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Checksums that are known of one repository: those of what is long gone are among them. So few in tests that some go.
const MOST: i64 = if cfg!(test) { 50 } else { 100_000 };

/// Of so many times that checksums are kept they are counted once; in tests each time.
const SELDOM: i64 = 16;

/// Rows in one statement.
const AT_ONCE: usize = 500;

impl Catalog {
    /// Those checksums that are known in a repository.
    pub async fn checksums(
        &self,
        repository_id: i64,
        contents: &[ChunkId],
    ) -> Result<HashMap<ChunkId, [u8; 32]>, CatalogError> {
        let mut known = HashMap::new();
        for some in contents.chunks(AT_ONCE) {
            let places: Vec<String> =
                (2..=some.len() + 1).map(|place| format!("${place}")).collect();
            let sql = format!(
                "select content, sha256 from content_checksums
                 where repository_id = $1 and content in ({})",
                places.join(", ")
            );
            let mut query = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>(sqlx::AssertSqlSafe(sql));
            query = query.bind(repository_id);
            for content in some {
                query = query.bind(content.as_bytes().to_vec());
            }
            for (content, sha256) in query.fetch_all(&self.pool).await? {
                let wrong = || inconsistent("content_checksums", "a checksum");
                let content = ChunkId::from_slice(&content).ok_or_else(wrong)?;
                known.insert(content, sha256.try_into().map_err(|_| wrong())?);
            }
        }
        Ok(known)
    }

    /// Keeps checksums that were computed.
    pub async fn keep_checksums(
        &self,
        repository_id: i64,
        checksums: &[Checksum],
    ) -> Result<(), CatalogError> {
        if checksums.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        keep(&mut transaction, repository_id, checksums).await?;
        Ok(transaction.commit().await?)
    }
}

/// The same in a transaction.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    repository_id: i64,
    checksums: &[Checksum],
) -> Result<(), CatalogError> {
    for checksum in checksums {
        sqlx::query(
            "insert into content_checksums (repository_id, content, sha256) values ($1, $2, $3)
             on conflict (repository_id, content) do nothing",
        )
        .bind(repository_id)
        .bind(checksum.content.as_bytes().to_vec())
        .bind(checksum.sha256.to_vec())
        .execute(&mut *connection)
        .await?;
    }
    if checksums.is_empty() { Ok(()) } else { make_room(connection, repository_id).await }
}

/// Forgets some where there are too many, whichever: what is needed again is computed again. From a place on that is
/// another one each time, so that none is always the one that goes. Now and then: counting them takes a while.
async fn make_room(connection: &mut AnyConnection, repository_id: i64) -> Result<(), CatalogError> {
    let random = random_id()?;
    if !cfg!(test) && random % SELDOM != 0 {
        return Ok(());
    }
    let (known,): (i64,) =
        sqlx::query_as("select count(*) from content_checksums where repository_id = $1")
            .bind(repository_id)
            .fetch_one(&mut *connection)
            .await?;
    let mut many = known - MOST;
    let place = blake3::hash(&random.to_be_bytes());
    for from in [place.as_bytes().as_slice(), &[]] {
        if many <= 0 {
            break;
        }
        let gone = sqlx::query(
            "delete from content_checksums where repository_id = $1 and content in
                (select content from content_checksums
                 where repository_id = $1 and content >= $2 order by content limit $3)",
        )
        .bind(repository_id)
        .bind(from.to_vec())
        .bind(many)
        .execute(&mut *connection)
        .await?;
        many -= i64::try_from(gone.rows_affected()).unwrap_or(i64::MAX);
    }
    Ok(())
}
