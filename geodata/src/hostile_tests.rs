//! Whatever bytes come in: no reader panics, none asks for more than the limits allow, and all take a small stack.

use proptest::prelude::*;

use crate::made::tiff::{Tiff, Value, keys, placed, raster};
use crate::made::{flatgeobuf, parquet, shapefile};
use crate::tiff::tags;
use crate::{Counted, Crs, Kind, Limits, read, read_shapefile, thumbnail};

const KINDS: [Kind; 5] =
    [Kind::GeoTiff, Kind::GeoJson, Kind::GeoParquet, Kind::FlatGeobuf, Kind::Shapefile];

fn limits() -> Limits {
    Limits {
        bytes_read: 200_000,
        value_bytes: 50_000,
        positions: 1_000,
        bands: 100,
        decoded_bytes: 1 << 20,
    }
}

/// Reads it with every reader.
fn hold(bytes: &[u8]) {
    for kind in KINDS {
        let source = Counted::new(bytes.to_vec());
        if let Ok(facts) = read(kind, &source, &limits()) {
            let [west, south, east, north] = facts.bbox().unwrap_or([0.0; 4]);
            assert!(west.abs() <= 180.0 && east.abs() <= 180.0 && south >= -90.0 && north <= 90.0);
            assert!(serde_json::to_string(&facts.properties()).unwrap().len() < 1 << 20);
        }
        assert!(source.bytes() <= limits().bytes_read, "{kind:?}");
    }
    let source = Counted::new(bytes.to_vec());
    drop(thumbnail(&source, 256, &limits()));
    assert!(source.bytes() <= limits().bytes_read);
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(read_shapefile(
            &shapefile::header(5, [1.0, 2.0, 3.0, 4.0], 200),
            Some(text),
            &limits(),
        ));
    }
}

/// Files that are sound.
fn files() -> Vec<Vec<u8>> {
    let geo = r#"{"primary_column": "g", "columns": {"g": {"bbox": [1, 2, 3, 4], "crs": {"id": {"authority": "EPSG", "code": 3035}}}}}"#;
    let header = flatgeobuf::Header {
        envelope: Some([1.0, 2.0, 3.0, 4.0]),
        geometry_type: 3,
        features: 5,
        code: Some(32631),
        wkt: Some("PROJCS[\"a\",AUTHORITY[\"EPSG\",\"32631\"]]".to_owned()),
        index: None,
    };
    let mut all = vec![
        shapefile::header(5, [1.0, 2.0, 3.0, 4.0], 200),
        parquet::file(3, &[("a", "b"), ("geo", geo)]),
        header.write(),
        br#"{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Polygon",
            "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}}]}"#.to_vec(),
    ];
    let text = "<GDALMetadata><Item name=\"a\" sample=\"0\" role=\"scale\">2</Item></GDALMetadata>";
    let tiff = placed(16, 8, keys(1, 3031, 1), [-1e6, 1e6], 1e5)
        .with(tags::BITS, Value::Short(vec![8]))
        .with(tags::STRIP_OFFSETS, Value::Long(vec![16]))
        .with(tags::STRIP_SIZES, Value::Long(vec![128]))
        .with(tags::ROWS_PER_STRIP, Value::Long(vec![8]))
        .with(259, Value::Short(vec![1]))
        .with(262, Value::Short(vec![1]))
        .with(tags::DATE_TIME, Value::Text("2020:01:02 03:04:05".to_owned()))
        .with(tags::GDAL_METADATA, Value::Text(text.to_owned()));
    let tiff = Tiff { data: (0..200).collect(), ..tiff };
    for (big_endian, big_file) in [(false, false), (true, false), (false, true), (true, true)] {
        all.push(Tiff { big_endian, big_file, ..tiff.clone() }.write());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_by_chance_are_read_or_refused(
        start in prop::sample::select(vec![&b""[..], b"II*\0\x08\0\0\0", b"MM\0+\0\x08\0\0", b"PAR1", b"fgb\x03fgb\x01", b"{\"type\":"]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
        end in prop::sample::select(vec![&b""[..], b"\x40\0\0\0PAR1", b"}"]),
    ) {
        hold(&[start, &rest, end].concat());
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        which in 0..8_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), damaged_byte()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut file = files().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        hold(&file);
    }

    #[test]
    fn systems_take_any_position(code in 1024..33_000_u32, x in any_number(), y in any_number()) {
        if let Ok(crs) = Crs::epsg(code) {
            for found in [crs.to_lonlat([x, y]), crs.from_lonlat([x, y])].into_iter().flatten() {
                prop_assert!(found[0].is_finite() && found[1].is_finite());
            }
        }
    }

    #[test]
    fn rasters_lie_anywhere(
        code in prop::sample::select(vec![4326_u16, 32631, 32660, 3031, 3413, 3857, 3035, 6933, 3338, 8857, 2193]),
        corner in (any_number(), any_number()),
        matrix in (any_number(), any_number(), any_number(), any_number()),
    ) {
        let (x, y) = corner;
        let (a, b, d, e) = matrix;
        let matrix = vec![a, b, 0.0, x, d, e, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let model = if code == 4326 { 2 } else { 1 };
        let file = raster(100, 80).with(tags::KEYS, keys(model, code, 1)).with(tags::TRANSFORMATION, Value::Double(matrix));
        let facts = read(Kind::GeoTiff, &file.write(), &limits()).unwrap();
        for ring in facts.footprint.iter().flat_map(|found| found.value.rings()) {
            prop_assert!(ring.len() > 3 && ring.len() < 10_000 && ring.first() == ring.last());
            prop_assert!(ring.iter().all(|[lon, lat]| lon.abs() <= 180.0 && lat.abs() <= 90.0));
        }
    }
}

fn damaged_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x7f), Just(0x80), Just(b'['), Just(b'{')]
}

