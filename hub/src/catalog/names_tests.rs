//! Links, tags, renaming, conditions and dry runs.

use flisthub_storage::Kind as ObjectKind;

use super::postgres::location;
use super::{
    Actor, Catalog, CatalogError, Change, Condition, FlistRow, HistoryRow, Kind, Pointed, Source,
    Target,
};
use crate::name::{FlistName, RepositoryName};

/// A catalog with two users, and short ways to change names of the first.
struct Names {
    _directory: tempfile::TempDir,
    catalog: Catalog,
    by: Actor,
    repository_id: i64,
    condition: Condition,
    dry_run: bool,
}

fn name(text: &str) -> FlistName {
    FlistName::parse(text).unwrap()
}

fn flist(text: &str) -> FlistRow {
    FlistRow { id: ObjectKind::Manifest.id_of(text.as_bytes()), entries: 1, bytes: 2 }
}

fn target(text: &str) -> Target {
    let (repository, name) = text.split_once('/').unwrap();
    Target { repository: repository.to_owned(), name: name.to_owned() }
}

impl Names {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(&location(directory.path())).await.unwrap();
        let alice = RepositoryName::parse("alice").unwrap();
        let by = Actor::of(&catalog.make_user(&alice, 1).await.unwrap());
        catalog.make_user(&RepositoryName::parse("bob").unwrap(), 1).await.unwrap();
        let repository_id = catalog.repository(&alice).await.unwrap().unwrap().id;
        let (condition, dry_run) = (Condition::NONE, false);
        Self { _directory: directory, catalog, by, repository_id, condition, dry_run }
    }

    fn change<'a>(&'a self, name: &'a FlistName, source: Source) -> Change<'a> {
        Change {
            repository_id: self.repository_id,
            name,
            by: &self.by,
            source,
            detail: None,
            condition: &self.condition,
            dry_run: self.dry_run,
            now: 10,
        }
    }

    async fn publish(&self, text: &str, made_of: &str) -> Result<bool, CatalogError> {
        let name = name(text);
        let change = self.change(&name, Source::Push);
        Ok(self.catalog.publish(&change, &flist(made_of)).await?.created)
    }

    async fn promote(&self, text: &str, made_of: &str) -> Result<bool, CatalogError> {
        let name = name(text);
        let change = self.change(&name, Source::Promote);
        Ok(self.catalog.publish(&change, &flist(made_of)).await?.changed)
    }

    /// Gives whether anything changed.
    async fn link(&self, text: &str, to: &str) -> Result<bool, CatalogError> {
        let name = name(text);
        let change = self.change(&name, Source::Link);
        Ok(self.catalog.link(&change, &target(to)).await?.changed)
    }

    async fn tag(&self, tag: &str, member: &str, to: &str) -> Result<bool, CatalogError> {
        let (tag, member) = (name(tag), name(member));
        let change = self.change(&tag, Source::Tag);
        Ok(self.catalog.set_member(&change, &member, &target(to)).await?.0.changed)
    }

    async fn untag(&self, tag: &str, member: &str) -> Result<bool, CatalogError> {
        let (tag, member) = (name(tag), name(member));
        self.catalog.remove_member(&self.change(&tag, Source::Untag), &member).await
    }

    async fn rename(&self, from: &str, to: &str) -> Result<bool, CatalogError> {
        let (from, to) = (name(from), name(to));
        let change = self.change(&from, Source::Rename);
        Ok(self.catalog.rename(&change, &to).await?.is_some())
    }

    async fn delete(&self, text: &str) -> Result<bool, CatalogError> {
        let name = name(text);
        self.catalog.delete_name(&self.change(&name, Source::Delete)).await
    }

    async fn points_at(&self, text: &str) -> Option<Pointed> {
        let named = self.catalog.named(self.repository_id, &name(text)).await.unwrap();
        named.map(|named| named.points_at)
    }

    async fn history(&self, text: &str) -> Vec<HistoryRow> {
        let mut rows =
            self.catalog.history(self.repository_id, &name(text), None, 100).await.unwrap();
        rows.reverse();
        rows
    }

    async fn members(&self, tag: &str) -> Vec<String> {
        let rows = self.catalog.members(self.repository_id, &name(tag)).await.unwrap();
        rows.into_iter().map(|row| format!("{} -> {}", row.name, row.target)).collect()
    }
}

