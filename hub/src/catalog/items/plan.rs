//! Which way a search goes: by an index that finds few items, or by a walk over all of them in their order. A walk meets
//! what many have after a few steps; what few have it may look for long.

use sqlx::AnyConnection;

use super::found::Found;
use super::lacking::Lacking;
use super::search::Ready;
use super::sql::Bound;
use crate::catalog::dialect::Dialect;
use crate::catalog::error::CatalogError;

/// Items that are found and sorted rather than walked. So few in tests that both ways are gone.
const FEW: i64 = if cfg!(test) { 20 } else { 4_000 };

/// How a search is done.
pub(super) struct Plan {
    /// The index that finds few; `None`: items are walked.
    pub(super) few: Option<Found>,
    /// The index by which they are counted; `None`: by a walk over all of them.
    pub(super) all: Option<Found>,
    /// What a walk leaves out.
    pub(super) lacking: Lacking,
}

impl Plan {
    pub(super) async fn make(
        reading: &mut AnyConnection,
        ready: &Ready<'_>,
    ) -> Result<Self, CatalogError> {
        if let Some(few) = Found::few(ready.query) {
            return Ok(Self {
                few: Some(few.clone()),
                all: Some(few),
                lacking: Lacking::default(),
            });
        }
        let perhaps = Found::perhaps_few(ready.query, ready.asked.as_ref());
        let mut fewest: Option<(i64, Found)> = None;
        for found in &perhaps {
            ready.deadline.before_statement(reading).await?;
            let (number, numbers) = at_most(reading, ready.dialect, found).await?;
            if number <= FEW && fewest.as_ref().is_none_or(|(known, _)| number < *known) {
                fewest = Some((number, found.known(numbers, ready.dialect)));
            }
        }
        let few = fewest.map(|(_, found)| found);
        // Values are looked through faster than they are found, where they are many.
        let finds = |found: &Found| !matches!(found, Found::Values(_));
        let all = few.clone().or_else(|| perhaps.into_iter().find(finds));
        Ok(Self { few, all, lacking: Lacking::default() })
    }
}

/// How many an index finds, or one more than few; of documents their numbers as well, with commas between them, so that
/// nobody looks for their words again.
async fn at_most(
    reading: &mut AnyConnection,
    dialect: Dialect,
    found: &Found,
) -> Result<(i64, String), CatalogError> {
    use sqlx::Row as _;
    let mut bound = Bound::default();
    let select = found.select(dialect, true, &mut bound);
    let more = FEW + 1;
    let numbers = match found {
        Found::Words(_) => "coalesce(string_agg(cast(number as text), ','), '')",
        _ => "''",
    };
    let text = format!(
        "select count(*), {numbers}
         from (select number from ({select}) as found limit {more}) as counted"
    );
    let row = bound.query(text).fetch_one(reading).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
