//! What the tests of items publish: repositories, names and drafts.

use flisthub_storage::Kind;
use serde_json::{Map, json};

use super::{Basis, Composed, ItemQuery, ItemSet, Readable};
use crate::auth::Visibility;
use crate::catalog::postgres::location;
use crate::catalog::{
    Actor, Catalog, CatalogError, Change, Condition, FlistRow, NewRepository, RepositoryRow,
    Source, UserRow, Written,
};
use crate::name::{FlistName, RepositoryName};
use crate::stac::Draft;

/// A catalog with a user and a repository of each visibility: `public`, `internal`, `private`.
pub(super) struct Stage {
    _directory: tempfile::TempDir,
    pub(super) catalog: Catalog,
    pub(super) user: UserRow,
    pub(super) repositories: Vec<RepositoryRow>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(&location(directory.path())).await.unwrap();
        let name = RepositoryName::parse("alice").unwrap();
        let user = catalog.make_user(&name, 1).await.unwrap();
        let mut repositories = Vec::new();
        for visibility in [Visibility::Public, Visibility::Internal, Visibility::Private] {
            let name = RepositoryName::parse(visibility.word()).unwrap();
            let new = NewRepository { name: &name, visibility, creator_id: user.id };
            let made = catalog.create_repository(&new, &Actor::operator(), 1).await.unwrap();
            repositories.push(made);
        }
        Self { _directory: directory, catalog, user, repositories }
    }

    /// Publishes a flist that is called like `flist`.
    pub(super) async fn publish(
        &self,
        (repository, name): (usize, &str),
        flist: &str,
        composed: &Composed,
    ) -> Result<Written, CatalogError> {
        let (name, by) = (FlistName::parse(name).unwrap(), Actor::of(&self.user));
        let change = self.change(repository, &name, &by, Source::Push);
        let id = Kind::Manifest.id_of(flist.as_bytes());
        let row = FlistRow { id, entries: 1, bytes: 1 };
        self.catalog.publish_item(&change, &row, Some(composed)).await
    }

    pub(super) fn change<'a>(
        &self,
        repository: usize,
        name: &'a FlistName,
        by: &'a Actor,
        source: Source,
    ) -> Change<'a> {
        Change {
            repository_id: self.repositories[repository].id,
            name,
            by,
            source,
            detail: None,
            condition: &Condition::NONE,
            dry_run: false,
            now: 10,
        }
    }

    pub(super) async fn delete(&self, (repository, name): (usize, &str)) -> bool {
        let (name, by) = (FlistName::parse(name).unwrap(), Actor::of(&self.user));
        let change = self.change(repository, &name, &by, Source::Delete);
        self.catalog.delete_name(&change).await.unwrap()
    }

    /// `collection/repository/name` of all that a search finds, page by page.
    pub(super) async fn all(&self, query: &ItemQuery) -> (Vec<String>, u64) {
        let (mut found, mut query) = (Vec::new(), query.clone());
        loop {
            let page = self.catalog.search_items(&query).await.unwrap();
            assert!(page.rows.len() <= query.limit as usize);
            let shown = page
                .rows
                .iter()
                .map(|row| format!("{}/{}/{}", row.collection, row.repository, row.name));
            found.extend(shown);
            match page.next {
                Some(_) => query.after = page.next,
                None => return (found, page.matched),
            }
        }
    }
}

/// An item in collections, without a place or a time.
pub(super) fn draft(collections: &[&str]) -> Draft {
    Draft {
        categories: collections.iter().map(|&collection| collection.to_owned()).collect(),
        inherits: false,
        document: "{}".to_owned(),
        title: "Title".to_owned(),
        text: String::new(),
        tags: Vec::new(),
        interval: None,
        datetime: None,
        created: None,
        updated: None,
        place: None,
    }
}

/// What is true of a name of which nothing is set, and which changed at the stage's time.
pub(super) fn basis() -> Basis {
    Basis { published: 10, ..Basis::default() }
}

pub(super) fn composed(draft: Draft) -> Composed {
    Composed { basis: basis(), draft: Some(draft), ..Composed::default() }
}

/// All items of some collections that everybody may read.
pub(super) fn query(collections: &[&str]) -> ItemQuery {
    ItemQuery {
        readable: Readable { up_to: Visibility::Public, also: Vec::new() },
        collections: collections.iter().map(|&collection| collection.to_owned()).collect(),
        ids: None,
        bbox: None,
        intersects: None,
        interval: None,
        dated: None,
        filter: None,
        words: None,
        tags: Vec::new(),
        starred_by: None,
        sort: Vec::new(),
        after: None,
        limit: 10,
    }
}

/// What is set of a name: a license, and an item that was written.
pub(super) fn set_by_api() -> ItemSet {
    let metadata = Map::from_iter([("license".to_owned(), json!("MIT"))]);
    ItemSet { metadata, item: Some("{\"a\":1.10}".to_owned()) }
}
