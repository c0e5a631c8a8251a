//! Reference systems by the names that ESRI's programs give them, which write no codes into `.prj` files.

use super::Crs;
use super::wkt::Outermost;

/// Names that are common, and their codes.
const NAMES: [(&str, u32); 18] = [
    ("GCS_WGS_1984", 4326),
    ("GCS_North_American_1983", 4269),
    ("GCS_North_American_1927", 4267),
    ("GCS_ETRS_1989", 4258),
    ("GCS_RGF_1993", 4171),
    ("GCS_GDA_1994", 4283),
    ("GCS_SIRGAS_2000", 4674),
    ("WGS_1984_Web_Mercator_Auxiliary_Sphere", 3857),
    ("WGS_1984_World_Mercator", 3395),
    ("ETRS_1989_LAEA", 3035),
    ("ETRS_1989_LCC", 3034),
    ("RGF_1993_Lambert_93", 2154),
    ("British_National_Grid", 27700),
    ("RD_New", 28992),
    ("Belge_Lambert_1972", 31370),
    ("NZGD_2000_New_Zealand_Transverse_Mercator", 2193),
    ("CH1903+_LV95", 2056),
    ("WGS_1984_EASE_Grid_2_0_Global", 6933),
];

/// The zones of UTM: what names begin with, the code of the zone "0N", and the first and last zone. Those of the south
/// of WGS 84 are the only ones that have codes beside them.
const ZONES: [(&str, u32, u32, u32); 4] = [
    ("WGS_1984_UTM_Zone_", 32600, 1, 60),
    ("NAD_1983_UTM_Zone_", 26900, 1, 23),
    ("NAD_1927_UTM_Zone_", 26700, 1, 22),
    ("ETRS_1989_UTM_Zone_", 25800, 28, 38),
];

/// The code of a system that says none, by its name. Its unit must be that of the code, too: the same name is given to
/// systems in feet.
pub(crate) fn code(said: &Outermost) -> Option<u32> {
    let code = NAMES.iter().find(|(name, _)| *name == said.name).map(|(_, code)| *code);
    let code = code.or_else(|| zone(&said.name))?;
    let crs = Crs::epsg(code).ok()?;
    let unit = crs.metres().unwrap_or(std::f64::consts::PI / 180.0);
    ((said.unit? / unit - 1.0).abs() < 1e-6).then_some(code)
}

fn zone(name: &str) -> Option<u32> {
    let (start, base, first, last) = ZONES.iter().find(|(start, ..)| name.starts_with(start))?;
    let rest = name.strip_prefix(start)?;
    let north = rest.strip_suffix('N');
    let south = rest.strip_suffix('S').filter(|_| *base == 32600);
    let number: u32 = north.or(south)?.parse().ok()?;
    if !(*first..=*last).contains(&number) {
        return None;
    }
    base.checked_add(number)?.checked_add(if south.is_some() { 100 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_their_unit() {
        let said =
            |name: &str, unit| Outermost { name: name.to_owned(), unit, ..Outermost::default() };
        let degree = Some(0.017_453_292_519_943_3);
        let cases = [
            (said("WGS_1984_UTM_Zone_31N", Some(1.0)), Some(32631)),
            (said("WGS_1984_UTM_Zone_60S", Some(1.0)), Some(32760)),
            (said("NAD_1983_UTM_Zone_10N", Some(1.0)), Some(26910)),
            (said("NAD_1983_UTM_Zone_10S", Some(1.0)), None),
            (said("ETRS_1989_UTM_Zone_39N", Some(1.0)), None),
            (said("WGS_1984_UTM_Zone_61N", Some(1.0)), None),
            (said("WGS_1984_UTM_Zone_31N", Some(0.3048)), None),
            (said("WGS_1984_UTM_Zone_31N", None), None),
            (said("GCS_WGS_1984", degree), Some(4326)),
            (said("GCS_Mars", degree), None),
        ];
        for (said, code_of) in cases {
            assert_eq!(code(&said), code_of, "{said:?}");
        }
    }

    #[test]
    fn each_name_has_a_system() {
        for (name, code) in NAMES {
            assert!(Crs::epsg(code).is_ok(), "{name}");
        }
    }
}
