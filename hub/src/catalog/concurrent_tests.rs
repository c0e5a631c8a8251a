//! Many changes at once, over many connections and two catalogs: none is lost and none is made twice.

use std::collections::BTreeSet;

use flisthub_storage::Kind;

use super::postgres::location;
use super::{
    Actor, Catalog, CatalogError, Change, Condition, FlistRow, NewRepository, NewToken, Source,
};
use crate::auth::{Scope, TokenKind, Visibility};
use crate::name::{FlistName, RepositoryName};

const TASKS: u64 = 24;
const EACH: u64 = 8;

/// Publishes `shared` and a name of its own, again and again; gives the revisions of `shared` that it was told.
async fn publish(catalog: Catalog, repository_id: i64, by: Actor, task: u64) -> Vec<u64> {
    let (own, shared) = (FlistName::parse(&format!("own{task}")), FlistName::parse("shared"));
    let mut told = Vec::new();
    for round in 0..EACH {
        for name in [own.as_ref().unwrap(), shared.as_ref().unwrap()] {
            let id = Kind::Manifest.id_of(format!("{name} {task} {round}").as_bytes());
            let (condition, source) = (&Condition::NONE, Source::Push);
            let by = &by;
            let change = Change {
                repository_id,
                name,
                by,
                source,
                detail: None,
                condition,
                dry_run: false,
                now: 9,
            };
            let row = FlistRow { id, entries: task, bytes: round };
            let written = catalog.publish(&change, &row).await.unwrap();
            if name.as_str() == "shared" {
                told.push(written.named.revision);
            }
        }
    }
    told
}

async fn revisions(catalog: &Catalog, repository_id: i64, name: &str) -> Vec<u64> {
    let name = FlistName::parse(name).unwrap();
    let rows = catalog.history(repository_id, &name, None, 100_000).await.unwrap();
    let flists: BTreeSet<_> = rows.iter().map(|row| row.flist).collect();
    assert_eq!(flists.len(), rows.len(), "each was published once");
    rows.iter().rev().map(|row| row.revision).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_publishes_lose_and_double_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = location(directory.path());
    let (one, other) = (Catalog::at(&place).await.unwrap(), Catalog::at(&place).await.unwrap());
    let alice = RepositoryName::parse("alice").unwrap();
    let by = Actor::of(&one.make_user(&alice, 1).await.unwrap());
    let repository = one.repository(&alice).await.unwrap().unwrap().id;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let catalog = if task % 2 == 0 { one.clone() } else { other.clone() };
            tokio::spawn(publish(catalog, repository, by.clone(), task))
        })
        .collect();
    let mut told = Vec::new();
    for task in tasks {
        let revisions = task.await.unwrap();
        assert!(revisions.is_sorted());
        told.extend(revisions);
    }
    told.sort_unstable();
    let all: Vec<u64> = (1..=TASKS * EACH).collect();
    assert_eq!(told, all, "what publishers were told");
    assert_eq!(revisions(&one, repository, "shared").await, all);
    for task in 0..TASKS {
        let own = revisions(&other, repository, &format!("own{task}")).await;
        assert_eq!(own, (1..=EACH).collect::<Vec<_>>());
    }
    let counted: i64 =
        sqlx::query_scalar("select count(*) from audit_log where action = 'publish'")
            .fetch_one(&one.pool)
            .await
            .unwrap();
    let pushed: i64 =
        sqlx::query_scalar("select count(*) from name_history").fetch_one(&one.pool).await.unwrap();
    assert_eq!(pushed, i64::try_from(2 * TASKS * EACH).unwrap());
    assert!(counted == 0 || counted == pushed, "{counted} audit rows");
}

/// Of many who want the same, and only if it is not there, one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_condition_holds_for_one_of_many() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    let alice = RepositoryName::parse("alice").unwrap();
    let by = Actor::of(&catalog.make_user(&alice, 1).await.unwrap());
    let repository_id = catalog.repository(&alice).await.unwrap().unwrap().id;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (catalog, by) = (catalog.clone(), by.clone());
            tokio::spawn(async move {
                let name = FlistName::parse("one").unwrap();
                let condition = Condition { if_none_match: Some(Vec::new()), ..Condition::NONE };
                let (name, by, condition) = (&name, &by, &condition);
                let source = Source::Push;
                let change = Change {
                    repository_id,
                    name,
                    by,
                    source,
                    detail: None,
                    condition,
                    dry_run: false,
                    now: 9,
                };
                let id = Kind::Manifest.id_of(&task.to_be_bytes());
                match catalog.publish(&change, &FlistRow { id, entries: 1, bytes: 1 }).await {
                    Ok(_) => true,
                    Err(CatalogError::Precondition { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += u64::from(task.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(revisions(&catalog, repository_id, "one").await, [1]);
}

/// However many ask at once, nobody gets more than may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bounds_hold_for_many_at_once() {
    const MOST: u64 = 3;
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    let alice = RepositoryName::parse("alice").unwrap();
    let user = catalog.make_user(&alice, 1).await.unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (catalog, user) = (catalog.clone(), user.clone());
            tokio::spawn(async move {
                let by = Actor::of(&user);
                let token = NewToken {
                    user_id: user.id,
                    hash: *blake3::hash(&task.to_be_bytes()).as_bytes(),
                    kind: TokenKind::Api,
                    label: String::new(),
                    scope: Scope::Read,
                    only: None,
                    expires: None,
                };
                let token = catalog.create_token_within(&token, MOST, &by, 9).await.unwrap();
                let name = RepositoryName::parse(&format!("repository{task}")).unwrap();
                let (visibility, creator_id) = (Visibility::Private, user.id);
                let new = NewRepository { name: &name, visibility, creator_id };
                let made = catalog.create_repository_within(&new, MOST, &by, 9).await.unwrap();
                (u64::from(token.is_some()), u64::from(made.is_some()))
            })
        })
        .collect();
    // A user has one repository to begin with.
    let (mut tokens, mut repositories) = (0, 1);
    for task in tasks {
        let (token, repository) = task.await.unwrap();
        tokens += token;
        repositories += repository;
    }
    assert_eq!((tokens, repositories), (MOST, MOST));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_of_a_file_do_not_wait_for_writers_that_do() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&directory.path().join("catalog.db")).await.unwrap();
    let first = catalog.write().await.unwrap();
    let (begins, mut seen) = tokio::sync::mpsc::channel(64);
    let waiting: Vec<_> = (0..64)
        .map(|task| {
            let (catalog, begins) = (catalog.clone(), begins.clone());
            tokio::spawn(async move {
                begins.send(()).await.unwrap();
                let name = RepositoryName::parse(&format!("user{task}")).unwrap();
                catalog.make_user(&name, 1).await.unwrap();
            })
        })
        .collect();
    for _ in &waiting {
        seen.recv().await.unwrap();
    }
    // Were the connections that read among those that wait, this would fail once all have waited for long enough.
    for _ in 0..8 {
        catalog.ping().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(waiting.iter().all(|task| !task.is_finished()), "one writes at a time");
    first.rollback().await.unwrap();
    for task in waiting {
        task.await.unwrap();
    }
}
