//! What items can be asked by: properties that are known, and of which kind their values are. Others can be asked for
//! as well; what they are is seen of each item. A filter that asks of a known one what its kind cannot answer is refused.

use std::fmt;

use flisthub_cql2::Expr;
use serde_json::{Value, json};

use super::bare;

/// What the values of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// An instant.
    Time,
    /// A geometry.
    Place,
    /// A list of texts.
    Texts,
    /// True or false.
    Boolean,
}

/// A property by which items can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queryable {
    /// Its name in a filter.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Of which kind it is.
    pub kind: Kind,
}

const fn known(name: &'static str, title: &'static str, kind: Kind) -> Queryable {
    Queryable { name, title, kind }
}

/// What is known of all items, and of the properties of STAC's own extensions.
pub const QUERYABLES: &[Queryable] = &[
    known("id", "Id", Kind::Text),
    known("collection", "Collection", Kind::Text),
    known("geometry", "Geometry", Kind::Place),
    known("datetime", "When the data is from", Kind::Time),
    known("start_datetime", "Begin of the time span", Kind::Time),
    known("end_datetime", "End of the time span", Kind::Time),
    known("created", "First published", Kind::Time),
    known("updated", "Last published", Kind::Time),
    known("title", "Title", Kind::Text),
    known("description", "Description", Kind::Text),
    known("keywords", "Keywords", Kind::Texts),
    known("license", "License", Kind::Text),
    known("platform", "Platform", Kind::Text),
    known("constellation", "Constellation", Kind::Text),
    known("mission", "Mission", Kind::Text),
    known("instruments", "Instruments", Kind::Texts),
    known("gsd", "Ground sample distance, in metres", Kind::Number),
    known("eo:cloud_cover", "Clouds, in percent", Kind::Number),
    known("eo:snow_cover", "Snow, in percent", Kind::Number),
    known("view:off_nadir", "Angle off nadir, in degrees", Kind::Number),
    known("view:incidence_angle", "Angle of incidence, in degrees", Kind::Number),
    known("view:azimuth", "Azimuth of the sensor, in degrees", Kind::Number),
    known("view:sun_azimuth", "Azimuth of the sun, in degrees", Kind::Number),
    known("view:sun_elevation", "Elevation of the sun, in degrees", Kind::Number),
    known("proj:code", "Reference system", Kind::Text),
    known("grid:code", "Cell of the grid", Kind::Text),
    known("sat:orbit_state", "Orbit state", Kind::Text),
    known("sat:relative_orbit", "Relative orbit", Kind::Integer),
    known("sat:absolute_orbit", "Absolute orbit", Kind::Integer),
    known("sar:instrument_mode", "Instrument mode", Kind::Text),
    known("sar:frequency_band", "Frequency band", Kind::Text),
    known("sar:polarizations", "Polarizations", Kind::Texts),
    known("sar:product_type", "Product type", Kind::Text),
    known("processing:level", "Processing level", Kind::Text),
    known("sci:doi", "DOI", Kind::Text),
    known("deprecated", "Deprecated", Kind::Boolean),
    known("sharinghub:name", "Repository and name", Kind::Text),
    known("sharinghub:stars", "How many users starred it", Kind::Integer),
];

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Time => "a time",
            Self::Place => "a geometry",
            Self::Texts => "a list of texts",
            Self::Boolean => "true or false",
        })
    }
}

