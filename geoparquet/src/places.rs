//! How many places values take in the columns of the file. Of a list, each element takes one in every column that its
//! elements have, however little it says: a few bytes of JSON may take thousands.

use super::bounds::PLACES_OF_A_BYTE;
use super::json::{Raw, View, view};
use super::kind::Kind;
use super::row::Row;
use super::table::Columns;

/// Makes JSON text of columns whose lists take more places than are allowed: `most` in one row, and as many as
/// [`PLACES_OF_A_BYTE`] says in all. Of each row it says how many places its lists take beyond one in each column.
pub(crate) fn fit(columns: &mut Columns, rows: &[Row<'_>], most: usize) -> Vec<usize> {
    let mut taken = vec![0; rows.len()];
    for (name, kind) in columns.iter_mut().filter(|(_, kind)| kind.has_lists()) {
        match beyond(name, kind, rows, &taken, most) {
            Some(beyond) => taken = beyond,
            None => *kind = Kind::Json,
        }
    }
    taken
}

/// What each row takes with that column. `None`: too much.
fn beyond(
    name: &str,
    kind: &Kind,
    rows: &[Row<'_>],
    taken: &[usize],
    most: usize,
) -> Option<Vec<usize>> {
    let values = || rows.iter().map(|row| row.columns.get(name).map(|member| member.raw));
    let bytes: usize = values().flatten().map(|raw| raw.get().len()).sum();
    let leaves = kind.leaves();
    let mut left = bytes.saturating_mul(PLACES_OF_A_BYTE);
    let row = |(raw, taken): (Option<Raw<'_>>, &usize)| {
        let of_row = most.saturating_sub(*taken).min(left);
        let mut count = Count { left: of_row.saturating_add(leaves) };
        count.take(kind, raw)?;
        // A value takes one place at least in each column.
        let beyond = of_row.saturating_sub(count.left);
        left = left.saturating_sub(beyond);
        Some(taken.saturating_add(beyond))
    };
    values().zip(taken).map(row).collect()
}

/// Counts until there are too many.
struct Count {
    left: usize,
}

impl Count {
    /// What a value takes.
    fn take(&mut self, kind: &Kind, raw: Option<Raw<'_>>) -> Option<()> {
        match (kind, raw.filter(|_| kind.has_lists()).map(view)) {
            (Kind::List(element), Some(View::List(values))) if !values.is_empty() => {
                values.into_iter().try_for_each(|value| self.take(element, Some(value)))
            }
            (Kind::Object(members), Some(View::Object(object))) => {
                let mut all = members.iter();
                all.try_for_each(|(name, member)| self.take(member, object.get(name).copied()))
            }
            _ => {
                self.left = self.left.checked_sub(kind.leaves())?;
                Some(())
            }
        }
    }
}
