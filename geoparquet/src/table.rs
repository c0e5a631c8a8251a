//! The columns of a table, found out from all of its rows.

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use super::bounds::{MOST_COLUMNS, MOST_LEAVES};
use super::json::Members;
use super::kind::Kind;
use super::moment::is_time;
use super::row::Row;

/// Where what has no column of its own is, as one object of JSON.
const ASIDE: &str = "properties";

/// Columns that there are whatever items say.
const ALWAYS: [&str; 3] = ["id", "geometry", "bbox"];

/// A geometry in the reference system of the item's data.
pub(crate) const PROJECTED: &str = "proj:geometry";

/// The columns by their names, in the order of the file.
pub(crate) type Columns = IndexMap<String, Kind>;

/// Finds out the columns.
pub(crate) fn columns(rows: &[Row<'_>]) -> Columns {
    let mut columns = defined();
    let mut aside = false;
    for row in rows {
        aside |= !row.rest.is_empty();
        for (name, raw) in &row.columns {
            if let Some(kind) = columns.get_mut(name) {
                kind.learn(raw);
            } else if columns.len() < MOST_COLUMNS {
                let mut kind = usual(name);
                kind.learn(raw);
                columns.insert(name.clone(), kind);
            } else {
                aside = true;
            }
        }
    }
    let is_there = |name: &str| rows.iter().any(|row| row.columns.contains_key(name));
    if !rows.is_empty() {
        let here = defined();
        columns.retain(|name, _| {
            ALWAYS.contains(&name.as_str()) || !here.contains_key(name) || is_there(name)
        });
    }
    let boxes = || rows.iter().filter_map(|row| row.bbox.as_ref());
    let heights = boxes().next().is_some() && boxes().all(|numbers| numbers.len() == 6);
    columns.insert("bbox".to_owned(), Kind::Box { heights });
    if aside {
        columns.insert(ASIDE.to_owned(), Kind::Json);
    }
    fold(&mut columns);
    columns
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
    let mut wide: usize = columns.values().map(Kind::leaves).sum();
    while wide > MOST_LEAVES {
        let structures = columns.values_mut().filter(|kind| !matches!(kind, Kind::Box { .. }));
        let Some(widest) = structures.max_by_key(|kind| kind.leaves()) else { return };
        let leaves = widest.leaves();
        if leaves <= 1 {
            return;
        }
        *widest = Kind::Json;
        wide = wide.saturating_sub(leaves).saturating_add(1);
    }
}

/// What of a row has no column of its own.
pub(crate) fn aside(row: &Row<'_>, columns: &Columns) -> Option<Box<RawValue>> {
    let others = row.columns.iter().filter(|(name, _)| !columns.contains_key(*name));
    let all: Members<'_> =
        row.rest.iter().chain(others).map(|(name, raw)| (name.clone(), *raw)).collect();
    if all.is_empty() { None } else { to_raw_value(&all).ok() }
}

/// Whether a column is what a row has no other for.
pub(crate) fn is_aside(name: &str) -> bool {
    name == ASIDE
}
