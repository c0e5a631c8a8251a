//! Images in layouts and archives: what the tests of them are made of.

#[cfg(test)]
mod archives;
#[cfg(all(test, feature = "engine"))]
mod engine;
#[cfg(test)]
mod layouts;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flisthub_converter::Limits;
use flisthub_converter::image::{
    Digest, Image, ImageError, ImageSource, LocalSource, Platform, Spool,
};
use serde_json::{Value, json};

use crate::build_tar::Tar;

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const REF: &str = "org.opencontainers.image.ref.name";

/// Files by their names, as a directory or an archive.
#[derive(Default, Clone)]
pub(super) struct Files(pub(super) Vec<(String, Vec<u8>)>);

impl Files {
    pub(super) fn layout() -> Self {
        Self(vec![("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec())])
    }

    pub(super) fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), bytes.into()));
        self
    }

    /// Adds a blob and gives its descriptor.
    pub(super) fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        self.add(&format!("blobs/sha256/{}", digest.hex()), bytes);
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    }

    /// Adds an image of two layers, `low` and `top` with `mark` behind, and gives its descriptor.
    pub(super) fn image(&mut self, mark: &str, platform: &str) -> Value {
        let layers = [format!("low {mark}"), format!("top {mark}")];
        let config = config(&layers, platform);
        let config = self.blob("application/vnd.oci.image.config.v1+json", &config);
        let layers: Vec<Value> = layers
            .iter()
            .map(|layer| self.blob("application/vnd.oci.image.layer.v1.tar", layer.as_bytes()))
            .collect();
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        self.blob(MANIFEST, manifest.to_string().as_bytes())
    }

    pub(super) fn index(&mut self, manifests: &[Value]) -> &mut Self {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.add("index.json", index.to_string())
    }

    pub(super) fn named(mut self, descriptors: &[(&str, Value)]) -> Self {
        let named: Vec<Value> = descriptors
            .iter()
            .map(|(name, descriptor)| {
                let mut descriptor = descriptor.clone();
                descriptor["annotations"] = json!({REF: name});
                descriptor
            })
            .collect();
        self.index(&named);
        self
    }

    /// An archive as `docker save` wrote it before version 25.
    pub(super) fn saved(images: &[(&str, &str)]) -> Self {
        let mut files = Self::default();
        let mut manifest = Vec::new();
        for (mark, tag) in images {
            let layers = [format!("low {mark}"), format!("top {mark}")];
            let config = config(&layers, "linux/amd64");
            let name = format!("{}.json", Digest::of(&config).hex());
            files.add(&name, config);
            let paths: Vec<String> =
                layers.iter().map(|layer| layer.replace(' ', "-") + "/layer.tar").collect();
            for (path, layer) in paths.iter().zip(&layers) {
                files.add(path, layer.as_bytes());
            }
            manifest.push(json!({"Config": name, "RepoTags": [tag], "Layers": paths}));
        }
        files.add("manifest.json", Value::from(manifest).to_string());
        files
    }

    pub(super) fn tar(&self) -> Tar {
        let mut tar = Tar::new();
        for (name, bytes) in &self.0 {
            tar.file(name, bytes);
        }
        tar
    }

    /// Writes an archive and a directory with these files.
    pub(super) fn write(&self, at: &Path) -> [PathBuf; 2] {
        let (tar, directory) = (at.join("image.tar"), at.join("image"));
        fs::write(&tar, self.tar().end()).unwrap();
        for (name, bytes) in &self.0 {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        [tar, directory]
    }
}

pub(super) fn config(layers: &[String], platform: &str) -> Vec<u8> {
    let Platform { os, architecture, .. } = platform.parse().unwrap();
    let diff_ids: Vec<String> =
        layers.iter().map(|layer| Digest::of(layer.as_bytes()).to_string()).collect();
    let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
    json!({"os": os, "architecture": architecture, "rootfs": rootfs}).to_string().into_bytes()
}

pub(super) fn spool(directory: &Path) -> Spool {
    Spool { directory: directory.to_owned(), limits: Limits::default(), cancel: None }
}

/// The layers of an image, and the image.
pub(super) fn read(
    source: &LocalSource,
    platform: &str,
) -> Result<(Image, Vec<String>), ImageError> {
    let image = source.image(&platform.parse().unwrap())?;
    let layers = (0..image.layers.len()).map(|index| {
        let mut text = String::new();
        source.layer(&image, index)?.read_to_string(&mut text).unwrap();
        Ok(text)
    });
    let layers: Result<_, ImageError> = layers.collect();
    Ok((image, layers?))
}

pub(super) fn open(path: &Path, name: Option<&str>) -> Result<(Image, Vec<String>), ImageError> {
    let spool = spool(path.parent().unwrap());
    read(&LocalSource::open(path, name, &spool)?, "linux/amd64")
}

/// Of a failure, its code and message with causes.
pub(super) fn failure(outcome: Result<(Image, Vec<String>), ImageError>) -> (&'static str, String) {
    let error = outcome.expect_err("is refused");
    let code = error.code();
    (code, format!("{:#}", anyhow::Error::from(error)))
}