/// Numbers of all sizes, and those that are likely on maps.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e7..1e7,
        -400.0..400.0,
        prop::sample::select(vec![0.0, 90.0, 180.0, -180.0, 1e-9])
    ]
}

#[test]
fn each_byte_of_sound_files_may_be_any() {
    for file in files() {
        for at in 0..file.len().min(700) {
            for byte in [0, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = byte;
                hold(&damaged);
            }
        }
    }
}

#[test]
fn directories_that_go_in_a_circle_end() {
    // Both directories are smaller copies, and the second one says that the first is the next one.
    let small = raster(4, 4).with(tags::SUBFILE, Value::Long(vec![1])).directories.remove(0);
    let file = Tiff { directories: vec![small.clone(), small], last: 8, ..Tiff::default() };
    hold(&file.write());
    let found = read(Kind::GeoTiff, &file.write(), &limits()).unwrap();
    assert_eq!(found.warnings(), [CIRCLE]);
    assert_eq!(found.shape.unwrap().value, [4, 4]);
}

const CIRCLE: &str = "its directories of tags go in a circle";

#[test]
fn a_circle_behind_the_image_is_told_of() {
    let small = raster(2, 2).with(tags::SUBFILE, Value::Long(vec![1])).directories.remove(0);
    let (file, ends) = (raster(4, 4), [0, 8, 8 + 6 + 5 * 12]);
    for big_endian in [false, true] {
        for (copies, last, told) in [
            (0, ends[0], false),
            (0, ends[1], true),
            (3, ends[0], false),
            (3, ends[1], true),
            (3, ends[2], true),
            // So many are looked through.
            (63, ends[1], true),
            (64, ends[1], false),
            // One that lies outside of the file, or is none, is the end of them.
            (3, 1 << 20, false),
            (3, 2, false),
        ] {
            let mut file = Tiff { big_endian, last, ..file.clone() };
            file.directories.extend(vec![small.clone(); copies]);
            hold(&file.write());
            let found = read(Kind::GeoTiff, &file.write(), &limits()).unwrap();
            let expected: &[&str] = if told { &[CIRCLE] } else { &[] };
            assert_eq!(found.warnings(), expected, "{copies} {last}");
        }
    }
}

