//! An image, and a registry that holds it and does nothing wrong.

use std::collections::HashMap;

use flisthub_converter::image::Digest;

use super::fake::{Reply, Request};

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What is in the repository `demo/app`.
#[derive(Clone, Default)]
pub(super) struct Content {
    pub(super) config: Vec<u8>,
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) manifest: String,
    /// By tag or digest: type and bytes.
    pub(super) manifests: HashMap<String, (String, Vec<u8>)>,
    pub(super) blobs: HashMap<String, Vec<u8>>,
}

impl Content {
    /// An image of two layers, tagged `1`.
    pub(super) fn image() -> Self {
        Self::of("amd64", vec![b"the lowest layer".to_vec(), vec![7; 300_000]])
    }

    pub(super) fn of(architecture: &str, layers: Vec<Vec<u8>>) -> Self {
        let diff_ids: Vec<String> =
            layers.iter().map(|layer| format!("\"{}\"", Digest::of(layer))).collect();
        let config = format!(
            r#"{{"os":"linux","architecture":"{architecture}","rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            diff_ids.join(",")
        );
        let mut content = Self { config: config.into_bytes(), ..Self::default() };
        let described: Vec<String> =
            layers.iter().map(|layer| descriptor(LAYER, layer, "")).collect();
        content.manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}]}}"#,
            descriptor("application/vnd.oci.image.config.v1+json", &content.config, ""),
            described.join(",")
        );
        for blob in layers.iter().chain([&content.config]) {
            content.blobs.insert(Digest::of(blob).to_string(), blob.clone());
        }
        content.layers = layers;
        let manifest = content.manifest.clone();
        content.tag("1", MANIFEST, &manifest);
        content
    }

    /// Puts a manifest or an index there, under a tag and under its digest.
    pub(super) fn tag(&mut self, tag: &str, media_type: &str, text: &str) {
        let page = (media_type.to_owned(), text.as_bytes().to_vec());
        self.manifests.insert(Digest::of(text.as_bytes()).to_string(), page.clone());
        self.manifests.insert(tag.to_owned(), page);
    }

    /// Takes in what is in another.
    pub(super) fn add(&mut self, other: Self) {
        self.manifests.extend(other.manifests);
        self.blobs.extend(other.blobs);
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.manifest.as_bytes())
    }

    /// The digest of a layer, as text.
    pub(super) fn layer(&self, index: usize) -> String {
        Digest::of(&self.layers[index]).to_string()
    }

    pub(super) fn answer(&self, request: &Request) -> Reply {
        let path = request.path.strip_prefix("/v2/demo/app/").unwrap_or_default();
        let found = match path.split_once('/') {
            Some(("manifests", key)) => self.manifests.get(key).map(|(media_type, bytes)| {
                Reply::new(200, bytes.clone())
                    .with("Content-Type", media_type)
                    .with("Docker-Content-Digest", &Digest::of(bytes).to_string())
            }),
            Some(("blobs", digest)) => self.blobs.get(digest).map(|blob| ranged(blob, request)),
            _ => None,
        };
        found.unwrap_or_else(|| Reply::new(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#))
    }
}

/// How one document names another.
pub(super) fn descriptor(media_type: &str, bytes: &[u8], more: &str) -> String {
    let (digest, size) = (Digest::of(bytes), bytes.len());
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}{more}}}"#)
}

fn ranged(blob: &[u8], request: &Request) -> Reply {
    let from = request.header("range").and_then(|text| text.strip_prefix("bytes="));
    let from = from.and_then(|text| text.strip_suffix('-')).map(|text| text.parse().unwrap());
    let Some(from) = from else { return Reply::new(200, blob) };
    let range = format!("bytes {from}-{}/{}", blob.len() - 1, blob.len());
    Reply::new(206, &blob[from..]).with("Content-Range", &range)
}
