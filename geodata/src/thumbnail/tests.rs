//! Tests of thumbnails: sizes, colours, what is missing, and what is too much.

use crate::made::tiff::{Tiff, Value, raster};
use crate::tiff::tags;
use crate::{Counted, GeodataError, Limit, Limits, can_thumbnail, thumbnail};

/// A file of one strip that begins with these samples.
pub(super) fn picture(
    columns: u32,
    rows: u32,
    samples: u16,
    photometric: u16,
    data: Vec<u8>,
) -> Tiff {
    let file = raster(columns, rows)
        .with(tags::BITS, Value::Short(vec![8; usize::from(samples)]))
        .with(tags::SAMPLES, Value::Short(vec![samples]))
        .with(262, Value::Short(vec![photometric]))
        .with(tags::STRIP_OFFSETS, Value::Long(vec![8]))
        .with(tags::STRIP_SIZES, Value::Long(vec![u32::try_from(data.len()).unwrap()]));
    Tiff { data, ..file }
}

/// Columns, rows, and red, green, blue and opacity of each pixel.
pub(super) fn shown(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let picture = thumbnail(file, 256, &Limits::default()).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

#[test]
fn colours_stay_as_they_are() {
    let data = vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3];
    let expected = vec![255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 1, 2, 3, 255];
    assert_eq!(shown(&picture(2, 2, 3, 2, data.clone()).write()), (2, 2, expected.clone()));
    let planes = vec![255, 0, 0, 1, 0, 255, 0, 2, 0, 0, 255, 3];
    let file = picture(2, 2, 3, 2, planes)
        .with(tags::PLANAR, Value::Short(vec![2]))
        .with(tags::STRIP_OFFSETS, Value::Long(vec![8, 12, 16]))
        .with(tags::STRIP_SIZES, Value::Long(vec![4, 4, 4]));
    assert_eq!(shown(&file.write()).2, expected);
}

#[test]
fn values_are_stretched_and_missing_ones_transparent() {
    let file = picture(4, 1, 1, 1, vec![10, 20, 30, 99])
        .with(tags::GDAL_NODATA, Value::Text("99".to_owned()));
    let pixels = shown(&file.clone().write()).2;
    assert_eq!(pixels, [0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
    let inverted = shown(&file.with(262, Value::Short(vec![0])).write()).2;
    assert_eq!(inverted[..8], [255, 255, 255, 255, 127, 127, 127, 255]);
    for big_endian in [false, true] {
        let words = [1000_u16, 2000, 3000];
        let data = words
            .iter()
            .flat_map(|one| if big_endian { one.to_be_bytes() } else { one.to_le_bytes() });
        let file = picture(3, 1, 1, 1, data.collect()).with(tags::BITS, Value::Short(vec![16]));
        let pixels = shown(&Tiff { big_endian, ..file }.write()).2;
        assert_eq!((pixels[0], pixels[4], pixels[8]), (0, 128, 255));
    }
}

#[test]
fn palettes_and_opacity_are_followed() {
    let colours = [0_u16, 0xff00, 0, 0x8000, 0x1000, 0];
    let map: Vec<u16> = (0..768)
        .map(|at| if at % 256 < 2 { colours[at / 256 * 2 + at % 256] } else { 0 })
        .collect();
    let file = picture(2, 1, 1, 3, vec![0, 1]).with(320, Value::Short(map));
    assert_eq!(shown(&file.write()).2, [0, 0, 16, 255, 255, 128, 0, 255]);
    let large = picture(2, 1, 1, 3, vec![0; 4])
        .with(tags::BITS, Value::Short(vec![16]))
        .with(320, Value::Short(vec![0; 3 << 16]));
    let error = thumbnail(&large.write(), 256, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("palette"), "{error}");
    let file = picture(2, 1, 4, 2, vec![9, 8, 7, 0, 6, 5, 4, 255]).with(338, Value::Short(vec![2]));
    assert_eq!(shown(&file.write()).2, [0, 0, 0, 0, 6, 5, 4, 255]);
}

#[test]
fn the_smallest_image_that_is_large_enough_is_taken() {
    // The large one cannot be decoded, and the smallest one is too small.
    let large = picture(1024, 512, 1, 1, vec![1; 64]).with(259, Value::Short(vec![9]));
    let with = |columns, rows, value: u8| {
        let start = 8 + if value == 1 { 0 } else { 512 * 256 };
        raster(columns, rows)
            .with(tags::SUBFILE, Value::Long(vec![1]))
            .with(tags::BITS, Value::Short(vec![8]))
            .with(tags::STRIP_OFFSETS, Value::Long(vec![start]))
            .with(tags::STRIP_SIZES, Value::Long(vec![columns * rows]))
            .directories
            .remove(0)
    };
    let mut file = Tiff { data: [vec![1; 512 * 256], vec![2; 128 * 64]].concat(), ..large };
    file.directories.extend([with(512, 256, 1), with(128, 64, 2)]);
    let (columns, rows, _) = shown(&file.write());
    assert_eq!((columns, rows), (256, 128));
}

#[test]
fn sides_are_bounded_and_means_taken() {
    let data: Vec<u8> = (0..1024_u32 * 2).map(|at| if at % 2 == 0 { 100 } else { 200 }).collect();
    let (columns, rows, pixels) = shown(&picture(1024, 2, 1, 1, data).write());
    assert_eq!((columns, rows), (256, 1));
    assert!(pixels.chunks(4).all(|pixel| pixel == [127, 127, 127, 255]));
}

#[test]
fn what_takes_too_much_is_refused() {
    let small = Limits { decoded_bytes: 1000, ..Limits::default() };
    let file = picture(100, 100, 1, 1, vec![0; 64]).write();
    let error = thumbnail(&file, 256, &small).unwrap_err();
    assert!(matches!(error, GeodataError::TooMuch(Limit::DecodedBytes(1000))), "{error}");
    // A tile larger than any memory, a bomb of Deflate, a strip that ends too early.
    let tile = raster(10, 10)
        .with(tags::BITS, Value::Short(vec![8]))
        .with(tags::TILE_WIDTH, Value::Long(vec![1 << 31]))
        .with(tags::TILE_LENGTH, Value::Long(vec![1 << 31]))
        .with(tags::TILE_OFFSETS, Value::Long(vec![8]))
        .with(tags::TILE_SIZES, Value::Long(vec![8]));
    assert!(matches!(
        thumbnail(&tile.write(), 256, &Limits::default()),
        Err(GeodataError::TooMuch(_))
    ));
    let short = picture(10, 10, 1, 1, vec![0; 64]).write();
    assert!(matches!(thumbnail(&short, 256, &Limits::default()), Err(GeodataError::Broken(_))));
    let other = picture(10, 10, 1, 1, vec![0; 100]).with(259, Value::Short(vec![50_000])).write();
    let error = thumbnail(&other, 256, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("50000"), "{error}");
}

/// The tables of a JPEG stand before each of its tiles when they are decoded, and so would a frame among them.
#[test]
fn tables_that_are_a_picture_of_their_own_are_refused() {
    let frame = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0];
    let tables = [frame, vec![0xff, 0xd9]].concat();
    let strip = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xda, 0, 2, 0];
    let place = 8 + u64::try_from(strip.len()).unwrap();
    let file = picture(8, 8, 1, 1, [strip.to_vec(), tables.clone()].concat())
        .with(259, Value::Short(vec![7]))
        .with(tags::STRIP_SIZES, Value::Long(vec![20]))
        .with(347, Value::Raw(7, tables.len() as u64, place));
    let error = thumbnail(&file.write(), 256, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "its JPEGTables are no tables");
}

