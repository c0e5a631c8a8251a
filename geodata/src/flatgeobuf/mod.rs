//! `FlatGeobuf`: its header, and the box of the root of its index where the header has none. No feature is read.

mod table;

use crate::crs::{Crs, wkt};
use crate::error::GeodataError;
use crate::facts::{Facts, Found};
use crate::source::{Bounded, Source};

use table::{Outside, Table};

const ORIGIN: &str = "FlatGeobuf header";

/// The fields of a header.
mod field {
    pub(super) const ENVELOPE: usize = 1;
    pub(super) const GEOMETRY_TYPE: usize = 2;
    pub(super) const FEATURES: usize = 8;
    pub(super) const INDEX_NODE_SIZE: usize = 9;
    pub(super) const CRS: usize = 10;
}

/// The fields of a reference system.
mod crs_field {
    pub(super) const ORG: usize = 0;
    pub(super) const CODE: usize = 1;
    pub(super) const WKT: usize = 4;
    pub(super) const CODE_STRING: usize = 5;
}

/// The geometries by their numbers, from 1 on.
const TYPES: [&str; 17] = [
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
    "CircularString",
    "CompoundCurve",
    "CurvePolygon",
    "MultiCurve",
    "MultiSurface",
    "Curve",
    "Surface",
    "PolyhedralSurface",
    "TIN",
    "Triangle",
];

pub(crate) fn read<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Facts, GeodataError> {
    let magic: [u8; 8] = source.array("the first bytes", 0)?;
    let [start @ .., _] = magic;
    if &start != b"fgb\x03fgb" {
        return Err(GeodataError::broken("it does not begin as FlatGeobuf 3 does"));
    }
    let length = u64::from(u32::from_le_bytes(source.array("the header's size", 8)?));
    let bytes = source.bytes("the header", 12, length)?;
    let header = Table::root(&bytes)?;
    let mut facts = Facts::default();
    let count = header.number(field::FEATURES, 8)?.unwrap_or(0);
    // Writers that do not know say nothing.
    if count > 0 {
        facts.features = Found::new(count, ORIGIN);
    }
    let kind = header.number(field::GEOMETRY_TYPE, 1)?.unwrap_or(0);
    let kind = usize::try_from(kind).unwrap_or(0).checked_sub(1).and_then(|at| TYPES.get(at));
    facts.geometry_types = kind.and_then(|kind| Found::new(vec![(*kind).to_owned()], ORIGIN));
    let table = header.table(field::CRS)?;
    let crs = system(table.as_ref(), &mut facts)?;
    match header.doubles(field::ENVELOPE)?.as_deref() {
        Some([west, south, east, north, ..]) => {
            facts.bounds([*west, *south, *east, *north], crs.as_ref(), ORIGIN);
        }
        _ => of_index(source, &header, length, crs.as_ref(), &mut facts),
    }
    Ok(facts)
}

impl From<Outside> for GeodataError {
    fn from(_: Outside) -> Self {
        Self::broken("its header points outside of itself")
    }
}

fn system(table: Option<&Table<'_>>, facts: &mut Facts) -> Result<Option<Crs>, Outside> {
    let Some(table) = table else {
        facts.warnings.add("no footprint: its header has no reference system");
        return Ok(None);
    };
    let org = table.text(crs_field::ORG)?;
    let by_epsg = org.is_none_or(|org| org.is_empty() || org.eq_ignore_ascii_case("EPSG"));
    let lonlat = org.is_some_and(|org| org.eq_ignore_ascii_case("OGC"))
        && table.text(crs_field::CODE_STRING)? == Some("CRS84");
    let number = table.number(crs_field::CODE, 4)?.and_then(|code| u32::try_from(code).ok());
    let number = number.filter(|code| by_epsg && (1..=u32::from(u16::MAX)).contains(code));
    let said = table.text(crs_field::WKT)?.and_then(|text| Some((text, wkt::outermost(text)?)));
    let in_text = said.as_ref().and_then(|(_, said)| said.epsg());
    if let Some(code) = number.or(lonlat.then_some(4326)).or(in_text) {
        return Ok(facts.system(code, ORIGIN));
    }
    if let Some((text, said)) = said
        && said.is_second()
    {
        facts.wkt2 = Found::new(text.to_owned(), ORIGIN);
    }
    facts.warnings.add("no footprint: its reference system has no code of EPSG");
    Ok(None)
}

/// The root of the index lies behind the header, and begins with the box around all features.
fn of_index<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    header: &Table<'_>,
    length: u64,
    crs: Option<&Crs>,
    facts: &mut Facts,
) {
    // A node has 16 boxes where the header says nothing.
    let has_index = header.number(field::INDEX_NODE_SIZE, 2) != Ok(Some(0));
    if !has_index || facts.features.is_none() {
        facts.warnings.add("no footprint: its header has no bounds, and it has no index");
        return;
    }
    let root = source.array::<32>("the index", length.saturating_add(12));
    let Some(root) = facts.warnings.hear("no footprint", root) else { return };
    let mut numbers = [0.0; 4];
    for (number, bytes) in numbers.iter_mut().zip(root.as_chunks::<8>().0) {
        *number = f64::from_le_bytes(*bytes);
    }
    facts.bounds(numbers, crs, "FlatGeobuf index");
}

#[cfg(test)]
mod tests;