#[tokio::test]
async fn links_point_at_names_and_say_so_in_their_history() {
    let names = Names::new().await;
    names.publish("base", "one").await.unwrap();
    names.publish("other", "two").await.unwrap();
    assert!(names.link("latest", "alice/base").await.unwrap());
    assert!(!names.link("latest", "alice/base").await.unwrap(), "it points there already");
    assert!(names.link("latest", "alice/other").await.unwrap());
    assert_eq!(names.points_at("latest").await, Some(Pointed::Link(target("alice/other"))));
    let history = names.history("latest").await;
    let seen: Vec<_> = history.iter().map(|row| (row.kind, row.target.clone())).collect();
    let link = |to| (Some(Kind::Link), Some(target(to)));
    assert_eq!(seen, [link("alice/base"), link("alice/other")]);
    // What a link points at may go, and come back.
    names.delete("other").await.unwrap();
    assert_eq!(names.points_at("latest").await, Some(Pointed::Link(target("alice/other"))));
}

#[tokio::test]
async fn links_lead_somewhere_and_never_in_circles() {
    let names = Names::new().await;
    names.publish("base", "one").await.unwrap();
    for nowhere in ["alice/none", "nobody/base"] {
        let error = names.link("a", nowhere).await.unwrap_err();
        assert!(matches!(error, CatalogError::NoTarget { .. }), "{error:?}");
    }
    let error = names.link("a", "alice/a").await.unwrap_err();
    assert!(matches!(error, CatalogError::Circular { .. }), "{error:?}");
    names.link("a", "alice/base").await.unwrap();
    names.link("b", "alice/a").await.unwrap();
    names.link("c", "alice/b").await.unwrap();
    let error = names.link("a", "alice/c").await.unwrap_err();
    assert!(matches!(error, CatalogError::Circular { .. }), "{error:?}");
    assert_eq!(names.points_at("a").await, Some(Pointed::Link(target("alice/base"))));
    for (link, to) in [("d", "c"), ("e", "d"), ("f", "e"), ("g", "f"), ("h", "g")] {
        names.link(link, &format!("alice/{to}")).await.unwrap();
    }
    let error = names.link("i", "alice/h").await.unwrap_err();
    assert!(matches!(error, CatalogError::TooManyLinks { .. }), "{error:?}");
}

#[tokio::test]
async fn no_renaming_closes_a_circle() {
    let names = Names::new().await;
    names.publish("x", "one").await.unwrap();
    names.link("a", "alice/x").await.unwrap();
    names.link("b", "alice/a").await.unwrap();
    names.delete("x").await.unwrap();
    let error = names.rename("b", "x").await.unwrap_err();
    assert!(matches!(error, CatalogError::Circular { .. }), "{error:?}");
    assert!(names.rename("b", "c").await.unwrap(), "a link that dangles can be renamed");
}

#[tokio::test]
async fn a_name_stays_what_it_is() {
    let names = Names::new().await;
    names.publish("flist", "one").await.unwrap();
    names.link("link", "alice/flist").await.unwrap();
    names.tag("tag", "base", "alice/flist").await.unwrap();
    names.link("taglink", "alice/tag").await.unwrap();
    assert_eq!(names.points_at("taglink").await, Some(Pointed::TagLink(target("alice/tag"))));
    let before = names.catalog.names(names.repository_id, "", 10).await.unwrap();
    for there in ["flist", "link", "tag", "taglink"] {
        for (kind, outcome) in [
            ("flist", names.publish(there, "two").await),
            ("link", names.link(there, "alice/flist").await),
            ("tag", names.tag(there, "base", "alice/flist").await),
            ("taglink", names.link(there, "alice/tag").await),
        ] {
            let circular =
                there == "tag" && kind == "taglink" || there == "flist" && kind == "link";
            match outcome {
                Ok(_) => assert_eq!(kind, there),
                Err(CatalogError::Taken { name, .. }) => assert_eq!(name, there),
                Err(CatalogError::Circular { .. }) => assert!(circular),
                Err(other) => panic!("{there} as {kind}: {other:?}"),
            }
        }
    }
    let after = names.catalog.names(names.repository_id, "", 10).await.unwrap();
    let pointed = |names: &[super::Named]| {
        names.iter().map(|name| (name.name.clone(), name.points_at.kind())).collect::<Vec<_>>()
    };
    assert_eq!(pointed(&after), pointed(&before));
}

