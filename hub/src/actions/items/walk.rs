//! Which marked name is next: first all whose items are to be other ones, each of which is soon done, and then, one at a
//! time, those that only lack checksums. Between two of these it is looked again whether others wait that are soon done:
//! nobody's large files hold up the items of all.

use std::collections::HashSet;

use crate::catalog::{Catalog, CatalogError, Pending};

/// Before all names that only lack checksums.
const SLOW: Pending = Pending { sums: true, repository_id: 0, name: String::new() };

/// A walk over the names that are marked.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The last one that was given of those that are soon done.
    quick: Option<Pending>,
    /// The last one of the others.
    slow: Option<Pending>,
    /// Whether a name that was given is to be given again when all others were.
    around: bool,
    /// Names that stay marked, and are left out.
    left: HashSet<(i64, String)>,
}

impl Walk {
    /// The next name.
    pub(super) async fn next(
        &mut self,
        catalog: &Catalog,
    ) -> Result<Option<Pending>, CatalogError> {
        loop {
            if let Some(next) = self.next_quick(catalog).await? {
                self.quick = Some(next.clone());
                return Ok(Some(next));
            }
            let after = self.slow.clone().unwrap_or(SLOW);
            let next = catalog.pending_items(Some(&after), 1).await?.pop();
            match next {
                Some(next) => {
                    self.slow = Some(next.clone());
                    if !self.is_left(&next) {
                        return Ok(Some(next));
                    }
                }
                None if self.around => (self.slow, self.around) = (None, false),
                None => return Ok(None),
            }
        }
    }

    /// The next one that is soon done: after the last one, or what was marked before it since then.
    async fn next_quick(&self, catalog: &Catalog) -> Result<Option<Pending>, CatalogError> {
        let limit = u32::try_from(self.left.len()).unwrap_or(u32::MAX).saturating_add(1);
        let mut after = self.quick.as_ref();
        loop {
            let waiting = catalog.pending_items(after, limit).await?;
            let next = waiting.into_iter().find(|next| !next.sums && !self.is_left(next));
            if next.is_some() || after.is_none() {
                return Ok(next);
            }
            after = None;
        }
    }

    fn is_left(&self, name: &Pending) -> bool {
        self.left.contains(&(name.repository_id, name.name.clone()))
    }

    /// Says that a name is still marked, and may be given again when all others were.
    pub(super) fn again(&mut self) {
        self.around = true;
    }

    /// Says that a name stays marked, and is given no more.
    pub(super) fn leave(&mut self, name: Pending) {
        self.left.insert((name.repository_id, name.name));
    }

    /// How many names are left out.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }
}

#[cfg(test)]
mod tests {
    use flisthub_storage::Kind;

    use super::*;
    use crate::auth::Visibility;
    use crate::catalog::{
        Actor, Basis, Change, Composed, Condition, FlistRow, NewUser, RepositoryRow, Source,
    };
    use crate::name::{FlistName, RepositoryName};
    use crate::stac::Draft;

    struct Stage {
        _directory: tempfile::TempDir,
        catalog: Catalog,
        by: Actor,
    }

    impl Stage {
        async fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let catalog = Catalog::open(&directory.path().join("catalog")).await.unwrap();
            Self { _directory: directory, catalog, by: Actor::operator() }
        }

        /// The repository of a new user.
        async fn repository(&self, name: &str) -> RepositoryRow {
            let name = RepositoryName::parse(name).unwrap();
            let visibility = Visibility::Public;
            let new = NewUser { name: &name, admin: false, password: None, visibility };
            self.catalog.create_user(&new, &self.by, 1).await.unwrap();
            self.catalog.repository(&name).await.unwrap().unwrap()
        }

