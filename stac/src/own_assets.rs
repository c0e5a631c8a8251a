//! Assets that no rule speaks of: those of a publisher's own item, the preview and the README.

use flisthub_flist::{LoadError, TreePath};
use serde_json::{Map, Value, json};

use super::asset;
use super::assets::Assets;
use super::hrefs::{self, Target};
use super::kinds;
use super::members::{Members, quoted};
use super::preview::Preview;

impl Assets<'_, '_> {
    /// An asset of the publisher's own item: as it was written, with the address of the file.
    pub(super) fn given(
        &mut self,
        (path, folders): (&str, &[&str]),
        key: &str,
        mut asset: Members,
    ) -> Result<(), LoadError> {
        if !self.has_room() {
            return Ok(());
        }
        let about = format!("{path}: assets.{key}");
        let href = asset.value("href");
        let href = href.as_ref().and_then(Value::as_str).filter(|href| !href.trim().is_empty());
        let Some(href) = href else {
            self.warnings.add(&about, "it has no `href`");
            return Ok(());
        };
        kinds::of_asset(&mut asset, &about, self.warnings);
        let target = match self.references.find(href, folders)? {
            Ok((target, file)) => {
                asset.made("href", quoted(&hrefs::href(&target)));
                if let (Target::File(at), Some(file)) = (&target, file) {
                    if let Some(kind) = asset::type_of(&at.to_string()) {
                        asset.unless_set("type", &json!(kind));
                    }
                    if let Some(what) = asset::measure(&mut asset, &file, self.checksums) {
                        self.warnings.add(&about, what);
                    }
                }
                target
            }
            Err(why) => {
                self.warnings.add(&about, &why);
                // Nothing of what was written is lost, unless it may do harm.
                if !hrefs::is_passed_on(href) {
                    return Ok(());
                }
                Target::Elsewhere(href.to_owned())
            }
        };
        self.insert(key, &target, &asset, &about);
        Ok(())
    }

    /// The preview.
    pub(super) fn preview(&mut self, preview: &Preview) -> Result<(), LoadError> {
        let mut said = Map::new();
        said.insert("key".to_owned(), json!(preview.key));
        said.insert("title".to_owned(), json!("Preview"));
        said.insert("roles".to_owned(), json!([asset::THUMBNAIL]));
        if let Some(kind) = preview.kind {
            said.insert("type".to_owned(), json!(kind));
        }
        match &preview.target {
            Target::File(path) => {
                if let Some(file) = self.references.files.file(path)? {
                    self.add(&said, path, &file, "preview");
                }
            }
            other => {
                if let Ok(asset) = asset::elsewhere(other, &said, &preview.key) {
                    self.insert(&preview.key, other, &asset, "preview");
                }
            }
        }
        Ok(())
    }

    /// The README, which says what the data is.
    pub(super) fn readme(&mut self, path: &str) -> Result<(), LoadError> {
        let said: Map<String, Value> =
            [("roles".to_owned(), json!(["metadata"]))].into_iter().collect();
        if let Ok(path) = TreePath::parse(path.as_bytes())
            && let Some(file) = self.references.files.file(&path)?
        {
            self.add(&said, &path, &file, "README");
        }
        Ok(())
    }
}
