//! The rows of jobs on a real SQLite file: order, states, the log's bound, what is kept.

use super::postgres::location;
use super::{
    Actor, Catalog, Claim, JobEnd, JobNews, JobProgress, JobRow, JobState, LOG_LINES, Lane, NewJob,
};
use crate::name::RepositoryName;

async fn catalog() -> (tempfile::TempDir, Catalog) {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(&location(directory.path())).await.unwrap();
    (directory, catalog)
}

/// A user as the audit log knows one.
fn of(user_id: i64) -> Actor {
    Actor { user_id: Some(user_id), ..Actor::operator() }
}

async fn queue(catalog: &Catalog, now: u64) -> JobRow {
    let job = NewJob {
        kind: "space",
        arguments: r#"{"kind":"space"}"#.into(),
        by: &Actor::operator(),
        detail: None,
        repository_id: None,
    };
    catalog.insert_job(&job, now).await.unwrap()
}

fn failed(message: &str) -> JobEnd {
    JobEnd::Failed { code: "failed", message: message.to_owned() }
}

#[tokio::test]
async fn jobs_are_claimed_oldest_first_and_listed_newest_first() {
    let (_directory, catalog) = catalog().await;
    assert_eq!(catalog.claim_job(Claim::Oldest(Lane::Upkeep), 1).await.unwrap(), None);
    let mut ids = Vec::new();
    for _ in 0..3 {
        // All in one second: the order is not that of the clock.
        ids.push(queue(&catalog, 5).await.id);
    }
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let page = |before, limit| {
        let catalog = catalog.clone();
        async move {
            let rows = catalog.jobs(None, before, limit).await.unwrap();
            rows.into_iter().map(|row| (row.sequence, row.id)).collect::<Vec<_>>()
        }
    };
    assert_eq!(page(None, 2).await, [(3, ids[2].clone()), (2, ids[1].clone())]);
    assert_eq!(page(Some(2), 2).await, [(1, ids[0].clone())]);
    // One that is asked for by name goes first, and once.
    let taken = catalog.claim_job(Claim::ByCommand(&ids[1]), 6).await.unwrap().unwrap();
    assert_eq!(
        (taken.id, taken.state, taken.started, taken.by_command),
        (ids[1].clone(), JobState::Running, Some(6), true)
    );
    assert_eq!(catalog.claim_job(Claim::ByCommand(&ids[1]), 6).await.unwrap(), None);
    for expected in [&ids[0], &ids[2]] {
        let taken = catalog.claim_job(Claim::Oldest(Lane::Upkeep), 7).await.unwrap().unwrap();
        assert_eq!((&taken.id, taken.by_command), (expected, false));
    }
    assert_eq!(catalog.claim_job(Claim::Oldest(Lane::Upkeep), 8).await.unwrap(), None);
}

#[tokio::test]
async fn what_has_ended_stays_as_it_ended() {
    let (_directory, catalog) = catalog().await;
    let id = queue(&catalog, 5).await.id;
    catalog.claim_job(Claim::Oldest(Lane::Upkeep), 6).await.unwrap();
    catalog.finish_job(&id, &JobEnd::Succeeded("{}".into()), 7).await.unwrap();
    let ended = catalog.job(&id).await.unwrap().unwrap();
    assert_eq!(ended.state, JobState::Succeeded);
    assert_eq!((ended.result.as_deref(), ended.finished), (Some("{}"), Some(7)));
    assert_eq!(
        catalog.jobs(None, None, 1).await.unwrap()[0].result,
        None,
        "lists go without results"
    );
    catalog.finish_job(&id, &failed("late"), 8).await.unwrap();
    catalog.requeue_job(&id, true).await.unwrap();
    assert_eq!(catalog.ask_cancel(&id, &Actor::operator(), 9).await.unwrap(), Some(ended.clone()));
    assert_eq!(catalog.job(&id).await.unwrap(), Some(ended));
    assert_eq!(catalog.job("nothing").await.unwrap(), None);
    assert_eq!(catalog.ask_cancel("nothing", &Actor::operator(), 9).await.unwrap(), None);
}

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked() {
    let (_directory, catalog) = catalog().await;
    let (queued, running) = (queue(&catalog, 5).await.id, queue(&catalog, 5).await.id);
    catalog.claim_job(Claim::ByCommand(&running), 6).await.unwrap();
    assert!(!catalog.record_job(&running, &JobNews::default(), 6).await.unwrap());
    for id in [&queued, &running] {
        catalog.ask_cancel(id, &Actor::operator(), 7).await.unwrap();
    }
    let row = catalog.job(&queued).await.unwrap().unwrap();
    assert_eq!((row.state, row.cancel_asked, row.finished), (JobState::Cancelled, true, Some(7)));
    let row = catalog.job(&running).await.unwrap().unwrap();
    assert_eq!((row.state, row.cancel_asked, row.finished), (JobState::Running, true, None));
    assert!(catalog.record_job(&running, &JobNews::default(), 8).await.unwrap());
    assert_eq!(catalog.claim_job(Claim::Oldest(Lane::Upkeep), 9).await.unwrap(), None);
}

