//! The runner: jobs through every state, with work that does what a test wants.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flisthub_flist::wire::JobPart;
use flisthub_hub::catalog::{Actor, Claim, JobEnd, JobRow, JobState, Lane};
use flisthub_hub::config::Config;
use flisthub_hub::jobs::{self, Event, Follow, JobError, JobSpec, Stop, Work, runner};
use flisthub_hub::state::Hub;
use flisthub_storage::{Monitor, Part, PartState, Progress};
use serde_json::{Value, json};

use crate::support::TestHub;

type Result<T> = std::result::Result<T, JobError>;

/// Work that is a closure.
pub(crate) struct Fake<F>(pub(crate) F);

impl<F: Fn(&JobSpec, &dyn Monitor) -> Result<Value> + Send + Sync> Work for Fake<F> {
    fn run(&self, _: &Hub, spec: &JobSpec, monitor: &dyn Monitor) -> Result<Value> {
        (self.0)(spec, monitor)
    }
}

/// A hub whose jobs do `work`.
pub(crate) async fn doing(
    work: impl Fn(&JobSpec, &dyn Monitor) -> Result<Value> + Send + Sync + 'static,
) -> TestHub {
    TestHub::doing(Arc::new(Fake(work)), Config::default()).await
}

/// Works until told to end.
pub(crate) fn until_told(_: &JobSpec, monitor: &dyn Monitor) -> Result<Value> {
    while !monitor.cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(JobError::Cancelled)
}

pub(crate) const SWEEP: JobSpec = JobSpec::Sweep { dry_run: false, grace_seconds: None };

/// A job that differs from every other by its number.
pub(crate) fn numbered(number: u64) -> JobSpec {
    JobSpec::Scrub { rate_bytes_per_second: Some(number) }
}

pub(crate) async fn queued(hub: &Hub, spec: &JobSpec) -> String {
    jobs::start(hub, spec, &Actor::operator()).await.unwrap().id
}

/// Follows a job up to its end.
pub(crate) async fn ended(hub: &Hub, id: &str) -> JobRow {
    let mut follow = Follow::new(hub, id);
    loop {
        if let Some(Event::Ended(row)) = follow.next().await.unwrap().pop() {
            return row;
        }
    }
}

/// Waits until a job runs.
pub(crate) async fn running(hub: &Hub, id: &str) {
    let mut follow = Follow::new(hub, id);
    while hub.catalog.job(id).await.unwrap().unwrap().state != JobState::Running {
        follow.next().await.unwrap();
    }
}

