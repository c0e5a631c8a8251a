//! Reference systems: from a code of EPSG to longitude and latitude on WGS 84, and back. How files name their
//! reference system is for `names`, `wkt` and `projjson`; the mathematics are proj4rs's.

mod adapted;
pub(crate) mod names;
pub(crate) mod projjson;
mod rough;
pub(crate) mod wkt;

use proj4rs::Proj;
use proj4rs::transform::transform;

use adapted::Adapted;

/// Where the mathematics of a projection go round the Earth more than once, or the whole of a parallel is one line.
const CYLINDRICAL: [&str; 5] = ["merc", "webmerc", "cea", "eqc", "mill"];

/// Projections whose scale is not near to one all over: a metre on the map is not one on the ground.
const STRETCHED: [&str; 3] = ["merc", "webmerc", "eqc"];

/// A reference system that is transformed to longitude and latitude. Positions are east first, north second, as files
/// have them, whatever order the definition of the system has.
pub struct Crs {
    proj: Proj,
    world: Proj,
    /// Longitude and latitude of WGS 84 already, or so near to it that no more is known.
    same: bool,
    doubt: Option<&'static str>,
}

impl Crs {
    /// The system that EPSG calls so, or why it cannot be transformed.
    pub fn epsg(code: u32) -> Result<Self, String> {
        let definition = u16::try_from(code).ok().and_then(crs_definitions::from_code);
        let definition =
            definition.ok_or_else(|| format!("no definition of EPSG:{code} is known"))?;
        let Adapted { text, same, doubt } = adapted::adapt(code, definition.proj4)?;
        let failed = |error| format!("EPSG:{code} cannot be transformed: {error}");
        let proj = Proj::from_proj_string(&text).map_err(failed)?;
        if proj.is_geocent() || !proj.has_inverse() || !proj.has_forward() {
            return Err(format!("EPSG:{code} has no positions on a map"));
        }
        let world = Proj::from_proj_string(adapted::WORLD).map_err(failed)?;
        Ok(Self { proj, world, same, doubt })
    }

    /// Longitude and latitude in degrees, or none where the system is not defined.
    pub fn to_lonlat(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        if self.same {
            return (x.is_finite() && y.is_finite()).then_some([x, y]);
        }
        let degrees = self.is_geographic();
        let mut at = if degrees { (x.to_radians(), y.to_radians(), 0.0) } else { (x, y, 0.0) };
        if !(at.0.is_finite() && at.1.is_finite()) {
            return None;
        }
        transform(&self.proj, &self.world, &mut at).ok()?;
        let (lon, lat) = (at.0.to_degrees(), at.1.to_degrees());
        (lon.is_finite() && lat.is_finite() && lat.abs() <= 90.0 + 1e-9)
            .then(|| [lon, lat.clamp(-90.0, 90.0)])
    }

    /// The way back.
    pub fn from_lonlat(&self, [lon, lat]: [f64; 2]) -> Option<[f64; 2]> {
        if self.same {
            return Some([lon, lat]);
        }
        let mut at = (lon.to_radians(), lat.to_radians(), 0.0);
        if !(at.0.is_finite() && at.1.is_finite()) {
            return None;
        }
        transform(&self.world, &self.proj, &mut at).ok()?;
        let (x, y) = if self.is_geographic() {
            (at.0.to_degrees(), at.1.to_degrees())
        } else {
            (at.0, at.1)
        };
        (x.is_finite() && y.is_finite()).then_some([x, y])
    }

    /// Whether positions are degrees.
    pub fn is_geographic(&self) -> bool {
        self.proj.is_latlong()
    }

    /// Why positions may be off by more than some metres, where they may.
    pub fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// How many metres one unit of a position is; none for degrees.
    pub(crate) fn metres(&self) -> Option<f64> {
        (!self.is_geographic()).then(|| self.proj.to_meter())
    }

    /// Whether longitudes are those of positions, more or less: they run on beyond 180.
    pub(crate) fn runs_on(&self) -> bool {
        self.same
    }

    /// Whether positions beyond the edge of the map are on the Earth again.
    pub(crate) fn is_cylindrical(&self) -> bool {
        self.is_geographic() || CYLINDRICAL.contains(&self.proj.projname())
    }

    /// Whether a unit of a position is its length on the ground, but for a percent or two.
    pub(crate) fn keeps_lengths(&self) -> bool {
        !self.is_geographic() && !STRETCHED.contains(&self.proj.projname())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: [f64; 2], b: [f64; 2], by: f64) -> bool {
        (a[0] - b[0]).abs() < by && (a[1] - b[1]).abs() < by
    }

    /// What pyproj 3.7 says.
    #[test]
    fn codes_are_transformed_as_proj_does() {
        let cases = [
            (32631, [500_000.0, 4_649_776.224_7], [3.0, 42.0], 1e-8),
            (3857, [1_113_194.907_932_735_7, 6_446_275.841_017_158], [10.0, 50.0], 1e-9),
            (4326, [190.0, 50.0], [190.0, 50.0], 1e-12),
            (3031, [0.0, 1_000_000.0], [0.0, -80.815_265_288_747_16], 1e-9),
        ];
        for (code, position, lonlat, by) in cases {
            let crs = Crs::epsg(code).unwrap();
            let found = crs.to_lonlat(position).unwrap();
            assert!(near(found, lonlat, by), "{code}: {found:?}");
            assert!(near(crs.from_lonlat(found).unwrap(), position, 1e-3), "{code}");
        }
    }

    #[test]
    fn what_cannot_be_transformed_is_refused() {
        for code in [4978, 27200, 1, 99_999_999, 4807, 5513] {
            assert!(Crs::epsg(code).is_err(), "{code}");
        }
        assert!(Crs::epsg(4267).unwrap().doubt().is_some());
        assert!(Crs::epsg(4131).unwrap().doubt().is_some());
        assert!(Crs::epsg(32631).unwrap().doubt().is_none());
    }
}
