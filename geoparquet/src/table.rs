//! The columns of a table, found out from all of its rows.

use indexmap::IndexMap;

use super::bounds::{MOST_COLUMNS, MOST_LEAVES};
use super::kind::Kind;
use super::moment::is_time;
use super::places;
use super::row::{OTHER, Row};

/// Columns that there are whatever items say.
const ALWAYS: [&str; 3] = ["id", "geometry", "bbox"];

/// A geometry in the reference system of the item's data.
pub(crate) const PROJECTED: &str = "proj:geometry";

/// The columns by their names, in the order of the file.
pub(crate) type Columns = IndexMap<String, Kind>;

/// Finds out the columns; and how many places each row takes beyond one in each of them, which are at most `most`.
pub(crate) fn columns(rows: &[Row<'_>], most: usize) -> (Columns, Vec<usize>) {
    let mut columns = defined();
    let mut others = false;
    for row in rows {
        others |= row.has_others();
        for (name, member) in &row.columns {
            if let Some(kind) = columns.get_mut(name) {
                kind.learn(member.raw);
            } else if columns.len() < MOST_COLUMNS {
                let mut kind = usual(name);
                kind.learn(member.raw);
                columns.insert(name.clone(), kind);
            } else {
                others = true;
            }
        }
    }
    let boxes = || rows.iter().filter_map(|row| row.bbox.as_ref());
    let heights = boxes().next().is_some() && boxes().all(|numbers| numbers.len() == 6);
    columns.insert("bbox".to_owned(), Kind::Box { heights });
    fold(&mut columns);
    let beyond = places::fit(&mut columns, rows, most);
    others |= leave_out(&mut columns, rows);
    if others {
        columns.insert(OTHER.to_owned(), Kind::Json);
    }
    (columns, beyond)
}

/// Leaves out defined columns that no item has, and those that are not as the specification wants them: a reader would
/// fail on these. Says whether there are such.
fn leave_out(columns: &mut Columns, rows: &[Row<'_>]) -> bool {
    let is_there =
        |name: &str| rows.is_empty() || rows.iter().any(|row| row.columns.contains_key(name));
    let defined = defined();
    let mut odd = false;
    columns.retain(|name, kind| {
        if ALWAYS.contains(&name.as_str()) || !defined.contains_key(name) {
            return true;
        }
        // Times that are none are a property like others.
        let is_odd = *kind == Kind::Json && name != "datetime";
        odd |= is_odd;
        // There is no structure without members: readers know what it means that there are no assets.
        let is_empty = matches!(kind, Kind::Object(members) if members.is_empty());
        !is_odd && !is_empty && is_there(name)
    });
    odd
}

/// The columns that the specification names.
fn defined() -> Columns {
    let link = Kind::texts(&["href", "rel", "type", "title"]);
    let all = [
        ("id", Kind::Text),
        ("type", Kind::Text),
        ("stac_version", Kind::Text),
        ("stac_extensions", Kind::Text.list()),
        ("collection", Kind::Text),
        ("geometry", Kind::Shape),
        ("bbox", Kind::Box { heights: false }),
        ("links", link.list()),
        ("assets", Kind::Object(IndexMap::new())),
        ("datetime", Kind::Moment),
    ];
    all.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
}

/// What a property holds before any value of it is seen.
fn usual(name: &str) -> Kind {
    match name {
        PROJECTED => Kind::Shape,
        _ if is_time(name) => Kind::Moment,
        _ => Kind::Unknown,
    }
}

/// Makes JSON text of the widest columns until the file is not too wide.
fn fold(columns: &mut Columns) {
    let mut widths: Vec<(usize, usize)> =
        columns.values().enumerate().map(|(at, kind)| (kind.leaves(), at)).collect();
    let mut wide: usize = widths.iter().map(|(leaves, _)| leaves).sum();
    widths.sort_unstable();
    for (leaves, at) in widths.into_iter().rev() {
        if wide <= MOST_LEAVES || leaves <= 1 {
            return;
        }
        match columns.get_index_mut(at) {
            Some((_, kind)) if !matches!(kind, Kind::Box { .. }) => *kind = Kind::Json,
            _ => continue,
        }
        wide = wide.saturating_sub(leaves).saturating_add(1);
    }
}
