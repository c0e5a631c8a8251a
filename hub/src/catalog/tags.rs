//! The members of tags. A tag is a name; it is there as long as it has members.

use sqlx::AnyConnection;

use super::Catalog;
use super::changes::{Change, Written, before, delete_row, write_row};
use super::error::CatalogError;
use super::history::record;
use super::names::{Kind, Named, Pointed, Target, named};
use super::rows::{column, inconsistent, number};
use crate::name::FlistName;

/// A row of `tag_members`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The member's name.
    pub name: String,
    /// What it points at.
    pub target: Target,
    /// When it was set, in seconds since the Unix epoch.
    pub linked: u64,
}

/// The most members that a tag has.
pub(super) const MAX_MEMBERS: usize = 10_000;

async fn members(
    connection: &mut AnyConnection,
    repository_id: i64,
    tag: &str,
) -> Result<Vec<MemberRow>, CatalogError> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "select name, target_repository, target_name, linked_at from tag_members
         where repository_id = $1 and tag = $2 order by name",
    )
    .bind(repository_id)
    .bind(tag)
    .fetch_all(connection)
    .await?;
    let member = |(name, repository, target, linked): (String, String, String, i64)| {
        let linked = number("tag_members", &name, linked)?;
        Ok(MemberRow { name, target: Target { repository, name: target }, linked })
    };
    rows.into_iter().map(member).collect()
}

impl Catalog {
    /// The members of a tag by name; none if there is no such tag.
    pub async fn members(
        &self,
        repository_id: i64,
        tag: &FlistName,
    ) -> Result<Vec<MemberRow>, CatalogError> {
        members(&mut *self.pool.acquire().await?, repository_id, tag.as_str()).await
    }

    /// What one member of a tag points at.
    pub async fn member(
        &self,
        repository_id: i64,
        tag: &FlistName,
        member: &FlistName,
    ) -> Result<Option<Target>, CatalogError> {
        let row: Option<(String, String)> = sqlx::query_as(
            "select target_repository, target_name from tag_members
             where repository_id = $1 and tag = $2 and name = $3",
        )
        .bind(repository_id)
        .bind(tag.as_str())
        .bind(member.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(repository, name)| Target { repository, name }))
    }

    /// Makes a tag's member point at a name; makes the tag if it is not there. Whether the target is there
    /// is the caller's to check. Nothing changes if it points there already. Gives all members, too.
    pub async fn set_member(
        &self,
        change: &Change<'_>,
        member: &FlistName,
        target: &Target,
    ) -> Result<(Written, Vec<MemberRow>), CatalogError> {
        let mut transaction = self.write().await?;
        let known = before(&mut transaction, change, Kind::Tag).await?;
        let there = members(&mut transaction, change.repository_id, change.name.as_str()).await?;
        let same = |row: &MemberRow| row.name == member.as_str() && row.target == *target;
        match known {
            Some(known) if there.iter().any(same) => {
                return Ok((Written { named: known, created: false, changed: false }, there));
            }
            _ => {}
        }
        let new = there.iter().all(|row| row.name != member.as_str());
        if new && there.len() >= MAX_MEMBERS {
            return Err(CatalogError::TooManyMembers { tag: change.name.to_string() });
        }
        let detail = format!("{member} -> {target}");
        let change = Change { detail: Some(&detail), ..change.clone() };
        let named = write_tag(&mut transaction, &change, known.as_ref()).await?;
        sqlx::query(
            "insert into tag_members (repository_id, tag, name, target_repository, target_name,
                                      linked_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (repository_id, tag, name)
             do update set target_repository = excluded.target_repository,
                           target_name = excluded.target_name, linked_at = excluded.linked_at",
        )
        .bind(change.repository_id)
        .bind(change.name.as_str())
        .bind(member.as_str())
        .bind(&target.repository)
        .bind(&target.name)
        .bind(column(change.now))
        .execute(&mut *transaction)
        .await?;
        let there = members(&mut transaction, change.repository_id, change.name.as_str()).await?;
        self.finish(transaction, &change).await?;
        Ok((Written { named, created: new, changed: true }, there))
    }

    /// Removes a member, and with the last one the tag. Says whether there was such a member: what is no tag
    /// has none.
    pub async fn remove_member(
        &self,
        change: &Change<'_>,
        member: &FlistName,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let known = named(&mut transaction, change.repository_id, change.name.as_str()).await?;
        change.condition.check(change.name.as_str(), known.as_ref().map(|known| known.revision))?;
        let removed = sqlx::query(
            "delete from tag_members where repository_id = $1 and tag = $2 and name = $3",
        )
        .bind(change.repository_id)
        .bind(change.name.as_str())
        .bind(member.as_str())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        let Some(known) = known.filter(|_| removed > 0) else { return Ok(false) };
        let change = Change { detail: Some(member.as_str()), ..change.clone() };
        let left = members(&mut transaction, change.repository_id, change.name.as_str()).await?;
        if left.is_empty() {
            delete_row(&mut transaction, &change).await?;
            record(&mut transaction, &change, None).await?;
        } else {
            write_tag(&mut transaction, &change, Some(&known)).await?;
        }
        self.finish(transaction, &change).await?;
        Ok(true)
    }
}

/// Notes that a tag changed.
async fn write_tag(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    known: Option<&Named>,
) -> Result<Named, CatalogError> {
    let updated = known.map_or(change.now, |known| known.updated.max(change.now));
    let revision = record(connection, change, Some(&Pointed::Tag)).await?;
    write_row(connection, change, &Pointed::Tag, (revision, updated)).await?;
    let written = named(connection, change.repository_id, change.name.as_str()).await?;
    written.ok_or_else(|| inconsistent("names", change.name.as_str()))
}
