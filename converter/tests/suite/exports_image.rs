//! Flists as images: OCI layouts and docker archives, judged by skopeo and umoci where they are
//! installed.

use std::collections::BTreeMap;
use std::path::Path;

use flisthub_converter::image::Digest;
use flisthub_converter::{
    Compression, ExportError, ExportOptions, Exported, ImageOptions, Ingested,
    export_docker_archive, export_layout, export_layout_tar,
};
use flisthub_flist::Manifest;
use flisthub_storage::{ChunkId, ChunkStore, Compressor, MemoryStore};
use serde_json::Value;

use crate::build_tar::Tar;
use crate::exports::{ALL, export, sample};
use crate::tools::{has, ingest, is_root, scan, shell, skip, whole};

const CONFIG: &str = r#"{"created":"2024-02-03T04:05:06Z","architecture":"arm64","os":"linux",
    "config":{"Entrypoint":["/a/first","two words"],"Cmd":["x"],"Env":["A=b=c"],"User":"1000:1001",
    "ExposedPorts":{"80/tcp":{}},"Labels":{"k":"v"},"StopSignal":"SIGUSR1","WorkingDir":"/a"},
    "rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]},"x-unknown":{"z":1,"a":[null]},
    "history":[{"created_by":"one"},{"created_by":"two"}]}"#;

/// The same tree with an image's configuration.
fn with_config(store: &MemoryStore, flist: &Ingested, config: &str) -> ChunkId {
    let config = Some(config.as_bytes().to_vec());
    let chunk = Manifest { image_config: config, ..flist.manifest.clone() }.to_chunk().unwrap();
    store.put(&[Compressor::new(1).unwrap().compress(&chunk).unwrap()]).unwrap();
    chunk.id()
}

pub(crate) fn tagged(tag: &str) -> ImageOptions {
    ImageOptions { tag: Some(tag.to_owned()), ..ImageOptions::default() }
}

pub(crate) fn layout(
    store: &MemoryStore,
    flist: ChunkId,
    compression: Compression,
    tag: &str,
    to: (&Path, bool),
) -> Result<Exported, ExportError> {
    export_layout(store, flist, compression, &tagged(tag), &ExportOptions::default(), to)
}

fn layout_tar(store: &MemoryStore, flist: ChunkId, compression: Compression) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let options = ExportOptions::default();
    let image = tagged("latest");
    let told = export_layout_tar(store, flist, compression, &image, &options, &mut out);
    assert_eq!(told.unwrap().bytes, out.len() as u64);
    out
}

fn docker(store: &MemoryStore, flist: ChunkId, compression: Compression) -> (Vec<u8>, Exported) {
    let mut out: Vec<u8> = Vec::new();
    let image = tagged("demo/app:1");
    let options = ExportOptions::default();
    let told = export_docker_archive(store, flist, compression, &image, &options, &mut out);
    let told = told.unwrap();
    assert_eq!(told.bytes, out.len() as u64);
    (out, told)
}

/// The files of an archive.
fn members(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for member in tar::Archive::new(archive).entries().unwrap() {
        let mut member = member.unwrap();
        let name = member.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut content).unwrap();
        found.insert(name, content);
    }
    found
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn blob(files: &BTreeMap<String, Vec<u8>>, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap();
    let content = files[&format!("blobs/sha256/{}", &digest[7..])].clone();
    assert_eq!(Digest::of(&content).to_string(), digest);
    assert_eq!(descriptor["size"], content.len());
    content
}

