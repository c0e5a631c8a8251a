//! The header of a `.shp`, and the text of its `.prj`.

use crate::crs::{Crs, names, wkt};
use crate::error::GeodataError;
use crate::facts::{Facts, Found};
use crate::source::{Bounded, Source};

const HEADER: &str = "Shapefile header";
const PRJ: &str = "Shapefile .prj";

/// The first bytes of a header.
const MAGIC: u32 = 9994;

pub(crate) fn read<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    prj: Option<&str>,
) -> Result<Facts, GeodataError> {
    let header: [u8; 100] = source.array("the header", 0)?;
    let word =
        |at: usize| header.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; 4]);
    if u32::from_be_bytes(word(0)) != MAGIC || u32::from_le_bytes(word(28)) != 1000 {
        return Err(GeodataError::broken("it does not begin as a shapefile does"));
    }
    let mut facts = Facts::default();
    let crs = prj.and_then(|text| system(text, &mut facts));
    if prj.is_none() {
        facts.warnings.add("no footprint: there is no .prj beside the .shp");
    }
    let declared = u64::from(u32::from_be_bytes(word(24))).saturating_mul(2);
    if declared != source.size() {
        let size = source.size();
        facts.warnings.add(format!("its header says {declared} bytes, and it has {size}"));
    }
    let kind = u32::from_le_bytes(word(32));
    let types = types(kind).ok_or_else(|| {
        GeodataError::broken(format!("its header says shapes of type {kind}, which there is not"))
    })?;
    facts.geometry_types = Found::new(types.iter().map(|&one| one.to_owned()).collect(), HEADER);
    if declared <= 100 {
        facts.warnings.add("no footprint: it has no shapes");
        return Ok(facts);
    }
    let double = |at: usize| {
        let bytes = header.get(at..).and_then(<[u8]>::first_chunk).copied();
        f64::from_le_bytes(bytes.unwrap_or([0; 8]))
    };
    facts.bounds([double(36), double(44), double(52), double(60)], crs.as_ref(), HEADER);
    Ok(facts)
}

/// What the geometries of a type may be: lines and polygons are one or many.
fn types(kind: u32) -> Option<&'static [&'static str]> {
    Some(match kind {
        0 => &[],
        1 | 11 | 21 => &["Point"],
        3 | 13 | 23 => &["LineString", "MultiLineString"],
        5 | 15 | 25 => &["Polygon", "MultiPolygon"],
        8 | 18 | 28 => &["MultiPoint"],
        31 => &["MultiPatch"],
        _ => return None,
    })
}

fn system(text: &str, facts: &mut Facts) -> Option<Crs> {
    let Some(said) = wkt::outermost(text) else {
        facts.warnings.add("no footprint: its .prj is no WKT");
        return None;
    };
    if said.is_second() {
        facts.wkt2 = Found::new(text.trim().to_owned(), PRJ);
    }
    let Some(code) = said.epsg().or_else(|| names::code(&said)) else {
        let name = said.name;
        facts.warnings.add(format!(
            "no footprint: its .prj has no code of EPSG and a name that is not known: {name}"
        ));
        return None;
    };
    facts.wkt2 = None;
    facts.system(code, PRJ)
}

#[cfg(test)]
mod tests {
    use crate::made::shapefile;
    use crate::{Limits, read_shapefile};

    const ZONE: &str = r#"PROJCS["WGS_1984_UTM_Zone_31N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",
        6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],
        PROJECTION["Transverse_Mercator"],PARAMETER["Central_Meridian",3.0],UNIT["Meter",1.0]]"#;

    #[test]
    fn bounds_and_system_are_read() {
        let file = shapefile::header(5, [500_000.0, 4_600_000.0, 600_000.0, 4_700_000.0], 200);
        let facts = read_shapefile(&file, Some(ZONE), &Limits::default()).unwrap();
        assert_eq!(facts.code.as_ref().unwrap().value, "EPSG:32631");
        let [west, south, east, north] = facts.bbox().unwrap();
        assert!((west - 3.0).abs() < 1e-9 && (south - 41.54).abs() < 0.1, "{west} {south}");
        assert!(east > 4.0 && east < 4.3 && north > 42.4 && north < 42.5, "{east} {north}");
        assert_eq!(facts.warnings(), [""; 0]);
        let types = &facts.geometry_types.unwrap().value;
        assert_eq!(types.as_slice(), ["Polygon", "MultiPolygon"]);
    }

    #[test]
    fn what_is_missing_is_warned_of() {
        let file = shapefile::header(1, [1.0, 2.0, 3.0, 4.0], 200);
        let limits = Limits::default();
        let cases = [
            (None, "no .prj"),
            (Some("hello"), "no WKT"),
            (Some(r#"GEOGCS["GCS_Mars",UNIT["Degree",0.0174532925199433]]"#), "GCS_Mars"),
        ];
        for (prj, said) in cases {
            let facts = read_shapefile(&file, prj, &limits).unwrap();
            assert!(facts.bbox().is_none() && facts.warnings()[0].contains(said), "{said}");
            let bbox = facts.projected_bbox.map(|found| found.value);
            assert_eq!(bbox, Some([1.0, 2.0, 3.0, 4.0]));
        }
        let empty = shapefile::header(1, [0.0; 4], 100);
        assert!(read_shapefile(&empty, None, &limits).unwrap().projected_bbox.is_none());
        let nan = shapefile::header(1, [f64::NAN; 4], 200);
        assert!(read_shapefile(&nan, Some(ZONE), &limits).unwrap().footprint.is_none());
        let odd = shapefile::header(77, [0.0; 4], 200);
        assert!(read_shapefile(&odd, None, &limits).is_err());
        assert!(read_shapefile(&file[..99], None, &limits).is_err());
    }
}
