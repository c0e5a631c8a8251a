//! The images that all proofs share, in one OCI layout, built anew for each run by umoci.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::layers;
use super::part::{run, skopeo_copy, tool};

/// What the image's command prints: its arguments, who runs it, its environment and its directory.
const SCRIPT: &str =
    r#"echo "$0|$1"; id -u; id -g; pwd; cat /srv/app/data/three; echo; env | sort"#;

/// The variables of the image, beside its PATH.
pub(crate) const VARIABLES: [&str; 6] = [
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "SPACES=a b  c ",
    "EQUALS=a=b=c",
    "QUOTES=it's \"so\" $HOME `id` \\",
    "UNICODE=g\u{fc}nther \u{2603}",
    "EMPTY=",
];

/// The images, by tag, in one OCI layout.
pub(crate) struct Stage {
    directory: PathBuf,
    /// No other run may build here meanwhile.
    _lock: File,
}

/// Built when it is first asked for.
pub(crate) fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(Stage::build);
    &STAGE
}

impl Stage {
    /// The layout with the tags `1` (every kind of change over a Debian root file system), `2` (one layer more),
    /// `small`, `arm`, `multi` (an index of `small` for amd64 and `arm` for arm64) and `odd` (what engines get wrong).
    pub(crate) fn layout(&self) -> PathBuf {
        self.directory.join("oci")
    }

    /// The name of an image for skopeo.
    pub(crate) fn image(&self, tag: &str) -> String {
        format!("oci:{}:{tag}", self.layout().display())
    }

    /// The tree of an image as umoci unpacks it.
    pub(crate) fn tree(&self, tag: &str) -> PathBuf {
        self.directory.join(format!("tree-{tag}"))
    }

