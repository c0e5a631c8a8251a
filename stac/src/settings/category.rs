//! A category: a collection that names are in because their metadata or their repository says so.

use serde_json::{Map, Value};

use super::texts::Texts;

/// A category.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its id, which is the collection's.
    pub id: String,
    /// What it is called.
    pub texts: Texts,
    /// The topic that projects of the category have in GitLab. A keyword that says the same puts nothing in it.
    pub gitlab_topic: Option<String>,
    /// Address of a picture.
    pub logo: Option<String>,
    /// Address of a small picture.
    pub icon: Option<String>,
    /// Rules of what is an asset of each of its items: globs, or objects as in front matter.
    pub assets: Vec<Value>,
    /// What its items say of themselves as `sharinghub:<key>`, unless their metadata says otherwise.
    pub features: Map<String, Value>,
    /// What else is said of it.
    pub more: Map<String, Value>,
}

impl Category {
    /// A category of that id of which nothing is known.
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            texts: Texts::default(),
            gitlab_topic: None,
            logo: None,
            icon: None,
            assets: Vec::new(),
            features: Map::new(),
            more: Map::new(),
        }
    }

    /// What it is called in the first of these languages that is known, or by its id.
    pub fn title<'a>(&'a self, languages: &[String]) -> &'a str {
        self.texts.title(languages).unwrap_or(&self.id)
    }
}

/// The categories that there are if no configuration says otherwise.
pub(super) fn shipped() -> Vec<Category> {
    let shipped = [
        (
            "ai-model",
            "aimodel",
            "AI Models",
            "Models that were trained, with what they were made of",
        ),
        (
            "dataset",
            "dataset",
            "Datasets",
            "Data, as it was measured or made from what was measured",
        ),
        ("processor", "processor", "Processors", "Programs that make data from data"),
        ("dashboard", "space", "Dashboards", "Pages that show data"),
    ];
    shipped
        .map(|(id, topic, title, description)| Category {
            texts: Texts::plain(title, description),
            gitlab_topic: Some(format!("sharinghub:{topic}")),
            ..Category::new(id)
        })
        .into()
}

/// Whether an id can be part of an address without being written otherwise there.
pub(super) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}