#[tokio::test]
async fn progress_is_kept_and_a_requeued_job_begins_again() {
    let (_directory, catalog) = catalog().await;
    let id = queue(&catalog, 5).await.id;
    catalog.claim_job(Claim::Oldest(Lane::Upkeep), 6).await.unwrap();
    let progress = JobProgress { phase: "mark", done: 7, total: Some(9) };
    let news = JobNews { progress: Some(progress), parts: Some("[1]".into()), lines: Vec::new() };
    catalog.record_job(&id, &news, 6).await.unwrap();
    let row = catalog.job(&id).await.unwrap().unwrap();
    assert_eq!((row.phase.as_deref(), row.done, row.total), (Some("mark"), 7, Some(9)));
    assert_eq!(row.parts.as_deref(), Some("[1]"));
    assert_eq!(catalog.jobs(None, None, 1).await.unwrap()[0].parts, None, "lists go without parts");
    for (died, attempts) in [(true, 1), (false, 1), (true, 2)] {
        catalog.requeue_job(&id, died).await.unwrap();
        let row = catalog.job(&id).await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts), (JobState::Queued, attempts));
        assert_eq!((row.phase, row.done, row.total, row.parts), (None, 0, None, None));
        catalog.claim_job(Claim::Oldest(Lane::Upkeep), 7).await.unwrap();
    }
    assert_eq!(catalog.jobs_in(JobState::Running).await.unwrap().len(), 1);
    assert_eq!(catalog.jobs_in(JobState::Queued).await.unwrap(), []);
}

#[tokio::test]
async fn a_log_is_bounded_and_says_so() {
    let (_directory, catalog) = catalog().await;
    let id = queue(&catalog, 5).await.id;
    let lines = (1..=6_000).map(|line| format!("line {line}")).collect();
    let news = JobNews { lines, ..JobNews::default() };
    catalog.record_job(&id, &JobNews::line("é".repeat(5_000)), 6).await.unwrap();
    catalog.record_job(&id, &news, 7).await.unwrap();
    catalog.record_job(&id, &news, 8).await.unwrap();
    catalog.record_job(&id, &news, 9).await.unwrap();
    assert_eq!(catalog.job_log_end(&id).await.unwrap(), LOG_LINES);
    let first = catalog.job_log(&id, 0, 2).await.unwrap();
    assert_eq!(first[0].text, "é".repeat(2_048), "cut between two characters");
    assert_eq!((first[1].line, first[1].at, first[1].text.as_str()), (2, 7, "line 1"));
    let last = catalog.job_log(&id, LOG_LINES - 2, 100).await.unwrap();
    let texts: Vec<&str> = last.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["line 3998", "the log is full: what follows is not kept"]);
}

#[tokio::test]
async fn only_the_newest_finished_jobs_are_kept() {
    let (_directory, catalog) = catalog().await;
    let waiting = queue(&catalog, 1).await.id;
    for _ in 0..1_002 {
        let id = queue(&catalog, 1).await.id;
        catalog.record_job(&id, &JobNews::line("a line".into()), 1).await.unwrap();
        catalog.ask_cancel(&id, &Actor::operator(), 2).await.unwrap();
    }
    assert_eq!(catalog.jobs(None, None, 2_000).await.unwrap().len(), 1_003);
    let last = queue(&catalog, 3).await.id;
    catalog.claim_job(Claim::ByCommand(&last), 4).await.unwrap();
    catalog.finish_job(&last, &failed("x"), 5).await.unwrap();
    let kept = catalog.jobs(None, None, 2_000).await.unwrap();
    assert_eq!(
        (kept[0].error.as_deref(), kept[0].error_code.as_deref()),
        (Some("x"), Some("failed"))
    );
    assert_eq!(kept.len(), 1_001, "those finished, and the one that waits");
    assert_eq!((&kept[0].id, &kept[1_000].id), (&last, &waiting));
    let (lines,): (i64,) =
        sqlx::query_as("select count(*) from job_log").fetch_one(&catalog.pool).await.unwrap();
    assert_eq!(lines, 999, "a job's log goes with it");
}