    fn build() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let lock = File::create(home.join("images.lock")).unwrap();
        lock.lock().unwrap();
        let directory = home.join("images");
        if directory.exists() {
            fs::remove_dir_all(&directory).unwrap();
        }
        fs::create_dir(&directory).unwrap();
        let stage = Self { directory, _lock: lock };
        stage.images();
        for tag in ["1", "2", "small", "arm", "odd"] {
            unpack(&stage.layout(), tag, &stage.tree(tag));
        }
        stage
    }

    fn images(&self) {
        let home = &self.directory;
        self.umoci(&["init", "--layout", "oci"]);
        self.umoci(&["new", "--image", "oci:1"]);
        let over = [layers::every_kind(home), layers::replaced(home)];
        let over = over.into_iter().chain([layers::by_hand(home), layers::back(home)]);
        for layer in std::iter::once(layers::debian()).chain(over) {
            self.layer("1", &[], &layer);
        }
        self.configure("1");
        self.layer("1", &["--tag", "2"], &layers::small(home, "more", b"one layer more"));
        for (tag, architecture) in [("small", "amd64"), ("arm", "arm64")] {
            self.umoci(&["new", "--image", &format!("oci:{tag}")]);
            self.layer(tag, &[], &layers::small(home, tag, architecture.as_bytes()));
            let image = format!("oci:{tag}");
            self.umoci(&["config", "--image", &image, "--architecture", architecture]);
        }
        self.layer("small", &["--tag", "odd"], &layers::odd(home));
        self.index("multi", &["small", "arm"]);
    }

    /// Everything that an OCI image can say beside its layers.
    fn configure(&self, tag: &str) {
        let mut options = vec!["config".to_owned(), "--image".to_owned(), format!("oci:{tag}")];
        let mut set = |name: &str, value: &str| options.push(format!("--config.{name}={value}"));
        for word in ["/bin/sh", "-c", SCRIPT] {
            set("entrypoint", word);
        }
        for word in ["zero \"0\"", "one $1 \u{fc}"] {
            set("cmd", word);
        }
        for variable in VARIABLES {
            set("env", variable);
        }
        set("user", "1000:100");
        set("workingdir", "/srv/app/data");
        set("exposedports", "8080/tcp");
        set("exposedports", "53/udp");
        set("volume", "/srv/volume");
        set("label", "org.example.name=a \"label\" \u{2603}");
        set("label", "empty=");
        set("stopsignal", "SIGUSR1");
        options.push("--created=2024-02-29T12:34:56.789Z".to_owned());
        options.push("--author=Some One <some@example.org>".to_owned());
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        self.umoci(&options);
    }

    fn layer(&self, tag: &str, options: &[&str], archive: &Path) {
        let image = format!("oci:{tag}");
        let archive = archive.to_str().unwrap();
        self.umoci(&[&["raw", "add-layer", "--image", &image], options, &[archive]].concat());
    }

    fn umoci(&self, arguments: &[&str]) {
        run(tool("umoci").args(arguments).current_dir(&self.directory));
    }

    /// An index of images that the layout has.
    fn index(&self, tag: &str, of: &[&str]) {
        let file = self.layout().join("index.json");
        let mut top: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let manifests: Vec<Value> = of
            .iter()
            .map(|tag| {
                let mut entry = entry(&top, tag).clone();
                let architecture = self.config(tag)["architecture"].clone();
                entry["platform"] = json!({"os": "linux", "architecture": architecture});
                entry.as_object_mut().unwrap().remove("annotations");
                entry
            })
            .collect();
        let kind = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": kind, "manifests": manifests});
        let (digest, size) = self.blob(index.to_string().as_bytes());
        top["manifests"].as_array_mut().unwrap().push(json!({
            "mediaType": kind, "digest": digest, "size": size,
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }));
        fs::write(file, top.to_string()).unwrap();
    }

    /// Puts a blob into the layout; gives its digest and size.
    fn blob(&self, content: &[u8]) -> (String, usize) {
        let hex = Sha256::digest(content).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        fs::write(self.layout().join("blobs/sha256").join(&hex), content).unwrap();
        (format!("sha256:{hex}"), content.len())
    }

    /// The digest of an image's manifest, or of an index.
    pub(crate) fn digest(&self, tag: &str) -> String {
        let top = fs::read(self.layout().join("index.json")).unwrap();
        let top: Value = serde_json::from_slice(&top).unwrap();
        entry(&top, tag)["digest"].as_str().unwrap().to_owned()
    }

    /// An image's manifest.
    pub(crate) fn manifest(&self, tag: &str) -> Value {
        self.json(&self.digest(tag))
    }

    /// An image's configuration.
    pub(crate) fn config(&self, tag: &str) -> Value {
        self.json(self.manifest(tag)["config"]["digest"].as_str().unwrap())
    }

    fn json(&self, digest: &str) -> Value {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let content = fs::read(self.layout().join("blobs/sha256").join(hex)).unwrap();
        serde_json::from_slice(&content).unwrap()
    }
}

/// What the top of a layout says of a tag.
fn entry<'top>(top: &'top Value, tag: &str) -> &'top Value {
    let entries = top["manifests"].as_array().unwrap();
    let name = "org.opencontainers.image.ref.name";
    entries.iter().find(|entry| entry["annotations"][name] == tag).unwrap()
}

/// Unpacks an image of a layout with umoci; its tree stands at a path then.
pub(crate) fn unpack(layout: &Path, tag: &str, tree: &Path) {
    let bundle = tree.with_extension("bundle");
    let image = format!("{}:{tag}", layout.display());
    run(tool("umoci").args(["unpack", "--image", &image]).arg(&bundle));
    fs::rename(bundle.join("rootfs"), tree).unwrap();
    fs::remove_dir_all(bundle).unwrap();
}

/// The same image with its layers in another form, in a layout of its own: `zstd` or `none`.
pub(crate) fn recompressed(from: &str, form: &str, home: &Path) -> PathBuf {
    let layout = home.join(format!("{form}.oci"));
    let to = format!("oci:{}:latest", layout.display());
    if form == "none" {
        let plain = format!("dir:{}", home.join("plain").display());
        skopeo_copy(&["--dest-decompress", from, &plain]);
        skopeo_copy(&["--dest-oci-accept-uncompressed-layers", &plain, &to]);
    } else {
        skopeo_copy(&["--dest-compress-format", form, from, &to]);
    }
    layout
}
