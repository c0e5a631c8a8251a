//! Archives that must be refused, each with a word that names the entry, and nothing left behind.

use flisthub_converter::{IngestOptions, Limits};

use crate::build_tar::{Header, Tar};
use crate::sample::noise;
use crate::tools::{refusal, refusal_with};

#[track_caller]
fn refused(tar: &Tar, told: &[&str]) {
    let found = refusal(&tar.end());
    for part in told {
        assert!(found.contains(part), "{found:?} does not tell {part:?}");
    }
}

fn with_field(kind: u8, offset: usize, bytes: &[u8]) -> Tar {
    let mut tar = Tar::new();
    tar.file("before", b"").header(Header::new(kind, "bad", 0).field(offset, bytes));
    tar
}

fn with_pax(records: &[(&str, &[u8])]) -> Tar {
    let mut tar = Tar::new();
    tar.pax(b'x', records).file("bad", b"");
    tar
}

#[test]
fn names_that_cannot_stand_in_a_tree() {
    for (name, told) in [
        ("bad/../../x", "`.` and `..` are not names"),
        ("..", "`.` and `..` are not names"),
        (&format!("bad/{}", "n".repeat(256)), "at most 255 bytes"),
        (&"bad/".repeat(1025), "at most 4,096 bytes and 1,024 names"),
    ] {
        let found = refusal(&Tar::new().file(name, b"").end());
        assert!(found.contains(told) && found.contains(&name[..2]), "{found}");
    }
    refused(&with_pax(&[("path", b"a\0b")]), &["a name holds a NUL byte"]);
    refused(&with_pax(&[("path", b"bad/../x")]), &["entry \"bad/../x\"", "not names"]);
    let mut tar = Tar::new();
    tar.file("", b"");
    refused(&tar, &["a name is empty"]);
    for kind in *b"0126S" {
        let mut tar = Tar::new();
        tar.header(Header::new(kind, ".", 0).link("x"));
        refused(&tar, &["entry \".\": only a directory may stand at the root"]);
    }
}

#[test]
fn links_that_lead_nowhere() {
    for (target, told) in [
        ("../outside", "points outside the archive"),
        ("/../etc/passwd", "points outside the archive"),
        ("absent", "hard link to absent, which is not there"),
        ("later", "hard link to later, which is not there"),
        ("directory", "hard link to directory, which is a directory"),
    ] {
        let mut tar = Tar::new();
        tar.member(b'5', "directory/", b"").link(b'1', "bad", target).file("later", b"");
        refused(&tar, &["bad", told]);
    }
    let mut tar = Tar::new();
    tar.link(b'2', "bad", "");
    refused(&tar, &["entry \"bad\"", "the target of a symbolic link"]);
    let mut tar = Tar::new();
    tar.pax(b'x', &[("linkpath", "x".repeat(4096).as_bytes())]).link(b'2', "bad", "x");
    refused(&tar, &["entry \"bad\"", "the target of a symbolic link"]);
}

#[test]
fn numbers_out_of_range() {
    let base_256 = |value: u64| [&[0x80], &value.to_be_bytes()[1..]].concat();
    refused(
        &with_field(b'0', 108, &base_256(1 << 32)),
        &["\"bad\"", "uid 4294967296 is out of range"],
    );
    refused(&with_field(b'0', 116, &base_256(0xffff_ffff)), &["gid 4294967295 is out of range"]);
    refused(&with_field(b'0', 108, &[0xff; 8]), &["\"bad\"", "uid -1 is out of range"]);
    refused(&with_field(b'0', 100, b"1000644\0"), &["\"bad\"", "mode 262564 is out of range"]);
    refused(&with_field(b'0', 100, b"0000\xff\0"), &["\"bad\"", "mode is not a number"]);
    refused(
        &with_field(b'0', 136, &[&[0x80, 0, 0, 1][..], &[0; 8]].concat()),
        &["\"bad\"", "mtime 18446744073709551616"],
    );
    refused(&with_field(b'0', 124, b"xyz"), &["\"bad\"", "size is not a number"]);
    refused(&with_field(b'0', 124, &[0xff; 12]), &["\"bad\"", "size -1 is out of range"]);
    refused(&with_field(b'3', 329, b"0010000\0"), &["\"bad\"", "device 4096:0 is out of range"]);
    refused(&with_field(b'4', 337, b"4000000\0"), &["\"bad\"", "device 0:1048576 is out of range"]);
    refused(&with_pax(&[("uid", b"99999999999999999999")]), &["uid 99999999999999999999"]);
    refused(&with_pax(&[("mtime", b"soon")]), &["mtime is not a number"]);
}