#[tokio::test]
async fn lanes_are_claimed_and_kept_each_by_itself() {
    let (_directory, catalog) = catalog().await;
    let job = NewJob {
        kind: "convert",
        arguments: "{}".into(),
        by: &Actor::operator(),
        detail: None,
        repository_id: None,
    };
    let first = catalog.insert_job(&job, 1).await.unwrap().id;
    let upkeep = queue(&catalog, 2).await.id;
    let second = catalog.insert_job(&job, 3).await.unwrap().id;
    for (lane, expected) in [
        (Lane::Upkeep, Some(&upkeep)),
        (Lane::Upkeep, None),
        (Lane::Conversions, Some(&first)),
        (Lane::Conversions, Some(&second)),
        (Lane::Conversions, None),
    ] {
        let claimed = catalog.claim_job(Claim::Oldest(lane), 4).await.unwrap();
        assert_eq!(claimed.map(|row| row.id).as_ref(), expected, "{lane:?}");
    }
    for id in [&first, &upkeep, &second] {
        catalog.finish_job(id, &JobEnd::Cancelled, 5).await.unwrap();
    }
    for _ in 0..1_000 {
        let id = catalog.insert_job(&job, 6).await.unwrap().id;
        catalog.ask_cancel(&id, &Actor::operator(), 7).await.unwrap();
    }
    let last = catalog.insert_job(&job, 8).await.unwrap().id;
    catalog.finish_job(&last, &JobEnd::Cancelled, 9).await.unwrap();
    assert_eq!(catalog.job(&second).await.unwrap(), None);
    assert!(catalog.job(&upkeep).await.unwrap().is_some(), "conversions do not push it out");
}

#[tokio::test]
async fn a_job_names_its_user_until_that_one_is_gone() {
    let (_directory, catalog) = catalog().await;
    let alice = RepositoryName::parse("alice").unwrap();
    let user = catalog.make_user(&alice, 1).await.unwrap();
    let job = NewJob {
        kind: "space",
        arguments: "{}".into(),
        by: &of(user.id),
        detail: None,
        repository_id: None,
    };
    let row = catalog.insert_job(&job, 5).await.unwrap();
    assert_eq!(row.user.as_deref(), Some("alice"));
    for sql in ["delete from repositories", "delete from users"] {
        sqlx::query(sql).execute(&catalog.pool).await.unwrap();
    }
    assert_eq!(catalog.job(&row.id).await.unwrap().unwrap().user, None);
}

#[tokio::test]
async fn one_users_conversions_do_not_push_out_those_of_others() {
    let (_directory, catalog) = catalog().await;
    let mut users = Vec::new();
    for name in ["alice", "bob"] {
        let name = RepositoryName::parse(name).unwrap();
        users.push(catalog.make_user(&name, 1).await.unwrap().id);
    }
    let ended = async |user: i64| {
        let job = NewJob {
            kind: "convert",
            arguments: "{}".into(),
            by: &of(user),
            detail: None,
            repository_id: None,
        };
        let id = catalog.insert_job(&job, 1).await.unwrap().id;
        catalog.finish_job(&id, &failed("x"), 2).await.unwrap();
        id
    };
    let of_alice = ended(users[0]).await;
    let mut of_bob = Vec::new();
    for _ in 0..102 {
        of_bob.push(ended(users[1]).await);
    }
    assert!(catalog.job(&of_alice).await.unwrap().is_some());
    let kept = catalog.jobs(Some(users[1]), None, 200).await.unwrap();
    assert_eq!((kept.len(), &kept[99].id), (100, &of_bob[2]));
}

#[tokio::test]
async fn the_reason_of_a_failure_is_bounded() {
    let (_directory, catalog) = catalog().await;
    let id = queue(&catalog, 5).await.id;
    catalog.finish_job(&id, &failed(&"é".repeat(5_000)), 6).await.unwrap();
    assert_eq!(catalog.job(&id).await.unwrap().unwrap().error, Some("é".repeat(2_048)));
}
