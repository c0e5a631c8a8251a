//! Names and what they point at.

use flisthub_storage::ChunkId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};

use super::Catalog;
use super::error::CatalogError;
use super::history::{Change, Source, record};
use super::rows::{column, id, number};
use crate::name::FlistName;

/// A row of `flists`: what is known of a published flist without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlistRow {
    /// The manifest's id.
    pub id: ChunkId,
    /// Entries below the root.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
    /// Length of the `.flist` file in bytes.
    pub file_bytes: u64,
    /// Regular files.
    pub regular: u64,
    /// Symbolic links.
    pub symlink: u64,
    /// Directories.
    pub directory: u64,
    /// Devices, FIFOs and sockets.
    pub special: u64,
}

/// A name and what it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRow {
    /// Name of the repository it is in.
    pub repository: String,
    /// The name.
    pub name: String,
    /// What it points at.
    pub flist: FlistRow,
    /// When it last changed, in seconds since the Unix epoch.
    pub updated: u64,
}

/// What publishing did to a name's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Whether there was no such name before.
    pub created: bool,
    /// When the name last changed, as it now stands in its row.
    pub updated: u64,
}

/// The columns of a [`NameRow`] as the database gives them.
struct Columns {
    repository: String,
    name: String,
    updated_at: i64,
    id: Vec<u8>,
    entries: i64,
    bytes: i64,
    file_bytes: i64,
    regular: i64,
    symlink: i64,
    directory: i64,
    special: i64,
}

impl FromRow<'_, AnyRow> for Columns {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repository: row.try_get("repository")?,
            name: row.try_get("name")?,
            updated_at: row.try_get("updated_at")?,
            id: row.try_get("id")?,
            entries: row.try_get("entries")?,
            bytes: row.try_get("bytes")?,
            file_bytes: row.try_get("file_bytes")?,
            regular: row.try_get("regular")?,
            symlink: row.try_get("symlink")?,
            directory: row.try_get("directory")?,
            special: row.try_get("special")?,
        })
    }
}

impl Columns {
    fn into_row(self) -> Result<NameRow, CatalogError> {
        let row = format!("{}/{}", self.repository, self.name);
        let count = |column| number("flists", &row, column);
        Ok(NameRow {
            flist: FlistRow {
                id: id("flists", &row, &self.id)?,
                entries: count(self.entries)?,
                bytes: count(self.bytes)?,
                file_bytes: count(self.file_bytes)?,
                regular: count(self.regular)?,
                symlink: count(self.symlink)?,
                directory: count(self.directory)?,
                special: count(self.special)?,
            },
            updated: number("names", &row, self.updated_at)?,
            repository: self.repository,
            name: self.name,
        })
    }
}

impl Catalog {
    /// What a name points at.
    pub async fn name(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Option<NameRow>, CatalogError> {
        let row: Option<Columns> = sqlx::query_as(
            "select repositories.name as repository, names.name, names.updated_at, flists.id,
                    flists.entries, flists.bytes, flists.file_bytes, flists.regular,
                    flists.symlink, flists.directory, flists.special
             from names
             join repositories on repositories.id = names.repository_id
             join flists on flists.id = names.flist_id
             where names.repository_id = $1 and names.name = $2",
        )
        .bind(repository_id)
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(Columns::into_row).transpose()
    }

    /// A page of a repository's names, in order, from after `after` (the empty text: from the first).
    pub async fn names(
        &self,
        repository_id: i64,
        after: &str,
        limit: u32,
    ) -> Result<Vec<NameRow>, CatalogError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "select repositories.name as repository, names.name, names.updated_at, flists.id,
                    flists.entries, flists.bytes, flists.file_bytes, flists.regular,
                    flists.symlink, flists.directory, flists.special
             from names
             join repositories on repositories.id = names.repository_id
             join flists on flists.id = names.flist_id
             where names.repository_id = $1 and names.name > $2
             order by names.name
             limit $3",
        )
        .bind(repository_id)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Columns::into_row).collect()
    }

    /// Makes a name point at a flist, whose objects are durable already. The time of its last change
    /// never goes back, whichever of two publishes read the clock first. An undelete leaves a name alone
    /// that is there again.
    pub async fn publish(
        &self,
        change: &Change<'_>,
        flist: &FlistRow,
    ) -> Result<Written, CatalogError> {
        let mut transaction = self.write().await?;
        insert_flist(&mut transaction, flist, change.now).await?;
        let known: Option<(i64,)> =
            sqlx::query_as("select updated_at from names where repository_id = $1 and name = $2")
                .bind(change.repository_id)
                .bind(change.name.as_str())
                .fetch_optional(&mut *transaction)
                .await?;
        if change.source == Source::Undelete && known.is_some() {
            return Err(CatalogError::Conflict { what: format!("flist {}", change.name) });
        }
        let before = known.map(|(before,)| number("names", change.name.as_str(), before));
        let updated = before.transpose()?.map_or(change.now, |before| before.max(change.now));
        sqlx::query(
            "insert into names (repository_id, name, flist_id, updated_at) values ($1, $2, $3, $4)
             on conflict (repository_id, name)
             do update set flist_id = excluded.flist_id, updated_at = excluded.updated_at",
        )
        .bind(change.repository_id)
        .bind(change.name.as_str())
        .bind(flist.id.as_bytes().to_vec())
        .bind(column(updated))
        .execute(&mut *transaction)
        .await?;
        record(&mut transaction, change, Some(flist.id)).await?;
        transaction.commit().await?;
        Ok(Written { created: known.is_none(), updated })
    }

    /// Removes a name; its history stays. Says whether there was one.
    pub async fn delete_name(&self, change: &Change<'_>) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let deleted = sqlx::query("delete from names where repository_id = $1 and name = $2")
            .bind(change.repository_id)
            .bind(change.name.as_str())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Ok(false);
        }
        record(&mut transaction, change, None).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// A flist's row never changes: what it says follows from its id.
async fn insert_flist(
    connection: &mut AnyConnection,
    flist: &FlistRow,
    now: u64,
) -> Result<(), CatalogError> {
    sqlx::query(
        "insert into flists (id, entries, bytes, file_bytes, regular, symlink, directory, special,
                             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (id) do nothing",
    )
    .bind(flist.id.as_bytes().to_vec())
    .bind(column(flist.entries))
    .bind(column(flist.bytes))
    .bind(column(flist.file_bytes))
    .bind(column(flist.regular))
    .bind(column(flist.symlink))
    .bind(column(flist.directory))
    .bind(column(flist.special))
    .bind(column(now))
    .execute(connection)
    .await?;
    Ok(())
}
