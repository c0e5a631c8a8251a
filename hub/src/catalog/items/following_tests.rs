//! What follows a name and its repository through changes: what was set and starred, collections, checksums, marks.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flisthub_storage::Kind;
use serde_json::{Value, json};

use super::settings::leaving;
use super::stage::{Stage, basis, composed, draft, query, set_by_api};
use super::{Basis, Composed, ItemQuery, Pending, pending};
use crate::catalog::dialect::Dialect;
use crate::catalog::{Actor, CatalogError, Checksum, FlistRow, Source};
use crate::name::FlistName;
use crate::stac::{Bounds, Draft, Place};

fn inherited(collections: &[&str]) -> Draft {
    Draft { inherits: true, ..draft(collections) }
}

async fn pending(stage: &Stage) -> Vec<(bool, String)> {
    let marked = stage.catalog.pending_items(None, 10).await.unwrap();
    marked.into_iter().map(|Pending { sums, name, .. }| (sums, name)).collect()
}

#[tokio::test]
async fn an_undelete_or_a_rollback_brings_back_what_was_set_and_starred() {
    let stage = Stage::new().await;
    let set = set_by_api();
    let new = Composed { set: Some(set.clone()), ..composed(draft(&["dataset"])) };
    stage.publish((0, "scene"), "one", &new).await.unwrap();
    let (repository, user) = (stage.repositories[0].id, stage.user.id);
    assert!(stage.catalog.star((repository, "scene"), user, true).await.unwrap());
    assert!(stage.delete((0, "scene")).await);
    // Of a name that is gone nothing counts, but for who brings it back.
    let basis_of = async |back| stage.catalog.item_basis(repository, "scene", back).await.unwrap();
    assert_eq!(basis_of(false).await.settings, None);
    let before = basis_of(true).await;
    assert_eq!(before.settings.as_ref().map(|known| &known.set), Some(&set));
    let (name, by) = (FlistName::parse("scene").unwrap(), Actor::of(&stage.user));
    let change = stage.change(0, &name, &by, Source::Undelete);
    let row = FlistRow { id: Kind::Manifest.id_of(b"one"), entries: 1, bytes: 1 };
    let back = Composed { basis: before.basis(10), ..composed(draft(&["dataset"])) };
    let stars = async || {
        let item = stage.catalog.item("dataset", "public", "scene").await.unwrap();
        item.unwrap().stars
    };
    stage.catalog.publish_item(&change, &row, Some(&back)).await.unwrap();
    assert_eq!(stars().await, 1);
    // A rollback brings a name back that is gone, as well.
    assert!(stage.delete((0, "scene")).await);
    let change = stage.change(0, &name, &by, Source::Rollback);
    stage.catalog.publish_item(&change, &row, Some(&back)).await.unwrap();
    assert_eq!(stars().await, 1);
    let kept = stage.catalog.item_settings(repository, "scene").await.unwrap();
    assert_eq!(kept.map(|known| known.set), Some(set));
    // Made anew it is another one.
    assert!(stage.delete((0, "scene")).await);
    stage.publish((0, "scene"), "two", &composed(draft(&["dataset"]))).await.unwrap();
    assert_eq!(stars().await, 0);
    assert_eq!(stage.catalog.item_settings(repository, "scene").await.unwrap(), None);
}

#[tokio::test]
async fn what_was_set_of_a_name_goes_when_no_undelete_brings_it_back() {
    let stage = Stage::new().await;
    let set = set_by_api();
    let new = Composed { set: Some(set), ..composed(draft(&["dataset"])) };
    let repository = stage.repositories[0].id;
    for name in ["stays", "goes"] {
        stage.publish((0, name), "one", &new).await.unwrap();
        assert!(stage.catalog.star((repository, name), stage.user.id, true).await.unwrap());
    }
    assert!(stage.delete((0, "goes")).await);
    let kept = async |name| {
        let set = stage.catalog.item_settings(repository, name).await.unwrap();
        (set.is_some(), stage.catalog.stars(repository, name, None).await.unwrap().0)
    };
    // It was deleted at 10.
    stage.catalog.deleting(10).await.unwrap();
    assert_eq!((kept("stays").await, kept("goes").await), ((true, 1), (true, 1)));
    stage.catalog.deleting(11).await.unwrap();
    assert_eq!((kept("stays").await, kept("goes").await), ((true, 1), (false, 0)));
}

