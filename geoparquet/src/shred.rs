//! Values of JSON taken apart into columns, with the levels that put them together again.

use parquet::data_type::ByteArray;

use super::column::Column;
use super::json::{Raw, View, text, view};
use super::leaf::{Cell, Leaf, LeafKind, Levels};
use super::moment::microseconds;
use super::number::{real, whole};
use super::wkb;

/// Puts a value into its columns; `lists`: how many lists are around it.
pub(crate) fn put(
    column: &Column,
    raw: Option<Raw<'_>>,
    at: Levels,
    lists: i16,
    leaves: &mut [Leaf],
) {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        nothing(column, at, leaves);
        return;
    };
    match column {
        Column::Leaf { kind, at: number } => {
            if let Some(leaf) = leaves.get_mut(*number) {
                leaf.push(cell(*kind, raw), at);
            }
        }
        Column::List(element) => put_list(column, element, raw, at, lists, leaves),
        Column::Group(members) => {
            let View::Object(object) = view(raw) else {
                nothing(column, at, leaves);
                return;
            };
            for (name, member) in members {
                put(member, object.get(name).copied(), at.deeper(), lists, leaves);
            }
        }
        // Boxes are not read from JSON here.
        Column::Box { .. } => nothing(column, at, leaves),
    }
}

fn put_list(
    column: &Column,
    element: &Column,
    raw: Raw<'_>,
    at: Levels,
    lists: i16,
    leaves: &mut [Leaf],
) {
    let View::List(values) = view(raw) else {
        nothing(column, at, leaves);
        return;
    };
    if values.is_empty() {
        nothing(element, at.deeper(), leaves);
        return;
    }
    let lists = lists.saturating_add(1);
    let mut next = at.deeper().deeper();
    for value in values {
        put(element, Some(value), next, lists, leaves);
        next.repeated = lists;
    }
}

/// Puts a box into its columns. One with heights loses them where other boxes have none.
pub(crate) fn put_box(column: &Column, numbers: Option<&[f64]>, leaves: &mut [Leaf]) {
    let at = Levels::default();
    let (first, count) = column.span();
    let Some(numbers) = numbers else {
        nothing(column, at, leaves);
        return;
    };
    let sides: Vec<f64> = match *numbers {
        [west, south, _, east, north, _] if count == 4 => vec![west, south, east, north],
        _ => numbers.to_vec(),
    };
    for (leaf, side) in leaves.iter_mut().skip(first).take(count).zip(sides) {
        // Its sides are always there where it is: they have no level of their own.
        leaf.push(Some(Cell::Real(side)), at);
    }
}

/// Puts bytes into a column.
pub(crate) fn put_bytes(column: &Column, bytes: Option<&[u8]>, leaves: &mut [Leaf]) {
    let cell = bytes.map(|bytes| Cell::Bytes(bytes.to_vec().into()));
    if let Some(leaf) = leaves.get_mut(column.span().0) {
        leaf.push(cell, Levels::default());
    }
}

/// Puts into all columns of a structure that there is nothing.
fn nothing(column: &Column, at: Levels, leaves: &mut [Leaf]) {
    let (first, count) = column.span();
    for leaf in leaves.iter_mut().skip(first).take(count) {
        leaf.push(None, at);
    }
}

fn cell(kind: LeafKind, raw: Raw<'_>) -> Option<Cell> {
    let bytes = |text: &str| Cell::Bytes(ByteArray::from(text));
    Some(match kind {
        LeafKind::Truth => Cell::Truth(raw.get() == "true"),
        LeafKind::Whole => Cell::Whole(whole(raw.get())?),
        LeafKind::Real => Cell::Real(real(raw.get())?),
        LeafKind::Moment => Cell::Whole(microseconds(&text(raw)?)?),
        LeafKind::Text => bytes(&text(raw)?),
        LeafKind::Json => bytes(raw.get()),
        LeafKind::Shape => Cell::Bytes(wkb::read(raw)?.bytes.into()),
    })
}
