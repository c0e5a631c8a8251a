//! Properties whose values an index keeps beside the items: which they are, and what it keeps of a document. What it
//! cannot keep as it is, it marks, and whoever asks for it looks at the document.

use std::collections::BTreeMap;

use flisthub_cql2::Timestamp;
use serde_json::Value;

use super::subject::Document;
use crate::markers::features;

/// What a column of the index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// A finite number. No integer is among them that is not exactly one of 64 bits with a point.
    Number,
    /// A text.
    Text,
    /// An instant, in microseconds since the Unix epoch.
    Time,
}

/// A property that has a column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The property's name.
    pub property: &'static str,
    /// What the column holds.
    pub stored: Stored,
    /// Whether few items may have one value of it, so that it is worth to find items by it.
    pub finds: bool,
}

const fn time(property: &'static str) -> Column {
    Column { property, stored: Stored::Time, finds: false }
}

const fn number(property: &'static str, finds: bool) -> Column {
    Column { property, stored: Stored::Number, finds }
}

const fn text(property: &'static str, finds: bool) -> Column {
    Column { property, stored: Stored::Text, finds }
}

/// The columns. The place of each is its bit in [`Values::odd`]: new ones come last, and with a step of migration that
/// marks all items as unread.
pub const COLUMNS: &[Column] = &[
    time("datetime"),
    time("start_datetime"),
    time("end_datetime"),
    time("created"),
    time("updated"),
    number("gsd", false),
    number("eo:cloud_cover", true),
    number("eo:snow_cover", true),
    number("view:off_nadir", false),
    number("view:incidence_angle", false),
    number("view:azimuth", false),
    number("view:sun_azimuth", false),
    number("view:sun_elevation", false),
    number("sat:relative_orbit", true),
    number("sat:absolute_orbit", true),
    number("proj:epsg", true),
    text("license", false),
    text("platform", false),
    text("constellation", false),
    text("mission", false),
    text("proj:code", true),
    text("grid:code", true),
    text("s2:mgrs_tile", true),
    text("sat:orbit_state", false),
    text("sar:instrument_mode", false),
    text("sar:frequency_band", false),
    text("sar:product_type", false),
    text("product:type", false),
    text("processing:level", false),
];

/// All columns are marked: the document was not read.
pub const UNREAD: i64 = -1;

/// The greatest integer up to which all are numbers of 64 bits with a point.
const EXACT: u64 = 1 << 53;

/// Bytes of a text that is kept.
const LONGEST: usize = 256;

/// A value that is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// See [`Stored::Number`].
    Number(f64),
    /// A text, without a zero in it.
    Text(String),
    /// See [`Stored::Time`].
    Time(i64),
}

/// What is kept of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Bits of the columns that have a value which is not kept.
    pub odd: i64,
    /// By column; `None`: the property is null or not there, or its bit is set.
    pub each: Vec<Option<Scalar>>,
}

/// What is seen of a value.
enum Seen {
    Nothing,
    Kept(Scalar),
    Odd,
}

/// The bit of a column.
pub(super) fn bit(column: usize) -> i64 {
    u32::try_from(column).ok().and_then(|place| 1_i64.checked_shl(place)).unwrap_or(UNREAD)
}

/// What is kept of a stored document.
pub fn values(document: &str) -> Values {
    let every = COLUMNS.iter().enumerate().fold(0, |bits, (place, _)| bits | bit(place));
    let Ok(read) = serde_json::from_str::<Document<'_>>(document) else {
        return Values { odd: every, each: vec![None; COLUMNS.len()] };
    };
    // What differs from collection to collection is in no column.
    let features = features(document);
    let (mut odd, mut each) = (0, Vec::with_capacity(COLUMNS.len()));
    for (place, column) in COLUMNS.iter().enumerate() {
        let seen = if has(&features, column.property) {
            Seen::Odd
        } else {
            read.properties
                .get(column.property)
                .map_or(Seen::Nothing, |raw| seen(column, raw.get()))
        };
        each.push(match seen {
            Seen::Kept(value) => Some(value),
            Seen::Nothing => None,
            Seen::Odd => {
                odd |= bit(place);
                None
            }
        });
    }
    Values { odd, each }
}

fn has<T>(features: &BTreeMap<String, BTreeMap<String, T>>, property: &str) -> bool {
    features.values().any(|members| members.contains_key(property))
}

