//! Archives as `docker save` writes them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flisthub_converter::Limits;
use flisthub_converter::image::{Digest, ImageSource as _, LocalSource, Platform, Spool};
use serde_json::{Value, json};

use super::{Files, config, failure, open, read, spool};
use crate::build_tar::Tar;

#[test]
fn a_saved_image_is_found_by_its_names() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("saved.tar");
    fs::write(&path, Files::saved(&[("one", "app:1"), ("two", "localhost/app:2")]).tar().end())
        .unwrap();
    for (name, mark) in [("app:1", "one"), ("docker.io/library/app:1", "one"), ("app:2", "two")] {
        let (image, layers) = open(&path, Some(name)).unwrap();
        assert_eq!(layers, [format!("low {mark}"), format!("top {mark}")]);
        assert_eq!(image.reference, format!("archive:saved.tar:{name}"));
        assert_eq!(image.digest, Digest::of(&image.config));
        let source = LocalSource::open(&path, Some(name), &spool(home.path())).unwrap();
        assert!(source.name().unwrap().ends_with(name.rsplit('/').next().unwrap()));
    }
    assert_eq!(failure(open(&path, None)).0, "ambiguous_image");
    assert_eq!(failure(open(&path, Some("other:1"))).0, "unknown_image");
}

#[test]
fn a_saved_archive_may_be_packed_or_come_from_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let tar = Files::saved(&[("x", "app:1")]).tar().end();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&tar).unwrap();
    let zstd = zstd::encode_all(&tar[..], 1).unwrap();
    for bytes in [gzip.finish().unwrap(), xz.finish().unwrap(), zstd, tar] {
        let path = home.path().join("x.tar");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(open(&path, None).unwrap().1, ["low x", "top x"]);
        let source = LocalSource::read(&bytes[..], "a pipe", None, &spool(home.path())).unwrap();
        assert_eq!(read(&source, "linux/amd64").unwrap().1, ["low x", "top x"]);
        // No copy is left, and several layers can be read at a time.
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        let image = source.image(&Platform::default()).unwrap();
        let (mut low, mut top) =
            (source.layer(&image, 0).unwrap(), source.layer(&image, 1).unwrap());
        let (mut one, mut other) = ([0; 3], [0; 3]);
        low.read_exact(&mut one).unwrap();
        top.read_exact(&mut other).unwrap();
        assert_eq!((&one, &other), (b"low", b"top"));
    }
}

#[test]
fn links_within_a_saved_archive_are_followed_and_no_others() {
    let home = tempfile::tempdir().unwrap();
    let files = Files::saved(&[("x", "app:1")]);
    let with = |kind: u8, target: &str| {
        let mut tar = Tar::new();
        tar.link(b'2', "loop", "low-x/layer.tar").file("common/layer.tar", b"low x");
        for (name, bytes) in &files.0 {
            match name.as_str() {
                "low-x/layer.tar" => drop(tar.link(kind, name, target)),
                _ => drop(tar.file(name, bytes)),
            }
        }
        let path = home.path().join("x.tar");
        fs::write(&path, tar.end()).unwrap();
        open(&path, None)
    };
    assert_eq!(with(b'2', "../common/layer.tar").unwrap().1, ["low x", "top x"]);
    assert_eq!(with(b'1', "common/layer.tar").unwrap().1, ["low x", "top x"]);
    for (kind, target, words) in [
        (b'2', "../loop", "in a circle"),
        (b'2', "../../etc/passwd", "out of the archive"),
        (b'2', "/etc/passwd", "out of the archive"),
        (b'2', "../gone", "is not in the archive"),
        (b'1', "gone", "is no file"),
        (b'1', "../../etc/passwd", "points outside"),
    ] {
        let (code, message) = failure(with(kind, target));
        assert_eq!(code, "bad_image");
        assert!(message.contains(words), "{target}: {message}");
    }
}

#[test]
fn the_last_member_of_a_name_counts() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.tar");
    let mut tar = Tar::new();
    tar.file("low-x/layer.tar", b"an older one").file("manifest.json", b"[]");
    tar.0.extend(Files::saved(&[("x", "app:1")]).tar().0);
    fs::write(&path, tar.end()).unwrap();
    assert_eq!(open(&path, None).unwrap().1, ["low x", "top x"]);
}

#[test]
fn global_headers_are_bounded_for_the_whole_archive() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.tar");
    let value = vec![b'v'; 600 << 10];
    let archive = |globals: usize| {
        let mut tar = Tar::new();
        for global in 0..globals {
            tar.pax(b'g', &[("comment", &value)]).file(&format!("between-{global}"), b"");
        }
        tar.0.extend(Files::saved(&[("x", "app:1")]).tar().0);
        tar.end()
    };
    fs::write(&path, archive(1)).unwrap();
    assert_eq!(open(&path, None).unwrap().1, ["low x", "top x"]);
    fs::write(&path, archive(2)).unwrap();
    assert_eq!(failure(open(&path, None)).0, "too_large");
}

