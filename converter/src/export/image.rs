//! What an exported image says of itself: its configuration, its OCI manifest and index.
//!
//! All JSON is written with sorted keys, so that the same flist gives the same bytes everywhere.

use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::options::Compression;
use crate::image::Digest;

/// What an image without a history of its own is said to be made by.
const CREATED_BY: &str = "flisthub export";

/// Choices for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// What it is called: a tag in an OCI layout, `name:tag` in a docker archive, which can do
    /// without.
    pub tag: Option<String>,
    /// The architecture of an image whose flist says none, in Go's words (`amd64`, `arm64`).
    pub architecture: String,
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self { tag: None, architecture: "amd64".to_owned() }
    }
}

/// The configuration of an image whose only layer is `diff_id`: that of the flist, whole, but for the
/// layers and the history, which must fit each other.
pub(super) fn configuration(
    flist: Option<&[u8]>,
    diff_id: Digest,
    options: &ImageOptions,
) -> Result<Vec<u8>, ExportError> {
    let mut config: Map<String, Value> = match flist {
        None => Map::from_iter([("config".to_owned(), json!({}))]),
        Some(bytes) => serde_json::from_slice(bytes)
            .map_err(|error| ExportError::Config(format!("it is no JSON object ({error})")))?,
    };
    let history = history(&config)?;
    config.insert("history".to_owned(), history);
    config
        .insert("rootfs".to_owned(), json!({"type": "layers", "diff_ids": [diff_id.to_string()]}));
    for (key, value) in [("architecture", options.architecture.as_str()), ("os", "linux")] {
        let said = config.get(key).and_then(Value::as_str).is_some_and(|said| !said.is_empty());
        if !said {
            config.insert(key.to_owned(), value.into());
        }
    }
    Ok(bytes(Value::Object(config)))
}

/// The old steps, none of which has a layer any more, and one for the layer that there is. Engines
/// count the steps that have a layer and refuse an image where that is not the number of layers.
fn history(config: &Map<String, Value>) -> Result<Value, ExportError> {
    let bad = |what: &str| ExportError::Config(format!("its history {what}"));
    let mut steps = match config.get("history") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(steps)) => steps.clone(),
        Some(_) => return Err(bad("is no list")),
    };
    for step in &mut steps {
        let step = step.as_object_mut().ok_or_else(|| bad("has a step that is no object"))?;
        step.insert("empty_layer".to_owned(), true.into());
    }
    let mut own = json!({"created_by": CREATED_BY});
    // Without a clock: the layer is as old as the image says that it is.
    if let (Some(own), Some(created)) = (own.as_object_mut(), config.get("created")) {
        own.insert("created".to_owned(), created.clone());
    }
    steps.push(own);
    Ok(steps.into())
}

/// A blob of an OCI layout.
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) bytes: u64,
}

impl Blob {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest.to_string(), "size": self.bytes})
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Where an index keeps a manifest's tag.
pub(super) const TAG: &str = "org.opencontainers.image.ref.name";

/// The OCI manifest of an image of one layer.
pub(super) fn manifest(config: &Blob, layer: &Blob, compression: Compression) -> Vec<u8> {
    let layer_type = match compression {
        Compression::None => "application/vnd.oci.image.layer.v1.tar",
        Compression::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        Compression::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
    };
    bytes(json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": [layer.descriptor(layer_type)],
    }))
}

/// What an index says of an image.
pub(super) fn indexed(manifest: &Blob, tag: &str) -> Value {
    let mut entry = manifest.descriptor(MANIFEST);
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("annotations".to_owned(), json!({ TAG: tag }));
    }
    entry
}

/// An index of these images.
pub(super) fn index(images: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images})
}

/// JSON with its keys sorted.
pub(super) fn bytes(mut value: Value) -> Vec<u8> {
    value.sort_all_objects();
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: Option<&str>) -> Result<Value, ExportError> {
        let config = config.map(str::as_bytes);
        let bytes = configuration(config, Digest::of(b""), &ImageOptions::default())?;
        Ok(serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn everything_but_layers_and_history_stays() {
        let old = r#"{"created":"2020-01-01T00:00:00Z","author":"a","architecture":"arm64","os":"linux",
            "os.version":"1","variant":"v8","odd":[1,{"z":null,"a":18446744073709551615}],
            "config":{"Entrypoint":["a","b c"],"Healthcheck":{"Interval":30000000000},"OnBuild":["RUN x"]},
            "rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]},
            "history":[{"created_by":"one","comment":"c"},{"created_by":"two","empty_layer":true}]}"#;
        let mut expected: Value = serde_json::from_str(old).unwrap();
        expected["rootfs"]["diff_ids"] = json!([Digest::of(b"").to_string()]);
        expected["history"] = json!([
            {"created_by":"one","comment":"c","empty_layer":true},
            {"created_by":"two","empty_layer":true},
            {"created_by":"flisthub export","created":"2020-01-01T00:00:00Z"},
        ]);
        assert_eq!(of(Some(old)).unwrap(), expected);
    }

    #[test]
    fn what_is_missing_is_filled_in() {
        let minimal = json!({"architecture":"amd64","os":"linux","config":{},
            "rootfs":{"type":"layers","diff_ids":[Digest::of(b"").to_string()]},
            "history":[{"created_by":"flisthub export"}]});
        assert_eq!(of(None).unwrap(), minimal);
        assert_eq!(of(Some(r#"{"history":null,"os":"","config":{}}"#)).unwrap(), minimal);
        for bad in ["", "[]", "7", r#"{"history":{}}"#, r#"{"history":[1]}"#] {
            assert!(matches!(of(Some(bad)), Err(ExportError::Config(_))), "{bad}");
        }
    }
}
