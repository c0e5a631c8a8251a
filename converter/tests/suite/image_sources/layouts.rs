//! OCI layouts in a directory and in an archive.

use std::fs;
use std::os::unix::fs::symlink;

use flisthub_converter::image::{Digest, LocalSource};
use serde_json::{Value, json};

use super::{Files, INDEX, MANIFEST, config, failure, open, read, spool};

#[test]
fn a_layout_is_read_from_a_directory_and_from_an_archive() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Files::layout();
    let (one, two) = (files.image("one", "linux/amd64"), files.image("two", "linux/amd64"));
    let files = files.named(&[("1", one.clone()), ("docker.io/library/app:2", two)]);
    for path in files.write(home.path()) {
        for (name, mark) in [("1", "one"), ("app:1", "one"), ("app:2", "two"), ("2", "two")] {
            let (image, layers) = open(&path, Some(name)).unwrap();
            assert_eq!(layers, [format!("low {mark}"), format!("top {mark}")], "{name}");
            let file = path.file_name().unwrap().to_str().unwrap();
            let own = if mark == "one" { "1" } else { "docker.io/library/app:2" };
            assert_eq!(
                image.reference,
                format!("oci:{file}:{own}"),
                "not what was asked for: {name}"
            );
            assert!(mark == "two" || one["digest"] == image.digest.to_string());
            assert!(image.layers.iter().all(|layer| layer.blob.unwrap().digest == layer.diff_id));
        }
        let (code, message) = failure(open(&path, None));
        assert_eq!(code, "ambiguous_image");
        assert!(message.contains("(1, docker.io/library/app:2)"), "{message}");
        assert_eq!(failure(open(&path, Some("app:3"))).0, "unknown_image");
    }
}

#[test]
fn a_platform_is_found_in_nested_indexes_and_at_the_top() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Files::layout();
    let mut images: Vec<Value> = Vec::new();
    for (mark, architecture) in [("a", "amd64"), ("b", "arm64")] {
        let mut image = files.image(mark, &format!("linux/{architecture}"));
        image["platform"] = json!({"os": "linux", "architecture": architecture});
        images.push(image);
    }
    let inner = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images.clone()});
    let inner = files.blob(INDEX, inner.to_string().as_bytes());
    let nested = files.clone().named(&[("1", inner)]);
    files.index(&images);
    for (number, files) in [nested, files].iter().enumerate() {
        let home = home.path().join(number.to_string());
        fs::create_dir(&home).unwrap();
        let [tar, _] = files.write(&home);
        let source = LocalSource::open(&tar, None, &spool(&home)).unwrap();
        for (platform, mark) in [("linux/amd64", "a"), ("linux/arm64", "b")] {
            assert_eq!(read(&source, platform).unwrap().1[0], format!("low {mark}"));
        }
        let (code, message) = failure(read(&source, "linux/s390x"));
        assert_eq!(code, "no_platform");
        assert!(message.contains("linux/amd64, linux/arm64"), "{message}");
    }
}

#[test]
fn a_layout_that_lies_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut good = Files::layout();
    let image = good.image("x", "linux/amd64");
    good.index(std::slice::from_ref(&image));
    let manifest = format!("blobs/sha256/{}", &image["digest"].as_str().unwrap()[7..]);
    let config = Digest::of(&config(&["low x".into(), "top x".into()], "linux/amd64"));
    let config = format!("blobs/sha256/{}", config.hex());
    let without =
        |name: &str| Files(good.0.iter().filter(|(other, _)| other != name).cloned().collect());
    let with = |name: &str, bytes: Vec<u8>| {
        let mut files = good.clone();
        files.add(name, bytes);
        files
    };
    let original = |name: &str| good.0.iter().find(|(other, _)| other == name).unwrap().1.clone();
    let mut flipped = original(&manifest);
    *flipped.last_mut().unwrap() = b' ';
    let up = json!({"mediaType": MANIFEST, "digest": "sha256:../../../../etc/passwd", "size": 7});
    let index = |descriptor: &Value| {
        json!({"schemaVersion": 2, "manifests": [descriptor]}).to_string().into_bytes()
    };
    for (files, code, words) in [
        (with(&manifest, flipped), "digest_mismatch", "the manifest in image"),
        (with(&config, vec![b'{'; 3]), "size_mismatch", "the configuration in image"),
        (without(&config), "bad_image", "is not"),
        (without("index.json"), "bad_image", "index.json is not"),
        (with("oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#.to_vec()), "bad_image", "2.0.0"),
        (with("oci-layout", b"{}".to_vec()), "bad_image", "imageLayoutVersion"),
        (with("index.json", index(&up)), "bad_image", "manifest is malformed"),
        (
            with("index.json", br#"{"schemaVersion":2,"manifests":[]}"#.to_vec()),
            "bad_image",
            "no image",
        ),
        (with("index.json", original(&manifest)), "bad_image", "no index"),
        (with("index.json", vec![b' '; 5 << 20]), "too_large", "most"),
    ] {
        fs::remove_dir_all(home.path()).unwrap();
        fs::create_dir(home.path()).unwrap();
        for path in files.write(home.path()) {
            let (found, message) = failure(open(&path, None));
            assert_eq!(found, code, "{message}");
            assert!(message.contains(words), "{message}");
        }
    }
}

#[test]
fn indexes_cannot_be_nested_without_end() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Files::layout();
    let mut inner = files.image("x", "linux/amd64");
    for _ in 0..8 {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]});
        inner = files.blob(INDEX, index.to_string().as_bytes());
    }
    files.index(&[inner]);
    for path in files.write(home.path()) {
        let (code, message) = failure(open(&path, None));
        assert_eq!(code, "bad_image");
        assert!(message.contains("deep"), "{message}");
    }
}

#[test]
fn no_link_leads_out_of_a_layouts_directory() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Files::layout();
    let image = files.image("x", "linux/amd64");
    files.index(&[image]);
    let [_, directory] = files.write(home.path());
    assert!(open(&directory, None).is_ok());
    let blobs = directory.join("blobs/sha256");
    let layer = blobs.join(Digest::of(b"low x").hex());
    fs::rename(&layer, home.path().join("outside")).unwrap();
    symlink(home.path().join("outside"), &layer).unwrap();
    let (code, message) = failure(open(&directory, None));
    assert_eq!(code, "bad_image");
    assert!(message.contains("symbolic link"), "{message}");
    fs::remove_file(&layer).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &layer, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    let (_, message) = failure(open(&directory, None));
    assert!(message.contains("is no file"), "{message}");
    fs::rename(&blobs, home.path().join("sha256")).unwrap();
    symlink(home.path().join("sha256"), &blobs).unwrap();
    let (code, message) = failure(open(&directory, None));
    assert_eq!(code, "bad_image", "{message}");
}
