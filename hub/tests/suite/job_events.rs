//! Following a job over HTTP: what is sent, in which order, where it goes on, and when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flisthub_client::{HubClient, JobEvent, Patience};
use flisthub_hub::catalog::Actor;
use flisthub_hub::jobs;
use flisthub_storage::{Part, PartState, Progress};
use reqwest::Response;
use serde_json::{Value, json};

use crate::job_routes::{JOBS, admin};
use crate::jobs::{SWEEP, doing, ended, queued, running, until_told};
use crate::support::TestHub;

/// An event as it came.
#[derive(Debug, Clone, PartialEq)]
struct Got {
    name: String,
    id: Option<String>,
    data: Value,
}

/// Asks for a job's events, after a line if one is named.
async fn follow(hub: &TestHub, token: &str, id: &str, after: Option<&str>) -> Response {
    let request = hub.request(reqwest::Method::GET, &format!("{JOBS}/{id}/events"));
    let request = request.bearer_auth(token);
    let request = match after {
        Some(after) => request.header("last-event-id", after),
        None => request,
    };
    request.send().await.unwrap()
}

/// Reads events until that many came, or all of them. Comments are none.
async fn read(response: &mut Response, most: usize) -> Vec<Got> {
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < most {
        let Some(part) = response.chunk().await.unwrap() else { break };
        text.push_str(std::str::from_utf8(&part).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            events.extend(parsed(event));
            text = rest.to_owned();
        }
    }
    events
}

fn parsed(event: &str) -> Option<Got> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    Some(Got {
        name: field("event: ")?.to_owned(),
        id: field("id: ").map(str::to_owned),
        data: serde_json::from_str(field("data: ")?).unwrap(),
    })
}

#[tokio::test]
async fn a_follower_gets_the_log_the_progress_and_the_end() {
    let hub = doing(|_, monitor| {
        let part = Part {
            name: "layer".into(),
            done: 3,
            total: Some(4),
            entries: 5,
            state: PartState::Running,
        };
        monitor.progress(Progress { phase: "fetch", done: 1, total: Some(2) });
        monitor.parts(&[part]);
        for line in 1..=700 {
            monitor.note(format!("line {line}"));
        }
        Ok(json!({ "flist": "ab" }))
    })
    .await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    let mut response = follow(&hub, &token, &id, None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let events = read(&mut response, usize::MAX).await;
    let (end, before) = events.split_last().unwrap();
    assert_eq!((end.name.as_str(), end.id.as_ref()), ("end", None));
    assert_eq!(
        (&end.data["state"], &end.data["result"]),
        (&json!("succeeded"), &json!({ "flist": "ab" }))
    );
    let parts =
        json!([{ "name": "layer", "done": 3, "total": 4, "entries": 5, "state": "running" }]);
    assert_eq!((&end.data["phase"], &end.data["parts"]), (&json!("fetch"), &parts));
    let lines: Vec<&Got> = before.iter().filter(|event| event.name == "log").collect();
    assert_eq!(lines.len(), 700);
    for (number, line) in (1..).zip(lines) {
        assert_eq!(line.id, Some(number.to_string()));
        assert_eq!(
            (&line.data["line"], &line.data["text"]),
            (&json!(number), &json!(format!("line {number}")))
        );
    }
    // After its end a job is told of in the same way, and from where the follower was.
    let mut response = follow(&hub, &token, &id, Some("698")).await;
    let events = read(&mut response, usize::MAX).await;
    let seen: Vec<_> =
        events.iter().map(|event| (event.name.as_str(), event.id.as_deref())).collect();
    assert_eq!(seen, [("log", Some("699")), ("log", Some("700")), ("end", None)]);
    let mut response = follow(&hub, &token, &id, Some("4000")).await;
    assert_eq!(read(&mut response, usize::MAX).await.len(), 1, "there are no such lines");
}

#[tokio::test]
async fn progress_comes_while_the_job_runs() {
    let step = Arc::new(AtomicU64::new(0));
    let steps = Arc::clone(&step);
    let hub = doing(move |spec, monitor| {
        while steps.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        monitor.progress(Progress { phase: "fetch", done: 7, total: None });
        until_told(spec, monitor)
    })
    .await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    running(&hub.hub, &id).await;
    let mut response = follow(&hub, &token, &id, None).await;
    let first = read(&mut response, 1).await;
    assert_eq!((first[0].name.as_str(), &first[0].data["state"]), ("job", &json!("running")));
    assert_eq!(first[0].data["phase"], Value::Null);
    step.store(1, Ordering::SeqCst);
    let next = read(&mut response, 1).await;
    assert_eq!((&next[0].data["phase"], &next[0].data["done"]), (&json!("fetch"), &json!(7)));
    jobs::cancel(&hub.hub, &id, &Actor::operator()).await.unwrap();
    let rest = read(&mut response, usize::MAX).await;
    assert_eq!(
        (rest.last().unwrap().name.as_str(), &rest.last().unwrap().data["state"]),
        ("end", &json!("cancelled"))
    );
}

#[tokio::test]
async fn only_so_many_follow_and_whoever_goes_makes_room() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    running(&hub.hub, &id).await;
    let mut open = Vec::new();
    for _ in 0..200 {
        let mut response = follow(&hub, &token, &id, None).await;
        assert_eq!(read(&mut response, 1).await.len(), 1);
        open.push(response);
    }
    let refused = follow(&hub, &token, &id, None).await;
    assert_eq!(
        (refused.status().as_u16(), refused.headers().contains_key("retry-after")),
        (503, true)
    );
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "busy");
    // One that goes away, or whose job ends, leaves its place.
    drop(open.pop());
    while follow(&hub, &token, &id, None).await.status() == 503 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    jobs::cancel(&hub.hub, &id, &Actor::operator()).await.unwrap();
    ended(&hub.hub, &id).await;
    for mut response in open {
        assert_eq!(read(&mut response, usize::MAX).await.pop().unwrap().name, "end");
    }
}

