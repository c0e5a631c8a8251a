//! Items follow their names: published, renamed, deleted, hidden.

use std::collections::BTreeSet;

use super::stage::{Stage, basis, composed, draft, query, set_by_api};
use super::{Basis, Composed, ItemQuery, Readable};
use crate::auth::Visibility;
use crate::catalog::{Actor, CatalogError, Checksum, Source};
use crate::name::FlistName;
use crate::stac::{Bounds, Draft, Interval, Place, Words};
use flisthub_storage::Kind;

#[tokio::test]
async fn an_item_is_what_its_name_points_at() {
    let stage = Stage::new().await;
    let first = composed(draft(&["dataset", "processor"]));
    stage.publish((0, "scene"), "one", &first).await.unwrap();
    let all = query(&["dataset", "processor"]);
    let both = ["dataset/public/scene", "processor/public/scene"];
    assert_eq!(stage.all(&all).await, (both.map(str::to_owned).to_vec(), 2));
    let second = composed(draft(&["ai-model", "dataset"]));
    stage.publish((0, "scene"), "two", &second).await.unwrap();
    let (found, _) = stage.all(&query(&["ai-model", "dataset", "processor"])).await;
    assert_eq!(found, ["dataset/public/scene", "ai-model/public/scene"]);
    let row = stage.catalog.item("dataset", "public", "scene").await.unwrap().unwrap();
    assert_eq!((row.revision, row.predecessor), (2, Some(1)));
    assert_eq!(row.flist, Kind::Manifest.id_of(b"two"));
    // In no collection any more.
    let nothing = Composed { draft: None, ..composed(draft(&[])) };
    stage.publish((0, "scene"), "three", &nothing).await.unwrap();
    assert_eq!(stage.all(&all).await, (Vec::new(), 0));
    stage.publish((0, "scene"), "four", &first).await.unwrap();
    assert!(stage.delete((0, "scene")).await);
    assert_eq!(stage.all(&all).await, (Vec::new(), 0));
    // After a deletion there is no revision before.
    stage.publish((0, "scene"), "five", &first).await.unwrap();
    let row = stage.catalog.item("dataset", "public", "scene").await.unwrap().unwrap();
    assert_eq!(row.predecessor, None);
}

#[tokio::test]
async fn what_is_set_and_starred_goes_with_the_name() {
    let stage = Stage::new().await;
    let set = set_by_api();
    let new = Composed { set: Some(set.clone()), ..composed(draft(&["dataset"])) };
    stage.publish((0, "scene"), "one", &new).await.unwrap();
    let (repository, user) = (stage.repositories[0].id, stage.user.id);
    assert!(stage.catalog.star((repository, "scene"), user, true).await.unwrap());
    assert!(!stage.catalog.star((repository, "scene"), user, true).await.unwrap());
    assert!(!stage.catalog.star((repository, "none"), user, true).await.unwrap());
    let (from, to) = (FlistName::parse("scene").unwrap(), FlistName::parse("place").unwrap());
    let by = Actor::of(&stage.user);
    let change = stage.change(0, &from, &by, Source::Rename);
    // Without its item, or with one that was made of something else, it is not renamed.
    let flist = Kind::Manifest.id_of(b"one");
    let old = composed(draft(&["dataset"]));
    for item in [None, Some((flist, &old)), Some((Kind::Manifest.id_of(b"two"), &old))] {
        let refused = stage.catalog.rename_item(&change, &to, item).await;
        assert!(matches!(refused, Err(CatalogError::StaleItem)), "{refused:?}");
    }
    let basis = stage.catalog.item_basis(repository, "scene", false).await.unwrap();
    assert_eq!(basis.settings.as_ref().map(|known| &known.set), Some(&set));
    assert_eq!((basis.created, basis.updated), (Some(10), Some(10)));
    let current = Composed { basis: basis.basis(10), ..old };
    stage.catalog.rename_item(&change, &to, Some((flist, &current))).await.unwrap().unwrap();
    assert_eq!(stage.catalog.item("dataset", "public", "scene").await.unwrap(), None);
    let row = stage.catalog.item("dataset", "public", "place").await.unwrap().unwrap();
    assert_eq!(row.stars, 1);
    let kept = stage.catalog.item_settings(repository, "place").await.unwrap().unwrap();
    assert_eq!(kept.set, set);
    assert_eq!(stage.catalog.stars(repository, "place", Some(user)).await.unwrap(), (1, true));
    assert!(stage.catalog.star((repository, "place"), user, false).await.unwrap());
    assert_eq!(stage.catalog.stars(repository, "place", None).await.unwrap(), (0, false));
}

