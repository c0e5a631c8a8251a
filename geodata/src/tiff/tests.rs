//! Tests of what is read of `GeoTIFF`, with files of all four forms.

#![expect(clippy::float_cmp, reason = "what was written comes out again")]

use serde_json::json;

use crate::made::tiff::{Tiff, Value, keys, placed, raster};
use crate::tiff::tags;
use crate::{Counted, Facts, GeodataError, Kind, Limits, read};

fn facts(file: &Tiff) -> Facts {
    read(Kind::GeoTiff, &file.write(), &Limits::default()).unwrap()
}

fn utm() -> Tiff {
    placed(1098, 549, keys(1, 32631, 1), [399_960.0, 4_700_040.0], 10.0)
}

#[test]
fn all_four_forms_say_the_same() {
    let one = facts(&utm());
    assert_eq!(one.code.as_ref().unwrap().value, "EPSG:32631");
    assert_eq!(one.shape.as_ref().unwrap().value, [549, 1098]);
    let transform = one.transform.as_ref().unwrap();
    assert_eq!(transform.value, [10.0, 0.0, 399_960.0, 0.0, -10.0, 4_700_040.0]);
    assert_eq!(transform.origin, "GeoTIFF tags ModelPixelScale and ModelTiepoint");
    let bbox = one.projected_bbox.as_ref().unwrap().value;
    assert_eq!(bbox, [399_960.0, 4_694_550.0, 410_940.0, 4_700_040.0]);
    assert_eq!(one.gsd.as_ref().unwrap().value, 10.0);
    let [west, south, east, north] = one.bbox().unwrap();
    // What rasterio's transform_bounds says.
    let expected = [1.782_947_1, 42.396_9, 1.917_2, 42.448_2];
    for (a, b) in [west, south, east, north].into_iter().zip(expected) {
        assert!((a - b).abs() < 2e-3, "{west} {south} {east} {north}");
    }
    assert_eq!(one.warnings(), [""; 0]);
    for (big_endian, big_file) in [(true, false), (false, true), (true, true)] {
        let other = facts(&Tiff { big_endian, big_file, ..utm() });
        assert_eq!(one, other, "{big_endian} {big_file}");
    }
}

#[test]
fn a_pixel_that_is_a_point_is_placed_by_its_middle() {
    let points = placed(10, 10, keys(2, 4326, 2), [0.5, 9.5], 1.0);
    let found = facts(&points);
    assert_eq!(found.transform.as_ref().unwrap().value, [1.0, 0.0, 0.0, 0.0, -1.0, 10.0]);
    assert_eq!(found.bbox(), Some([0.0, 0.0, 10.0, 10.0]));
    assert_eq!(found.sampling.unwrap().value, "point");
}