#[test]
fn a_saved_archive_that_lies_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let good = Files::saved(&[("x", "app:1")]);
    let manifest: Value = serde_json::from_slice(&good.0.last().unwrap().1).unwrap();
    let changed = |key: &str, value: Value| {
        let mut manifest = manifest.clone();
        manifest[0][key] = value;
        let mut files = good.clone();
        files.add("manifest.json", manifest.to_string());
        files
    };
    let with = |name: &str, bytes: &[u8]| {
        let mut files = good.clone();
        files.add(name, bytes);
        files
    };
    let config = manifest[0]["Config"].as_str().unwrap();
    for (files, code, words) in [
        (
            changed("Layers", json!(["low-x/layer.tar", "gone/layer.tar"])),
            "bad_image",
            "gone/layer.tar\" is not",
        ),
        (
            changed("Layers", json!(["low-x/layer.tar"])),
            "bad_image",
            "1 layers, but the configuration 2",
        ),
        (changed("Layers", json!(["low-x/layer.tar", "../../etc/passwd"])), "bad_image", "no name"),
        (changed("Config", json!("low-x/layer.tar")), "bad_image", "configuration"),
        (changed("Config", json!("/etc/passwd")), "bad_image", "etc/passwd\" is not"),
        (changed("Config", json!(7)), "bad_image", "manifest.json"),
        (with(config, br#"{"rootfs":{}}"#), "digest_mismatch", "the configuration in x.tar"),
        (with("manifest.json", b"[]"), "bad_image", "names no image"),
        (with("manifest.json", b"{"), "bad_image", "manifest.json"),
        (with("manifest.json", &vec![b' '; 5 << 20]), "too_large", "most"),
        (
            Files(vec![("etc/passwd".into(), vec![])]),
            "bad_image",
            "neither manifest.json nor oci-layout",
        ),
    ] {
        let path = home.path().join("x.tar");
        fs::write(&path, files.tar().end()).unwrap();
        let (found, message) = failure(open(&path, None));
        assert_eq!(found, code, "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_broken_archive_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let tar = Files::saved(&[("x", "app:1")]).tar();
    let huge = {
        let mut header = tar::Header::new_gnu();
        header.set_path("low-x/layer.tar").unwrap();
        header.set_size(1 << 60);
        header.set_cksum();
        [&tar.0[..], header.as_bytes()].concat()
    };
    let names = Tar::new().pax(b'x', &[("path", b"../x")]).file("x", b"").end();
    let sparse = Tar::new().pax(b'x', &[("GNU.sparse.major", b"1")]).file("x", b"").end();
    let long = Tar::new().member(b'L', "long", &vec![b'a'; 2 << 20]).file("x", b"").end();
    for (bytes, words) in [
        (tar.0.clone(), "cut short"),
        (tar.0[..tar.0.len() - 700].to_vec(), "cut short"),
        ([&tar.0[..], &[0; 512]].concat(), "cut short"),
        ([&tar.end()[..], b"more"].concat(), "data follow"),
        ([&tar.0[..], &[b'x'; 2048]].concat(), "no valid header"),
        (huge, "cut short"),
        (names, "`..`"),
        (sparse, "sparse"),
        (b"PK\x03\x04".to_vec(), "a ZIP archive"),
        (Vec::new(), "empty"),
    ] {
        let path = home.path().join("x.tar");
        fs::write(&path, bytes).unwrap();
        let (code, message) = failure(open(&path, None));
        assert_eq!(code, "bad_image", "{message}");
        assert!(message.contains("x.tar cannot be read") && message.contains(words), "{message}");
    }
    let path = home.path().join("x.tar");
    fs::write(&path, long).unwrap();
    assert_eq!(failure(open(&path, None)).0, "too_large");
}

#[test]
fn limits_hold_for_copies_and_their_members() {
    let home = tempfile::tempdir().unwrap();
    let mut many = Tar::new();
    (0..100_001).for_each(|_| {
        many.file("x", b"");
    });
    let zeros = Tar::new().file("manifest.json", &vec![0; 3 << 20]).end();
    let bomb = zstd::encode_all(&zeros[..], 1).unwrap();
    let limits = Limits { archive_bytes: 1 << 20, ..Limits::default() };
    let small = Spool { limits, ..spool(home.path()) };
    for (bytes, spool) in [(many.end(), &spool(home.path())), (bomb, &small), (zeros, &small)] {
        let read = LocalSource::read(&bytes[..], "x", None, spool);
        assert_eq!(read.err().unwrap().code(), "too_large");
    }
    let cancel = Some(Arc::new(AtomicBool::new(true)));
    let cancelled = Spool { cancel, ..spool(home.path()) };
    let tar = Files::saved(&[("x", "app:1")]).tar().end();
    let read = LocalSource::read(&tar[..], "x", None, &cancelled);
    assert_eq!(read.err().unwrap().code(), "cancelled");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn an_archive_of_both_kinds_is_read_by_its_full_names() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Files::layout();
    let image = files.image("x", "linux/amd64");
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    let config = config(&["low x".into(), "top x".into()], "linux/amd64");
    let layers = [blob(b"low x"), blob(b"top x")];
    let manifest = json!([{"Config": blob(&config), "RepoTags": ["app:1"], "Layers": layers}]);
    files.add("manifest.json", manifest.to_string());
    let path = home.path().join("x.tar");
    fs::write(&path, files.named(&[("1", image)]).tar().end()).unwrap();
    let (image, layers) = open(&path, Some("app:1")).unwrap();
    assert_eq!((image.digest, layers.len()), (Digest::of(&config), 2));
    // What a blob is called is its digest, which whoever reads it checks.
    assert_eq!(image.layers[0].blob.unwrap().digest, Digest::of(b"low x"));
    assert_eq!(image.layers[0].blob.unwrap().size, 5);
}
