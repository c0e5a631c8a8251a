//! Documents of container images, and layers as a cache keeps them.

use flisthub_flist::{Content, Device, Layer, LayerStep, Metadata, TreePath};

type Samples = Vec<(&'static str, Vec<u8>)>;

const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

pub(crate) fn documents() -> Samples {
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{DIGEST}","size":7}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{DIGEST}","size":9,"annotations":{{"a":"b"}}}}]}}"#
    );
    let docker = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"{DIGEST}","size":7}},"layers":[]}}"#
    );
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":7,"platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}},{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":7,"annotations":{{"org.opencontainers.image.ref.name":"x"}}}}]}}"#
    );
    [("manifest", manifest), ("docker", docker), ("index", index)]
        .map(|(name, text)| (name, text.into_bytes()))
        .into()
}

pub(crate) fn configs() -> Samples {
    let whole = format!(
        r#"{{"os":"linux","architecture":"arm64","variant":"v8","config":{{"Entrypoint":["/a","b"],"Cmd":null,"Env":["A=b"],"WorkingDir":"/"}},"rootfs":{{"type":"layers","diff_ids":["{DIGEST}"]}},"history":[{{}}]}}"#
    );
    vec![("whole", whole.into_bytes()), ("least", br#"{"rootfs":{}}"#.to_vec())]
}

pub(crate) fn known_layers() -> Samples {
    let path = |text: &str| TreePath::parse(text.as_bytes()).unwrap();
    let metadata = || Metadata { mode: 0o644, mtime: -1, ..Metadata::default() };
    let entry =
        |at: &str, content| LayerStep::Entry { path: path(at), metadata: metadata(), content };
    let device = Device::new(1, 3).unwrap();
    let steps = vec![
        LayerStep::Directory { path: path("d"), metadata: metadata() },
        entry("d/l", Content::Symlink { target: b"x".to_vec() }),
        entry("c", Content::CharDevice(device)),
        entry("p", Content::Fifo),
        LayerStep::HardLink { path: path("h"), target: path("p") },
        LayerStep::Whiteout(path("w")),
        LayerStep::Opaque(path("")),
    ];
    let fifos = (0..8).map(|at| entry(&at.to_string(), Content::Fifo)).collect();
    [("every-step", steps), ("fifos", fifos), ("none", Vec::new())]
        .map(|(name, steps)| (name, Layer { steps }.encode()))
        .into()
}
