//! Searches while items come, change and go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flisthub_storage::Kind;

use super::ItemQuery;
use super::counted::remembered_as;
use super::stage::{Stage, composed, draft, query};
use crate::stac::{Direction, Draft, SortKey};

/// An item that says of which flist it is.
fn of(flist: &str, title: &str) -> Draft {
    let id = Kind::Manifest.id_of(flist.as_bytes());
    Draft { document: format!("{{\"of\":\"{id}\"}}"), title: title.into(), ..draft(&["a"]) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_neither_skip_nor_double_what_stays() {
    let stage = Arc::new(Stage::new().await);
    for number in 0..30 {
        let (name, title) = (format!("stays{number:02}"), format!("{number:02}"));
        stage.publish((0, &name), "one", &composed(of("one", &title))).await.unwrap();
    }
    let done = Arc::new(AtomicBool::new(false));
    let writer = |repository: usize| {
        let (stage, done) = (Arc::clone(&stage), Arc::clone(&done));
        tokio::spawn(async move {
            let mut round = 0;
            while !done.load(Ordering::SeqCst) {
                round += 1;
                let (name, flist) = (format!("goes{}", round % 7), format!("f{round}"));
                let title = format!("{:02}", round % 40);
                let item = composed(of(&flist, &title));
                stage.publish((repository, &name), &flist, &item).await.unwrap();
                if round % 3 == 0 {
                    stage.delete((repository, &name)).await;
                }
            }
            round
        })
    };
    let writers = [writer(0), writer(0)];
    for (key, direction) in [
        (SortKey::Id, Direction::Ascending),
        (SortKey::Title, Direction::Descending),
        (SortKey::Datetime, Direction::Ascending),
    ]
    .repeat(5)
    {
        let mut asked = ItemQuery { sort: vec![(key, direction)], limit: 4, ..query(&["a"]) };
        let mut stayed = Vec::new();
        loop {
            let page = stage.catalog.search_items(&asked).await.unwrap();
            for row in page.rows {
                // Whole, and of the flist that the name points at.
                assert_eq!(row.document, format!("{{\"of\":\"{}\"}}", row.flist));
                if row.name.starts_with("stays") {
                    stayed.push(row.name);
                }
            }
            let Some(next) = page.next else { break };
            asked.after = Some(next);
        }
        stayed.sort();
        let all: Vec<String> = (0..30).map(|number| format!("stays{number:02}")).collect();
        assert_eq!(stayed, all, "{key:?} {direction:?}");
    }
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_number_of_matches_is_that_of_the_page_while_items_change() {
    let stage = Arc::new(Stage::new().await);
    let done = Arc::new(AtomicBool::new(false));
    let reader = || {
        let (stage, done) = (Arc::clone(&stage), Arc::clone(&done));
        tokio::spawn(async move {
            let all = ItemQuery { limit: 50, ..query(&["a"]) };
            let tagged = ItemQuery { tags: vec!["even".to_owned()], ..all.clone() };
            // Shorter than what there is, so that it is counted by itself.
            let counted = ItemQuery { limit: 5, ..query(&["replaced"]) };
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::SeqCst) {
                let page = stage.catalog.search_items(&counted).await.unwrap();
                assert_eq!((page.matched, page.rows.len()), (13, 5));
                for asked in [&all, &tagged] {
                    let page = stage.catalog.search_items(asked).await.unwrap();
                    assert_eq!(page.matched, page.rows.len() as u64, "{:?}", asked.tags);
                    seen.insert(page.matched);
                }
            }
            seen.len()
        })
    };
    let replace = async |round: u32, flist: &str| {
        let (name, item) = (format!("same{}", round % 13), composed(draft(&["replaced"])));
        stage.publish((0, &name), flist, &item).await.unwrap();
    };
    for round in 0..13 {
        replace(round, "first").await;
    }
    let readers = [reader(), reader(), reader()];
    for round in 0..300_u32 {
        let (name, flist) = (format!("name{}", round % 13), format!("f{round}"));
        replace(round, &flist).await;
        let tags = if round % 2 == 0 { vec!["even".to_owned()] } else { Vec::new() };
        let item = composed(Draft { tags, ..of(&flist, "title") });
        stage.publish((0, &name), &flist, &item).await.unwrap();
        if round % 3 == 0 {
            stage.delete((0, &format!("name{}", (round + 5) % 13))).await;
        }
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 1, "nothing was seen to change");
    }
}

#[tokio::test]
async fn what_was_counted_is_not_taken_while_a_change_is_committed() {
    let stage = Stage::new().await;
    stage.publish((0, "scene"), "one", &composed(draft(&["a"]))).await.unwrap();
    let (asked, counted) = (query(&["a"]), &stage.catalog.counted);
    let matched = async || stage.catalog.search_items(&asked).await.unwrap().matched;
    assert_eq!(matched().await, 1);
    // What is remembered is told, so that one sees whether it is looked for.
    let known = remembered_as(&asked, counted.stars());
    counted.remember_query(known, stage.catalog.names_generation(), 99);
    assert_eq!(matched().await, 99);
    stage.catalog.committing.fetch_add(1, Ordering::SeqCst);
    assert_eq!(matched().await, 1, "nobody knows of which state the other number is");
    stage.catalog.committing.fetch_sub(1, Ordering::SeqCst);
    assert_eq!(matched().await, 99, "and what is counted meanwhile is not remembered");
    stage.publish((0, "other"), "two", &composed(draft(&["a"]))).await.unwrap();
    assert_eq!(matched().await, 2);
}
