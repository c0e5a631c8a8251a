//! GeoJSON: the bounds of all positions, read as a stream. Nothing of a file stays in memory but what is found out.

mod bounds;
mod visit;

use std::io::{self, BufReader, Read};

use serde::de::DeserializeSeed;

use crate::crs::Crs;
use crate::error::{GeodataError, Limit};
use crate::facts::{Facts, Found};
use crate::source::{Bounded, Source};

use visit::{Object, Seen, System};

const ORIGIN: &str = "GeoJSON, its positions";

/// How many bytes are read at once.
const BLOCK: usize = 64 << 10;

pub(crate) fn read<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Facts, GeodataError> {
    let mut facts = Facts::default();
    let (size, most) = (source.size(), source.limits.bytes_read);
    // The blocks of the stream end where the file does, so that none is read twice.
    if size > most {
        facts.warnings.add(format!(
            "no footprint: it has {size} bytes, and of GeoJSON all must be read: at most {most}"
        ));
        return Ok(facts);
    }
    let mut seen = Seen::new(source.limits.positions);
    parse(source, &mut seen)?;
    let Some(kind) = seen.kind.take() else {
        return Err(GeodataError::unsupported("it is JSON, and no GeoJSON"));
    };
    match kind.as_str() {
        "FeatureCollection" => facts.features = Found::new(seen.features, "GeoJSON, counted"),
        "Feature" => facts.features = Found::new(1, "GeoJSON, counted"),
        _ => {}
    }
    let types: Vec<String> = seen.types.iter().map(|&one| one.to_owned()).collect();
    facts.geometry_types =
        if types.is_empty() { None } else { Found::new(types, "GeoJSON, all seen") };
    place(&seen, &mut facts);
    Ok(facts)
}

fn parse<S: Source + ?Sized>(source: &Bounded<'_, S>, seen: &mut Seen) -> Result<(), GeodataError> {
    let stream = Stream { source, at: byte_order_mark(source)?, failed: None };
    let mut reader = BufReader::with_capacity(BLOCK, stream);
    let mut json = serde_json::Deserializer::from_reader(&mut reader);
    let read = Object::outermost(seen).deserialize(&mut json).and_then(|()| json.end());
    let Err(error) = read else { return Ok(()) };
    if let Some(failed) = reader.into_inner().failed {
        return Err(failed);
    }
    if seen.too_many() {
        return Err(Limit::Positions(source.limits.positions).into());
    }
    let what = format!("it is no GeoJSON: {error}");
    // Until it says that it is GeoJSON, its members may be anything.
    Err(if seen.kind.is_some() {
        GeodataError::broken(what)
    } else {
        GeodataError::unsupported(what)
    })
}

fn byte_order_mark<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<u64, GeodataError> {
    let mut first = [0; 3];
    source.some(0, &mut first)?;
    Ok(if first == *b"\xef\xbb\xbf" { 3 } else { 0 })
}

/// A source from its beginning to its end.
struct Stream<'a, 'b, S: ?Sized> {
    source: &'a Bounded<'b, S>,
    at: u64,
    failed: Option<GeodataError>,
}

impl<S: Source + ?Sized> Read for Stream<'_, '_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.source.some(self.at, into) {
            Ok(length) => {
                self.at = self.at.saturating_add(length as u64);
                Ok(length)
            }
            Err(error) => {
                self.failed = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

fn place(seen: &Seen, facts: &mut Facts) {
    let Some(bounds) = seen.bounds.around() else {
        facts.warnings.add("no footprint: it has no positions");
        return;
    };
    let crs = system(seen, facts);
    let degrees = crs.as_ref().is_some_and(Crs::runs_on);
    let bounds = if degrees { seen.bounds.over_antimeridian().unwrap_or(bounds) } else { bounds };
    let [west, south, east, north] = bounds;
    if degrees && (west < -180.0 || east > 180.0 || south < -90.0 || north > 90.0) {
        facts.warnings.add("it has positions that are no longitude and latitude");
        if west < -360.0 || east > 360.0 {
            return;
        }
    }
    facts.bounds(bounds, crs.as_ref(), ORIGIN);
}

fn system(seen: &Seen, facts: &mut Facts) -> Option<Crs> {
    let name = match &seen.system {
        None => return facts.system(4326, "GeoJSON: longitude and latitude"),
        Some(System::Named(name)) => name,
        Some(System::Other(text)) => {
            facts.warnings.add(format!("no footprint: its member crs is not understood: {text}"));
            return None;
        }
    };
    let lonlat = ["CRS84", "CRS84h"].iter().any(|one| name.ends_with(one));
    let number = name.rsplit([':', '/']).next().filter(|_| name.contains("EPSG"));
    let code = number.and_then(|number| number.parse().ok()).or(lonlat.then_some(4326));
    let Some(code) = code else {
        facts.warnings.add(format!("no footprint: its reference system is not known: {name}"));
        return None;
    };
    facts.system(code, "GeoJSON member crs")
}

#[cfg(test)]
mod tests;