#[test]
fn a_matrix_turns() {
    let matrix =
        vec![0.0, 1.0, 0.0, 10.0, 1.0, 0.0, 0.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let file = raster(4, 2)
        .with(tags::KEYS, keys(2, 4326, 1))
        .with(tags::TRANSFORMATION, Value::Double(matrix));
    let found = facts(&file);
    assert_eq!(found.transform.as_ref().unwrap().value, [0.0, 1.0, 10.0, 1.0, 0.0, 20.0]);
    assert_eq!(found.bbox(), Some([10.0, 20.0, 12.0, 24.0]));
    assert_eq!(found.footprint.unwrap().origin, "GeoTIFF tag ModelTransformation");
}

#[test]
fn the_size_of_pixels_is_that_on_the_ground() {
    let gsd = |file: &Tiff| facts(file).gsd.unwrap().value;
    // At 60 degrees north, a metre of Mercator is half a metre.
    let mercator = gsd(&placed(10, 10, keys(1, 3857, 1), [0.0, 8_399_737.889_818_36], 10.0));
    assert!((mercator - 5.0).abs() < 0.02, "{mercator}");
    let degrees = gsd(&placed(10, 10, keys(2, 4326, 1), [0.0, 0.005], 0.001));
    assert!((degrees - 111.2).abs() < 0.5, "{degrees}");
    // A pixel over the antimeridian is no larger than others.
    let there = gsd(&placed(1, 1, keys(1, 3832, 1), [3_339_584.0 - 5.0, 5.0], 10.0));
    assert!((there - 10.0).abs() < 0.1, "{there}");
    let feet = gsd(&placed(10, 10, keys(1, 2263, 1), [980_000.0, 220_000.0], 10.0));
    assert!((feet - 3.048_006).abs() < 1e-6, "{feet}");
}

#[test]
fn bands_are_described() {
    let text = "<GDALMetadata><Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">B04</Item>\
        <Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">B08</Item>\
        <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.0001</Item>\
        <Item name=\"SCALE\" sample=\"1\" role=\"scale\">1</Item>\
        <Item name=\"OFFSET\" sample=\"0\" role=\"offset\">-0.1</Item>\
        <Item name=\"UNITTYPE\" sample=\"1\" role=\"unittype\">m</Item>\
        <Item name=\"STATISTICS_MAXIMUM\" sample=\"1\">255</Item></GDALMetadata>";
    let file = utm()
        .with(tags::SAMPLES, Value::Short(vec![2]))
        .with(tags::BITS, Value::Short(vec![16, 32]))
        .with(tags::FORMAT, Value::Short(vec![1, 3]))
        .with(tags::GDAL_NODATA, Value::Text("nan ".to_owned()))
        .with(tags::GDAL_METADATA, Value::Text(text.to_owned()));
    let expected = json!([
        {"name": "B04", "description": "B04", "data_type": "uint16", "nodata": "nan",
         "raster:scale": 0.0001, "raster:offset": -0.1},
        {"name": "B08", "description": "B08", "data_type": "float32", "nodata": "nan", "unit": "m",
         "statistics": {"maximum": 255.0}},
    ]);
    assert_eq!(facts(&file).properties()["bands"], expected);
    let plain = facts(&utm().with(tags::BITS, Value::Short(vec![1])));
    let expected = json!([{"name": "b1", "data_type": "uint8", "raster:bits_per_sample": 1}]);
    assert_eq!(plain.properties()["bands"], expected);
}

#[test]
fn what_no_band_can_be_is_left_out() {
    let statistics = |stddev: &str, percent: &str| {
        let item = |name: &str, value: &str| {
            format!("<Item name=\"STATISTICS_{name}\" sample=\"0\">{value}</Item>")
        };
        let text = [item("STDDEV", stddev), item("VALID_PERCENT", percent)].concat();
        let file = utm().with(tags::GDAL_METADATA, Value::Text(text));
        facts(&file).properties()["bands"][0]["statistics"].clone()
    };
    assert_eq!(statistics("0", "100"), json!({"stddev": 0.0, "valid_percent": 100.0}));
    assert_eq!(statistics("2", "-1"), json!({"stddev": 2.0}));
    assert_eq!(statistics("-2", "0"), json!({"valid_percent": 0.0}));
    assert_eq!(statistics("-0.1", "100.1"), json!(null));
    let none = facts(&utm().with(tags::SAMPLES, Value::Short(vec![0])));
    assert!(none.bands.is_none() && none.footprint.is_some());
    assert_eq!(none.warnings(), ["no bands: there are 0"]);
}

#[test]
fn times_are_read_and_the_acquisition_wins() {
    let tag = utm().with(tags::DATE_TIME, Value::Text("2020:01:02 03:04:05".to_owned()));
    let found = facts(&tag).datetime.unwrap();
    assert_eq!(found.value, "2020-01-02T03:04:05Z");
    assert_eq!(found.origin, "TIFF tag DateTime, taken as UTC");
    let item = "<Item name=\"ACQUISITIONDATETIME\" domain=\"IMAGERY\">2019-05-06 07:08:09</Item>";
    let both = facts(&tag.with(tags::GDAL_METADATA, Value::Text(item.to_owned())));
    assert_eq!(both.datetime.unwrap().value, "2019-05-06T07:08:09Z");
    let wrong = facts(&utm().with(tags::DATE_TIME, Value::Text("yesterday".to_owned())));
    assert!(wrong.datetime.is_none() && wrong.warnings()[0].contains("yesterday"));
}

#[test]
fn the_image_of_full_size_is_found_behind_smaller_ones() {
    let mut file = utm();
    let small = raster(11, 22).with(tags::SUBFILE, Value::Long(vec![1])).directories.remove(0);
    let mask = raster(11, 22).with(tags::SUBFILE, Value::Long(vec![4])).directories.remove(0);
    file.directories.splice(0..0, [small.clone(), mask]);
    assert_eq!(facts(&file).shape.unwrap().value, [549, 1098]);
    let only = Tiff { directories: vec![small], ..Tiff::default() };
    assert_eq!(facts(&only).shape.unwrap().value, [22, 11]);
}

#[test]
fn what_cannot_be_placed_has_no_footprint_and_a_warning() {
    let own = placed(10, 10, keys(1, 32767, 1), [0.0, 0.0], 1.0);
    let unknown = placed(10, 10, keys(1, 1234, 1), [0.0, 0.0], 1.0);
    let outside = placed(10, 10, keys(1, 32631, 1), [1e9, 1e9], 1.0);
    let in_unit = |unit| {
        let keys = vec![1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32631, 3076, 0, 1, unit];
        utm().with(tags::KEYS, Value::Short(keys))
    };
    let (feet, links, own_unit) = (in_unit(9002), in_unit(9007), in_unit(32_767));
    assert!(facts(&in_unit(9001)).footprint.is_some() && facts(&in_unit(0)).footprint.is_some());
    let gon = vec![1, 1, 0, 3, 1024, 0, 1, 2, 2048, 0, 1, 4326, 2054, 0, 1, 9105];
    let gon = utm().with(tags::KEYS, Value::Short(gon));
    let endless = placed(10, 10, keys(1, 32631, 1), [f64::NAN, 0.0], 1.0);
    let flat = placed(10, 10, keys(1, 32631, 1), [500_000.0, 0.0], 1e-300);
    let single = raster(10, 10)
        .with(tags::KEYS, keys(1, 32631, 1))
        .with(tags::TIEPOINT, Value::Double(vec![0.0; 12]));
    let unplaced = raster(10, 10).with(tags::KEYS, keys(1, 32631, 1));
    let cases = [
        (own, "without a code"),
        (unknown, "EPSG:1234"),
        (outside, "outside"),
        (feet, "its unit is not that"),
        (links, "its unit of length is not known: 9007"),
        (own_unit, "its unit of length is not known: 32767"),
        (gon, "not in degrees"),
        (endless, "no numbers"),
        (flat, "no footprint"),
        (single, "single positions"),
        (unplaced, "where its pixels are"),
    ];
    for (file, said) in cases {
        let found = facts(&file);
        assert!(found.footprint.is_none(), "{said}");
        assert!(
            found.warnings().iter().any(|one| one.contains(said)),
            "{said}: {:?}",
            found.warnings()
        );
    }
    // Numbers that are nowhere in the system that is named are not handed on, others are.
    let unknown = facts(&placed(10, 10, keys(1, 1234, 1), [0.0, 0.0], 1.0));
    assert!(unknown.transform.is_some() && unknown.projected_bbox.is_some());
    let outside = placed(10, 10, keys(1, 32631, 1), [1e9, 1e9], 1.0);
    let endless = placed(10, 10, keys(1, 1234, 1), [f64::MAX, 0.0], f64::MAX);
    let none = placed(10, 10, keys(1, 1234, 1), [0.0, 0.0], 1e-200);
    for file in [in_unit(9002), in_unit(9007), outside, endless, none] {
        let found = facts(&file);
        assert!(found.transform.is_none() && found.projected_bbox.is_none());
    }
    // A plain TIFF is nothing to be warned of.
    let plain = facts(&raster(10, 10));
    assert!(plain.footprint.is_none() && plain.warnings().is_empty());
}

#[test]
fn rasters_that_lie_about_their_size_are_broken() {
    let says = |file: Tiff| {
        let read = read(Kind::GeoTiff, &file.write(), &Limits::default());
        read.unwrap_err().to_string()
    };
    let most = (1 << 31) - 1;
    let huge = raster(most, most).with(tags::ROWS_PER_STRIP, Value::Long(vec![1]));
    assert!(says(huge).contains("needs 2147483647 strips"));
    for larger in [raster(most + 1, 1), raster(1, most + 1)] {
        assert!(says(larger).contains("larger than any may be"));
    }
    let strip = raster(10, 10).with(tags::STRIP_SIZES, Value::Long(vec![u32::MAX]));
    assert!(says(strip).contains("outside of the file"));
    let list = raster(10, 10).with(tags::STRIP_OFFSETS, Value::Raw(4, 1 << 32, 100));
    assert!(says(Tiff { big_file: true, ..list }).contains("outside of the file"));
    assert!(says(raster(0, 10)).contains("no width"));
    let tiles = raster(10, 10)
        .with(tags::TILE_OFFSETS, Value::Long(vec![0]))
        .with(tags::TILE_SIZES, Value::Long(vec![0]))
        .with(tags::TILE_WIDTH, Value::Long(vec![0]))
        .with(tags::TILE_LENGTH, Value::Long(vec![16]));
    assert!(says(tiles).contains("no size"));
}

#[test]
fn few_bytes_of_a_large_file_are_read() {
    // A file of 4 GB, of which only the beginning is there.
    struct Large(Vec<u8>);
    impl crate::Source for Large {
        fn size(&self) -> u64 {
            4 << 30
        }
        fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
            for (at, byte) in (offset..).zip(into) {
                *byte = self.0.get(usize::try_from(at).unwrap()).copied().unwrap_or(0);
            }
            Ok(())
        }
    }
    // As a COG has it: lists behind each directory, and pixels behind all of them.
    let tiles: Vec<u64> = (0..40_000).map(|tile| 2_000_000 + tile * 100_000).collect();
    let in_tiles = |file: Tiff| {
        file.with(tags::BITS, Value::Short(vec![8; 5]))
            .with(tags::SAMPLES, Value::Short(vec![5]))
            .with(tags::TILE_WIDTH, Value::Long(vec![256]))
            .with(tags::TILE_LENGTH, Value::Long(vec![256]))
            .with(tags::TILE_OFFSETS, Value::Long8(tiles.clone()))
    };
    let copy = in_tiles(raster(25_600, 25_600)).with(tags::SUBFILE, Value::Long(vec![1]));
    let file = placed(51_200, 51_200, keys(1, 32631, 1), [399_960.0, 4_700_040.0], 10.0);
    let mut file = in_tiles(Tiff { big_file: true, ..file });
    file.directories.extend(copy.directories);
    for (compression, size) in [(8, 99_999), (1, 5 << 16)] {
        let file = file
            .clone()
            .with(tags::COMPRESSION, Value::Short(vec![compression]))
            .with(tags::TILE_SIZES, Value::Long(vec![size; 40_000]));
        let source = Counted::new(Large(file.write()));
        let found = read(Kind::GeoTiff, &source, &Limits::default()).unwrap();
        assert!(found.footprint.is_some());
        assert_eq!(found.warnings(), [""; 0]);
        let taken = (source.bytes(), source.reads());
        // The directory, twice its lists of tiles, and what goes back to it.
        assert!(taken.0 <= 5 * 8192 && taken.1 <= 5, "{taken:?}");
    }
}

#[test]
fn damaged_tags_are_warned_of() {
    let file = utm()
        .with(tags::GDAL_METADATA, Value::Raw(2, 0xffff_ffff, 0x100))
        .with(tags::GDAL_NODATA, Value::Raw(12, 3, 0x10));
    let found = facts(&file);
    assert!(found.footprint.is_some());
    assert_eq!(found.warnings().len(), 2, "{:?}", found.warnings());
    let many = facts(&utm().with(tags::SAMPLES, Value::Short(vec![65_535])));
    assert!(many.bands.is_none() && many.warnings()[0].contains("65535"));
    let keys = facts(&utm().with(tags::KEYS, Value::Short(vec![9, 9])));
    assert!(keys.footprint.is_none() && keys.warnings()[0].contains("no version of GeoTIFF"));
    let empty = Tiff { directories: vec![], last: 0, ..Tiff::default() }.write();
    let error = read(Kind::GeoTiff, &empty, &Limits::default()).unwrap_err();
    assert!(matches!(error, GeodataError::Broken(_)));
}
