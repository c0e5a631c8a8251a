//! Tests of whether an image is as large as it says: sound layouts of all kinds, and each with a byte less.

use crate::made::tiff::{Tiff, Value, raster};
use crate::tiff::tags;
use crate::{Counted, Kind, Limits, read};

/// Strips or tiles of so many bytes, one after the other; those without any are nowhere.
fn pieces(file: Tiff, [offsets, sizes]: [u16; 2], lengths: &[u32]) -> Tiff {
    let mut end = 8;
    let starts = lengths.iter().map(|length| {
        end += length;
        if *length == 0 { 0 } else { end - length }
    });
    let file = file
        .with(offsets, Value::Long(starts.collect()))
        .with(sizes, Value::Long(lengths.to_vec()));
    Tiff { data: vec![0; lengths.iter().sum::<u32>() as usize], ..file }
}

const STRIPS: [u16; 2] = [tags::STRIP_OFFSETS, tags::STRIP_SIZES];
const TILES: [u16; 2] = [tags::TILE_OFFSETS, tags::TILE_SIZES];

fn short(value: u16) -> Value {
    Value::Short(vec![value])
}

fn tiled(columns: u32, rows: u32) -> Tiff {
    raster(columns, rows)
        .with(tags::BITS, short(8))
        .with(tags::TILE_WIDTH, short(16))
        .with(tags::TILE_LENGTH, short(16))
}

/// Of 10 x 10 pixels of so many samples of 8 bits.
fn samples(samples: u16) -> Tiff {
    raster(10, 10).with(tags::BITS, short(8)).with(tags::SAMPLES, short(samples))
}

fn ycbcr(shared: Option<[u16; 2]>) -> Tiff {
    let file = samples(3).with(tags::PHOTOMETRIC, short(6));
    match shared {
        Some(shared) => file.with(tags::SUBSAMPLING, Value::Short(shared.to_vec())),
        None => file,
    }
}

fn warned(file: &Tiff) -> Vec<String> {
    read(Kind::GeoTiff, &file.write(), &Limits::default()).unwrap().warnings().to_vec()
}

/// Layouts that hold exactly what their pixels need.
fn sound() -> Vec<(&'static str, Tiff, [u16; 2], Vec<u32>)> {
    let planar = |file: Tiff| file.with(tags::PLANAR, short(2));
    let in_fours = |file: Tiff| file.with(tags::ROWS_PER_STRIP, short(4));
    let of_bits = |columns, bits| raster(columns, 10).with(tags::BITS, short(bits));
    let two_bits = planar(samples(2)).with(tags::BITS, Value::Short(vec![8, 16]));
    vec![
        ("one strip", raster(10, 10), STRIPS, vec![200]),
        (
            "more rows in a strip than there are",
            samples(1).with(tags::ROWS_PER_STRIP, Value::Long(vec![u32::MAX])),
            STRIPS,
            vec![100],
        ),
        ("a last strip that is shorter", in_fours(raster(10, 10)), STRIPS, vec![80, 80, 40]),
        ("rows of bits", of_bits(10, 1), STRIPS, vec![20]),
        ("rows of 36 bits", of_bits(3, 12), STRIPS, vec![50]),
        (
            "no tag for bits",
            Tiff {
                directories: vec![
                    raster(10, 10)
                        .directories
                        .remove(0)
                        .into_iter()
                        .filter(|one| one.0 != tags::BITS)
                        .collect(),
                ],
                ..Tiff::default()
            },
            STRIPS,
            vec![20],
        ),
        ("samples beside one another", samples(3), STRIPS, vec![300]),
        (
            "samples of several sizes",
            samples(2).with(tags::BITS, Value::Short(vec![8, 16])),
            STRIPS,
            vec![300],
        ),
        ("planes", in_fours(planar(samples(2))), STRIPS, vec![40, 40, 20, 40, 40, 20]),
        ("planes of several sizes", two_bits, STRIPS, vec![100, 200]),
        ("tiles", tiled(20, 10), TILES, vec![256, 256]),
        ("a tile that was never written", tiled(20, 10), TILES, vec![256, 0]),
        ("a strip that was never written", in_fours(raster(10, 10)), STRIPS, vec![80, 0, 40]),
        ("shared colours, as nobody says otherwise", ycbcr(None), STRIPS, vec![150]),
        ("shared colours", ycbcr(Some([4, 1])), STRIPS, vec![180]),
        ("colours of each pixel", ycbcr(Some([1, 1])), STRIPS, vec![300]),
        ("planes of shared colours", planar(ycbcr(Some([2, 2]))), STRIPS, vec![100, 25, 25]),
    ]
}

#[test]
fn a_sound_layout_is_nothing_to_be_warned_of() {
    for (what, file, lists, lengths) in sound() {
        for big_endian in [false, true] {
            let file = Tiff { big_endian, ..file.clone() };
            assert_eq!(warned(&pieces(file, lists, &lengths)), [""; 0], "{what}");
        }
        let longer: Vec<u32> = lengths.iter().map(|one| one + one.min(&3)).collect();
        assert_eq!(warned(&pieces(file, lists, &longer)), [""; 0], "{what}");
    }
    // Nobody knows how long what is compressed has to be.
    let compressed = pieces(raster(1000, 1000).with(tags::COMPRESSION, short(5)), STRIPS, &[3]);
    assert_eq!(warned(&compressed), [""; 0]);
    // A sparse file of which nothing was written, however large it is.
    let empty = raster(1 << 20, 1 << 20).with(tags::COMPRESSION, short(1));
    assert_eq!(warned(&empty), [""; 0]);
}

