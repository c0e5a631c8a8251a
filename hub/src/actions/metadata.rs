//! What a flist says beside its tree, in the shapes that 0-flist gives it: how it is started, from the
//! configuration of its image; its readme, from its root directory; its free values.

use std::collections::BTreeMap;

use flisthub_flist::{Content, LoadError, Manifest, Piece, Pieces, Tree, TreePath, pieces};
use flisthub_storage::{ChunkId, ChunkStore};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::ActionError;
use super::resolve;
use crate::auth::Caller;
use crate::state::Hub;

/// Files of the root directory that are a flist's readme; the first that is there counts.
const READMES: &[&[u8]] = &[b".README.md", b".README"];

/// Bytes of a readme that are shown.
const MAX_README: usize = 256 << 10;

/// What is said beside the tree. What nothing is said of is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Free values, as text.
    #[serde(flatten)]
    pub values: BTreeMap<String, String>,
    /// What is run, with its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environ: BTreeMap<String, String>,
    /// `protocol/port` and the port outside, which is the same.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub port: BTreeMap<String, u16>,
    /// Directories for data that outlives a container. What is mounted there nobody has said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volume: BTreeMap<String, Map<String, Value>>,
    /// The readme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readme: Option<Readme>,
}

/// A flist's readme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readme {
    /// The text, or its first 256 KiB.
    pub readme: String,
}

/// What the flist that a name leads to says beside its tree.
pub async fn metadata(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    name: &str,
) -> Result<Metadata, ActionError> {
    let row = resolve::flist(hub, caller, repository, name).await?;
    let (store, id) = (hub.store.clone(), row.flist.id);
    let read = tokio::task::spawn_blocking(move || read(&*store, id)).await?;
    read.map_err(ActionError::of_load)
}

fn read(store: &dyn ChunkStore, id: ChunkId) -> Result<Metadata, LoadError> {
    let manifest = Manifest::load(store, id)?;
    let mut metadata = manifest.image_config.as_deref().map(of_image).unwrap_or_default();
    metadata.readme = readme(store, &Tree::of(&manifest))?;
    metadata.values = manifest.values;
    // Each key is said once: what the image or the tree says goes before a free value of the same name.
    let said = json!(Metadata { values: BTreeMap::new(), ..metadata.clone() });
    metadata.values.retain(|key, _| said.get(key).is_none());
    Ok(metadata)
}

/// What an image's configuration says (OCI image specification, `config.md`). It may have come from
/// anywhere: what is not as it should be says nothing.
fn of_image(config: &[u8]) -> Metadata {
    let Ok(document) = serde_json::from_slice::<Value>(config) else { return Metadata::default() };
    let field = |key: &str| document.get("config").and_then(|config| config.get(key));
    let keys = |key| field(key).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let environment = texts(field("Env"));
    let pairs = environment.iter().filter_map(|pair| pair.split_once('='));
    Metadata {
        entrypoint: [texts(field("Entrypoint")), texts(field("Cmd"))].concat(),
        environ: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        port: keys("ExposedPorts").filter_map(|port| exposed(port)).collect(),
        volume: keys("Volumes").map(|path| (path.clone(), Map::new())).collect(),
        ..Metadata::default()
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `80/tcp`, or `80`, as `tcp/80`.
fn exposed(text: &str) -> Option<(String, u16)> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let port: u16 = port.parse().ok()?;
    Some((format!("{protocol}/{port}"), port))
}

/// The readme in a tree's root directory.
fn readme(store: &dyn ChunkStore, tree: &Tree) -> Result<Option<Readme>, LoadError> {
    for name in READMES {
        let Ok(path) = TreePath::parse(name) else { continue };
        if let Some(entry) = tree.lookup(store, &path)?
            && let Content::File { pieces, .. } = entry.content
        {
            let readme = text(store, &pieces)?;
            return Ok(Some(Readme { readme }));
        }
    }
    Ok(None)
}

/// The beginning of a file as text.
fn text(store: &dyn ChunkStore, listed: &Pieces) -> Result<String, LoadError> {
    let mut bytes = Vec::new();
    for piece in pieces(store, listed) {
        match piece? {
            Piece::Chunk { id, .. } => {
                let found = store.get(&[id])?.pop().flatten();
                let chunk = found.ok_or_else(|| LoadError::Missing(vec![id]))?;
                bytes.extend_from_slice(chunk.bytes());
            }
            Piece::Hole { length } => {
                let length = usize::try_from(length).unwrap_or(usize::MAX).min(MAX_README);
                bytes.resize(bytes.len() + length, 0);
            }
        }
        if bytes.len() >= MAX_README {
            break;
        }
    }
    bytes.truncate(MAX_README);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_image_says() {
        let config = json!({ "architecture": "amd64", "config": {
            "Entrypoint": ["/bin/tool", "--flag"], "Cmd": ["serve"],
            "Env": ["PATH=/bin", "EMPTY=", "EQUAL=a=b", "none"],
            "ExposedPorts": { "80/tcp": {}, "53/udp": {}, "9000": {}, "70000/tcp": {}, "a/tcp": {} },
            "Volumes": { "/data": {} },
        }});
        let found = json!(of_image(config.to_string().as_bytes()));
        assert_eq!(
            found,
            json!({
                "entrypoint": ["/bin/tool", "--flag", "serve"],
                "environ": { "PATH": "/bin", "EMPTY": "", "EQUAL": "a=b" },
                "port": { "tcp/80": 80, "udp/53": 53, "tcp/9000": 9000 },
                "volume": { "/data": {} },
            })
        );
    }

    #[test]
    fn what_is_no_configuration_says_nothing() {
        for config in [
            &b""[..],
            b"not json",
            b"[1]",
            b"{}",
            br#"{"config":null}"#,
            br#"{"config":{"Env":"A=b","Cmd":[1,null],"Entrypoint":{},"Volumes":["/x"]}}"#,
        ] {
            assert_eq!(json!(of_image(config)), json!({}), "{config:?}");
        }
    }
}
