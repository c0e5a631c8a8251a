//! What was found in a file, each with where it comes from. How it is written in STAC is for `properties`.

use serde_json::Value;

use crate::crs::Crs;
use crate::footprint::Footprint;
use crate::warnings::Warnings;

/// A value, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it comes from, as people read it: `GeoTIFF tag ModelTransformation`.
    pub origin: &'static str,
}

impl<T> Found<T> {
    /// Facts have it as an option.
    #[expect(clippy::unnecessary_wraps, reason = "that is what it is for")]
    pub(crate) fn new(value: T, origin: &'static str) -> Option<Self> {
        Some(Self { value, origin })
    }
}

/// What is known of the values of a band.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// The least value.
    pub minimum: Option<f64>,
    /// The greatest one.
    pub maximum: Option<f64>,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub stddev: Option<f64>,
    /// How many of a hundred pixels have a value.
    pub valid_percent: Option<f64>,
}

/// A band of a raster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Band {
    /// Its own among the bands: what the file calls it, or `b1`, `b2`, and so on.
    pub name: String,
    /// What the file calls it.
    pub description: Option<String>,
    /// In the words of STAC: `uint16`, `float32`.
    pub data_type: Option<&'static str>,
    /// How many bits a value has, where it is not what its type has.
    pub bits_per_sample: Option<u16>,
    /// The value of pixels that have none. It may be no number.
    pub nodata: Option<f64>,
    /// The unit of values.
    pub unit: Option<String>,
    /// What values are multiplied with.
    pub scale: Option<f64>,
    /// What is added to them then.
    pub offset: Option<f64>,
    /// What the file says of its values.
    pub statistics: Option<Statistics>,
}

/// What a file says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Where it is, in longitude and latitude.
    pub footprint: Option<Found<Footprint>>,
    /// The code of its reference system: `EPSG:32631`.
    pub code: Option<Found<String>>,
    /// Its reference system as WKT 2, where it has no code.
    pub wkt2: Option<Found<String>>,
    /// Its reference system as PROJJSON, where it has no code.
    pub projjson: Option<Found<Value>>,
    /// From pixels (column, row) to the reference system: `[a, b, c, d, e, f]`, x is `a * column + b * row + c`.
    pub transform: Option<Found<[f64; 6]>>,
    /// How many rows and columns.
    pub shape: Option<Found<[u64; 2]>>,
    /// The box around it in its reference system: lowest x and y, greatest x and y.
    pub projected_bbox: Option<Found<[f64; 4]>>,
    /// The size of pixels on the ground in metres.
    pub gsd: Option<Found<f64>>,
    /// Whether values are of areas or of points.
    pub sampling: Option<Found<&'static str>>,
    /// Its bands.
    pub bands: Option<Found<Vec<Band>>>,
    /// When it was taken, as RFC 3339 has it.
    pub datetime: Option<Found<String>>,
    /// How many features it has.
    pub features: Option<Found<u64>>,
    /// Of which geometries: `Point`, `MultiPolygon`.
    pub geometry_types: Option<Found<Vec<String>>>,
    pub(crate) warnings: Warnings,
}

impl Facts {
    /// What is wrong with it, and what could not be found out.
    pub fn warnings(&self) -> &[String] {
        self.warnings.all()
    }

    /// The box around it, as STAC has it: west, south, east, north; west is more than east over the antimeridian.
    pub fn bbox(&self) -> Option<[f64; 4]> {
        self.footprint.as_ref().map(|found| found.value.bbox())
    }

    /// Takes a code of EPSG; answers the system, where it can be transformed.
    pub(crate) fn system(&mut self, code: u32, origin: &'static str) -> Option<Crs> {
        self.code = Found::new(format!("EPSG:{code}"), origin);
        let crs = self.warnings.hear("no footprint", Crs::epsg(code))?;
        if let Some(doubt) = crs.doubt() {
            self.warnings.add(format!("EPSG:{code}: {doubt}"));
        }
        Some(crs)
    }

    /// Takes the bounds of features.
    pub(crate) fn bounds(&mut self, bounds: [f64; 4], crs: Option<&Crs>, origin: &'static str) {
        if bounds.iter().any(|one| !one.is_finite()) {
            self.warnings.add("no footprint: its bounds are no numbers");
            return;
        }
        let [west, south, east, north] = bounds;
        let Some(crs) = crs else {
            // Where its system cannot be transformed, a box is all that is known of them.
            if west <= east && south <= north {
                self.projected_bbox = Found::new(bounds, origin);
            }
            return;
        };
        let footprint = self.warnings.hear("no footprint", Footprint::of_box(bounds, crs));
        self.footprint = footprint.and_then(|value| Found::new(value, origin));
        // Numbers that are nowhere on the Earth in the system it names are none of that system.
        if self.footprint.is_some() {
            self.projected_bbox = Found::new(bounds, origin);
        }
    }
}