#[tokio::test]
async fn a_tag_is_there_as_long_as_it_has_members() {
    let names = Names::new().await;
    names.publish("one", "1").await.unwrap();
    names.publish("two", "2").await.unwrap();
    assert!(names.tag("stable", "base", "alice/one").await.unwrap());
    assert!(!names.tag("stable", "base", "alice/one").await.unwrap());
    assert!(names.tag("stable", "base", "alice/two").await.unwrap());
    assert!(names.tag("stable", "app", "alice/one").await.unwrap());
    assert_eq!(names.members("stable").await, ["app -> alice/one", "base -> alice/two"]);
    assert!(!names.untag("stable", "none").await.unwrap());
    assert!(names.untag("stable", "app").await.unwrap());
    assert!(names.untag("stable", "base").await.unwrap());
    assert_eq!(names.points_at("stable").await, None);
    assert!(!names.untag("stable", "base").await.unwrap());
    let history = names.history("stable").await;
    let details: Vec<_> = history.iter().map(|row| row.detail.as_deref().unwrap()).collect();
    let expected = ["base -> alice/one", "base -> alice/two", "app -> alice/one", "app", "base"];
    assert_eq!(details, expected);
    assert_eq!(history.last().unwrap().kind, None);
}

#[tokio::test]
async fn a_deleted_tag_takes_its_members_along() {
    let names = Names::new().await;
    names.publish("one", "1").await.unwrap();
    names.tag("stable", "base", "alice/one").await.unwrap();
    assert!(names.delete("stable").await.unwrap());
    assert_eq!(names.members("stable").await, [""; 0]);
    names.tag("stable", "app", "alice/one").await.unwrap();
    assert_eq!(names.members("stable").await, ["app -> alice/one"]);
}

#[tokio::test]
async fn a_renamed_name_takes_its_history_along() {
    let names = Names::new().await;
    names.publish("new", "zero").await.unwrap();
    names.delete("new").await.unwrap();
    names.publish("old", "none").await.unwrap();
    names.delete("old").await.unwrap();
    names.publish("old", "one").await.unwrap();
    names.publish("old", "two").await.unwrap();
    assert!(names.rename("old", "new").await.unwrap());
    assert_eq!(names.points_at("old").await, None);
    assert_eq!(names.points_at("new").await, Some(Pointed::Flist(flist("two"))));
    let told = |rows: Vec<HistoryRow>| {
        rows.into_iter().map(|row| (row.revision, row.flist, row.source)).collect::<Vec<_>>()
    };
    let id = |text| Some(flist(text).id);
    assert_eq!(
        told(names.history("new").await),
        [
            (1, id("zero"), Source::Push),
            (2, None, Source::Delete),
            (3, id("one"), Source::Push),
            (4, id("two"), Source::Push),
            (5, id("two"), Source::Rename),
        ]
    );
    assert_eq!(told(names.history("old").await).last(), Some(&(5, None, Source::Rename)));
    // However old the renaming is, what the name was stays.
    let mut kept = names.catalog.roots(u64::MAX).await.unwrap();
    kept.sort_unstable();
    let mut expected = [flist("one").id, flist("two").id];
    expected.sort_unstable();
    assert_eq!(kept, expected);
    assert!(!names.rename("old", "other").await.unwrap());
    // There and back again: nothing is there twice.
    for _ in 0..3 {
        assert!(names.rename("new", "old").await.unwrap());
        assert!(names.rename("old", "new").await.unwrap());
    }
    let flists = |rows: &[HistoryRow]| rows.iter().filter(|row| row.flist.is_some()).count();
    assert_eq!(
        flists(&names.history("new").await),
        1 + 2 + 7,
        "one before, two of its own, renamings"
    );
    assert_eq!(flists(&names.history("old").await), 1, "of its earlier life");
}

