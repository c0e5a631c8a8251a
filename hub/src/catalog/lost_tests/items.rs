//! The changes of items, and of what they are composed from.

use serde_json::{Map, json};

use super::{Try, flist};
use crate::catalog::{Basis, Catalog, CatalogError, Checksum, Composed, ItemSet, Source};
use crate::stac::Draft;

/// Every kind of change that the catalog makes of them.
pub(super) const CHANGES: &[&str] = &[
    "publish an item",
    "compose an item again",
    "rename an item",
    "give up an item",
    "star",
    "unstar",
    "set a repository's categories",
    "mark all items",
    "keep checksums",
];

impl Try {
    fn composed(&self, title: &str) -> Composed {
        let draft = Draft {
            categories: vec!["dataset".to_owned()],
            inherits: false,
            document: format!("{{\"title\":\"{title}\"}}"),
            title: title.to_owned(),
            text: title.to_owned(),
            tags: vec!["tag".to_owned()],
            interval: None,
            datetime: None,
            created: None,
            updated: None,
            place: None,
        };
        let basis = Basis { published: self.number, ..Basis::default() };
        Composed { basis, draft: Some(draft), ..Composed::default() }
    }

    fn checksum(&self) -> Checksum {
        Checksum { content: flist(self.number).id, sha256: [7; 32] }
    }

    async fn publish_item(&self, catalog: &Catalog) -> Result<(), CatalogError> {
        let change = self.change(&self.name, Source::Push);
        let composed = Composed {
            set: Some(ItemSet {
                metadata: Map::from_iter([("license".to_owned(), json!("MIT"))]),
                item: Some("{}".to_owned()),
            }),
            checksums: vec![self.checksum()],
            lacking: true,
            ..self.composed("one")
        };
        catalog.publish_item(&change, &flist(self.number), Some(&composed)).await.map(drop)
    }

    /// Has all names be marked, and the repository be in no collection: what is marked anew then is of this try.
    async fn mark_all(&self, catalog: &Catalog) {
        catalog.items_are_of("before", true).await.unwrap();
        catalog.set_repository_categories(&self.repository, &[], &self.by, 1).await.unwrap();
    }
}

pub(super) async fn prepare(this: &Try, catalog: &Catalog, change: &str) {
    // So many are never there that some are forgotten: each try has the same effect.
    sqlx::query("delete from content_checksums").execute(&catalog.pool).await.unwrap();
    match change {
        "publish an item" => this.mark_all(catalog).await,
        "set a repository's categories" | "mark all items" => {
            this.mark_all(catalog).await;
            this.publish(catalog).await.unwrap();
        }
        "compose an item again" | "rename an item" | "give up an item" => {
            this.mark_all(catalog).await;
            this.publish_item(catalog).await.unwrap();
        }
        "star" => this.publish(catalog).await.unwrap(),
        "unstar" => {
            this.publish_item(catalog).await.unwrap();
            let (repository, name) = (this.repository.id, this.name.as_str());
            assert!(catalog.star((repository, name), this.alice.id, true).await.unwrap());
        }
        _ => {}
    }
}

pub(super) async fn run(this: &Try, catalog: &Catalog, change: &str) -> Result<(), CatalogError> {
    let (repository, name, user) = (this.repository.id, this.name.as_str(), this.alice.id);
    match change {
        "publish an item" => this.publish_item(catalog).await,
        "compose an item again" => {
            let settings = catalog.item_settings(repository, name).await?;
            let basis = Basis {
                settings: settings.map_or(0, |settings| settings.revision),
                published: this.number,
                ..Basis::default()
            };
            let again = Composed { basis, ..this.composed("two") };
            let change = this.change(&this.name, Source::Push);
            catalog.recompose(&change, flist(this.number).id, &again).await.map(drop)
        }
        "rename an item" => {
            let before = catalog.item_basis(repository, name, false).await?;
            let item = Composed { basis: before.basis(this.number), ..this.composed("one") };
            let item = Some((flist(this.number).id, &item));
            let change = this.change(&this.name, Source::Rename);
            catalog.rename_item(&change, &this.other, item).await.map(drop)
        }
        "give up an item" => catalog.give_up_item(repository, name).await,
        "star" => catalog.star((repository, name), user, true).await.map(drop),
        "unstar" => catalog.star((repository, name), user, false).await.map(drop),
        "set a repository's categories" => {
            let categories = ["dataset".to_owned()];
            catalog
                .set_repository_categories(&this.repository, &categories, &this.by, this.number)
                .await
        }
        "mark all items" => catalog.items_are_of(&this.number.to_string(), false).await,
        "keep checksums" => catalog.keep_checksums(repository, &[this.checksum()]).await,
        other => panic!("no change: {other}"),
    }
}
