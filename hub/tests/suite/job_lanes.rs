//! Jobs beside each other: lanes that do not wait for one another, one job for what is asked twice, queues
//! with an end, and what becomes of conversions when a hub stops or dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flisthub_hub::catalog::{Actor, Claim, JobState, Lane};
use flisthub_hub::config::Config;
use flisthub_hub::jobs::{self, ConvertSpec, ImageFrom, JobSpec, StartError};
use flisthub_hub::state::Hub;

use crate::jobs::{Fake, SWEEP, doing, ended, numbered, queued, running, until_told};
use crate::support::{TestHub, actor_of};

/// A conversion that differs from every other by its name.
pub(crate) fn convert(name: &str) -> ConvertSpec {
    ConvertSpec {
        user_id: 1,
        repository: "alice".into(),
        name: name.into(),
        image: "registry.example.org/app:1".into(),
        source: ImageFrom::Registry,
        platform: None,
        digest: Some("sha256:ab".into()),
        startup: false,
        categories: None,
        credentials: None,
        admin: false,
        only: None,
        member_of: Vec::new(),
        token: None,
    }
}

/// The number of a user, and a hub's conversions asked for by it.
pub(crate) async fn user(hub: &TestHub, name: &str) -> i64 {
    hub.user(name).await;
    id_of(&hub.hub, name).await
}

async fn id_of(hub: &Hub, name: &str) -> i64 {
    let name = flisthub_hub::name::RepositoryName::parse(name).unwrap();
    hub.catalog.repository(&name).await.unwrap().unwrap().creator_id
}

/// Queues a conversion, or shares one.
pub(crate) async fn shared(hub: &Hub, spec: &ConvertSpec, user: i64) -> (String, bool) {
    let spec = JobSpec::Convert(Box::new(spec.clone()));
    let (row, shared) = jobs::start_shared(hub, &spec, &actor_of(user)).await.unwrap();
    (row.id, shared)
}

async fn state(hub: &Hub, id: &str) -> JobState {
    hub.catalog.job(id).await.unwrap().unwrap().state
}