#[tokio::test]
async fn a_rename_leaves_nothing_of_who_had_the_name_before() {
    let stage = Stage::new().await;
    let set = set_by_api();
    let new = Composed { set: Some(set), ..composed(draft(&["dataset"])) };
    stage.publish((0, "place"), "one", &new).await.unwrap();
    let repository = stage.repositories[0].id;
    assert!(stage.catalog.star((repository, "place"), stage.user.id, true).await.unwrap());
    assert!(stage.delete((0, "place")).await);
    stage.publish((0, "scene"), "two", &composed(draft(&["dataset"]))).await.unwrap();
    let (from, to) = (FlistName::parse("scene").unwrap(), FlistName::parse("place").unwrap());
    let by = Actor::of(&stage.user);
    let change = stage.change(0, &from, &by, Source::Rename);
    let item = composed(draft(&["dataset"]));
    let item = Some((Kind::Manifest.id_of(b"two"), &item));
    stage.catalog.rename_item(&change, &to, item).await.unwrap().unwrap();
    assert_eq!(stage.catalog.item_settings(repository, "place").await.unwrap(), None);
    assert_eq!(stage.catalog.stars(repository, "place", None).await.unwrap(), (0, false));
}

#[tokio::test]
async fn items_leave_with_their_repository_and_are_marked() {
    let stage = Stage::new().await;
    let both = Basis { categories: vec!["a".into(), "b".into()], ..basis() };
    let (repository, by) = (stage.repositories[0].clone(), Actor::of(&stage.user));
    let set = async |categories: &[&str]| {
        let categories: Vec<String> = categories.iter().map(|&it| it.to_owned()).collect();
        stage.catalog.set_repository_categories(&repository, &categories, &by, 3).await.unwrap();
    };
    set(&["a", "b"]).await;
    let follows = Composed { basis: both.clone(), ..composed(inherited(&["a", "b"])) };
    let says = Composed { basis: both, ..composed(draft(&["a", "b"])) };
    stage.publish((0, "follows"), "one", &follows).await.unwrap();
    stage.publish((0, "says"), "two", &says).await.unwrap();
    assert_eq!(pending(&stage).await, []);
    set(&["b"]).await;
    let (found, matched) = stage.all(&query(&["a", "b"])).await;
    assert!(!found.contains(&"a/public/follows".to_owned()), "{found:?}");
    assert_eq!((found.len(), matched), (3, 3));
    let (follows, says) = ("follows".to_owned(), "says".to_owned());
    assert_eq!(pending(&stage).await, [(false, follows.clone()), (false, says.clone())]);
    // Written again, it is not marked any more; without checksums it is, as the last one.
    let one = Basis { categories: vec!["b".into()], ..basis() };
    let lacks = Composed { basis: one.clone(), lacking: true, ..composed(inherited(&["b"])) };
    stage.publish((0, "follows"), "one", &lacks).await.unwrap();
    assert_eq!(pending(&stage).await, [(false, says.clone()), (true, follows.clone())]);
    let marked = stage.catalog.pending_items(None, 1).await.unwrap();
    let after = stage.catalog.pending_items(marked.first(), 10).await.unwrap();
    assert_eq!(after.into_iter().map(|it| it.name).collect::<Vec<_>>(), [follows]);
    stage.catalog.give_up_item(repository.id, "says").await.unwrap();
    assert!(stage.delete((0, "follows")).await);
    assert_eq!(pending(&stage).await, []);
    // Another configuration marks all names, once.
    stage.catalog.items_are_of("one", false).await.unwrap();
    assert_eq!(pending(&stage).await, [(false, says.clone())]);
    stage.catalog.give_up_item(repository.id, "says").await.unwrap();
    stage.catalog.items_are_of("one", false).await.unwrap();
    assert_eq!(pending(&stage).await, []);
    stage.catalog.items_are_of("one", true).await.unwrap();
    assert_eq!(pending(&stage).await, [(false, says)]);
}

#[tokio::test]
async fn an_item_says_the_time_of_its_names_change() {
    let stage = Stage::new().await;
    let late = Basis { published: 11, ..basis() };
    let late = Composed { basis: late, ..composed(draft(&["dataset"])) };
    let refused = stage.publish((0, "scene"), "one", &late).await;
    assert!(matches!(refused, Err(CatalogError::StaleItem)), "{refused:?}");
}

#[tokio::test]
async fn the_revision_before_is_one_of_the_collection() {
    let stage = Stage::new().await;
    stage.publish((0, "scene"), "one", &composed(draft(&["a"]))).await.unwrap();
    let both = composed(draft(&["a", "b"]));
    stage.publish((0, "scene"), "two", &both).await.unwrap();
    let predecessor = async |collection| {
        stage.catalog.item(collection, "public", "scene").await.unwrap().unwrap().predecessor
    };
    assert_eq!((predecessor("a").await, predecessor("b").await), (Some(1), None));
    // Composed again it is the same.
    let (name, by) = (FlistName::parse("scene").unwrap(), Actor::of(&stage.user));
    let change = stage.change(0, &name, &by, Source::Push);
    let flist = Kind::Manifest.id_of(b"two");
    let checksums = vec![Checksum { content: flist, sha256: [7; 32] }];
    let again = Composed { checksums, ..both };
    assert!(stage.catalog.recompose(&change, flist, &again).await.unwrap());
    assert_eq!((predecessor("a").await, predecessor("b").await), (Some(1), None));
    let known = stage.catalog.checksums(stage.repositories[0].id, &[flist]).await.unwrap();
    assert_eq!(known.get(&flist), Some(&[7; 32]));
}

