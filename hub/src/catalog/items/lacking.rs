//! Parts of the items in which none has a value of a property: where a filter cannot be true without one, nobody walks
//! over them to find nothing. That a part has none is found out by a look at all of it, and remembered until any name
//! changes.

use std::collections::BTreeSet;

use sqlx::AnyConnection;

use super::counted::key;
use super::deadline::Deadline;
use super::keys::ONE_BY_ONE;
use super::known::{index, marked, name};
use super::query::ItemQuery;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::stac::{Field, Index, Known};

/// Properties of a filter of which it is asked where they are.
const PROPERTIES: usize = 4;

/// What items are apart by: at no known time, at one, in a span.
pub(super) const TIMED: [i64; 3] = [0, 1, 2];

/// What a walk may leave out: collections, and how their items are timed.
#[derive(Debug, Default)]
pub(super) struct Lacking(BTreeSet<(String, i64)>);

impl Lacking {
    /// Whether there is nothing to be found in a part.
    pub(super) fn has(&self, collection: &str, timed: i64) -> bool {
        self.0.contains(&(collection.to_owned(), timed))
    }

    /// What a search by a filter need not walk over, where the catalog had that number of changes before.
    pub(super) async fn of(
        catalog: &Catalog,
        reading: &mut AnyConnection,
        (query, collections): (&ItemQuery, &BTreeSet<String>),
        generation: Option<u64>,
        deadline: Deadline,
    ) -> Result<Self, CatalogError> {
        let asked = asked(query).filter(|_| collections.len() <= ONE_BY_ONE);
        let Some((known, columns)) = asked else { return Ok(Self::default()) };
        // Once something was read, the state is fixed: then it is known of which one it is.
        deadline.before_statement(reading).await?;
        sqlx::query("select 1 from items limit 1").fetch_optional(&mut *reading).await?;
        let generation = generation.filter(|_| generation == catalog.settled_generation());
        let mut lacking = BTreeSet::new();
        for part in collections.iter().flat_map(|one| TIMED.map(|timed| (one.as_str(), timed))) {
            let mut absent = BTreeSet::new();
            for column in &columns {
                let named = key(&(part, column));
                let remembered =
                    generation.and_then(|number| catalog.counted.of_part(named, number));
                let has = if let Some(has) = remembered {
                    has
                } else {
                    deadline.before_statement(reading).await?;
                    let has = has(reading, part, *column).await?;
                    if let Some(generation) = generation {
                        catalog.counted.remember_part(named, generation, has);
                    }
                    has
                };
                absent.extend((!has).then_some(*column));
            }
            if !known.may_hold_without(&absent) {
                lacking.insert((part.0.to_owned(), part.1));
            }
        }
        Ok(Self(lacking))
    }
}

/// What is known of a filter that asks for few properties, and cannot be true without them.
fn asked(query: &ItemQuery) -> Option<(&Known, BTreeSet<Field>)> {
    let known = index(query)?.known.as_ref()?;
    let fields = known.fields().into_iter();
    let columns: BTreeSet<Field> =
        fields.filter(|field| matches!(field, Field::Column(_))).collect();
    let is_asked = columns.len() <= PROPERTIES && !known.may_hold_without(&columns);
    is_asked.then_some((known, columns))
}

/// Whether an item of a part has a value of a property, or one that stands only in its document.
async fn has(
    reading: &mut AnyConnection,
    (collection, timed): (&str, i64),
    column: Field,
) -> Result<bool, CatalogError> {
    let mut bound = Bound::default();
    let collection = bound.text(collection);
    let value = name(column);
    let bits = Index { known: Some(Known::IsNull(column)), exact: false }.bits();
    let text = format!(
        "select 1 from items i cross join _item_values v
         where i.collection = {collection} and i.timed = {timed} and v.document = i.document
         and ({value} is not null or {}) limit 1",
        marked(bits)
    );
    Ok(bound.query(text).fetch_optional(reading).await?.is_some())
}