impl Queryable {
    /// What a schema says of it.
    pub fn schema(&self) -> Value {
        let of_kind = match self.kind {
            Kind::Text => json!({"type": "string"}),
            Kind::Number => json!({"type": "number"}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Time => json!({"type": "string", "format": "date-time"}),
            Kind::Place => {
                json!({"$ref": "https://geojson.org/schema/Geometry.json", "format": "geometry-any"})
            }
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Kind::Boolean => json!({"type": "boolean"}),
        };
        let mut schema = json!({"title": self.title});
        if let (Some(schema), Value::Object(of_kind)) = (schema.as_object_mut(), of_kind) {
            schema.extend(of_kind);
        }
        schema
    }
}

/// Refuses an expression where what is known of a property does not fit what it is asked.
pub(super) fn check(root: &Expr) -> Result<(), String> {
    let mut open = vec![root];
    while let Some(expression) = open.pop() {
        fits(expression)?;
        open.extend(expression.children());
    }
    Ok(())
}

fn fits(expression: &Expr) -> Result<(), String> {
    match expression {
        Expr::Compare(_, pair) => compares(&pair.0, &pair.1),
        Expr::Between(three) => {
            compares(&three.0, &three.1).and_then(|()| compares(&three.0, &three.2))
        }
        Expr::In(of, list) => list.iter().try_for_each(|one| compares(of, one)),
        Expr::Like(pair) => [&pair.0, &pair.1].into_iter().try_for_each(|one| {
            stands(one, &[Kind::Text, Kind::Time], "a pattern is compared to texts")
        }),
        Expr::CaseI(of) | Expr::AccentI(of) => {
            stands(of, &[Kind::Text, Kind::Time], "it takes a text")
        }
        Expr::Spatial(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Place], "a spatial function takes geometries")),
        Expr::Temporal(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Time], "a temporal function takes times")),
        Expr::Arrays(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Texts], "an array function takes lists")),
        Expr::Arithmetic(_, pair) => [&pair.0, &pair.1].into_iter().try_for_each(|one| {
            stands(one, &[Kind::Number, Kind::Integer], "arithmetic takes numbers")
        }),
        _ => Ok(()),
    }
}

/// What is known of a property. What an item has beside its properties has no other name.
fn of_name(name: &str) -> Option<&'static Queryable> {
    let short = bare(name);
    let is_beside = matches!(short, "id" | "collection" | "geometry") && short != name;
    QUERYABLES.iter().find(|one| one.name == short && !is_beside)
}

/// Whether a property is known to be a time.
pub(super) fn is_time(name: &str) -> bool {
    of_name(name).is_some_and(|known| known.kind == Kind::Time)
}

/// The property that an expression is, if it is a known one.
fn property(expression: &Expr) -> Option<&'static Queryable> {
    let Expr::Property(name) = expression else { return None };
    of_name(name)
}

/// Refuses a property that cannot stand where it does.
fn stands(expression: &Expr, kinds: &[Kind], why: &str) -> Result<(), String> {
    match property(expression) {
        Some(known) if !kinds.contains(&known.kind) => {
            Err(format!("{} is {}, and {why}", known.name, known.kind))
        }
        _ => Ok(()),
    }
}

/// Refuses to compare what can never compare.
fn compares(one: &Expr, other: &Expr) -> Result<(), String> {
    let (Some(left), Some(right)) = (kind(one), kind(other)) else { return Ok(()) };
    let is_number = |kind: Kind| matches!(kind, Kind::Number | Kind::Integer);
    let is_text = |kind: Kind| matches!(kind, Kind::Text | Kind::Time);
    let is_scalar = !matches!(left, Kind::Place | Kind::Texts);
    let same =
        left == right || (is_number(left) && is_number(right)) || (is_text(left) && is_text(right));
    if same && is_scalar {
        return Ok(());
    }
    let name = property(one).or_else(|| property(other)).map_or("it", |known| known.name);
    let (is, against) = if property(one).is_some() { (left, right) } else { (right, left) };
    Err(format!("{name} is {is}, and does not compare to {against}"))
}

/// Of which kind an expression is, as far as that is known.
fn kind(expression: &Expr) -> Option<Kind> {
    match expression {
        Expr::Text(_) | Expr::CaseI(_) | Expr::AccentI(_) => Some(Kind::Text),
        Expr::Number(_) | Expr::Arithmetic(..) => Some(Kind::Number),
        Expr::Boolean(_) => Some(Kind::Boolean),
        Expr::Date(_) | Expr::Timestamp(_) => Some(Kind::Time),
        Expr::Property(_) => property(expression).map(|known| known.kind),
        _ => None,
    }
}
