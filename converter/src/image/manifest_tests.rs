//! Tests of reading manifests and choosing from indexes.

use super::*;

const D1: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const D2: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn manifest_text(config_type: &str, layer_type: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{config_type}","digest":"{D1}","size":7}},
        "layers":[{{"mediaType":"{layer_type}","digest":"{D2}","size":9}}]}}"#,
        MANIFESTS[0]
    )
}

fn index_text(platforms: &[&str]) -> String {
    let one = |platform: &&str| {
        let (os, architecture) = platform.split_once('/').unwrap();
        let (architecture, variant) = architecture.split_once('/').unwrap_or((architecture, ""));
        format!(
            r#"{{"mediaType":"{}","digest":"{D1}","size":7,
            "platform":{{"os":"{os}","architecture":"{architecture}","variant":"{variant}"}}}}"#,
            MANIFESTS[1]
        )
    };
    let all: Vec<String> = platforms.iter().map(one).collect();
    let all = all.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{all}]}}"#, INDEXES[1])
}

fn candidates(platforms: &[&str]) -> Vec<Candidate> {
    match read_document(index_text(platforms).as_bytes(), None).unwrap() {
        Document::Index(candidates) => candidates,
        Document::Manifest(_) => panic!("no index"),
    }
}

#[test]
fn manifests_of_images_are_read_and_others_refused() {
    for (config, layer) in [(CONFIGS[0], LAYERS[1]), (CONFIGS[1], LAYERS[7])] {
        let text = manifest_text(config, layer);
        let read = read_document(text.as_bytes(), Some("text/plain; charset=x")).unwrap();
        let Document::Manifest(parts) = read else { panic!("no manifest") };
        assert_eq!(parts.config, Blob { digest: D1.parse().unwrap(), size: 7 });
        assert_eq!(parts.layers, [Blob { digest: D2.parse().unwrap(), size: 9 }]);
    }
    for (text, media_type) in [
        (manifest_text("application/vnd.cncf.helm.config.v1+json", LAYERS[0]), None),
        (manifest_text(CONFIGS[0], "application/vnd.wasm.content.layer.v1+wasm"), None),
        (
            r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(),
            Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
        ),
        ("{}".to_owned(), None),
    ] {
        let error = read_document(text.as_bytes(), media_type).unwrap_err();
        assert_eq!(error.code(), "unknown_type", "{text}");
    }
    for text in ["", "[]", "{", r#"{"mediaType":7}"#] {
        assert_eq!(read_document(text.as_bytes(), None).unwrap_err().code(), "bad_image", "{text}");
    }
}

#[test]
fn a_platform_is_chosen() {
    let many = candidates(&["linux/amd64", "linux/arm/v6", "linux/arm/v7", "unknown/unknown"]);
    let chosen = |wanted: &str| {
        let wanted = wanted.parse().unwrap();
        choose(&many, &wanted).map(|found| found.platform.as_ref().unwrap().to_string())
    };
    assert_eq!(chosen("linux/amd64").unwrap(), "linux/amd64");
    assert_eq!(chosen("linux/arm/v7").unwrap(), "linux/arm/v7");
    assert_eq!(chosen("linux/arm").unwrap(), "linux/arm/v6");
    let message = chosen("linux/riscv64").unwrap_err().to_string();
    assert!(message.contains("but for linux/amd64, linux/arm/v6, linux/arm/v7;"), "{message}");
}

#[test]
fn a_configuration_must_fit_the_manifest_and_the_platform() {
    let config = format!(
        r#"{{"os":"linux","architecture":"arm64","rootfs":{{"diff_ids":["{D1}","{D2}"]}}}}"#
    );
    let image = |layers: usize, platform: &str| {
        let blobs = vec![None; layers];
        let digest = Digest::of(b"");
        let platform = platform.parse().unwrap();
        Image::of_config("x".into(), digest, blobs, config.clone().into_bytes(), &platform)
    };
    assert_eq!(image(2, "linux/arm64").unwrap().layers.len(), 2);
    assert_eq!(image(1, "linux/arm64").unwrap_err().code(), "bad_image");
    assert_eq!(image(2, "linux/amd64").unwrap_err().code(), "no_platform");
}