#[test]
fn what_cannot_be_shown_is_known_by_its_tags() {
    let limits = Limits { bytes_read: 30_000, ..Limits::default() };
    let told = |file: &Tiff| can_thumbnail(&file.write(), 256, &limits).map_err(|e| e.to_string());
    let sound = picture(100, 100, 1, 1, vec![7; 10_000]);
    assert_eq!(told(&sound), Ok(()));
    let source = Counted::new(picture(400, 400, 1, 1, vec![7; 160_000]).write());
    can_thumbnail(&source, 256, &Limits::default()).unwrap();
    assert!(source.bytes() < 20_000, "{}", source.bytes());
    for (file, why) in [
        (sound.clone().with(259, Value::Short(vec![50_000])), "compressed by 50000"),
        (sound.clone().with(tags::BITS, Value::Short(vec![12])), "size that is not read"),
        (sound.clone().with(tags::STRIP_SIZES, Value::Long(vec![99_999])), "outside"),
        (picture(200, 200, 1, 1, vec![7; 40_000]), "more than 30000 bytes"),
        (sound.clone().with(tags::STRIP_SIZES, Value::Long(vec![9_999])), "fewer bytes"),
        (sound.clone().with(tags::FORMAT, Value::Short(vec![4])), "type that is not read"),
        (sound.clone().with(tags::FORMAT, Value::Short(vec![3])), "type that is not read"),
        (sound.clone().with(317, Value::Short(vec![7])), "predictor 7"),
        (sound.clone().with(317, Value::Short(vec![3])), "predictor 3"),
        (sound.with(tags::WIDTH, Value::Long(vec![u32::MAX])), "decoded bytes"),
    ] {
        let said = told(&file).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn thumbnails_are_as_large_as_is_asked() {
    let file = picture(400, 200, 1, 1, (0..80_000_u32).map(|at| at.to_le_bytes()[1]).collect());
    for (asked, size) in [(64, (64, 32)), (300, (300, 150)), (0, (1, 1)), (u32::MAX, (400, 200))] {
        let picture = thumbnail(&file.write(), asked, &Limits::default()).unwrap();
        let info = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
        assert_eq!((info.info().width, info.info().height), size, "{asked}");
    }
}

/// What tags took is not there for pixels, and what is read beyond small tiles is not taken from others.
#[test]
fn what_can_be_shown_is_shown() {
    let limits = Limits { bytes_read: 20_000, ..Limits::default() };
    let agree = |file: &[u8], limits: &Limits| {
        let told = can_thumbnail(file, 256, limits).map_err(|error| error.to_string());
        let made = thumbnail(file, 256, limits).map(drop).map_err(|error| error.to_string());
        assert_eq!(told, made);
        told.is_ok()
    };
    let strip = |rows| picture(100, rows, 1, 1, vec![7; rows as usize * 100]).write();
    let sound: Vec<bool> = (50..200).map(|rows| agree(&strip(rows), &limits)).collect();
    assert!(sound.contains(&true) && sound[149..] == [false]);
    // Ten strips of ten bytes, far from one another.
    let apart = picture(10, 10, 1, 1, vec![7; 100_000])
        .with(tags::ROWS_PER_STRIP, Value::Long(vec![1]))
        .with(tags::STRIP_OFFSETS, Value::Long((0..10).map(|at| 8 + at * 9_000).collect()))
        .with(tags::STRIP_SIZES, Value::Long(vec![10; 10]));
    assert!(agree(&apart.write(), &limits));
}