        /// Publishes a name whose item lacks checksums.
        async fn publish(&self, repository: &RepositoryRow, name: &str) {
            let name = FlistName::parse(name).unwrap();
            let change = Change {
                repository_id: repository.id,
                name: &name,
                by: &self.by,
                source: Source::Push,
                detail: None,
                condition: &Condition::NONE,
                dry_run: false,
                now: 5,
            };
            let draft = Draft {
                categories: vec!["dataset".to_owned()],
                inherits: false,
                document: "{}".to_owned(),
                title: String::new(),
                text: String::new(),
                tags: Vec::new(),
                interval: None,
                datetime: None,
                created: None,
                updated: None,
                place: None,
            };
            let basis = Basis { published: 5, ..Basis::default() };
            let draft = Some(draft);
            let composed = Composed { basis, draft, lacking: true, ..Composed::default() };
            let flist = FlistRow { id: Kind::Manifest.id_of(b"one"), entries: 1, bytes: 1 };
            self.catalog.publish_item(&change, &flist, Some(&composed)).await.unwrap();
        }

        /// Marks all names of a repository.
        async fn mark(&self, repository: &RepositoryRow) {
            self.catalog.set_repository_categories(repository, &[], &self.by, 6).await.unwrap();
        }

        /// What became of a name that was given.
        async fn done(&self, name: &Pending) {
            self.catalog.give_up_item(name.repository_id, &name.name).await.unwrap();
        }

        async fn next(&self, walk: &mut Walk) -> Option<Pending> {
            walk.next(&self.catalog).await.unwrap()
        }
    }

    fn named(name: Option<&Pending>) -> Option<(&str, bool)> {
        name.map(|name| (name.name.as_str(), name.sums))
    }

    #[tokio::test]
    async fn what_is_soon_done_comes_before_what_takes_long() {
        let stage = Stage::new().await;
        let (alice, bob) = (stage.repository("alice").await, stage.repository("bob").await);
        for name in ["a", "b", "c"] {
            stage.publish(&bob, name).await;
        }
        stage.publish(&alice, "quick").await;
        let mut walk = Walk::default();
        stage.mark(&alice).await;
        let first = stage.next(&mut walk).await.unwrap();
        assert_eq!(named(Some(&first)), Some(("quick", false)));
        stage.done(&first).await;
        let slow = stage.next(&mut walk).await.unwrap();
        assert_eq!(named(Some(&slow)), Some(("a", true)));
        // It goes on lacking something. Meanwhile a name is marked that was given before.
        walk.again();
        stage.mark(&alice).await;
        let quick = stage.next(&mut walk).await.unwrap();
        assert_eq!(named(Some(&quick)), Some(("quick", false)));
        stage.done(&quick).await;
        // The others take their turns, and then it is given again, once.
        for name in ["b", "c", "a"] {
            let next = stage.next(&mut walk).await.unwrap();
            assert_eq!(named(Some(&next)), Some((name, true)));
            stage.done(&next).await;
        }
        assert_eq!(stage.next(&mut walk).await, None);
    }

    #[tokio::test]
    async fn what_is_left_is_passed_over_and_stays_marked() {
        let stage = Stage::new().await;
        let alice = stage.repository("alice").await;
        for name in ["a", "b", "c", "d"] {
            stage.publish(&alice, name).await;
        }
        stage.mark(&alice).await;
        stage.publish(&alice, "d").await;
        let mut walk = Walk::default();
        for (name, sums) in [("a", false), ("b", false), ("c", false), ("d", true)] {
            let next = stage.next(&mut walk).await.unwrap();
            assert_eq!(named(Some(&next)), Some((name, sums)));
            if name == "c" {
                stage.done(&next).await;
            } else {
                walk.leave(next);
            }
        }
        assert_eq!(stage.next(&mut walk).await, None);
        // One that is marked behind them is found all the same.
        stage.publish(&alice, "e").await;
        walk.again();
        let next = stage.next(&mut walk).await.unwrap();
        assert_eq!(named(Some(&next)), Some(("e", true)));
        stage.done(&next).await;
        assert_eq!((stage.next(&mut walk).await, walk.left()), (None, 3));
        let mut walk = Walk::default();
        assert_eq!(named(stage.next(&mut walk).await.as_ref()), Some(("a", false)));
    }
}
