//! Tests of JPEGs in strips: what is sound is shown, and what one reader skips and another one reads is not read.

use crate::made::tiff::{Tiff, Value};
use crate::tiff::tags;
use crate::{GeodataError, Limits, can_thumbnail, thumbnail};

use super::jpeg::{anew, check_tables};
use super::layout::Piece;
use super::tests::{picture, shown};

/// A pixel of the picture.
const COLOUR: [u8; 4] = [192, 64, 255, 255];

/// What is encoded: three differences of seven bits, each with an end behind.
const ENCODED: [u8; 4] = [0x40, 0x1f, 0x9f, 0xdf];

fn segment(marker: u8, said: &[u8]) -> Vec<u8> {
    let length = u16::try_from(said.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, said].concat()
}

/// Steps of eight, and codes of one bit: seven bits follow, and the end.
fn tables() -> Vec<u8> {
    let codes = |place, value| [&[place, 1][..], &[0; 15], &[value]].concat();
    let steps = [&[0][..], &[8; 64]].concat();
    let codes = [codes(0x00, 7), codes(0x10, 0)].concat();
    [segment(0xdb, &steps), segment(0xc4, &codes)].concat()
}

fn frame(marker: u8, side: u16) -> Vec<u8> {
    let [a, b] = side.to_be_bytes();
    segment(marker, &[8, a, b, a, b, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
}

fn scan() -> Vec<u8> {
    [segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]), ENCODED.to_vec()].concat()
}

/// What a decoder would take for a picture of 805 million bytes.
fn hidden() -> Vec<u8> {
    [frame(0xc0, 16_384), tables(), scan()].concat()
}

fn jpeg(inside: &[Vec<u8>]) -> Vec<u8> {
    [&[0xff, 0xd8][..], &inside.concat(), &[0xff, 0xd9]].concat()
}

fn sound() -> Vec<u8> {
    [frame(0xc0, 8), tables(), scan()].concat()
}

/// A raster of eight by eight pixels with this JPEG, and these tables.
fn raster(strip: &[u8], tables: Option<&[u8]>) -> Tiff {
    let bytes = [strip, tables.unwrap_or_default()].concat();
    let size = u32::try_from(strip.len()).unwrap();
    let file = picture(8, 8, 3, 2, bytes)
        .with(259, Value::Short(vec![7]))
        .with(tags::STRIP_SIZES, Value::Long(vec![size]));
    match tables {
        Some(tables) => file.with(347, Value::Raw(7, tables.len() as u64, 8 + u64::from(size))),
        None => file,
    }
}

