//! The catalogue's configuration, with SharingHub's keys: what the root is called, which categories there are, and
//! what is told to SharingHub's pages. How files are read is in `files`, what their keys mean in `read`, of which
//! kind values are in `values`; how it looks
//! as JSON is in `super::catalog` and `config_body`.

mod category;
mod config_body;
mod files;
mod read;
mod texts;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use self::category::Category;
pub use self::config_body::ConfigBody;
pub use self::files::{SettingsError, load};
pub use self::texts::Texts;

/// Changes when the same metadata makes other items than before: then they are made again.
const COMPOSED: u32 = 4;

/// Items on a page of whoever says no number.
const PAGE_SIZE: u32 = 12;

/// The prefixes that publishers may use although no configuration says so, with their schemas.
const EXTENSIONS: [(&str, &str); 11] = [
    ("classification", "https://stac-extensions.github.io/classification/v1.1.0/schema.json"),
    ("eo", "https://stac-extensions.github.io/eo/v1.1.0/schema.json"),
    ("file", "https://stac-extensions.github.io/file/v2.1.0/schema.json"),
    ("label", "https://stac-extensions.github.io/label/v1.0.1/schema.json"),
    ("ml-model", "https://stac-extensions.github.io/ml-model/v1.0.0/schema.json"),
    ("mlm", "https://stac-extensions.github.io/mlm/v1.4.0/schema.json"),
    ("processing", "https://stac-extensions.github.io/processing/v1.1.0/schema.json"),
    ("proj", "https://stac-extensions.github.io/projection/v1.1.0/schema.json"),
    ("raster", "https://stac-extensions.github.io/raster/v1.1.0/schema.json"),
    ("sci", "https://stac-extensions.github.io/scientific/v1.0.0/schema.json"),
    ("version", "https://stac-extensions.github.io/version/v1.2.0/schema.json"),
];

/// What the catalogue is.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The root catalog.
    pub root: Root,
    /// The categories, which are the collections, in their order.
    pub categories: Vec<Category>,
    /// Prefixes that metadata may have, each with the address of its schema.
    pub extensions: BTreeMap<String, String>,
    /// Items on a page of whoever says no number.
    pub page_size: u32,
    /// What SharingHub's pages are told, and nothing else here looks at.
    pub told: Told,
    /// Keys of the files that mean nothing here. Never their values: some are secrets.
    pub unused: Vec<String>,
}

/// The root catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub texts: Texts,
    /// Address of a picture.
    pub logo: Option<String>,
    /// What else is said of it.
    pub more: Map<String, Value>,
}

/// What SharingHub's pages are told, as the files say it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// `tags`: sections of keywords.
    pub tags: Map<String, Value>,
    /// `alerts`: a message to visitors.
    pub alert: Map<String, Value>,
    /// `external-urls`: links in the menu.
    pub external_urls: Vec<Value>,
    /// `spaces`: where items can be deployed.
    pub spaces: Map<String, Value>,
    /// `jupyterlab.url`
    pub jupyterlab: Option<String>,
    /// `docs.url`
    pub docs: Option<String>,
    /// `mlflow.type`
    pub mlflow_type: Option<String>,
    /// `mlflow.url`
    pub mlflow: Option<String>,
    /// `services.wizard.url`
    pub wizard: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            root: Root::default(),
            categories: category::shipped(),
            extensions: EXTENSIONS.map(|(key, to)| (key.to_owned(), to.to_owned())).into(),
            page_size: PAGE_SIZE,
            told: Told::default(),
            unused: Vec::new(),
        }
    }
}

impl Default for Root {
    fn default() -> Self {
        let description = "Data and models that are stored in this hub";
        Self {
            id: "flisthub".to_owned(),
            texts: Texts::plain("Flisthub", description),
            logo: None,
            more: Map::new(),
        }
    }
}

impl Settings {
    /// The category with that id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// A hash of all that items depend on: with another one, the same metadata may make other items.
    pub fn hash(&self) -> String {
        let categories = self.categories.iter().map(|category| {
            json!([category.id, category.gitlab_topic, category.assets, category.features])
        });
        let categories: Vec<Value> = categories.collect();
        let all = json!([COMPOSED, self.extensions, categories]);
        blake3::hash(all.to_string().as_bytes()).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_files_there_are_the_usual_categories() {
        let settings = Settings::default();
        let ids: Vec<_> = settings.categories.iter().map(|category| category.id.as_str()).collect();
        assert_eq!(ids, ["ai-model", "dataset", "processor", "dashboard"]);
        assert_eq!(settings.category("dataset").unwrap().texts.title(&[]), Some("Datasets"));
        assert!(settings.category("data").is_none());
    }

    #[test]
    fn the_hash_is_of_what_items_depend_on() {
        let settings = Settings::default();
        let hash = settings.hash();
        assert_eq!(hash, Settings::default().hash());
        let mut other = Settings { page_size: 3, ..Settings::default() };
        other.root.id = "other".to_owned();
        other.told.docs = Some("https://docs.example.com".to_owned());
        assert_eq!(other.hash(), hash);
        other.categories.pop();
        assert_ne!(other.hash(), hash);
        let mut other = Settings::default();
        other.extensions.remove("eo");
        assert_ne!(other.hash(), hash);
        let mut other = Settings::default();
        other.categories[0].features.insert("jupyter".to_owned(), json!("enable"));
        assert_ne!(other.hash(), hash);
    }
}
