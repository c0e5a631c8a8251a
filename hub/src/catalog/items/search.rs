//! A search: which items match, in which order, from where on, and how many there are. All of one answer is read of one
//! state of the catalog.
//!
//! An index that finds few items is asked for them, and they are sorted; if each finds many, the items are walked in
//! their order until the page is full. Either way rows are looked at more closely than an index can (`exact`).

use sqlx::AnyConnection;

use super::count::count;
use super::counted::remembered_as;
use super::cursor::At;
use super::deadline::Deadline;
use super::exact::Asked;
use super::keys::{Keys, Taken};
use super::lacking::Lacking;
use super::order::Order;
use super::plan::Plan;
use super::query::ItemQuery;
use super::row::{ItemRow, by_number};
use crate::catalog::Catalog;
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;

/// Items of few that are read at once where their number is asked for: often they are all.
const WHOLE: usize = 256;

/// Most keys that are read at a time.
const MOST_KEYS: usize = 10_001;

/// A page of items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemPage {
    /// The items.
    pub rows: Vec<ItemRow>,
    /// How many match in all.
    pub matched: u64,
    /// From where the next page begins; `None`: there is none.
    pub next: Option<String>,
}

/// Part of what matches, in its order.
pub(super) struct Matching {
    /// The rows of the page.
    pub(super) rows: Vec<At>,
    /// Whether there are more after them.
    pub(super) more: bool,
    /// How many match in all, where all were seen.
    pub(super) matched: Option<u64>,
}

/// A search that is about to begin.
pub(super) struct Ready<'a> {
    pub(super) query: &'a ItemQuery,
    order: Order,
    after: Option<At>,
    pub(super) asked: Option<Asked>,
    pub(super) dialect: Dialect,
    pub(super) deadline: Deadline,
}

impl<'a> Ready<'a> {
    pub(super) fn new(
        catalog: &Catalog,
        query: &'a ItemQuery,
        deadline: Deadline,
    ) -> Result<Self, CatalogError> {
        let order = Order::of(&query.sort);
        let after = query.after.as_deref();
        let after = after.map(|cursor| At::parse(cursor, &order, &catalog.cursors)).transpose()?;
        let (asked, dialect) = (Asked::of(query), catalog.location.dialect());
        Ok(Self { query, order, after, asked, dialect, deadline })
    }

    pub(super) async fn plan(&self, reading: &mut AnyConnection) -> Result<Plan, CatalogError> {
        Plan::make(reading, self).await
    }

    pub(super) fn keys<'b>(&'b self, plan: &'b Plan) -> Keys<'b> {
        Keys {
            query: self.query,
            order: &self.order,
            asked: self.asked.as_ref(),
            dialect: self.dialect,
            few: plan.few.as_ref(),
            lacking: &plan.lacking,
            deadline: self.deadline,
        }
    }

    /// The rows of the page. To `count_all`, where an index finds few, more are read at once: often they are
    /// all, and need not be looked for again.
    pub(super) async fn page(
        &self,
        reading: &mut AnyConnection,
        plan: &Plan,
        count_all: bool,
    ) -> Result<Matching, CatalogError> {
        let limit = usize::try_from(self.query.limit).unwrap_or(usize::MAX);
        let wanted = limit.saturating_add(1);
        let from_begin = self.after.is_none();
        let whole = count_all && from_begin && plan.few.is_some();
        let at_once = if whole { wanted.max(WHOLE) } else { wanted };
        let (mut rows, all) = self.collect(reading, plan, (wanted, at_once)).await?;
        let matched = (all && from_begin).then_some(rows.len() as u64);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Matching { rows, more, matched })
    }

    /// Reads rows until there are `wanted`, so many at once, and tells whether there are no others.
    async fn collect(
        &self,
        reading: &mut AnyConnection,
        plan: &Plan,
        (wanted, first): (usize, usize),
    ) -> Result<(Vec<At>, bool), CatalogError> {
        let (keys, after) = (self.keys(plan), self.after.as_ref());
        let (mut rows, mut all) = (Vec::new(), true);
        for &part in self.order.parts(after, plan.few.is_some()) {
            let mut from = after.cloned();
            // What looks closer may refuse many: then more are read at a time.
            let mut at_once = first;
            let mut ended = false;
            while rows.len() < wanted && !ended {
                let Taken { matching, last, read } =
                    keys.take(reading, part, from.as_ref(), at_once).await?;
                rows.extend(matching);
                ended = last.is_none() || read < at_once;
                from = last;
                at_once = at_once.saturating_mul(2).min(MOST_KEYS.max(wanted));
            }
            all &= ended;
        }
        Ok((rows, all))
    }

    /// Where the page after a row begins.
    pub(super) fn cursor(&self, catalog: &Catalog, last: &At) -> String {
        last.cursor(&self.order, &catalog.cursors)
    }
}

impl Catalog {
    /// A page of the items that match.
    pub async fn search_items(&self, query: &ItemQuery) -> Result<ItemPage, CatalogError> {
        self.search_until(query, self.deadline()).await
    }

    /// The same, with the moment at which it is given up.
    pub(super) async fn search_until(
        &self,
        query: &ItemQuery,
        deadline: Deadline,
    ) -> Result<ItemPage, CatalogError> {
        let found = self.search_in(query, deadline).await;
        found.map_err(|error| deadline.told(error))
    }

    async fn search_in(
        &self,
        query: &ItemQuery,
        deadline: Deadline,
    ) -> Result<ItemPage, CatalogError> {
        let ready = Ready::new(self, query, deadline)?;
        let (generation, stars) = (self.settled_generation(), self.counted.stars());
        let mut reading = self.read_until(&deadline).await?;
        let mut plan = ready.plan(&mut reading).await?;
        if plan.few.is_none() {
            let collections = ready.keys(&plan).collections();
            let asked = (query, &collections);
            plan.lacking = Lacking::of(self, &mut reading, asked, generation, deadline).await?;
        }
        let known = remembered_as(query, stars);
        let counted = generation.and_then(|number| self.counted.of_query(known, number)).is_some();
        let Matching { rows: mut found, more, matched: seen } =
            ready.page(&mut reading, &plan, !counted).await?;
        let numbers: Vec<i64> = found.iter().map(|at| at.number).collect();
        deadline.before_statement(&mut reading).await?;
        let rows = by_number(&mut reading, &numbers).await?;
        let more = more || rows.len() < found.len();
        found.truncate(rows.len());
        let next = found.last().filter(|_| more).map(|last| ready.cursor(self, last));
        // The snapshot is taken by now: what is remembered under this number is of the same state.
        let generation = generation.filter(|_| generation == self.settled_generation());
        let remembered = generation.and_then(|number| self.counted.of_query(known, number));
        let matched = match remembered.or(seen) {
            Some(counted) => counted,
            None => count(&mut reading, &ready.keys(&plan), plan.all.as_ref()).await?,
        };
        if let Some(generation) = generation {
            self.counted.remember_query(known, generation, matched);
        }
        reading.rollback().await?;
        Ok(ItemPage { rows, matched, next })
    }
}