#[tokio::test]
async fn an_item_that_was_made_of_something_else_is_refused() {
    let stage = Stage::new().await;
    let item = composed(draft(&["dataset"]));
    stage.publish((0, "scene"), "one", &item).await.unwrap();
    let repository = &stage.repositories[0];
    let categories = ["dataset".to_owned()];
    let by = Actor::of(&stage.user);
    stage.catalog.set_repository_categories(repository, &categories, &by, 3).await.unwrap();
    let refused = stage.publish((0, "scene"), "two", &item).await;
    assert!(matches!(refused, Err(CatalogError::StaleItem)), "{refused:?}");
    let row = stage.catalog.item("dataset", "public", "scene").await.unwrap().unwrap();
    assert_eq!(row.revision, 1, "nothing has changed");
    let basis = Basis { categories: categories.to_vec(), ..basis() };
    stage.publish((0, "scene"), "two", &Composed { basis, ..item }).await.unwrap();
    assert_eq!(stage.catalog.repository_categories(repository.id).await.unwrap(), categories);
}

#[tokio::test]
async fn who_may_not_read_a_repository_finds_nothing_of_it() {
    let stage = Stage::new().await;
    for (number, tag) in (0_u8..).zip(["sea", "ice", "ice"]) {
        let place = Place {
            bounds: Bounds { west: 10.0, south: 0.0, east: 20.0, north: f64::from(number) },
            is_box: true,
            geometry: String::new(),
        };
        let interval = Some(Interval { start: Some(i64::from(number)), end: None });
        let item = draft(&["dataset"]);
        let item = Draft { tags: vec![tag.into()], place: Some(place), interval, ..item };
        stage.publish((usize::from(number), "scene"), "one", &composed(item)).await.unwrap();
    }
    let seen = async |up_to, also: &[i64]| {
        let readable = Readable { up_to, also: also.to_vec() };
        let all = ItemQuery { readable: readable.clone(), ..query(&["dataset"]) };
        let facts = stage.catalog.collection_facts(&readable).await.unwrap();
        let tags = stage.catalog.item_tags(&readable, &["dataset".into()], 10).await.unwrap();
        let tags: Vec<_> = tags.into_iter().map(|tag| (tag.tag, tag.items)).collect();
        let north = facts[0].bounds.unwrap().north;
        assert_eq!(facts[0].interval, Some(Interval { start: Some(0), end: None }));
        (stage.all(&all).await.0.len(), north, tags)
    };
    let (sea, ice) = (("sea".to_owned(), 1), |items| ("ice".to_owned(), items));
    assert_eq!(seen(Visibility::Public, &[]).await, (1, 0.0, vec![sea.clone()]));
    let (private, internal) = (stage.repositories[2].clone(), stage.repositories[1].clone());
    assert_eq!(seen(Visibility::Public, &[private.id]).await, (2, 2.0, vec![ice(1), sea.clone()]));
    assert_eq!(seen(Visibility::Internal, &[]).await, (2, 1.0, vec![ice(1), sea.clone()]));
    assert_eq!(seen(Visibility::Private, &[]).await, (3, 2.0, vec![ice(2), sea.clone()]));
    let by = Actor::of(&stage.user);
    stage.catalog.set_visibility(&internal, Visibility::Private, &by, 4).await.unwrap();
    assert_eq!(seen(Visibility::Internal, &[]).await, (1, 0.0, vec![sea]));
}