#[tokio::test]
async fn a_hub_that_stops_lets_its_followers_go() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    running(&hub.hub, &id).await;
    let mut response = follow(&hub, &token, &id, None).await;
    assert_eq!(read(&mut response, 1).await.len(), 1);
    // It would wait for half a minute otherwise, and what is read would never end.
    let stopping = tokio::spawn(hub.stop());
    let rest = read(&mut response, usize::MAX).await;
    assert!(rest.iter().all(|event| event.name != "end"), "{rest:?}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn what_is_no_line_is_told_so() {
    let hub = doing(until_told).await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    for after in ["", "x", "-1", "1.5", "99999999999999999999"] {
        let refused = follow(&hub, &token, &id, Some(after)).await;
        assert_eq!(refused.status(), 400, "{after:?}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "bad_event_id");
    }
    assert_eq!(follow(&hub, &token, "nothing", None).await.status(), 404);
}

#[tokio::test]
async fn the_client_follows_a_job_to_its_end() {
    let hub = doing(|_, monitor| {
        monitor.progress(Progress { phase: "fetch", done: 1, total: Some(2) });
        for line in 1..=3 {
            monitor.note(format!("line {line}"));
        }
        Ok(json!({ "flist": "ab" }))
    })
    .await;
    let token = admin(&hub).await;
    let id = queued(&hub.hub, &SWEEP).await;
    let client = HubClient::new(&hub.url, Some(&token), Patience::default()).unwrap();
    let (mut events, mut lines, mut end) = (client.job_events(&id), Vec::new(), None);
    while let Some(event) = events.next().await.unwrap() {
        match event {
            JobEvent::Line(line) => lines.push(line.text),
            JobEvent::Ended(job) => end = Some(job),
            JobEvent::Moved(_) => {}
        }
    }
    assert_eq!(lines, ["line 1", "line 2", "line 3"]);
    let end = end.unwrap();
    assert_eq!((end.phase.as_deref(), end.result), (Some("fetch"), Some(json!({ "flist": "ab" }))));
    assert_eq!(client.jobs().await.unwrap().jobs[0].id, id);
    assert_eq!(client.job(&id).await.unwrap().log.len(), 3);
}
