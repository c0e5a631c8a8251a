//! That what a walk leaves out is what has nothing, as long as that is so.

use std::sync::Arc;

use flisthub_cql2::Filter;
use serde_json::{Value, json};

use super::ItemQuery;
use super::lacking::{Lacking, TIMED};
use super::stage::{Stage, composed, draft, query};
use crate::stac::{Direction, Draft, ItemFilter, SortKey};

fn asked(filter: &str) -> ItemQuery {
    let filter = ItemFilter::new(Filter::from_text(filter).unwrap()).unwrap();
    ItemQuery { filter: Some(Arc::new(filter)), ..query(&["clouds", "models"]) }
}

async fn publish(stage: &Stage, name: &str, collection: &str, properties: Value) {
    let document = json!({ "properties": properties }).to_string();
    let item = composed(Draft { document, ..draft(&[collection]) });
    stage.publish((0, name), name, &item).await.unwrap();
}

/// So many with clouds that they are walked over, and some in another collection that have none.
async fn published() -> Stage {
    let stage = Stage::new().await;
    for number in 0..30 {
        publish(&stage, &format!("c{number}"), "clouds", json!({"eo:cloud_cover": 5})).await;
    }
    for number in 0..3 {
        publish(&stage, &format!("m{number}"), "models", json!({"platform": "a"})).await;
    }
    stage
}

/// Which collections are left out.
async fn lacking(stage: &Stage, filter: &str) -> Vec<&'static str> {
    let (catalog, query) = (&stage.catalog, asked(filter));
    let deadline = catalog.deadline();
    let mut reading = catalog.read_until(&deadline).await.unwrap();
    let collections = ["clouds", "models"].map(str::to_owned).into();
    let generation = catalog.settled_generation();
    let of = (&query, &collections);
    let lacking = Lacking::of(catalog, &mut reading, of, generation, deadline).await.unwrap();
    let is_left_out = |one: &&str| TIMED.iter().all(|timed| lacking.has(one, *timed));
    ["clouds", "models"].into_iter().filter(is_left_out).collect()
}

#[tokio::test]
async fn what_has_no_value_is_left_out_where_one_is_needed() {
    let stage = published().await;
    for (filter, expected) in [
        ("eo:cloud_cover < 50", &["models"][..]),
        ("eo:cloud_cover < 50 AND platform = 'a'", &["clouds", "models"]),
        ("eo:cloud_cover < 50 OR platform = 'a'", &[]),
        ("NOT eo:cloud_cover < 2", &["models"]),
        ("eo:cloud_cover IS NULL", &[]),
        ("eo:cloud_cover IS NOT NULL", &["models"]),
        ("gsd = eo:cloud_cover", &["clouds", "models"]),
        ("own = 1", &[]),
        ("eo:cloud_cover < 50 AND own = 1", &["models"]),
    ] {
        assert_eq!(lacking(&stage, filter).await, expected, "{filter}");
        // What was found out is the same when it is remembered.
        assert_eq!(lacking(&stage, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn what_is_published_then_is_found_at_once() {
    let stage = published().await;
    let all = asked("eo:cloud_cover < 50");
    assert_eq!(stage.all(&all).await.1, 30);
    // Nobody looks again where nothing is known to have changed.
    let sql = "update _item_values set eo_cloud_cover = 7 where platform = 'a'";
    sqlx::query(sql).execute(&stage.catalog.pool).await.unwrap();
    assert_eq!(stage.all(&all).await.0.len(), 30);
    publish(&stage, "m9", "models", json!({"eo:cloud_cover": 9})).await;
    assert_eq!(stage.all(&all).await.0.len(), 34);
    // A value that stands only in the document is one, too.
    let stage = published().await;
    assert_eq!(stage.all(&asked("NOT eo:cloud_cover = 4")).await.0.len(), 30);
    publish(&stage, "m9", "models", json!({"eo:cloud_cover": 9_007_199_254_740_993_u64})).await;
    assert_eq!(stage.all(&asked("NOT eo:cloud_cover = 4")).await.0.len(), 31);
}

/// Statements of one text have as many places as values: PostgreSQL keeps them by their text.
#[tokio::test]
async fn searches_that_leave_out_different_collections_do_not_meet() {
    let stage = published().await;
    let with = |collections: &[&str], sort| {
        let collections = collections.iter().map(|&one| one.to_owned()).collect();
        ItemQuery { collections, sort, ..asked("eo:cloud_cover < 50") }
    };
    for sort in [vec![], vec![(SortKey::Title, Direction::Ascending)]] {
        for _ in 0..20 {
            for collections in [&["clouds"][..], &["clouds", "models"], &["models"]] {
                let found = stage.all(&with(collections, sort.clone())).await.1;
                assert_eq!(found, if collections == ["models"] { 0 } else { 30 });
            }
        }
    }
}