fn seen(column: &Column, json: &str) -> Seen {
    if json.starts_with(['[', '{']) {
        return Seen::Odd;
    }
    let kept = match (column.stored, serde_json::from_str(json)) {
        (_, Ok(Value::Null)) => return Seen::Nothing,
        (Stored::Number, Ok(Value::Number(value))) => exact(&value).map(Scalar::Number),
        (Stored::Text, Ok(Value::String(value))) => {
            Some(value).filter(|value| value.len() <= LONGEST).and_then(text_of)
        }
        (Stored::Time, Ok(Value::String(value))) => {
            Timestamp::parse(&value).and_then(micros).map(Scalar::Time)
        }
        _ => None,
    };
    kept.map_or(Seen::Odd, Seen::Kept)
}

fn exact(number: &serde_json::Number) -> Option<f64> {
    let whole = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
    number.as_f64().filter(|value| value.is_finite() && whole.is_none_or(|whole| whole <= EXACT))
}

/// A text as a column takes it.
pub(super) fn text_of(text: String) -> Option<Scalar> {
    (!text.contains('\0')).then_some(Scalar::Text(text))
}

/// An instant in microseconds, if it is not finer.
pub(super) fn micros(instant: Timestamp) -> Option<i64> {
    let (seconds, nanoseconds) = (instant.seconds(), instant.nanoseconds());
    let parts = nanoseconds.is_multiple_of(1_000).then_some(i64::from(nanoseconds / 1_000))?;
    seconds.checked_mul(1_000_000)?.checked_add(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> (Option<Scalar>, bool) {
        let place = |name: &str| COLUMNS.iter().position(|column| column.property == name).unwrap();
        let (name, _) = json.split_once('=').unwrap();
        let value = json.split_once('=').unwrap().1;
        let read = values(&format!("{{\"properties\":{{\"{name}\":{value}}}}}"));
        let place = place(name);
        assert_eq!(read.odd & !bit(place), 0, "{json}");
        (read.each[place].clone(), read.odd != 0)
    }

    #[test]
    fn what_fits_is_kept_and_what_does_not_is_marked() {
        let text = |text: &str| Some(Scalar::Text(text.to_owned()));
        for (json, expected) in [
            ("gsd=10", Some(Scalar::Number(10.0))),
            ("gsd=-0.5e1", Some(Scalar::Number(-5.0))),
            ("gsd=9007199254740992", Some(Scalar::Number(9_007_199_254_740_992.0))),
            ("gsd=null", None),
            ("platform=\"Été\"", text("Été")),
            ("platform=\"\"", text("")),
            ("datetime=\"1970-01-01T01:00:01.5+01:00\"", Some(Scalar::Time(1_500_000))),
        ] {
            assert_eq!(kept(json), (expected, false), "{json}");
        }
        let long = format!("platform=\"{}\"", "x".repeat(LONGEST + 1));
        for json in [
            "gsd=9007199254740993",
            "gsd=-9007199254740993",
            "gsd=1e400",
            "gsd=\"10\"",
            "gsd=[10]",
            "gsd=true",
            "platform=5",
            "platform={\"a\":1}",
            "platform=\"a\\u0000b\"",
            "datetime=\"2024-05-01\"",
            "datetime=\"2024-05-01T00:00:00.0000001Z\"",
            "datetime=\"soon\"",
            &long,
        ] {
            assert_eq!(kept(json), (None, true), "{json}");
        }
    }

    #[test]
    fn a_document_that_cannot_be_read_is_marked_whole_and_not_unread() {
        for document in ["[", "{\"properties\":null}", "{\"properties\":5}"] {
            let read = values(document);
            assert_ne!(read.odd, UNREAD);
            assert_eq!(read.odd.count_ones() as usize, COLUMNS.len(), "{document}");
        }
    }

    #[test]
    fn what_is_kept_is_known() {
        use crate::filters::known::{Kind, QUERYABLES};
        for column in COLUMNS {
            let known = QUERYABLES.iter().find(|known| known.name == column.property);
            let fits = known.is_some_and(|known| match column.stored {
                Stored::Number => matches!(known.kind, Kind::Number | Kind::Integer),
                Stored::Text => known.kind == Kind::Text,
                Stored::Time => known.kind == Kind::Time,
            });
            assert!(fits, "{}", column.property);
        }
    }

    #[test]
    fn what_differs_by_collection_is_marked() {
        let document = "{\"properties\":{\"flisthub:.properties\":0,\
                        \"flisthub:.features\":{\"a\":{\"gsd\":5}},\"gsd\":7,\"license\":\"x\"}}";
        let read = values(document);
        assert_eq!(read.odd, bit(5));
        assert_eq!(read.each[16], Some(Scalar::Text("x".to_owned())));
    }
}
