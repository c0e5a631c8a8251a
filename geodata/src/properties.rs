//! Facts in the words of STAC: common metadata of 1.1, and what the extensions for projections and rasters add to it.

use serde_json::{Map, Number, Value, json};

use crate::facts::{Band, Facts, Found, Statistics};

/// The extension that properties `proj:*` need.
pub const PROJECTION: &str = "https://stac-extensions.github.io/projection/v2.0.0/schema.json";

/// The extension that properties `raster:*` need, those of bands included.
pub const RASTER: &str = "https://stac-extensions.github.io/raster/v2.0.0/schema.json";

impl Facts {
    /// Properties of an asset, by the names that STAC gives them. Where something is, is not among them: an item has
    /// its geometry and its box beside the properties.
    pub fn properties(&self) -> Map<String, Value> {
        self.named().into_iter().map(|(name, value, _)| (name.to_owned(), value)).collect()
    }

    /// Where each property comes from, by the same names; those of the footprint as `geometry`.
    pub fn origins(&self) -> Vec<(&'static str, &'static str)> {
        let place = self.footprint.as_ref().map(|found| ("geometry", found.origin));
        place.into_iter().chain(self.named().into_iter().map(|one| (one.0, one.2))).collect()
    }

    /// The extensions that the properties need.
    pub fn extensions(&self) -> Vec<&'static str> {
        let properties = self.properties();
        let uses = |prefix: &str| {
            let bands = properties.get("bands").and_then(Value::as_array);
            let in_bands = bands.into_iter().flatten().filter_map(Value::as_object);
            in_bands.chain([&properties]).any(|map| map.keys().any(|key| key.starts_with(prefix)))
        };
        let all = [("proj:", PROJECTION), ("raster:", RASTER)];
        all.into_iter().filter(|(prefix, _)| uses(prefix)).map(|(_, schema)| schema).collect()
    }

    /// Name, value and origin of each property.
    fn named(&self) -> Vec<(&'static str, Value, &'static str)> {
        let mut all = Vec::new();
        add(&mut all, "datetime", self.datetime.as_ref(), |text| json!(text));
        add(&mut all, "gsd", self.gsd.as_ref(), |metres| json!(metres));
        add(&mut all, "proj:code", self.code.as_ref(), |code| json!(code));
        add(&mut all, "proj:wkt2", self.wkt2.as_ref(), |text| json!(text));
        add(&mut all, "proj:projjson", self.projjson.as_ref(), Value::clone);
        add(&mut all, "proj:bbox", self.projected_bbox.as_ref(), |bbox| json!(bbox));
        add(&mut all, "proj:shape", self.shape.as_ref(), |shape| json!(shape));
        add(&mut all, "proj:transform", self.transform.as_ref(), |six| json!(six));
        add(&mut all, "raster:sampling", self.sampling.as_ref(), |word| json!(word));
        let bands = |bands: &Vec<Band>| bands.iter().map(Band::to_json).collect();
        add(&mut all, "bands", self.bands.as_ref(), bands);
        all
    }
}

fn add<T>(
    all: &mut Vec<(&'static str, Value, &'static str)>,
    name: &'static str,
    found: Option<&Found<T>>,
    value: impl Fn(&T) -> Value,
) {
    all.extend(found.map(|found| (name, value(&found.value), found.origin)));
}

impl Band {
    /// As a member of `bands`.
    pub fn to_json(&self) -> Value {
        let members = [
            ("name", Some(json!(self.name))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("data_type", self.data_type.map(|text| json!(text))),
            ("nodata", self.nodata.map(number)),
            ("unit", self.unit.as_ref().map(|text| json!(text))),
            ("statistics", self.statistics.as_ref().and_then(Statistics::to_json)),
            ("raster:bits_per_sample", self.bits_per_sample.map(|bits| json!(bits))),
            ("raster:scale", self.scale.map(number)),
            ("raster:offset", self.offset.map(number)),
        ];
        present(members)
    }
}

impl Statistics {
    fn to_json(&self) -> Option<Value> {
        let members = [
            ("minimum", self.minimum),
            ("maximum", self.maximum),
            ("mean", self.mean),
            ("stddev", self.stddev),
            ("valid_percent", self.valid_percent),
        ];
        let some = members.iter().any(|(_, value)| value.is_some());
        some.then(|| present(members.map(|(name, value)| (name, value.map(|value| json!(value))))))
    }
}

fn present<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A number as STAC has it: whole ones without a fraction, others than numbers in words.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and has less than 53 bits")]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return json!(value as i64);
    }
    let words = if value.is_nan() {
        "nan"
    } else if value > 0.0 {
        "inf"
    } else {
        "-inf"
    };
    Number::from_f64(value).map_or_else(|| json!(words), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_written_in_the_words_of_stac() {
        let band = Band {
            name: "b1".to_owned(),
            data_type: Some("int16"),
            nodata: Some(-9999.0),
            scale: Some(0.1),
            statistics: Some(Statistics { minimum: Some(1.5), ..Statistics::default() }),
            ..Band::default()
        };
        let expected = json!({
            "name": "b1", "data_type": "int16", "nodata": -9999, "raster:scale": 0.1,
            "statistics": {"minimum": 1.5},
        });
        assert_eq!(band.to_json(), expected);
        let words = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.0].map(number);
        assert_eq!(words, [json!("nan"), json!("inf"), json!("-inf"), json!(1e300), json!(0)]);
    }

    #[test]
    fn extensions_are_those_that_are_used() {
        let mut facts = Facts::default();
        assert!(facts.extensions().is_empty() && facts.properties().is_empty());
        facts.code = Found::new("EPSG:4326".to_owned(), "a key");
        assert_eq!(facts.extensions(), [PROJECTION]);
        let band = Band { scale: Some(2.0), ..Band::default() };
        facts.bands = Found::new(vec![band], "a tag");
        assert_eq!(facts.extensions(), [PROJECTION, RASTER]);
        assert_eq!(facts.origins(), [("proj:code", "a key"), ("bands", "a tag")]);
    }
}