#[test]
fn types_that_cannot_be_kept() {
    for kind in *b"MNAIZ" {
        let mut tar = Tar::new();
        tar.member(kind, "bad", b"x");
        refused(&tar, &["entry \"bad\"", "cannot be kept"]);
    }
    let mut tar = Tar::new();
    tar.file("bad/", b"content");
    refused(&tar, &["entry \"bad/\"", "only a directory"]);
}

#[test]
fn extended_headers_that_are_malformed() {
    let mut tar = Tar::new();
    tar.member(b'x', "PaxHeaders/bad", b"7 path=bad\n").file("f", b"");
    refused(&tar, &["PaxHeaders/bad", "a record's length is wrong"]);
    let mut tar = Tar::new();
    tar.file("before", b"").pax(b'x', &[("path", b"x")]);
    refused(&tar, &["cut short", "before"]);
    refused(
        &with_pax(&[("SCHILY.acl.access", b"user:lisa:rwx")]),
        &["\"bad\"", "--xattrs-include='*'"],
    );
    refused(&with_pax(&[("SCHILY.acl.ace", b"x")]), &["NFSv4"]);
    refused(&with_pax(&[("SCHILY.filetype", b"sparse")]), &["star's own form"]);
    refused(&with_pax(&[("SCHILY.xattr.", b"x")]), &["without a proper name"]);
}

#[test]
fn sparse_maps_that_lie() {
    let sparse = |records: &[(&str, &[u8])], data: &[u8]| {
        let mut tar = Tar::new();
        tar.pax(b'x', records).file("bad", data);
        tar
    };
    let size = ("GNU.sparse.size", &b"100"[..]);
    let map = |map: &'static [u8]| ("GNU.sparse.map", map);
    refused(&sparse(&[map(b"0,1")], b"x"), &["\"bad\"", "length is missing"]);
    refused(&sparse(&[size, map(b"0,2")], b"x"), &["\"bad\"", "do not add up"]);
    refused(&sparse(&[size, map(b"5,1,5,1")], b"xy"), &["overlap"]);
    refused(&sparse(&[size, map(b"100,1")], b"x"), &["past the end"]);
    let one = [("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.realsize", b"9")];
    refused(&sparse(&one, b"x\n"), &["a number of it is malformed"]);
    refused(
        &sparse(&one, &[&b"1\n0\n"[..], &[b'9'; 30]].concat()),
        &["a number of it is malformed"],
    );
    refused(&sparse(&one, b"99999999999\n"), &["a sparse file of more than 1000000 pieces"]);
    refused(&sparse(&[("GNU.sparse.major", b"2"), size], b""), &["version is not known"]);
    let mut tar = Tar::new();
    tar.header(Header::new(b'S', "bad", 0).field(483, b"x"));
    refused(&tar, &["\"bad\"", "real size is not a number"]);
}