pub(crate) fn read_layout(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in ["", "blobs/sha256/"] {
        for entry in std::fs::read_dir(directory.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.insert(format!("{folder}{name}"), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Checks every digest from the index down; gives the configuration and the layer.
pub(crate) fn read_image(files: &BTreeMap<String, Vec<u8>>, tag: &str) -> (Value, Vec<u8>, String) {
    assert_eq!(json(&files["oci-layout"])["imageLayoutVersion"], "1.0.0");
    let index = json(&files["index.json"]);
    let said = |image: &&Value| image["annotations"]["org.opencontainers.image.ref.name"] == tag;
    let image = index["manifests"].as_array().unwrap().iter().find(said).unwrap();
    let manifest = json(&blob(files, image));
    let config = json(&blob(files, &manifest["config"]));
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    let kind = layers[0]["mediaType"].as_str().unwrap().to_owned();
    (config, blob(files, &layers[0]), kind)
}

#[test]
fn a_layout_has_the_tree_and_the_configuration() {
    let store = MemoryStore::new();
    let plain = ingest(&sample(), &store).unwrap();
    let flist = with_config(&store, &plain, CONFIG);
    let work = tempfile::tempdir().unwrap();
    let diff_id = Digest::of(&export(&store, &plain)).to_string();
    for (compression, ending) in ALL.into_iter().zip(["", "+gzip", "+zstd"]) {
        let directory = work.path().join(compression.to_string());
        let told = layout(&store, flist, compression, "v1", (&directory, false)).unwrap();
        let files = read_layout(&directory);
        assert_eq!(files.len(), 5, "nothing temporary stays: {:?}", files.keys());
        let (config, layer, kind) = read_image(&files, "v1");
        assert_eq!(kind, format!("application/vnd.oci.image.layer.v1.tar{ending}"));
        assert_eq!(ingest(&layer, &MemoryStore::new()).unwrap().flist, plain.flist);
        assert_eq!((told.diff_id.as_deref(), told.bytes), (Some(&*diff_id), layer.len() as u64));
        let mut expected = json(CONFIG.as_bytes());
        expected["rootfs"]["diff_ids"] = serde_json::json!([diff_id]);
        expected["history"] = config["history"].clone();
        assert_eq!(config, expected);
        let steps = config["history"].as_array().unwrap();
        let with_layer = steps.iter().filter(|step| step["empty_layer"] != true).count();
        assert_eq!((steps.len(), with_layer), (3, 1));
        // As a tar it is the same image.
        let files = members(&layout_tar(&store, flist, compression));
        let (tar_config, tar_layer, _) = read_image(&files, "latest");
        assert!((tar_config, tar_layer) == (config, layer), "{compression}");
        assert_eq!(
            layout_tar(&store, flist, compression),
            layout_tar(&store, flist, compression),
            "{compression}"
        );
    }
}

#[test]
fn what_no_image_can_hold_is_refused_before_anything_is_written() {
    let store = MemoryStore::new();
    let good = ingest(&sample(), &store).unwrap();
    let deleted = ingest(&Tar::new().file("etc/.wh.passwd", b"").end(), &store).unwrap();
    let bad_config = with_config(&store, &good, r#"{"history":7}"#);
    for (flist, tag, told) in [
        (deleted.flist, "v1", "etc/.wh.passwd: a name that starts with `.wh.`"),
        (bad_config, "v1", "its history is no list"),
        (good.flist, "../v1", "cannot be the image's name"),
    ] {
        let work = tempfile::tempdir().unwrap();
        let to = work.path().join("l");
        let error = layout(&store, flist, Compression::None, tag, (&to, false)).unwrap_err();
        assert!(whole(&error).contains(told) && error.is_bad_request(), "{error}");
        assert!(!to.exists());
        let (image, options) = (tagged(tag), ExportOptions::default());
        for archive in [true, false] {
            let mut out: Vec<u8> = Vec::new();
            let error = if archive {
                export_docker_archive(&store, flist, Compression::None, &image, &options, &mut out)
            } else {
                let none = Compression::None;
                export_layout_tar(&store, flist, none, &image, &options, &mut out)
            };
            assert!(whole(&error.unwrap_err()).contains(told));
            assert!(out.is_empty(), "{told}");
        }
    }
}

#[test]
fn a_docker_archive_has_the_tree_and_the_configuration() {
    let store = MemoryStore::new();
    let plain = ingest(&sample(), &store).unwrap();
    let flist = with_config(&store, &plain, CONFIG);
    let (archive, told) = docker(&store, flist, Compression::None);
    let files = members(&archive);
    let manifest = json(&files["manifest.json"]);
    assert_eq!(manifest[0]["RepoTags"], serde_json::json!(["demo/app:1"]));
    let config_name = manifest[0]["Config"].as_str().unwrap();
    let config = &files[config_name];
    let digest = told.digest.unwrap();
    assert_eq!(Digest::of(config).to_string(), digest);
    assert_eq!(config_name, format!("{}.json", &digest[7..]));
    let layer = &files[manifest[0]["Layers"][0].as_str().unwrap()];
    assert!(*layer == export(&store, &plain));
    assert_eq!(json(config)["rootfs"]["diff_ids"][0], Digest::of(layer).to_string());
    assert_eq!(json(config)["config"], json(CONFIG.as_bytes())["config"]);
    if !has("gzip") || !has("zstd") {
        return skip("gzip or zstd is not installed");
    }
    let work = tempfile::tempdir().unwrap();
    for (compression, program) in [(Compression::Gzip, "gzip"), (Compression::Zstd, "zstd")] {
        let file = work.path().join("packed");
        std::fs::write(&file, docker(&store, flist, compression).0).unwrap();
        assert!(shell(&format!("{program} -dc < \"$1\""), &[&file]) == archive, "{program}");
    }
}

#[test]
fn skopeo_and_umoci_take_it() {
    if !has("skopeo") || !has("umoci") {
        return skip("skopeo or umoci is not installed");
    }
    let store = MemoryStore::new();
    let plain = ingest(&sample(), &store).unwrap();
    let flist = with_config(&store, &plain, CONFIG);
    let work = tempfile::tempdir().unwrap();
    let digest = Digest::of(&export(&store, &plain)).to_string();
    for compression in ALL {
        let directory = work.path().join(compression.to_string());
        layout(&store, flist, compression, "v1", (&directory, false)).unwrap();
        let script = "skopeo inspect --config \"oci:$1:v1\"";
        let config = json(&shell(script, &[&directory]));
        assert_eq!(config["rootfs"]["diff_ids"][0], digest, "{compression}");
        assert_eq!(config["config"]["Cmd"][0], "x", "{compression}");
        // Reads the layer and checks what it decompresses to.
        let script =
            "skopeo --insecure-policy copy --dest-compress=false \"oci:$1:v1\" \"dir:$1-copy\"";
        shell(script, &[&directory]);
        if compression == Compression::Gzip {
            // skopeo 1.9 reads no docker archive that is packed with gzip, whoever packs it.
            continue;
        }
        let file = work.path().join(format!("{compression}.tar"));
        std::fs::write(&file, docker(&store, flist, compression).0).unwrap();
        let config = json(&shell("skopeo inspect --config \"docker-archive:$1\"", &[&file]));
        assert_eq!(config["rootfs"]["diff_ids"][0], digest, "{compression}");
    }
    if !is_root() {
        return skip("unpacking owners and devices needs root");
    }
    for compression in [Compression::None, Compression::Gzip] {
        let directory = work.path().join(compression.to_string());
        let bundle = work.path().join(format!("{compression}-bundle"));
        shell("umoci unpack --image \"$1:v1\" \"$2\"", &[&directory, &bundle]);
        let found = scan(&bundle.join("rootfs"), &MemoryStore::new());
        assert_eq!(found.counts, plain.counts, "{compression}");
    }
}
