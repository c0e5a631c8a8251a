//! The file: rows in groups of a bounded size, and what it says of itself.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use super::bounds::MOST_PLACES;
use super::column::Column;
use super::error::WriteError;
use super::kind::Kind;
use super::leaf::{Leaf, Levels};
use super::row::{OTHER, Row};
use super::table::{Columns, columns};
use super::{geo, schema, shred};

/// Writes items, each as JSON text.
pub fn write<W: Write + Send>(items: &[String], to: W) -> Result<(), WriteError> {
    write_in_groups(items, to, MOST_PLACES)
}

/// The same, with a bound on the places of a group of rows.
pub(crate) fn write_in_groups<W: Write + Send>(
    items: &[String],
    to: W,
    places: usize,
) -> Result<(), WriteError> {
    let rows = items.iter().enumerate().map(|(at, item)| Row::read(at, item));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let (known, beyond) = columns(&rows, places);
    let mut leaves = Vec::new();
    let column =
        |(name, kind): (&String, &Kind)| (name.clone(), Column::of(kind, false, &mut leaves));
    let columns: Vec<(String, Column)> = known.iter().map(column).collect();
    let schema = schema::of_all(&columns)?;
    let mut file = SerializedFileWriter::new(to, schema, Arc::new(properties(&rows, &known)))?;
    let mut rest = rows.iter();
    for size in sizes(&beyond, leaves.len(), places) {
        for row in rest.by_ref().take(size) {
            put(row, &columns, &known, &mut leaves);
        }
        let mut group = file.next_row_group()?;
        for leaf in &mut leaves {
            if let Some(column) = group.next_column()? {
                leaf.write(column)?;
            }
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

/// How many rows each group has: as many as there are places for, and one at least.
fn sizes(beyond: &[usize], leaves: usize, places: usize) -> Vec<usize> {
    let (mut sizes, mut size, mut left) = (Vec::new(), 0_usize, places);
    for beyond in beyond {
        let row = leaves.saturating_add(*beyond);
        if row > left && size > 0 {
            sizes.push(size);
            (size, left) = (0, places);
        }
        size = size.saturating_add(1);
        left = left.saturating_sub(row);
    }
    // Without rows there are no groups.
    sizes.extend((size > 0).then_some(size));
    sizes
}

fn properties(rows: &[Row<'_>], known: &Columns) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // A file of a search is read as a whole: no statistics but those of the groups.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(format!("flisthub {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(geo::keys(rows, known)))
        .build()
}

fn put(row: &Row<'_>, columns: &[(String, Column)], known: &Columns, leaves: &mut [Leaf]) {
    for (name, column) in columns {
        match name.as_str() {
            "bbox" => shred::put_box(column, row.bbox.as_deref(), leaves),
            "geometry" => {
                let bytes = row.geometry.as_ref().map(|geometry| geometry.bytes.as_slice());
                shred::put_bytes(column, bytes, leaves);
            }
            OTHER => {
                let others = row.others(|name| known.contains_key(name));
                shred::put(column, others.as_deref(), Levels::default(), 0, leaves);
            }
            name => {
                let raw = row.columns.get(name).map(|member| member.raw);
                shred::put(column, raw, Levels::default(), 0, leaves);
            }
        }
    }
}
