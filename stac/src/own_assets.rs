//! Assets that no rule speaks of: those of a publisher's own item, the preview or a thumbnail, and the README.

use flisthub_flist::{Content, File, LoadError, TreePath};
use serde_json::{Map, Value, json};

use super::asset;
use super::assets::Assets;
use super::found::{self, ORIGINS};
use super::hrefs::{self, Target};
use super::kinds;
use super::members::{Members, quoted};
use super::preview::Preview;

/// The most entries of a tree that are looked at for files that nobody speaks of: most large trees have no geodata.
const MAX_SEARCHED: usize = 20_000;

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
        asset.take(ORIGINS);
        let mark = self.findings.mark();
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
                    self.describe(at, &file, key, &mut asset)?;
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
        if !self.insert(key, &target, &asset, &about) {
            self.findings.back_to(mark);
        }
        Ok(())
    }

    /// Files of geodata, where nobody says which files are assets.
    pub(super) fn geodata(&mut self) -> Result<(), LoadError> {
        let files = self.references.files;
        let mut found = 0;
        for (looked_at, entry) in files.tree.walk(files.store).enumerate() {
            let (path, entry) = entry?;
            if looked_at >= MAX_SEARCHED {
                if found > 0 {
                    let what = format!(
                        "files of geodata are looked for among the first {MAX_SEARCHED} entries of the flist"
                    );
                    self.warnings.add("assets", &what);
                }
                break;
            }
            let Content::File { size, pieces } = entry.content else { continue };
            if !found::is_geodata(&path.to_string()) {
                continue;
            }
            if found >= found::MAX_FILES {
                let most = found::MAX_FILES;
                let what = format!(
                    "only the first {most} files of geodata are assets unless something says which are"
                );
                self.warnings.add("assets", &what);
                break;
            }
            found += 1;
            self.add(&Map::new(), &path, &File { size, pieces }, "assets")?;
        }
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
                    self.add(&said, path, &file, "preview")?;
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

    /// The thumbnail that the hub makes of a raster, where there is one of which it can and no asset is a thumbnail.
    /// Answers its address.
    pub(super) fn thumbnail(&mut self) -> Option<String> {
        let path = self.findings.picture()?;
        if self.found.has(asset::THUMBNAIL) || self.found.iter().any(|(_, json)| is_thumbnail(json))
        {
            return None;
        }
        let address = hrefs::thumbnail_href(path);
        let mut made = Members::default();
        made.made("href", quoted(&address));
        made.set("title", &json!(format!("Thumbnail of {path}")));
        made.set("type", &json!("image/png"));
        made.set("roles", &json!([asset::THUMBNAIL]));
        self.found.made(asset::THUMBNAIL, made.object(""));
        Some(address)
    }

    /// The README, which says what the data is.
    pub(super) fn readme(&mut self, path: &str) -> Result<(), LoadError> {
        let said: Map<String, Value> =
            [("roles".to_owned(), json!(["metadata"]))].into_iter().collect();
        if let Ok(path) = TreePath::parse(path.as_bytes())
            && let Some(file) = self.references.files.file(&path)?
        {
            self.add(&said, &path, &file, "README")?;
        }
        Ok(())
    }
}

/// Whether an asset says that it is a thumbnail.
fn is_thumbnail(json: &str) -> bool {
    let roles = Members::read(json).and_then(|asset| asset.value("roles"));
    let roles = roles.as_ref().and_then(Value::as_array);
    roles.is_some_and(|roles| roles.iter().any(|role| role == asset::THUMBNAIL))
}