#[test]
fn limits_name_the_entry() {
    let options = |limits| IngestOptions { limits, ..IngestOptions::default() };
    let usual = Limits::default();
    let archive = Tar::new().file("a", b"12345").file("deep/er/bad", b"12345").end();
    for (limits, told) in [
        (Limits { entries: 1, ..usual }, "more than 1 entries"),
        (Limits { file_bytes: 9, ..usual }, "the files have more than 9 bytes"),
        (Limits { path_bytes: 10, ..usual }, "a path of more than 10 bytes"),
        (Limits { depth: 2, ..usual }, "a path of more than 2 names"),
    ] {
        let found = refusal_with(&archive, &options(limits));
        assert_eq!(found, format!("entry \"deep/er/bad\": {told}"));
    }
    let mut tar = Tar::new();
    tar.pax(b'x', &[("SCHILY.xattr.user.a", &[b'x'; 2000])]).file("bad", b"");
    let found = refusal_with(&tar.end(), &options(Limits { xattr_bytes: 1000, ..usual }));
    assert!(
        found.contains("entry \"bad\": extended attributes of more than 1000 bytes"),
        "{found}"
    );
    let found = refusal_with(&tar.end(), &options(Limits { header_bytes: 1000, ..usual }));
    assert!(found.contains("extended headers of more than 1000 bytes"), "{found}");
    // What the entries take until the tree is built: large attributes, targets, many pieces.
    let small = options(Limits { tree_memory: 2500, ..usual });
    let found = refusal_with(&tar.end(), &small);
    assert!(found.contains("the entries together take more than 2500 bytes of memory"), "{found}");
    let mut links = Tar::new();
    links.link(b'2', "a", "x").link(b'2', "b", "x").link(b'2', "c", "x").link(b'2', "d", "x");
    links.link(b'1', "bad", "d");
    assert!(refusal_with(&links.end(), &small).starts_with("entry \"bad\": the entries"));
    let mut pieces = vec![0; 70 * 70_000];
    pieces.iter_mut().step_by(70_000).for_each(|byte| *byte = 1);
    let pieces = Tar::new().file("bad", &pieces).end();
    assert!(refusal_with(&pieces, &small).starts_with("entry \"bad\": the entries"));
    // Many small headers before one entry, and many global ones, add up.
    for kind in *b"xg" {
        let mut tar = Tar::new();
        for _ in 0..10 {
            tar.pax(kind, &[("comment", &[b'x'; 200])]);
        }
        tar.file("bad", b"");
        let found = refusal_with(&tar.end(), &options(Limits { header_bytes: 1000, ..usual }));
        assert!(found.contains("extended headers of more than 1000 bytes"), "{found}");
    }
    // A few bytes that claim exabytes.
    let mut tar = Tar::new();
    tar.pax(b'x', &[("GNU.sparse.size", b"18446744073709551615"), ("GNU.sparse.map", b"")]);
    tar.file("bad", b"");
    assert!(refusal(&tar.end()).contains("entry \"bad\": the files have more than"));
}

#[test]
fn an_archive_that_is_cut_anywhere_is_refused() {
    let mut tar = Tar::new();
    tar.file("a", &noise(700, 1)).pax(b'x', &[("mtime", b"1.5")]).file("b", b"b");
    tar.link(b'2', "l", "a").member(b'5', "d/", b"").file(&"long".repeat(50), &noise(2000, 2));
    let archive = tar.end();
    let cuts = (0..archive.len()).filter(|at| at % 512 == 0 || at % 97 == 0);
    for cut in cuts {
        let found = refusal(&archive[..cut]);
        let known = ["cut short", "empty", "fewer bytes"].iter().any(|told| found.contains(told));
        assert!(known, "{cut}: {found}");
    }
    let named = refusal(&archive[..700]);
    assert_eq!(named, "the archive is cut short at byte 700, within entry \"a\"");
}

#[test]
fn a_damaged_header_is_told_with_its_place() {
    let mut archive = Tar::new().file("a", b"a").file("b", b"b").end();
    archive[1024 + 3] ^= 1;
    let found = refusal(&archive);
    assert_eq!(found, "no valid header at byte 1024 of the archive, after entry \"a\"");
    let twice = [Tar::new().file("a", b"").end(), Tar::new().file("b", b"").end()].concat();
    assert!(refusal(&twice).contains("data follow the end of the archive at byte 1536"));
}
