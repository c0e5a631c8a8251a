//! Archives with one of everything, and what makes a changed one readable again.

use std::io::Write as _;

use crate::build_tar::{Header, Tar};

/// Bytes that compress a little, the same each time.
pub(crate) fn text(length: usize, seed: u32) -> Vec<u8> {
    let step = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let letters = std::iter::successors(Some(seed), step);
    letters.map(|state| b"flisthub"[(state >> 29) as usize]).take(length).collect()
}

fn tar() -> Vec<u8> {
    let mut tar = Tar::new();
    tar.pax(b'g', &[("comment", b"x")]).file("a", &text(700, 1));
    tar.pax(b'x', &[("mtime", b"1.5"), ("SCHILY.xattr.user.a", b"b"), ("size", b"3")])
        .file("b", b"bcd");
    tar.link(b'1', "hard", "a").link(b'2', "soft", "a").member(b'5', "d/", b"");
    tar.header(&Header::new(b'3', "device", 0)).file(&"long/".repeat(30), b"");
    tar.end()
}

fn sparse() -> Vec<u8> {
    let mut tar = Tar::new();
    let map: [(&str, &[u8]); 4] = [
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"s"),
        ("GNU.sparse.realsize", b"100000"),
    ];
    tar.pax(b'x', &map).file("sparse", &[&b"1\n50000\n4\n"[..], &[0; 502], b"data"].concat());
    let mut old = Header::new(b'S', "old-sparse", 4);
    old.field(386, b"00000001000\0").field(398, b"00000000004\0");
    old.field(482, b"\x01").field(483, b"00000010000\0");
    tar.header(&old).data(&[0; 512]).data(b"data");
    tar.end()
}

pub(crate) fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar()).unwrap();
    vec![
        ("tar", tar()),
        ("sparse", sparse()),
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::bulk::compress(&sparse(), 1).unwrap()),
    ]
}

/// Layers: one to lie below all others, and some that take of it away.
pub(crate) fn layers() -> Vec<(&'static str, Vec<u8>)> {
    let mut lower = Tar::new();
    lower.member(b'5', "d/", b"").file("d/a", b"a").file("d/b", b"b").link(b'1', "hard", "d/a");
    lower.member(b'5', "d/e/", b"").file("d/e/f", &text(700, 2)).link(b'2', "l", "d/e");
    lower.link(b'2', "up", "../../d").link(b'2', "loop", "loop");
    let mut upper = Tar::new();
    upper.file("d/.wh.a", b"").file("d/e/.wh..wh..opq", b"").file("l/new", b"new");
    upper.link(b'1', "again", "hard").file(".wh.up", b"").member(b'5', "hard/", b"");
    let mut few = Tar::new();
    few.file(".wh.d", b"").file("d/g", b"g").file(".wh..wh.plnk/1.2", b"").file("up/x", b"x");
    vec![
        ("lower", lower.end()),
        ("upper", upper.end()),
        ("few", few.end()),
        ("without-end", upper.0.clone()),
        ("zstd", zstd::bulk::compress(&upper.end(), 1).unwrap()),
    ]
}

/// Makes every checksum right again, so that a change gets past it.
pub(crate) fn mend(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512) {
        if block[257..262] == *b"ustar" {
            let mut header = tar::Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
}
