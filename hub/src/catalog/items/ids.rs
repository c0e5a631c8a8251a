//! A page of a search of which the ids alone are wanted: no document is read, and nothing counted.

use std::collections::HashMap;

use sqlx::{AnyConnection, AssertSqlSafe};

use super::deadline::Deadline;
use super::query::ItemQuery;
use super::row::listed;
use super::search::{Matching, Ready};
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;

/// A page of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdPage {
    /// `repository/name` of each item.
    pub ids: Vec<String>,
    /// From where the next page begins; `None`: there is none.
    pub next: Option<String>,
}

impl Catalog {
    /// The ids of a page of the items that match.
    pub async fn search_ids(&self, query: &ItemQuery) -> Result<IdPage, CatalogError> {
        let deadline = self.deadline();
        let found = self.ids_in(query, deadline).await;
        found.map_err(|error| deadline.told(error))
    }

    async fn ids_in(&self, query: &ItemQuery, deadline: Deadline) -> Result<IdPage, CatalogError> {
        let ready = Ready::new(self, query, deadline)?;
        let mut reading = self.read_until(&deadline).await?;
        let plan = ready.plan(&mut reading).await?;
        let Matching { rows: found, more, .. } = ready.page(&mut reading, &plan, false).await?;
        let next = found.last().filter(|_| more).map(|last| ready.cursor(self, last));
        let numbers: Vec<i64> = found.iter().map(|at| at.number).collect();
        deadline.before_statement(&mut reading).await?;
        let ids = by_number(&mut reading, &numbers).await?;
        reading.rollback().await?;
        Ok(IdPage { ids, next })
    }
}

/// The ids of rows, in their order.
async fn by_number(
    reading: &mut AnyConnection,
    numbers: &[i64],
) -> Result<Vec<String>, CatalogError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("select number, id from items where number in ({})", listed(numbers));
    let rows: Vec<(i64, String)> =
        sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(reading).await?;
    let mut ids: HashMap<i64, String> = rows.into_iter().collect();
    Ok(numbers.iter().filter_map(|number| ids.remove(number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::items::stage::{Stage, composed, draft, query};
    use crate::stac::{Direction, SortKey};

    #[tokio::test]
    async fn ids_come_page_by_page_in_their_order() {
        let stage = Stage::new().await;
        for name in ["d", "b", "a", "e", "c"] {
            stage.publish((0, name), name, &composed(draft(&["dataset"]))).await.unwrap();
        }
        // Of a repository that the caller may not read.
        stage.publish((2, "secret"), "secret", &composed(draft(&["dataset"]))).await.unwrap();
        let sort = vec![(SortKey::Id, Direction::Ascending)];
        let mut asked = ItemQuery { sort, limit: 2, ..query(&["dataset"]) };
        let mut pages = Vec::new();
        loop {
            let IdPage { ids, next } = stage.catalog.search_ids(&asked).await.unwrap();
            pages.push(ids.join(" "));
            let Some(next) = next else { break };
            asked.after = Some(next);
        }
        assert_eq!(pages, ["public/a public/b", "public/c public/d", "public/e"]);
        let none = stage.catalog.search_ids(&query(&["other"])).await.unwrap();
        assert_eq!(none, IdPage::default());
    }
}