async fn log(hub: &Hub, id: &str) -> Vec<String> {
    let lines = hub.catalog.job_log(id, 0, 20_000).await.unwrap();
    lines.into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn what_a_job_tells_is_written_down() {
    let hub = doing(|spec, monitor| {
        assert_eq!(spec, &SWEEP);
        for done in 0..=5 {
            monitor.progress(Progress { phase: "mark", done, total: Some(5) });
        }
        monitor.parts(&vec![part(0); 3]);
        monitor.parts(&(0..201).map(part).collect::<Vec<_>>());
        monitor.note("one".to_owned());
        monitor.note("two".to_owned());
        Ok(json!({ "removed": 7 }))
    })
    .await;
    let id = queued(&hub.hub, &SWEEP).await;
    let row = ended(&hub.hub, &id).await;
    assert_eq!((row.state, row.kind.as_str()), (JobState::Succeeded, "sweep"));
    assert_eq!(row.result.as_deref(), Some(r#"{"removed":7}"#));
    assert_eq!((row.phase.as_deref(), row.done, row.total), (Some("mark"), 5, Some(5)));
    assert!(row.error.is_none() && row.started.is_some() && row.finished.is_some());
    let parts: Vec<JobPart> = serde_json::from_str(&row.parts.unwrap()).unwrap();
    assert_eq!(parts.len(), 200, "no more are kept");
    let last = (parts[199].name.as_str(), parts[199].done, parts[199].state.as_str());
    assert_eq!(last, ("layer 199", 199, "running"));
    assert_eq!(log(&hub.hub, &id).await, ["one", "two"]);
}

fn part(number: u64) -> Part {
    let name = format!("layer {number}");
    Part { name, done: number, total: None, entries: 0, state: PartState::Running }
}

#[tokio::test]
async fn a_failure_says_why_and_a_panic_is_one() {
    let hub = doing(|spec, _| match spec {
        JobSpec::Space {} => panic!("a fault"),
        _ => Err(JobError::Failed { code: "disk_full", message: "the disk is full".to_owned() }),
    })
    .await;
    let panicked = queued(&hub.hub, &JobSpec::Space {}).await;
    let failed = queued(&hub.hub, &SWEEP).await;
    let row = ended(&hub.hub, &panicked).await;
    assert_eq!((row.state, row.result), (JobState::Failed, None));
    assert_eq!(row.error_code.as_deref(), Some("internal"));
    let error = row.error.unwrap();
    assert!(error.contains("fault in the program") && error.contains("a fault"), "{error}");
    // The runner lives on.
    let row = ended(&hub.hub, &failed).await;
    assert_eq!((row.state, row.error.as_deref()), (JobState::Failed, Some("the disk is full")));
    assert_eq!(row.error_code.as_deref(), Some("disk_full"));
}

#[tokio::test]
async fn jobs_run_one_at_a_time_in_the_order_they_came() {
    let at_once = Arc::new(AtomicU64::new(0));
    let order = Arc::new(Mutex::new(Vec::new()));
    let (count, seen) = (at_once.clone(), order.clone());
    let hub = doing(move |spec, _| {
        assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
        seen.lock().unwrap().push(spec.clone());
        std::thread::sleep(Duration::from_millis(20));
        count.fetch_sub(1, Ordering::SeqCst);
        Ok(json!({}))
    })
    .await;
    let specs: Vec<JobSpec> = (1..=5).map(numbered).collect();
    let mut ids = Vec::new();
    for spec in &specs {
        ids.push(queued(&hub.hub, spec).await);
    }
    for id in &ids {
        assert_eq!(ended(&hub.hub, id).await.state, JobState::Succeeded);
    }
    assert_eq!(*order.lock().unwrap(), specs);
}

#[tokio::test]
async fn a_running_job_is_cancelled_and_the_next_one_runs() {
    let hub = doing(|spec, monitor| match spec {
        JobSpec::Space {} => Ok(json!({})),
        _ => until_told(spec, monitor),
    })
    .await;
    let first = queued(&hub.hub, &SWEEP).await;
    let waiting = queued(&hub.hub, &numbered(1)).await;
    let last = queued(&hub.hub, &JobSpec::Space {}).await;
    running(&hub.hub, &first).await;
    jobs::cancel(&hub.hub, &waiting, &Actor::operator()).await.unwrap();
    let row = ended(&hub.hub, &waiting).await;
    assert_eq!((row.state, row.started), (JobState::Cancelled, None), "it never ran");
    assert_eq!(hub.hub.catalog.job(&last).await.unwrap().unwrap().state, JobState::Queued);
    jobs::cancel(&hub.hub, &first, &Actor::operator()).await.unwrap();
    let row = ended(&hub.hub, &first).await;
    assert_eq!((row.state, row.cancel_asked), (JobState::Cancelled, true));
    assert_eq!(ended(&hub.hub, &last).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_job_that_is_done_before_it_hears_of_the_cancel_has_succeeded() {
    let go = Arc::new(AtomicBool::new(false));
    let gate = go.clone();
    let hub = doing(move |_, _| {
        while !gate.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(json!({}))
    })
    .await;
    let id = queued(&hub.hub, &SWEEP).await;
    running(&hub.hub, &id).await;
    jobs::cancel(&hub.hub, &id, &Actor::operator()).await.unwrap();
    go.store(true, Ordering::SeqCst);
    let row = ended(&hub.hub, &id).await;
    assert_eq!((row.state, row.cancel_asked), (JobState::Succeeded, true));
}

#[tokio::test]
async fn work_that_gives_up_unasked_has_failed() {
    let hub = doing(|_, _| Err(JobError::Cancelled)).await;
    let id = queued(&hub.hub, &SWEEP).await;
    let row = ended(&hub.hub, &id).await;
    assert_eq!(row.state, JobState::Failed);
    assert!(row.error.unwrap().contains("nobody asked"));
}

#[tokio::test]
async fn a_job_goes_back_into_the_queue_when_the_hub_stops() {
    let hub = doing(until_told).await;
    let (sweep, next) = (queued(&hub.hub, &SWEEP).await, queued(&hub.hub, &numbered(1)).await);
    running(&hub.hub, &sweep).await;
    let (stopped, _directory) = hub.stop().await;
    for id in [&sweep, &next] {
        let row = stopped.catalog.job(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts, row.cancel_asked), (JobState::Queued, 0, false));
    }
    assert_eq!(
        log(&stopped, &sweep).await,
        ["the hub stopped; the job waits for it to start again"]
    );
    assert_eq!(log(&stopped, &next).await, [""; 0], "it was not even started");
}

#[tokio::test]
async fn a_backup_that_the_stopping_hub_cut_off_has_failed() {
    let hub = doing(until_told).await;
    let backup = JobSpec::Backup { directory: "/backups".into(), keep: None };
    let id = queued(&hub.hub, &backup).await;
    running(&hub.hub, &id).await;
    let (stopped, _directory) = hub.stop().await;
    let row = stopped.catalog.job(&id).await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Failed);
    assert!(row.error.unwrap().contains("run it again"));
}

/// What a hub finds that starts after one that died.
#[tokio::test]
async fn jobs_of_a_hub_that_died_run_again_but_not_for_ever() {
    let hub = doing(|_, _| Ok(json!({}))).await;
    let (hub, _directory) = hub.stop().await;
    let backup = JobSpec::Backup { directory: "/backups".into(), keep: None };
    let sweep = queued(&hub, &SWEEP).await;
    let backup = queued(&hub, &backup).await;
    let cancelled = queued(&hub, &numbered(1)).await;
    let done = queued(&hub, &numbered(2)).await;
    let unknown = hub
        .catalog
        .insert_job(
            &flisthub_hub::catalog::NewJob {
                kind: "dance",
                arguments: r#"{"kind":"dance"}"#.into(),
                by: &Actor::operator(),
                detail: None,
                repository_id: None,
            },
            1,
        )
        .await
        .unwrap()
        .id;
    for id in [&sweep, &backup, &cancelled, &done] {
        assert_eq!(
            &hub.catalog.claim_job(Claim::Oldest(Lane::Upkeep), 1).await.unwrap().unwrap().id,
            id
        );
    }
    hub.catalog.ask_cancel(&cancelled, &Actor::operator(), 1).await.unwrap();
    hub.catalog.finish_job(&done, &JobEnd::Succeeded("{}".into()), 2).await.unwrap();
    let before = hub.catalog.job(&done).await.unwrap().unwrap();
    jobs::recover(&hub).await.unwrap();
    let read = |id: &String| {
        let (hub, id) = (hub.clone(), id.clone());
        async move { hub.catalog.job(&id).await.unwrap().unwrap() }
    };
    let row = read(&sweep).await;
    assert_eq!((row.state, row.attempts), (JobState::Queued, 1));
    assert_eq!(log(&hub, &sweep).await, ["the hub stopped while this job ran"]);
    let row = read(&backup).await;
    assert_eq!(row.state, JobState::Failed);
    assert!(row.error.unwrap().contains("run it again"));
    assert_eq!(read(&cancelled).await.state, JobState::Cancelled);
    assert_eq!(read(&done).await, before);
    // It runs when a runner is there, and kills no more than three hubs.
    for attempts in 2..=3 {
        let claimed = hub.catalog.claim_job(Claim::Oldest(Lane::Upkeep), 3).await.unwrap().unwrap();
        assert_eq!(claimed.id, sweep);
        jobs::recover(&hub).await.unwrap();
        let row = read(&sweep).await;
        let state = if attempts == 3 { JobState::Failed } else { JobState::Queued };
        assert_eq!(row.state, state, "{attempts}");
    }
    assert!(read(&sweep).await.error.unwrap().contains("stopped 3 times"));
    // A row of a newer version fails by itself, and what is behind it runs.
    let last = queued(&hub, &SWEEP).await;
    let (stopper, stop) = Stop::channel();
    let runner = tokio::spawn(runner::run(hub.clone(), stop));
    assert!(ended(&hub, &unknown).await.error.unwrap().contains("does not know"));
    assert_eq!(ended(&hub, &last).await.state, JobState::Succeeded);
    stopper.stop();
    runner.await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_no_hub_runs_only_its_own_job() {
    let (hub, _directory) = doing(|_, _| Ok(json!({}))).await.stop().await;
    let (other, own) = (queued(&hub, &SWEEP).await, queued(&hub, &numbered(1)).await);
    let (_stopper, stop) = Stop::channel();
    runner::run_only(hub.clone(), own.clone(), stop).await.unwrap();
    assert_eq!(ended(&hub, &own).await.state, JobState::Succeeded);
    assert_eq!(hub.catalog.job(&other).await.unwrap().unwrap().state, JobState::Queued);
}

#[tokio::test]
async fn a_follower_hears_everything_in_order() {
    let hub = doing(|_, monitor| {
        for line in 1..=1_200 {
            monitor.note(line.to_string());
        }
        Ok(json!({}))
    })
    .await;
    let id = queued(&hub.hub, &SWEEP).await;
    let mut follow = Follow::new(&hub.hub, &id);
    let mut lines = Vec::new();
    'follow: loop {
        for event in follow.next().await.unwrap() {
            match event {
                Event::Line(line) => lines.push(line.text),
                Event::Ended(row) => {
                    assert_eq!(row.state, JobState::Succeeded);
                    break 'follow;
                }
                Event::Moved(_) => {}
            }
        }
    }
    let expected: Vec<String> = (1..=1_200).map(|line| line.to_string()).collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_command_that_died_is_not_expected_to_go_on() {
    let (hub, _directory) = doing(|_, _| Ok(json!({}))).await.stop().await;
    let id = queued(&hub, &SWEEP).await;
    hub.catalog.claim_job(Claim::ByCommand(&id), 1).await.unwrap().unwrap();
    jobs::recover(&hub).await.unwrap();
    let row = hub.catalog.job(&id).await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Failed);
    assert!(row.error.unwrap().contains("the command that ran this job ended"));
}

#[tokio::test]
async fn only_so_many_wait_and_each_once() {
    let hub = doing(until_told).await;
    let first = queued(&hub.hub, &numbered(1)).await;
    running(&hub.hub, &first).await;
    for number in 1..=100 {
        queued(&hub.hub, &numbered(number)).await;
    }
    let refused = jobs::start(&hub.hub, &SWEEP, &Actor::operator()).await.unwrap_err();
    assert!(matches!(refused, jobs::StartError::Full), "{refused}");
    let refused = jobs::start(&hub.hub, &numbered(7), &Actor::operator()).await.unwrap_err();
    let waiting = hub.hub.catalog.jobs_in(JobState::Queued).await.unwrap();
    assert!(refused.to_string().contains(&waiting[6].id), "{refused}");
}

#[tokio::test]
async fn a_result_that_is_too_long_is_not_kept() {
    const MOST: usize = 16 << 20;
    let hub = doing(|spec, _| {
        let JobSpec::Scrub { rate_bytes_per_second: Some(length) } = spec else { panic!() };
        Ok(Value::String("x".repeat(usize::try_from(*length).unwrap() - 2)))
    })
    .await;
    let whole = ended(&hub.hub, &queued(&hub.hub, &numbered(MOST as u64)).await).await;
    assert_eq!(whole.result.map(|result| result.len()), Some(MOST));
    let row = ended(&hub.hub, &queued(&hub.hub, &numbered(MOST as u64 + 1)).await).await;
    assert_eq!((row.state, row.result), (JobState::Failed, None));
    assert!(row.error.unwrap().contains("16777217 bytes"));
}
