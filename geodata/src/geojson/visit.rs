//! GeoJSON as it streams by: features, geometries and positions are looked at, all else is passed over. How deep
//! objects and lists may be nested is for `serde_json` to bound; what is passed over takes no stack there.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bounds::Bounds;

/// The types of geometries.
const GEOMETRIES: [&str; 7] = [
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
];

/// The longest reference system that is read, and the most characters of one in a warning.
const MAX_SYSTEM: usize = 4 << 10;
const MAX_SHOWN: usize = 60;

/// What was seen so far.
pub(super) struct Seen {
    pub(super) bounds: Bounds,
    pub(super) types: BTreeSet<&'static str>,
    pub(super) features: u64,
    /// The type of the outermost object.
    pub(super) kind: Option<String>,
    /// Its reference system, where it says one.
    pub(super) system: Option<System>,
    positions: u64,
    most: u64,
}

impl Seen {
    pub(super) fn new(most: u64) -> Self {
        Self {
            bounds: Bounds::new(),
            types: BTreeSet::new(),
            features: 0,
            kind: None,
            system: None,
            positions: 0,
            most,
        }
    }

    pub(super) fn too_many(&self) -> bool {
        self.positions > self.most
    }
}

/// An object of GeoJSON.
pub(super) struct Object<'a> {
    seen: &'a mut Seen,
    outermost: bool,
}

impl<'a> Object<'a> {
    pub(super) fn outermost(seen: &'a mut Seen) -> Self {
        Self { seen, outermost: true }
    }
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of GeoJSON")
    }

    /// A feature without a geometry.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Member>()? {
            match key {
                Member::Features => {
                    let count = map.next_value_seed(Objects(&mut *self.seen))?;
                    self.seen.features = self.seen.features.saturating_add(count);
                }
                Member::Geometries => {
                    map.next_value_seed(Objects(&mut *self.seen))?;
                }
                Member::Geometry => {
                    map.next_value_seed(Object { seen: &mut *self.seen, outermost: false })?;
                }
                Member::Coordinates => {
                    if let Element::Position(lon) =
                        map.next_value_seed(Coordinates(&mut *self.seen))?
                    {
                        self.seen.bounds.part(lon, lon);
                    }
                }
                Member::Type => {
                    let text: String = map.next_value()?;
                    self.seen.types.extend(GEOMETRIES.iter().find(|one| **one == text));
                    let known = GEOMETRIES.iter().chain(&["Feature", "FeatureCollection"]);
                    if self.outermost && known.into_iter().any(|one| *one == text) {
                        self.seen.kind = Some(text);
                    }
                }
                Member::Crs if self.outermost => {
                    let said: Box<RawValue> = map.next_value()?;
                    self.seen.system = System::of(said.get());
                }
                Member::Crs | Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The members that are looked at.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Member {
    Features,
    Geometry,
    Geometries,
    Coordinates,
    Type,
    Crs,
    #[serde(other)]
    Other,
}

/// A reference system, as GeoJSON had it before it was RFC 7946.
pub(super) enum System {
    /// By its name.
    Named(String),
    /// In a way that is not understood: how it begins.
    Other(String),
}

#[derive(Deserialize)]
struct Crs {
    properties: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl System {
    /// `null` says none.
    fn of(text: &str) -> Option<Self> {
        if text == "null" {
            return None;
        }
        let named = if text.len() > MAX_SYSTEM { None } else { serde_json::from_str(text).ok() };
        let other = || Self::Other(text.chars().take(MAX_SHOWN).collect());
        Some(named.map_or_else(other, |crs: Crs| Self::Named(crs.properties.name)))
    }
}

/// A list of objects; answers how many.
struct Objects<'a>(&'a mut Seen);

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<u64, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = u64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of objects of GeoJSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut count = 0_u64;
        let mut next = || list.next_element_seed(Object { seen: &mut *self.0, outermost: false });
        while next()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

/// Coordinates: a position, or a list of coordinates.
struct Coordinates<'a>(&'a mut Seen);

/// What a piece of coordinates is.
enum Element {
    Number(f64),
    /// A position of this longitude.
    Position(f64),
    List,
}

impl<'de> DeserializeSeed<'de> for Coordinates<'_> {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Element, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Coordinates<'_> {
    type Value = Element;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("coordinates")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Element, E> {
        Ok(Element::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate of more than 53 bits is none")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Element, E> {
        Ok(Element::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate of more than 53 bits is none")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Element, E> {
        Ok(Element::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element, A::Error> {
        let (mut numbers, mut others) = (Vec::new(), false);
        let mut line: Option<(f64, f64)> = None;
        while let Some(element) = list.next_element_seed(Coordinates(&mut *self.0))? {
            match element {
                // A height and a measure may follow, and are of no interest.
                Element::Number(number) if numbers.len() < 8 => numbers.push(number),
                Element::Number(_) => {
                    return Err(A::Error::custom("a position of too many numbers"));
                }
                Element::Position(lon) => {
                    let (west, east) = line.unwrap_or((lon, lon));
                    line = Some((west.min(lon), east.max(lon)));
                    others = true;
                }
                Element::List => others = true,
            }
        }
        if let Some((west, east)) = line {
            self.0.bounds.part(west, east);
        }
        match numbers.as_slice() {
            [] => Ok(Element::List),
            [lon, lat, ..] if !others => {
                self.0.positions = self.0.positions.saturating_add(1);
                if self.0.too_many() {
                    return Err(A::Error::custom("too many positions"));
                }
                self.0.bounds.add(*lon, *lat);
                Ok(Element::Position(*lon))
            }
            _ => Err(A::Error::custom("coordinates that are no positions")),
        }
    }
}