#[tokio::test]
async fn nothing_is_renamed_onto_what_is_there() {
    let names = Names::new().await;
    names.publish("one", "1").await.unwrap();
    names.publish("two", "2").await.unwrap();
    names.tag("stable", "base", "alice/one").await.unwrap();
    for there in ["two", "stable"] {
        let error = names.rename("one", there).await.unwrap_err();
        assert!(matches!(error, CatalogError::Taken { .. }), "{error:?}");
    }
    assert!(names.rename("one", "one").await.unwrap());
    assert_eq!(names.history("one").await.len(), 1);
    assert!(names.rename("stable", "newest").await.unwrap());
    assert_eq!(names.members("newest").await, ["base -> alice/one"]);
    assert_eq!(names.members("stable").await, [""; 0]);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing() {
    let mut names = Names::new().await;
    names.publish("base", "one").await.unwrap();
    names.publish("base", "two").await.unwrap();
    names.tag("stable", "x", "alice/base").await.unwrap();
    let at = |revision| Condition { if_match: Some(vec![revision]), if_none_match: None };
    names.condition = at(1);
    for outcome in [
        names.publish("base", "three").await,
        names.promote("base", "two").await,
        names.delete("base").await,
        names.rename("base", "other").await,
        names.link("none", "alice/base").await,
    ] {
        assert!(matches!(outcome, Err(CatalogError::Precondition { .. })), "{outcome:?}");
    }
    names.condition = at(9);
    for outcome in [names.tag("stable", "y", "alice/base").await, names.untag("stable", "x").await]
    {
        assert!(matches!(outcome, Err(CatalogError::Precondition { .. })), "{outcome:?}");
    }
    names.condition = Condition { if_match: None, if_none_match: Some(Vec::new()) };
    let outcome = names.publish("base", "three").await;
    assert!(matches!(outcome, Err(CatalogError::Precondition { .. })), "{outcome:?}");
    assert_eq!(names.history("base").await.len(), 2);
    names.condition = at(2);
    names.publish("base", "three").await.unwrap();
    assert_eq!(names.history("base").await.len(), 3);
}

#[tokio::test]
async fn a_dry_run_tells_and_keeps_nothing() {
    let mut names = Names::new().await;
    names.publish("base", "one").await.unwrap();
    names.tag("stable", "x", "alice/base").await.unwrap();
    let generation = names.catalog.names_generation();
    names.dry_run = true;
    assert!(names.publish("new", "two").await.unwrap());
    assert!(names.link("latest", "alice/base").await.unwrap());
    assert!(names.rename("base", "other").await.unwrap());
    assert!(names.tag("stable", "y", "alice/base").await.unwrap());
    assert!(matches!(names.tag("base", "y", "alice/base").await, Err(CatalogError::Taken { .. })));
    assert_eq!(names.catalog.names_generation(), generation);
    let there = names.catalog.names(names.repository_id, "", 10).await.unwrap();
    assert_eq!(there.iter().map(|name| &*name.name).collect::<Vec<_>>(), ["base", "stable"]);
    assert_eq!(names.members("stable").await, ["x -> alice/base"]);
    assert_eq!(names.history("base").await.len(), 1);
}

#[tokio::test]
async fn a_promotion_to_what_is_there_changes_nothing() {
    let names = Names::new().await;
    assert!(names.promote("base", "one").await.unwrap());
    let generation = names.catalog.names_generation();
    assert!(!names.promote("base", "one").await.unwrap());
    assert_eq!(names.catalog.names_generation(), generation);
    assert!(names.promote("base", "two").await.unwrap());
    assert_ne!(names.catalog.names_generation(), generation);
    assert_eq!(names.history("base").await.len(), 2);
}