/// An image with so many smaller copies, far from one another; the last one says that the image is the next one.
fn far_apart(copies: usize, pixels: u32) -> Tiff {
    let list = || Value::Long(vec![pixels; 4_000]);
    let image = raster(4, 4).with(tags::STRIP_OFFSETS, list()).with(tags::STRIP_SIZES, list());
    let image = Tiff { data: vec![0; 2 * pixels as usize], ..image };
    let small = image.clone().with(tags::SUBFILE, Value::Long(vec![1])).directories.remove(0);
    let mut file = Tiff { last: 8 + 2 * u64::from(pixels), ..image };
    file.directories.extend(vec![small; copies]);
    file
}

#[test]
fn little_is_loaded_to_find_a_circle() {
    let loaded = |file: Vec<u8>| {
        let source = Counted::new(file);
        let found = read(Kind::GeoTiff, &source, &Limits::default()).unwrap();
        (source.reads(), found.warnings().to_vec())
    };
    let told = vec![CIRCLE.to_owned()];
    // The pixels lie before the directories.
    let far = |copies| far_apart(copies, 40).write();
    let alone = loaded(Tiff { last: 0, ..far_apart(0, 40) }.write()).0;
    assert_eq!(loaded(far(0)), (alone, told.clone()));
    assert_eq!(loaded(far(4)), (alone + 4, told.clone()));
    assert_eq!(loaded(far(5)), (alone + 4, vec![]));
    assert_eq!(loaded(far(60)), (alone + 4, vec![]));
    // As in a COG, they lie behind them.
    let cog = |copies| {
        let list = |number| Value::Long(vec![number; 4_000]);
        let file = far_apart(copies, 0)
            .with(tags::STRIP_OFFSETS, list(1_000_000))
            .with(tags::STRIP_SIZES, list(40));
        let mut file = file.write();
        file.resize(1_000_040, 0);
        file
    };
    let (reads, alone) = loaded(cog(0));
    assert_eq!(alone, told);
    assert_eq!(loaded(cog(4)), (reads, vec![]));
}

#[test]
fn many_directories_and_many_tags_are_not_all_read() {
    let small = raster(4, 4).with(tags::SUBFILE, Value::Long(vec![1])).directories.remove(0);
    let source = Counted::new(Tiff { directories: vec![small; 5_000], ..Tiff::default() }.write());
    assert!(read(Kind::GeoTiff, &source, &Limits::default()).is_ok());
    assert!(source.bytes() < 100_000, "{}", source.bytes());
    let tags = (1000..6000).map(|tag| (tag, Value::Short(vec![1]))).collect();
    let file = Tiff { directories: vec![tags], ..Tiff::default() }.write();
    let error = read(Kind::GeoTiff, &file, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("5000 tags"), "{error}");
}

#[test]
fn tags_of_four_gigabytes_are_refused_before_they_are_read() {
    for (tag, big_file) in [
        (tags::KEYS, false),
        (tags::TIEPOINT, false),
        (tags::GDAL_METADATA, true),
        (tags::BITS, true),
    ] {
        let count = if big_file { u64::MAX } else { u64::from(u32::MAX) };
        for kind in [2, 3, 12] {
            let file = placed(4, 4, keys(1, 32631, 1), [5e5, 5e6], 10.0)
                .with(tag, Value::Raw(kind, count, 8));
            let source = Counted::new(Tiff { big_file, ..file }.write());
            drop(read(Kind::GeoTiff, &source, &limits()));
            assert!(source.bytes() < 50_000, "{tag} {}", source.bytes());
        }
    }
}

#[test]
fn all_of_it_takes_a_small_stack() {
    let all = || files().iter().for_each(|file| hold(file));
    std::thread::Builder::new().stack_size(512 << 10).spawn(all).unwrap().join().unwrap();
}
