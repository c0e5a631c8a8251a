//! Reads the catalogue's configuration from files. Mappings of later files are laid over those of earlier ones key by
//! key, all else replaces.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Settings;
use super::read;
use crate::members::lay_over;
use crate::yaml::{YamlError, YamlLimits, parse};

/// Why the catalogue's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not YAML that can be used.
    #[error("{file}: cannot be used")]
    Yaml {
        /// The file.
        file: PathBuf,
        /// Where and what.
        #[source]
        source: YamlError,
    },
    /// A value makes no sense.
    #[error("{key} of the files of stac.config must be {need}")]
    Value {
        /// The key.
        key: String,
        /// What it must be.
        need: &'static str,
    },
}

/// What these files say, laid over one another; without any, the defaults.
pub fn load(files: &[PathBuf]) -> Result<Settings, SettingsError> {
    let mut merged = Map::new();
    for file in files {
        lay_over(&mut merged, read_one(file)?);
    }
    read::settings(merged)
}

fn read_one(file: &Path) -> Result<Map<String, Value>, SettingsError> {
    let limits = YamlLimits::default();
    let unread = |source| SettingsError::Read { file: file.to_owned(), source };
    let mut text = String::new();
    // One byte more than may be, so that too much is seen.
    let most = u64::try_from(limits.bytes).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file).map_err(unread)?.take(most).read_to_string(&mut text).map_err(unread)?;
    parse(&text, &limits).map_err(|source| SettingsError::Yaml { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_texts(texts: &[&str]) -> Result<Settings, SettingsError> {
        let directory = tempfile::tempdir().unwrap();
        let write = |(number, text): (usize, &&str)| {
            let file = directory.path().join(format!("{number}.yaml"));
            std::fs::write(&file, text).unwrap();
            file
        };
        let files: Vec<_> = texts.iter().enumerate().map(write).collect();
        load(&files)
    }

    #[test]
    fn later_files_are_laid_over_earlier_ones() {
        let settings = load_texts(&[
            "stac: {root: {id: one, title: First}, search: {page-size: 5}}",
            "stac: {root: {title: Second}, categories: [{a: {}}, {b: {}}]}",
            "stac: {categories: [{c: {}}]}",
        ])
        .unwrap();
        assert_eq!((settings.root.id.as_str(), settings.page_size), ("one", 5));
        assert_eq!(settings.root.texts.title(&[]), Some("Second"));
        let ids: Vec<_> = settings.categories.iter().map(|category| category.id.as_str()).collect();
        assert_eq!(ids, ["c"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let whole = |error: SettingsError| {
            let source = std::error::Error::source(&error).unwrap();
            format!("{error}: {source}")
        };
        let missing = load(&["/no/such.yaml".into()]).unwrap_err().to_string();
        assert_eq!(missing, "/no/such.yaml: cannot be read");
        let broken = whole(load_texts(&["a: 1", "stac: ["]).unwrap_err());
        assert!(broken.contains("1.yaml: cannot be used: "), "{broken}");
        assert_eq!(broken.matches("line 1").count(), 1, "{broken}");
        let list = whole(load_texts(&["- a"]).unwrap_err());
        assert!(list.contains("mapping"), "{list}");
        let long = whole(load_texts(&[&"a".repeat(2 << 20)]).unwrap_err());
        assert!(long.contains("1048576"), "{long}");
        assert_eq!(load(&[]).unwrap(), Settings::default());
    }
}