#[test]
fn an_image_that_lacks_a_byte_is_told_of() {
    for (what, file, lists, mut lengths) in sound() {
        let needed: u32 = lengths.iter().sum();
        *lengths.iter_mut().rfind(|length| **length > 0).unwrap() -= 1;
        let told = warned(&pieces(file, lists, &lengths));
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        // Of planes of shared colours, less is taken to be needed.
        let there = format!("hold only {} of {needed} bytes", needed - 1);
        assert!(
            told[0].contains(&there) || what.starts_with("planes of shared"),
            "{what}: {told:?}"
        );
    }
}

#[test]
fn what_the_file_says_and_what_it_has_are_told() {
    let strips = pieces(samples(3), STRIPS, &[300]);
    let wider = strips.clone().with(tags::WIDTH, Value::Long(vec![4000]));
    let told =
        "the file says 4000 x 10 pixels of 24 bits, but its strips hold only 300 of 120000 bytes";
    assert_eq!(warned(&wider), [told]);
    let higher = strips.with(tags::LENGTH, Value::Long(vec![1000]));
    assert!(warned(&higher)[0].contains("10 x 1000 pixels of 24 bits"));
    let tiles = pieces(tiled(20, 10), TILES, &[256, 100]);
    let told = "the file says 20 x 10 pixels of 8 bits, but its tiles hold only 356 of 512 bytes";
    assert_eq!(warned(&tiles), [told]);
    // Only so many are looked at.
    let many = raster(10, 600).with(tags::ROWS_PER_STRIP, short(1));
    let told = warned(&pieces(many, STRIPS, &[1; 600]));
    assert!(told[0].ends_with("but its first 512 strips hold only 512 of 10240 bytes"), "{told:?}");
}

#[test]
fn a_strip_without_a_size_goes_to_the_end_of_the_file() {
    let without = |columns| {
        let mut file = pieces(raster(columns, 10), STRIPS, &[200]);
        file.directories[0].retain(|one| one.0 != tags::STRIP_SIZES);
        file
    };
    assert_eq!(warned(&without(10)), [""; 0]);
    let all = without(1000).write().len() - 8;
    assert!(warned(&without(1000))[0].ends_with(&format!("hold only {all} of 20000 bytes")));
    let outside = without(10).with(tags::STRIP_OFFSETS, Value::Long(vec![5000])).write();
    let error = read(Kind::GeoTiff, &outside, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("outside of the file"), "{error}");
}

#[test]
fn strips_that_are_listed_and_not_needed_are_not_looked_at() {
    let file = pieces(raster(10, 10), STRIPS, &[200]);
    let more = file
        .with(tags::STRIP_OFFSETS, Value::Long(vec![8, 1 << 30]))
        .with(tags::STRIP_SIZES, Value::Long(vec![200, 1]));
    assert_eq!(warned(&more), [""; 0]);
    // Their list is, as are the sizes of those that are needed.
    let sizes = raster(10, 10).with(tags::STRIP_SIZES, Value::Raw(4, 1 << 32, 100));
    let sizes = Tiff { big_file: true, ..sizes }.write();
    let error = read(Kind::GeoTiff, &sizes, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("the list of its strips"), "{error}");
}

#[test]
fn many_samples_and_numbers_that_are_none_are_bounded() {
    let many =
        raster(1, 1).with(tags::SAMPLES, short(1500)).with(tags::BITS, Value::Short(vec![8; 1500]));
    assert_eq!(warned(&pieces(many.clone(), STRIPS, &[1500])), ["no bands: there are 1500"]);
    assert!(warned(&pieces(many, STRIPS, &[1499]))[0].contains("pixels of 12000 bits"));
    let list = Value::Short(vec![8; 60_000]);
    let many = raster(1, 1).with(tags::SAMPLES, short(60_000)).with(tags::BITS, list);
    let source = Counted::new(many.write());
    read(Kind::GeoTiff, &source, &Limits::default()).unwrap();
    assert!(source.bytes() < 50_000, "{}", source.bytes());
    for shared in [[0, 0], [u16::MAX, u16::MAX], [0, 2]] {
        assert!(warned(&pieces(ycbcr(Some(shared)), STRIPS, &[1])).len() == 1);
    }
    let most = raster(10, 10).with(tags::BITS, Value::Raw(16, 1, u64::MAX));
    let most = Tiff { big_file: true, ..pieces(most, STRIPS, &[9]) };
    assert_eq!(warned(&most).len(), 1);
    let no_bits = pieces(raster(10, 10).with(tags::BITS, Value::Raw(12, 1, 8)), STRIPS, &[9]);
    assert!(warned(&no_bits)[0].contains("BitsPerSample is not of whole numbers"));
}

#[test]
fn an_image_has_as_many_strips_or_tiles_as_it_needs() {
    let lacks = |file: Tiff, lists, said: &str| {
        let file = pieces(file, lists, &[256, 256]).write();
        let error = read(Kind::GeoTiff, &file, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    lacks(tiled(33, 10), TILES, "needs 3 strips or tiles, and it has 2");
    lacks(tiled(20, 17), TILES, "needs 4 strips or tiles, and it has 2");
    let rows = samples(1).with(tags::ROWS_PER_STRIP, short(4));
    lacks(rows, STRIPS, "needs 3 strips or tiles, and it has 2");
    let planes = samples(3).with(tags::PLANAR, short(2));
    lacks(planes, STRIPS, "needs 3 strips or tiles, and it has 2");
    // As many sizes as places.
    let sizes = |count| {
        let sizes = Value::Long(vec![256; count]);
        let file = pieces(tiled(20, 10), TILES, &[256, 256]).with(tags::TILE_SIZES, sizes).write();
        read(Kind::GeoTiff, &file, &Limits::default())
    };
    assert!(sizes(1).is_err() && sizes(2).is_ok());
}