/// Many words, and that one between each two of them.
fn words_and(long: &str) -> String {
    let words: Vec<String> = (0..300).map(|number| format!("w{number} {long} ")).collect();
    words.concat()
}

#[tokio::test]
async fn hostile_drafts_are_cut_to_what_an_index_takes() {
    let stage = Stage::new().await;
    let long = "x".repeat(20_000);
    let item = Draft {
        title: format!("{long}\0"),
        text: words_and(&long),
        tags: vec![long.clone(), "a\0b".into(), "same".into(), "same".into()],
        ..draft(&["dataset"])
    };
    stage.publish((0, "scene"), "one", &composed(item)).await.unwrap();
    let words = |words: &[&str]| {
        let phrase = words.iter().map(|&word| word.to_owned()).collect();
        let words = Some(Words::Phrase(phrase));
        ItemQuery { words, ..query(&["dataset"]) }
    };
    assert_eq!(stage.all(&words(&["w0", &long, "w1"])).await.1, 1);
    assert_eq!(stage.all(&words(&["w1", "w0"])).await.1, 0);
    for tag in [long.as_str(), "a\0b", "same"] {
        let tagged = ItemQuery { tags: vec![tag.into()], ..query(&["dataset"]) };
        assert_eq!(stage.all(&tagged).await.1, 1);
    }
    for hostile in ["", "%", "a' or '1'='1", "\" OR \"", "{not base64}"] {
        let words = words(&[hostile]);
        assert_eq!(stage.all(&words).await.1, 0, "{hostile}");
        let after = Some(hostile.to_owned());
        let cursor = ItemQuery { after, ..query(&["dataset"]) };
        let refused = stage.catalog.search_items(&cursor).await;
        assert!(matches!(refused, Err(CatalogError::BadCursor)), "{hostile}");
    }
}

#[tokio::test]
async fn checksums_are_kept_once() {
    let stage = Stage::new().await;
    let content = Kind::Manifest.id_of(b"one");
    let checksum = Checksum { content, sha256: [7; 32] };
    let [here, there] = [0, 1].map(|number: usize| stage.repositories[number].id);
    let others = (0..1_200_u32).map(|number| Kind::Manifest.id_of(&number.to_le_bytes()));
    let asked: Vec<_> = others.chain([content]).collect();
    assert!(stage.catalog.checksums(here, &asked).await.unwrap().is_empty());
    stage.catalog.keep_checksums(here, &[checksum, checksum]).await.unwrap();
    // What one repository has nobody learns in another.
    assert!(stage.catalog.checksums(there, &asked).await.unwrap().is_empty());
    let known = stage.catalog.checksums(here, &asked).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [(content, [7; 32])]);
}

#[tokio::test]
async fn checksums_of_a_repository_have_an_end() {
    let stage = Stage::new().await;
    let [here, there] = [0, 1].map(|number: usize| stage.repositories[number].id);
    let checksum = |number: u32| Checksum {
        content: Kind::Manifest.id_of(&number.to_le_bytes()),
        sha256: [7; 32],
    };
    let all: Vec<Checksum> = (0..70).map(checksum).collect();
    let contents: Vec<_> = all.iter().map(|checksum| checksum.content).collect();
    stage.catalog.keep_checksums(there, &all[..50]).await.unwrap();
    let mut gone = BTreeSet::new();
    for _ in 0..20 {
        stage.catalog.keep_checksums(here, &all).await.unwrap();
        let known = stage.catalog.checksums(here, &contents).await.unwrap();
        assert_eq!(known.len(), 50);
        gone.extend(contents.iter().filter(|content| !known.contains_key(content)).copied());
    }
    assert!(gone.len() > 20, "the same ones go each time");
    assert_eq!(stage.catalog.checksums(there, &contents).await.unwrap().len(), 50);
}
