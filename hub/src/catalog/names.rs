//! Names as they are: what each points at. How they change is in `changes`, what they were in `history`.

use std::fmt;

use flisthub_storage::ChunkId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};

use super::Catalog;
use super::error::CatalogError;
use super::rows::{id, inconsistent, number};
use crate::name::FlistName;

/// A row of `flists`: what a published flist's manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlistRow {
    /// The manifest's id.
    pub id: ChunkId,
    /// Entries below the root.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
}

/// What a link or a tag's member points at: a name, which may be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its repository.
    pub repository: String,
    /// The name in it.
    pub name: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.repository, self.name)
    }
}

/// What a name is. It stays that until it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It points at a flist.
    Flist,
    /// It points at another name.
    Link,
    /// A named set of members.
    Tag,
    /// It points at a tag.
    TagLink,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Flist, Self::Link, Self::Tag, Self::TagLink];

    /// The number in the catalog; 0 is no name at all.
    pub(super) fn code(self) -> i16 {
        match self {
            Self::Flist => 1,
            Self::Link => 2,
            Self::Tag => 3,
            Self::TagLink => 4,
        }
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flist => "a flist",
            Self::Link => "a link",
            Self::Tag => "a tag",
            Self::TagLink => "a link to a tag",
        })
    }
}

/// What a name points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointed {
    /// A flist.
    Flist(FlistRow),
    /// Another name.
    Link(Target),
    /// Nothing: it is a tag, whose members point.
    Tag,
    /// A tag.
    TagLink(Target),
}

impl Pointed {
    /// Which kind of name points so.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Flist(_) => Kind::Flist,
            Self::Link(_) => Kind::Link,
            Self::Tag => Kind::Tag,
            Self::TagLink(_) => Kind::TagLink,
        }
    }

    /// What a link points at.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Link(target) | Self::TagLink(target) => Some(target),
            Self::Flist(_) | Self::Tag => None,
        }
    }

    /// The flist that it is.
    pub fn flist(&self) -> Option<ChunkId> {
        match self {
            Self::Flist(flist) => Some(flist.id),
            _ => None,
        }
    }
}

/// A name as it is: no link is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Name of the repository it is in.
    pub repository: String,
    /// The name.
    pub name: String,
    /// What it points at.
    pub points_at: Pointed,
    /// 1 for the name's first change, then one more each time.
    pub revision: u64,
    /// When it last changed, in seconds since the Unix epoch.
    pub updated: u64,
}

/// The columns of a [`Named`] as the database gives them.
pub(super) struct Columns {
    repository: String,
    name: String,
    kind: i16,
    target_repository: Option<String>,
    target_name: Option<String>,
    revision: i64,
    updated_at: i64,
    id: Option<Vec<u8>>,
    entries: Option<i64>,
    bytes: Option<i64>,
}

impl FromRow<'_, AnyRow> for Columns {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repository: row.try_get("repository")?,
            name: row.try_get("name")?,
            kind: row.try_get("kind")?,
            target_repository: row.try_get("target_repository")?,
            target_name: row.try_get("target_name")?,
            revision: row.try_get("revision")?,
            updated_at: row.try_get("updated_at")?,
            id: row.try_get("id")?,
            entries: row.try_get("entries")?,
            bytes: row.try_get("bytes")?,
        })
    }
}

/// What is read of a name. Every query of names begins so.
pub(super) const SELECT: &str = "
    select repositories.name as repository, names.name, names.kind, names.target_repository,
           names.target_name, names.revision, names.updated_at, flists.id, flists.entries,
           flists.bytes
    from names
    join repositories on repositories.id = names.repository_id
    left join flists on flists.id = names.flist_id ";

impl Columns {
    pub(super) fn into_named(self) -> Result<Named, CatalogError> {
        let row = format!("{}/{}", self.repository, self.name);
        let points_at = self.points_at(&row)?;
        Ok(Named {
            points_at,
            revision: number("names", &row, self.revision)?,
            updated: number("names", &row, self.updated_at)?,
            repository: self.repository,
            name: self.name,
        })
    }

    fn points_at(&self, row: &str) -> Result<Pointed, CatalogError> {
        let wrong = || inconsistent("names", row);
        let target = || {
            let repository = self.target_repository.clone().ok_or_else(wrong)?;
            let name = self.target_name.clone().ok_or_else(wrong)?;
            Ok::<_, CatalogError>(Target { repository, name })
        };
        Ok(match Kind::from_code(self.kind).ok_or_else(wrong)? {
            Kind::Flist => Pointed::Flist(FlistRow {
                id: id("flists", row, self.id.as_deref().ok_or_else(wrong)?)?,
                entries: number("flists", row, self.entries.ok_or_else(wrong)?)?,
                bytes: number("flists", row, self.bytes.ok_or_else(wrong)?)?,
            }),
            Kind::Link => Pointed::Link(target()?),
            Kind::Tag => Pointed::Tag,
            Kind::TagLink => Pointed::TagLink(target()?),
        })
    }
}

/// The name as it is in a transaction.
pub(super) async fn named(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
) -> Result<Option<Named>, CatalogError> {
    let sql = format!("{SELECT} where names.repository_id = $1 and names.name = $2");
    let row: Option<Columns> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(repository_id)
        .bind(name)
        .fetch_optional(connection)
        .await?;
    row.map(Columns::into_named).transpose()
}

impl Catalog {
    /// A name as it is.
    pub async fn named(
        &self,
        repository_id: i64,
        name: &FlistName,
    ) -> Result<Option<Named>, CatalogError> {
        named(&mut *self.pool.acquire().await?, repository_id, name.as_str()).await
    }

    /// A page of a repository's names, in order, from after `after` (the empty text: from the first).
    pub async fn names(
        &self,
        repository_id: i64,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Named>, CatalogError> {
        let sql = format!(
            "{SELECT} where names.repository_id = $1 and names.name > $2
             order by names.name limit $3"
        );
        let rows: Vec<Columns> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(repository_id)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Columns::into_named).collect()
    }
}