fn with(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

#[tokio::test]
async fn conversions_run_beside_upkeep_and_two_at_a_time() {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let seen = Arc::clone(&counts);
    let hub = doing(move |spec, monitor| {
        let conversion = matches!(spec, JobSpec::Convert(_));
        let count = &seen[usize::from(conversion)];
        let most = if conversion { 2 } else { 1 };
        assert!(count.fetch_add(1, Ordering::SeqCst) < most, "too many of a lane");
        let outcome = until_told(spec, monitor);
        count.fetch_sub(1, Ordering::SeqCst);
        outcome
    })
    .await;
    let alice = user(&hub, "alice").await;
    let hub = &hub.hub;
    let upkeep = [queued(hub, &SWEEP).await, queued(hub, &numbered(1)).await];
    let mut conversions = Vec::new();
    for name in ["a", "b", "c"] {
        conversions.push(shared(hub, &convert(name), alice).await.0);
    }
    for id in [&upkeep[0], &conversions[0], &conversions[1]] {
        running(hub, id).await;
    }
    assert_eq!(state(hub, &upkeep[1]).await, JobState::Queued);
    assert_eq!(state(hub, &conversions[2]).await, JobState::Queued);
    // Whoever is done makes room in its own lane.
    jobs::cancel(hub, &conversions[1], &Actor::operator()).await.unwrap();
    assert_eq!(ended(hub, &conversions[1]).await.state, JobState::Cancelled);
    running(hub, &conversions[2]).await;
    assert_eq!(state(hub, &upkeep[1]).await, JobState::Queued);
    jobs::cancel(hub, &upkeep[0], &Actor::operator()).await.unwrap();
    running(hub, &upkeep[1]).await;
    for id in [&upkeep[1], &conversions[0], &conversions[2]] {
        jobs::cancel(hub, id, &Actor::operator()).await.unwrap();
        assert_eq!(ended(hub, id).await.state, JobState::Cancelled);
    }
}

#[tokio::test]
async fn who_asks_twice_for_the_same_gets_one_job() {
    let hub = doing(until_told).await;
    let (alice, bob) = (user(&hub, "alice").await, user(&hub, "bob").await);
    let hub = &hub.hub;
    let spec = convert("a");
    let (first, was_there) = shared(hub, &spec, alice).await;
    assert!(!was_there);
    running(hub, &first).await;
    assert_eq!(shared(hub, &spec, alice).await, (first.clone(), true), "while it runs");
    // Another user, another digest, other credentials: other jobs.
    let digest = ConvertSpec { digest: Some("sha256:cd".into()), ..spec.clone() };
    let secret = ConvertSpec { credentials: Some("12".into()), ..spec.clone() };
    let other = ConvertSpec { credentials: Some("34".into()), ..spec.clone() };
    let mut ids = vec![first.clone()];
    for (spec, user) in [(&spec, bob), (&digest, alice), (&secret, alice), (&other, alice)] {
        let (id, was_there) = shared(hub, spec, user).await;
        assert!(!was_there && !ids.contains(&id), "{spec:?}");
        assert_eq!(shared(hub, spec, user).await, (id.clone(), true), "while it waits");
        ids.push(id);
    }
    // One that is to end is not what somebody who asks now wants.
    jobs::cancel(hub, &first, &Actor::operator()).await.unwrap();
    let (again, was_there) = shared(hub, &spec, alice).await;
    assert!(!was_there && !ids.contains(&again));
    assert_eq!(ended(hub, &first).await.state, JobState::Cancelled);
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_job() {
    let hub = doing(until_told).await;
    let alice = user(&hub, "alice").await;
    let asked = (0..20).map(|_| {
        let hub = hub.hub.clone();
        tokio::spawn(async move { shared(&hub, &convert("a"), alice).await })
    });
    let mut found = Vec::new();
    for asked in asked.collect::<Vec<_>>() {
        found.push(asked.await.unwrap());
    }
    assert!(found.iter().all(|(id, _)| *id == found[0].0));
    assert_eq!(found.iter().filter(|(_, was_there)| !was_there).count(), 1);
}

#[tokio::test]
async fn the_queue_of_conversions_has_an_end_for_each_and_for_all() {
    let config = with(|config| {
        config.images.conversions = 1;
        config.images.queued_conversions = 3;
        config.images.queued_per_user = 2;
    });
    let hub = TestHub::doing(Arc::new(Fake(until_told)), config).await;
    let (alice, bob) = (user(&hub, "alice").await, user(&hub, "bob").await);
    let hub = &hub.hub;
    let (first, _) = shared(hub, &convert("0"), alice).await;
    running(hub, &first).await;
    shared(hub, &convert("1"), alice).await;
    let (waits, _) = shared(hub, &convert("2"), alice).await;
    let ask = |name: &str, user| {
        let spec = JobSpec::Convert(Box::new(convert(name)));
        async move { jobs::start_shared(hub, &spec, &actor_of(user)).await.map(|(row, _)| row.id) }
    };
    assert!(matches!(ask("3", alice).await, Err(StartError::UserFull)));
    assert_eq!(ask("2", alice).await.unwrap(), waits, "what waits already is still shared");
    let last = ask("1", bob).await.unwrap();
    assert!(matches!(ask("2", bob).await, Err(StartError::ConversionsFull)));
    // Neither lane's queue fills the other's.
    queued(hub, &SWEEP).await;
    jobs::cancel(hub, &last, &Actor::operator()).await.unwrap();
    ask("2", bob).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_for_a_job_hears_of_its_end() {
    let hub = doing(until_told).await;
    let id = queued(&hub.hub, &SWEEP).await;
    let (own, waited) = (hub.hub.clone(), id.clone());
    let waiting = tokio::spawn(async move { jobs::wait(&own, &waited).await.unwrap() });
    running(&hub.hub, &id).await;
    assert!(!waiting.is_finished());
    jobs::cancel(&hub.hub, &id, &Actor::operator()).await.unwrap();
    assert_eq!(waiting.await.unwrap().state, JobState::Cancelled);
    assert_eq!(jobs::wait(&hub.hub, &id).await.unwrap().state, JobState::Cancelled);
    assert!(jobs::wait(&hub.hub, "nothing").await.is_err());
}

#[tokio::test]
async fn a_conversion_goes_back_into_the_queue_unless_its_credentials_are_gone() {
    let hub = doing(until_told).await;
    let alice = user(&hub, "alice").await;
    let plain = shared(&hub.hub, &convert("a"), alice).await.0;
    let secret = ConvertSpec { credentials: Some("12".into()), ..convert("b") };
    let secret = shared(&hub.hub, &secret, alice).await.0;
    running(&hub.hub, &plain).await;
    running(&hub.hub, &secret).await;
    let (stopped, _directory) = hub.stop().await;
    assert_eq!(state(&stopped, &plain).await, JobState::Queued);
    let row = stopped.catalog.job(&secret).await.unwrap().unwrap();
    assert_eq!((row.state, row.error_code.as_deref()), (JobState::Failed, Some("interrupted")));
    assert!(row.error.unwrap().contains("credentials"));
}

#[tokio::test]
async fn a_conversion_of_a_hub_that_died_runs_again_unless_its_credentials_are_gone() {
    let hub = doing(until_told).await;
    let alice = user(&hub, "alice").await;
    let (hub, _directory) = hub.stop().await;
    let plain = shared(&hub, &convert("a"), alice).await.0;
    let secret = ConvertSpec { credentials: Some("12".into()), ..convert("b") };
    let secret = shared(&hub, &secret, alice).await.0;
    for id in [&plain, &secret] {
        let claimed = hub.catalog.claim_job(Claim::Oldest(Lane::Conversions), 1).await.unwrap();
        assert_eq!(&claimed.unwrap().id, id);
    }
    jobs::recover(&hub).await.unwrap();
    let row = hub.catalog.job(&plain).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.parts), (JobState::Queued, 1, None));
    let row = hub.catalog.job(&secret).await.unwrap().unwrap();
    assert_eq!((row.state, row.error_code.as_deref()), (JobState::Failed, Some("interrupted")));
    assert!(row.error.unwrap().contains("credentials"));
}