fn error(file: &Tiff) -> String {
    thumbnail(&file.write(), 256, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn sound_ones_are_shown() {
    let expected = (8, 8, COLOUR.repeat(64));
    assert_eq!(shown(&raster(&jpeg(&[sound()]), None).write()), expected);
    let apart = raster(&jpeg(&[frame(0xc1, 8), scan()]), Some(&jpeg(&[tables()])));
    assert_eq!(shown(&apart.write()), expected);
    // Whatever applications say of colours: the tags say it.
    for transform in [0, 1, 2, 9] {
        let adobe = segment(0xee, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat());
        let comment = segment(0xfe, b"a comment");
        let strip = jpeg(&[adobe, comment, sound()]);
        assert_eq!(shown(&raster(&strip, None).write()), expected, "{transform}");
    }
}

#[test]
fn a_frame_behind_fill_bytes_is_refused() {
    for fill in [0xff, 0x00] {
        // Here a segment of 48 KiB, there a frame.
        let mut strip = [&[0xff, 0xd8, 0xff, fill][..], &hidden()[1..]].concat();
        strip.resize(4 + 0xc000, 0);
        strip.extend(&jpeg(&[sound()])[2..]);
        assert_eq!(error(&raster(&strip, None)), "a JPEG in it does not say its size");
    }
}

#[test]
fn a_frame_that_a_decoder_finds_in_what_applications_say_is_not_met() {
    let short = segment(0xe0, b"abcd");
    let strip = jpeg(&[short.clone(), segment(0xe5, &hidden()), sound()]);
    assert_eq!(shown(&raster(&strip, None).write()).2, COLOUR.repeat(64));
    let apart = jpeg(&[short, segment(0xe5, &hidden()), tables()]);
    let file = raster(&jpeg(&[frame(0xc0, 8), scan()]), Some(&apart));
    assert_eq!(shown(&file.write()).2, COLOUR.repeat(64));
}

#[test]
fn nothing_comes_after_the_first_scan() {
    for after in [
        scan(),
        hidden(),
        tables(),
        segment(0xdc, &[0x40, 0]),
        segment(0xdd, &[0, 1]),
        segment(0xe1, b"http://ns.adobe.com/xmp/extension/\0"),
        segment(0xfe, &[]),
        jpeg(&[hidden()]),
        vec![0xff, 0xff, 0xc0, 0],
    ] {
        let strip = jpeg(&[sound(), after.clone()]);
        assert_eq!(
            error(&raster(&strip, None)),
            "a JPEG in it has more than one scan",
            "{after:?}"
        );
    }
    // What is behind the end is not met.
    let strip = [jpeg(&[sound()]), jpeg(&[hidden()])].concat();
    assert_eq!(shown(&raster(&strip, None).write()).2, COLOUR.repeat(64));
}

#[test]
fn tables_are_few() {
    let (tile, room) = (jpeg(&[frame(0xc0, 8), scan()]), 3072 - tables().len());
    for (more, why) in [(0, ""), (1, "its JPEGTables are no tables")] {
        let comment = segment(0xfe, &vec![0; room - 8 + more]);
        let file = raster(&tile, Some(&jpeg(&[tables(), comment])));
        let said = can_thumbnail(&file.write(), 256, &Limits::default()).err();
        assert_eq!(said.map(|error| error.to_string()).unwrap_or_default(), why);
    }
}

fn written(bytes: &[u8], tables: Option<&[u8]>, rows: u64) -> Result<Vec<u8>, GeodataError> {
    let piece = Piece {
        offset: 0,
        length: 0,
        row: 0,
        column: 0,
        rows,
        columns: 8,
        samples: 3,
        plane: None,
    };
    anew(bytes, tables, &piece)
}

fn told(bytes: &[u8], rows: u64) -> String {
    written(bytes, None, rows).err().map(|error| error.to_string()).unwrap_or_default()
}

/// What is passed on: one table for each place, and no segment of an application, however many there were.
#[test]
fn it_is_written_anew() {
    let extended = segment(0xe1, b"http://ns.adobe.com/xmp/extension/\0");
    let many = [extended, segment(0xfe, &[])].concat().repeat(1000);
    let (steps, codes) = (tables()[..69].to_vec(), tables()[69..].to_vec());
    let again = segment(0xdd, &[0, 2]);
    let strip = jpeg(&[many.clone(), codes.repeat(100), again.clone(), frame(0xc0, 8), scan()]);
    let before = jpeg(&[codes.repeat(3), steps.clone(), segment(0xdd, &[0, 9]), many]);
    let each = [segment(0xc4, &codes[4..22]), segment(0xc4, &codes[22..])].concat();
    let expected = jpeg(&[steps, each, again, frame(0xc0, 8), scan()]);
    assert_eq!(written(&strip, Some(&before), 8).unwrap(), expected);
}

#[test]
fn the_frame_says_the_size() {
    assert_eq!(told(&jpeg(&[sound()]), 8), "");
    for rows in [7, 9] {
        assert!(told(&jpeg(&[sound()]), rows).contains("another size"));
    }
    let whole = jpeg(&[sound()]);
    for cut in 0..whole.len() - 6 {
        assert!(told(&whole[..cut], 8).contains("does not say"), "{cut}");
    }
    assert!(told(&jpeg(&[frame(0xc2, 8), scan()]), 8).contains("kind"));
    assert!(told(&jpeg(&[frame(0xc0, 8), frame(0xc0, 8), scan()]), 8).contains("does not say"));
    let one = segment(0xc0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    assert!(told(&jpeg(&[one, scan()]), 8).contains("other samples"));
    let alone = segment(0xda, &[1, 1, 0, 0, 63, 0]);
    assert!(told(&jpeg(&[frame(0xc0, 8), alone]), 8).contains("one after the other"));
    for marker in [0x00, 0x01, 0xc8, 0xcc, 0xd0, 0xd8, 0xd9, 0xdc, 0xf0, 0xff] {
        let strip = jpeg(&[segment(marker, &[0; 4]), sound()]);
        assert!(told(&strip, 8).contains("does not say"), "{marker}");
    }
}

#[test]
fn tables_are_tables_alone() {
    let sound = |inside: &[u8]| check_tables(&jpeg(&[inside.to_vec()])).is_ok();
    assert!(
        sound(&[]) && sound(&tables()) && sound(&segment(0xdb, &[&[0x13][..], &[1; 128]].concat()))
    );
    assert!(check_tables(&[0xff, 0xd8]).is_err() && check_tables(&[]).is_err());
    assert!(!sound(&frame(0xc0, 8)) && !sound(&scan()) && !sound(&[0xff, 0xdb, 0, 9, 1]));
    for (marker, said) in
        [(0xdb, vec![4; 65]), (0xdb, vec![0; 66]), (0xc4, vec![0x20; 17]), (0xdd, vec![0])]
    {
        assert!(!sound(&segment(marker, &said)), "{marker} {said:?}");
    }
}
