//! What is said of a name's STAC item beside what its files say. STAC's own documents are no types here: the hub
//! gives them as they were published.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most categories that a name may be put into.
pub const MAX_CATEGORIES: usize = 32;

/// What is set of a name's item through the API. It weighs more than the name's files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemMetadata {
    /// Ids of the categories that the name is in. Null: those that its files or its repository say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub categories: Option<Vec<String>>,
    /// Keys and values as in the front matter of a README. Objects are merged key by key, all else replaces.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
}

/// What is set of a name's item, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemMetadataInfo {
    /// The repository that the name is in.
    pub repository: String,
    /// The name, without `.flist`.
    pub name: String,
    /// Ids of the categories that were set; null: none were, and the name's files or its repository say.
    pub categories: Option<Vec<String>>,
    /// What was set of the metadata.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// The collections that the item is in now, whoever said so. None: the name is no item.
    pub collections: Vec<String>,
    /// What is wrong with the metadata, in files too. It does not stop a publish.
    pub warnings: Vec<String>,
}

/// What became of a flist in the catalogue when a name was made to point at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemNote {
    /// The collections that the name is an item of. None: it is no item.
    pub collections: Vec<String>,
    /// What is wrong with the metadata, in files too. It does not stop a publish.
    pub warnings: Vec<String>,
}

/// Stars of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StarInfo {
    /// How many users gave it one.
    pub stars: u64,
    /// Whether the caller did.
    pub starred: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_is_nothing_said() {
        let nothing = ItemMetadata::default();
        assert_eq!(serde_json::to_string(&nothing).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<ItemMetadata>("{\"categories\":null}").unwrap(), nothing);
        let none = serde_json::from_str::<ItemMetadata>("{\"categories\":[]}").unwrap();
        assert_eq!(none.categories, Some(Vec::new()), "in no category, whatever the files say");
    }
}
