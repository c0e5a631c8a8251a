//! Finding an image: tags and digests, indexes and platforms, and documents that lie.

use flisthub_converter::image::{Digest, ImageError, ImageSource};

use super::content::{Content, INDEX, MANIFEST, descriptor};
use super::fake::{Fake, Reply};
use super::{expect_whole, image, options, rules, source, source_of};

fn serve(content: &Content) -> Fake {
    let content = content.clone();
    Fake::start(move |request| content.answer(request))
}

/// What becomes of an image whose manifest, tagged `1`, is `text`.
fn outcome(content: &mut Content, media_type: &str, text: &str) -> ImageError {
    content.tag("1", media_type, text);
    image(&source(&serve(content), None)).unwrap_err()
}

#[test]
fn an_image_is_fetched_by_tag_and_by_digest() {
    let content = Content::image();
    let fake = serve(&content);
    let by_tag = source(&fake, None);
    expect_whole(&by_tag, &content);
    let found = image(&by_tag).unwrap();
    assert_eq!(found.digest, content.digest());
    assert_eq!(found.reference, format!("{}/demo/app:1", fake.place()));
    assert_eq!(by_tag.registry(), fake.place());
    let reference = format!("{}/demo/app@{}", fake.place(), content.digest());
    expect_whole(&source_of(options(rules(&[&fake])), &reference, None), &content);
}

#[test]
fn the_digest_of_a_tag_is_learnt_without_the_manifest() {
    let content = Content::image();
    let fake = serve(&content);
    assert_eq!(source(&fake, None).resolve_digest().unwrap(), content.digest());
    let methods: Vec<String> = fake.asked().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["HEAD"]);

    let other = content.clone();
    let fake = Fake::start(move |request| match request.method.as_str() {
        "HEAD" => Reply::new(405, ""),
        _ => other.answer(request),
    });
    assert_eq!(source(&fake, None).resolve_digest().unwrap(), content.digest());
    let fake = Fake::start(|_| Reply::new(404, ""));
    assert_eq!(source(&fake, None).resolve_digest().unwrap_err().code(), "unknown_image");
}

#[test]
fn the_image_for_a_platform_is_chosen_from_an_index_of_indexes() {
    let (amd64, arm64) = (Content::image(), Content::of("arm64", vec![b"other".to_vec()]));
    let mut content = amd64.clone();
    content.add(arm64.clone());
    let entry = |of: &Content, architecture: &str| {
        let platform = format!(r#","platform":{{"os":"linux","architecture":"{architecture}"}}"#);
        descriptor(MANIFEST, of.manifest.as_bytes(), &platform)
    };
    let (first, second) = (entry(&amd64, "amd64"), entry(&arm64, "arm64"));
    let mut text =
        format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{first},{second}]}}"#);
    for deep in 1..=3 {
        content.tag("1", INDEX, &text);
        let fake = serve(&content);
        let source = source(&fake, None);
        if deep == 3 {
            assert_eq!(image(&source).unwrap_err().code(), "bad_image");
            break;
        }
        assert_eq!(image(&source).unwrap().digest, amd64.digest());
        let found = source.image(&"linux/arm64".parse().unwrap());
        if deep == 1 {
            assert_eq!(found.unwrap().digest, arm64.digest());
            let missing = source.image(&"linux/riscv64".parse().unwrap()).unwrap_err();
            assert_eq!(missing.code(), "no_platform");
        }
        let inner = descriptor(INDEX, text.as_bytes(), "");
        text = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{inner}]}}"#);
    }
}

#[test]
fn documents_of_another_digest_are_refused() {
    let content = Content::image();
    let key = |content: &Content| Digest::of(&content.config).to_string();

    let mut other = content.clone();
    let length = other.config.len();
    other.blobs.insert(key(&content), vec![b' '; length]);
    let error = image(&source(&serve(&other), None)).unwrap_err();
    assert_eq!(error.code(), "digest_mismatch", "{error}");

    let mut other = content.clone();
    other.blobs.insert(key(&content), vec![b' '; length - 1]);
    let error = image(&source(&serve(&other), None)).unwrap_err();
    assert_eq!(error.code(), "size_mismatch", "{error}");

    // By its digest, with other bytes and a header that says what they are.
    let mut other = content.clone();
    let lie = (MANIFEST.to_owned(), content.manifest.replace("schema", "  schema").into_bytes());
    other.manifests.insert(content.digest().to_string(), lie);
    let fake = serve(&other);
    let reference = format!("{}/demo/app:1@{}", fake.place(), content.digest());
    let error = image(&source_of(options(rules(&[&fake])), &reference, None)).unwrap_err();
    assert_eq!(error.code(), "digest_mismatch", "{error}");

    // By its tag, with a header that says otherwise.
    let fake = Fake::start(move |request| {
        let digest = Digest::of(b"other").to_string();
        Reply::new(200, content.answer(request).into_body())
            .with("Content-Type", MANIFEST)
            .with("Docker-Content-Digest", &digest)
    });
    let error = image(&source(&fake, None)).unwrap_err();
    assert_eq!(error.code(), "digest_mismatch", "{error}");
}

#[test]
fn an_index_that_lies_about_its_images_is_refused() {
    let content = Content::image();
    let entry = descriptor(MANIFEST, content.manifest.as_bytes(), "");
    let index = |entry: &str| format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#);
    let size = format!("\"size\":{}", content.manifest.len());
    assert!(entry.contains(&size));
    let error = outcome(&mut content.clone(), INDEX, &index(&entry.replace(&size, "\"size\":9")));
    assert_eq!(error.code(), "size_mismatch", "{error}");

    let mut other = content.clone();
    let lie = content.manifest.replace("\"layers\"", "\"Layers\"").into_bytes();
    other.manifests.insert(content.digest().to_string(), (MANIFEST.to_owned(), lie));
    let error = outcome(&mut other, INDEX, &index(&entry));
    assert_eq!(error.code(), "digest_mismatch", "{error}");
}

#[test]
fn what_is_no_image_is_refused() {
    let mut content = Content::image();
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    for (media_type, text, code) in [
        (schema1, r#"{"schemaVersion":1,"fsLayers":[]}"#, "unknown_type"),
        ("application/x", "{}", "unknown_type"),
        (MANIFEST, "<html>", "bad_image"),
        (MANIFEST, "", "bad_image"),
        (INDEX, r#"{"schemaVersion":2,"manifests":[]}"#, "no_platform"),
    ] {
        assert_eq!(outcome(&mut content, media_type, text).code(), code, "{text}");
    }
    let helm = content.manifest.replace("oci.image.config", "cncf.helm.config");
    assert_eq!(outcome(&mut content, MANIFEST, &helm).code(), "unknown_type");
    let wasm = content.manifest.replace("layer.v1.tar+gzip", "wasm");
    assert_eq!(outcome(&mut content, MANIFEST, &wasm).code(), "unknown_type");
    let size = format!("\"size\":{}", content.config.len());
    let large = content.manifest.replace(&size, "\"size\":1000000000000");
    assert_eq!(outcome(&mut content, MANIFEST, &large).code(), "too_large");
    let endless = " ".repeat((4 << 20) + 1);
    assert_eq!(outcome(&mut content, MANIFEST, &endless).code(), "bad_registry_answer");
}
