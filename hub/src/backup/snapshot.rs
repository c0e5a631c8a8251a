//! What a snapshot's file says, how it is written and read, and what it is called. Where it lies is in
//! `layout`.
//!
//! A snapshot's file has two lines: JSON, and the BLAKE3 hash of the first line without its line end. So
//! no byte of it can change unnoticed.

use std::collections::HashSet;
use std::path::Path;

use blake3::Hash;
use serde::{Deserialize, Serialize};

use super::error::BackupError;

/// The version of the format: of this file and of the folder around it.
pub(super) const FORMAT: u32 = 1;

/// The catalog's file, as snapshots and data directories have it.
pub(super) const CATALOG: &str = "catalog.sqlite";

/// The folder of the chunk store's files, as snapshots and data directories have it.
pub(super) const CHUNKS: &str = "chunks";

/// One state of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// 1.
    pub format: u32,
    /// Version of the hub that made it.
    pub hub: String,
    /// Id of that hub, 32 lower-case hex digits.
    pub hub_id: String,
    /// When, in seconds since the Unix epoch.
    pub created: u64,
    /// Flists that its names point at or pointed at since they were last deleted.
    pub flists: u64,
    /// Every file of the data directory.
    pub files: Vec<StoredFile>,
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFile {
    /// Where it belongs in a data directory.
    pub path: StoredPath,
    /// Its length.
    pub bytes: u64,
    /// The hash of its content, and so its name in the backup.
    #[serde(with = "hex")]
    pub blake3: Hash,
    /// When it was last changed in the hub, in nanoseconds since the Unix epoch.
    pub modified_ns: i64,
}

/// A path in a data directory: `catalog.sqlite` or `chunks/NAME`, and nothing else that a file could be
/// written to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoredPath(String);

impl StoredPath {
    /// The path of a file of the chunk store.
    pub(super) fn of_chunks(name: &str) -> Result<Self, String> {
        Self::try_from(format!("{CHUNKS}/{name}"))
    }

    /// The catalog's.
    pub(super) fn catalog() -> Self {
        Self(CATALOG.to_owned())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether RocksDB never changes a file of that name once it is there.
    pub(super) fn is_immutable(&self) -> bool {
        let end = Path::new(&self.0).extension();
        end.is_some_and(|end| end == "sst" || end == "blob")
    }
}

impl TryFrom<String> for StoredPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let stored = text == CATALOG
            || text.strip_prefix(CHUNKS).and_then(|rest| rest.strip_prefix('/')).is_some_and(
                |name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain),
            );
        if stored { Ok(Self(text)) } else { Err(format!("{text:?} is no file of a hub")) }
    }
}

impl From<StoredPath> for String {
    fn from(path: StoredPath) -> Self {
        path.0
    }
}

mod hex {
    use blake3::Hash;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hash.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        Hash::from_hex(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl Snapshot {
    /// Bytes of all its files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// The content of its file.
    pub(super) fn encode(&self) -> Result<String, serde_json::Error> {
        let line = serde_json::to_string(self)?;
        let check = blake3::hash(line.as_bytes());
        Ok(format!("{line}\n{check}\n"))
    }

    /// Reads the content of the file `path`, which may be hostile.
    pub(super) fn decode(path: &Path, content: &[u8]) -> Result<Self, BackupError> {
        let damaged = |reason: String| BackupError::damaged(path, reason);
        let torn = || damaged("it is not two lines, JSON and its hash".to_owned());
        let text = std::str::from_utf8(content).map_err(|_| torn())?;
        let (line, check) = text
            .strip_suffix('\n')
            .and_then(|lines| lines.split_once('\n'))
            .filter(|(_, check)| !check.contains('\n'))
            .ok_or_else(torn)?;
        if check != blake3::hash(line.as_bytes()).to_hex().as_str() {
            return Err(damaged("its first line does not have the hash in its second".to_owned()));
        }
        check_format(path, line)?;
        let snapshot: Self =
            serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if snapshot.hub_id.len() != 32 || !snapshot.hub_id.bytes().all(digit) {
            return Err(damaged("hub_id is not 32 lower-case hex digits".to_owned()));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = snapshot.files.iter().find(|file| !seen.insert(&file.path)) {
            return Err(damaged(format!("it names {} twice", twice.path.as_str())));
        }
        if !seen.contains(&StoredPath::catalog()) {
            return Err(damaged(format!("it names no {CATALOG}")));
        }
        Ok(snapshot)
    }
}

/// Looked at before anything else, so that a later format is not taken for damage.
fn check_format(path: &Path, line: &str) -> Result<(), BackupError> {
    #[derive(Deserialize)]
    struct Formatted {
        format: u32,
    }
    let found: Formatted = serde_json::from_str(line)
        .map_err(|error| BackupError::damaged(path, error.to_string()))?;
    if found.format == FORMAT {
        return Ok(());
    }
    let reason = format!(
        "it has format {}; this program knows {FORMAT}: use the one that wrote it",
        found.format
    );
    Err(BackupError::refused(path, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = concat!(
        r#"{"format":1,"hub":"0.1.0","hub_id":"00112233445566778899aabbccddeeff","#,
        r#""created":1800000000,"flists":2,"files":["#,
        r#"{"path":"catalog.sqlite","bytes":3,"#,
        r#""blake3":"6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85","#,
        r#""modified_ns":1800000000000000001},"#,
        r#"{"path":"chunks/000010.blob","bytes":0,"#,
        r#""blake3":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262","#,
        r#""modified_ns":-1}]}"#,
    );
    const CHECK: &str = "379bd1514627ef7b5595f316cd4c24fd597378ff2fffe8d8c68342b1352aa142";

    /// Backups that exist must stay readable: whoever changes this writes a new format.
    #[test]
    fn the_format_is_frozen() {
        let file = |path: &str, content: &[u8], modified_ns| StoredFile {
            path: StoredPath::try_from(path.to_owned()).unwrap(),
            bytes: content.len() as u64,
            blake3: blake3::hash(content),
            modified_ns,
        };
        let snapshot = Snapshot {
            format: 1,
            hub: "0.1.0".to_owned(),
            hub_id: "00112233445566778899aabbccddeeff".to_owned(),
            created: 1_800_000_000,
            flists: 2,
            files: vec![
                file("catalog.sqlite", b"abc", 1_800_000_000_000_000_001),
                file("chunks/000010.blob", b"", -1),
            ],
        };
        let content = format!("{LINE}\n{CHECK}\n");
        assert_eq!(snapshot.encode().unwrap(), content);
        assert_eq!(Snapshot::decode(Path::new("x"), content.as_bytes()).unwrap(), snapshot);
        assert_eq!(snapshot.bytes(), 3);
    }

    #[test]
    fn a_later_format_is_no_damage() {
        let line = r#"{"format":2,"all":"different"}"#;
        let content = format!("{line}\n{}\n", blake3::hash(line.as_bytes()));
        let error = Snapshot::decode(Path::new("x"), content.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x: it has format 2; this program knows 1: use the one that wrote it"
        );
    }
}
