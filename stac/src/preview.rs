//! The picture that shows what a flist is about: what the metadata says, the image of the README that is called
//! `preview`, or a file of that name.

use flisthub_flist::{LoadError, TreePath};

use super::asset::type_of;
use super::hrefs::{References, Target};
use super::said::Said;
use super::warnings::Warnings;

/// Files that are the preview if nothing else is said.
const USUAL: &[&str] = &["preview.png", "preview.jpg", "preview.jpeg"];

/// The preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preview {
    /// Where it is.
    pub(super) target: Target,
    /// What its asset is called: `preview` and the end of its name.
    pub(super) key: String,
    /// Its media type, if it is known.
    pub(super) kind: Option<&'static str>,
}

impl Preview {
    /// Whether it is the file at that path.
    pub(super) fn is(&self, path: &TreePath) -> bool {
        matches!(&self.target, Target::File(at) if at == path)
    }
}

/// Finds it. What was set, and `sharinghub.yaml`, count more than the README; in that, the image more than the key.
pub(super) fn find(
    references: References<'_>,
    said: &Said,
    warnings: &mut Warnings,
) -> Result<Option<Preview>, LoadError> {
    let key = || said.key("preview").and_then(|value| value.as_str());
    let said = said.preview.as_deref().or(said.readme.preview.as_deref()).or_else(key);
    let Some(href) = said else {
        for path in USUAL {
            if let Ok(path) = TreePath::parse(path.as_bytes())
                && references.files.file(&path)?.is_some()
            {
                return Ok(Some(preview(Target::File(path))));
            }
        }
        return Ok(None);
    };
    let found = warnings.hear("preview", references.find(href, &[""])?);
    Ok(found.map(|(target, _)| preview(target)))
}

fn preview(target: Target) -> Preview {
    let name = match &target {
        Target::File(path) => path.to_string(),
        Target::Elsewhere(address) => {
            address.split(['?', '#']).next().unwrap_or_default().to_owned()
        }
        Target::Item(_, item) => item.clone(),
    };
    let name = name.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let plain = |ending: &String| ending.len() <= 5 && ending.chars().all(char::is_alphanumeric);
    let key =
        ending.filter(plain).map_or("preview".to_owned(), |ending| format!("preview.{ending}"));
    Preview { target, key, kind: type_of(name) }
}