#[tokio::test]
async fn a_cursor_does_not_show_how_many_items_there_are() {
    let stage = Stage::new().await;
    for name in ["one", "two", "three"] {
        stage.publish((0, name), name, &composed(draft(&["dataset"]))).await.unwrap();
    }
    let first = ItemQuery { limit: 1, ..query(&["dataset"]) };
    let next = stage.catalog.search_items(&first).await.unwrap().next.unwrap();
    let plain = URL_SAFE_NO_PAD.decode(&next).unwrap();
    let mut cursor: Vec<Value> = serde_json::from_slice(&plain).unwrap();
    assert!(cursor[2].as_str().is_some_and(|number| number.len() == 32), "{cursor:?}");
    // Nobody makes one up.
    cursor[2] = json!(format!("{:032x}", 1));
    let made_up = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap());
    let refused = stage.catalog.search_items(&ItemQuery { after: Some(made_up), ..first }).await;
    assert!(matches!(refused, Err(CatalogError::BadCursor)), "{refused:?}");
}

#[tokio::test]
async fn a_star_changes_nothing_that_is_remembered_but_of_stars() {
    let stage = Stage::new().await;
    stage.publish((0, "scene"), "one", &composed(draft(&["dataset"]))).await.unwrap();
    let starred = ItemQuery { starred_by: Some(stage.user.id), ..query(&["dataset"]) };
    assert_eq!(stage.all(&starred).await.1, 0);
    let generation = stage.catalog.names_generation();
    let repository = stage.repositories[0].id;
    assert!(stage.catalog.star((repository, "scene"), stage.user.id, true).await.unwrap());
    assert_eq!(stage.catalog.names_generation(), generation);
    assert_eq!(stage.all(&starred).await.1, 1);
    assert!(stage.catalog.star((repository, "scene"), stage.user.id, false).await.unwrap());
    assert_eq!(stage.all(&starred).await.1, 0);
}

#[tokio::test]
async fn a_search_whose_time_is_over_ends() {
    let stage = Stage::new().await;
    stage.publish((0, "scene"), "one", &composed(draft(&["dataset"]))).await.unwrap();
    let over = stage.catalog.deadline_at(Instant::now());
    let given_up = stage.catalog.search_until(&query(&["dataset"]), over).await;
    assert!(matches!(given_up, Err(CatalogError::SlowSearch)), "{given_up:?}");
    assert_eq!(stage.all(&query(&["dataset"])).await.1, 1, "and the next one does not");
}

#[tokio::test]
async fn ids_repositories_and_marked_names_are_looked_up_by_an_index() {
    let stage = Stage::new().await;
    if stage.catalog.location.dialect() != Dialect::Sqlite {
        // What PostgreSQL plans depends on how many rows there are.
        return;
    }
    for sql in [
        "select number from items where id in ('a/b', 'c/d')",
        "update items set visibility = 1 where repository_id = 7",
        &leaving("7", " and collection not in ('a')"),
        pending::NEXT,
    ] {
        let plan = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(plan).fetch_all(&stage.catalog.pool).await.unwrap();
        let is_walk = |step: &str| step.starts_with("SCAN") || step.contains("TEMP B-TREE");
        let walks = plan.iter().any(|(.., step)| is_walk(step));
        assert!(!walks && !plan.is_empty(), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn what_lies_on_both_sides_of_the_antimeridian_has_a_narrow_box() {
    let stage = Stage::new().await;
    for (name, (west, east), expected) in [
        ("fiji", (177.0, -178.0), (177.0, -178.0)),
        ("zealand", (166.0, 178.5), (166.0, -178.0)),
        ("samoa", (-172.75, -171.25), (166.0, -171.25)),
        ("greenwich", (-1.0, 1.0), (166.0, 1.0)),
        ("earth", (-180.0, 180.0), (-180.0, 180.0)),
    ] {
        let bounds = Bounds { west, south: -20.0, east, north: -10.0 };
        let place = Some(Place { bounds, is_box: true, geometry: String::new() });
        let item = composed(Draft { place, ..draft(&["dataset"]) });
        stage.publish((0, name), name, &item).await.unwrap();
        let readable = query(&["dataset"]).readable;
        let facts = stage.catalog.collection_facts(&readable).await.unwrap();
        let bounds = facts[0].bounds.unwrap();
        assert_eq!((bounds.west, bounds.east), expected, "with {name}");
    }
}
