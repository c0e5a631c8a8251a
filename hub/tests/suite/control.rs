//! The control socket: the file, the protocol, and hostile input.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use flisthub_hub::catalog::JobState;
use flisthub_hub::control::protocol::{Ask, LINE_BYTES, PROTOCOL, Tell};
use flisthub_hub::control::{Client, ClientError, Control};
use flisthub_hub::jobs::JobSpec;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::jobs::{SWEEP, doing, ended, numbered, running, until_told};
use crate::support::TestHub;

/// Serves the control socket of a hub.
pub(crate) fn control(hub: &TestHub) -> (std::path::PathBuf, JoinHandle<()>) {
    let path = hub.data().join("control.sock");
    let control = Control::bind(&path).unwrap();
    (path, tokio::spawn(control.serve(hub.hub.clone())))
}

/// A connection that says what it likes.
struct Raw(BufReader<UnixStream>);

impl Raw {
    async fn connect(path: &Path) -> Self {
        let mut raw = Self(BufReader::new(UnixStream::connect(path).await.unwrap()));
        let hello = raw.hear().await.unwrap();
        assert_eq!((&hello["tell"], &hello["protocol"]), (&json!("hello"), &json!(PROTOCOL)));
        raw
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    /// The next line; `None` at the end.
    async fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.0.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        Some(serde_json::from_str(&line).unwrap())
    }
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_hub() {
    let hub = doing(until_told).await;
    let path = hub.data().join("control.sock");
    // What a killed hub leaves: a socket that nobody listens on, and one half made.
    for stale in ["control.sock", "control.sock.new"] {
        drop(std::os::unix::net::UnixListener::bind(hub.data().join(stale)).unwrap());
    }
    assert!(Client::connect(&path).await.unwrap().is_none(), "nobody is there");
    let (_, served) = control(&hub);
    let metadata = std::fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert!(!hub.data().join("control.sock.new").exists());
    let client = Client::connect(&path).await.unwrap().expect("a hub");
    served.abort();
    assert!(served.await.unwrap_err().is_cancelled());
    assert!(!path.exists());
    assert!(Client::connect(&path).await.unwrap().is_none());
    let mut client = client;
    assert!(matches!(client.next().await, Err(ClientError::Gone(_))));
}

#[tokio::test]
async fn a_path_may_be_longer_than_a_socket_address() {
    let hub = doing(until_told).await;
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("control.sock");
    let served = tokio::spawn(Control::bind(&path).unwrap().serve(hub.hub.clone()));
    assert!(Client::connect(&path).await.unwrap().is_some());
    served.abort();
}

#[tokio::test]
async fn a_job_is_started_followed_and_listed() {
    let hub = doing(|_, monitor| {
        monitor.note("one".to_owned());
        monitor.note("two".to_owned());
        Ok(json!({ "removed": 1 }))
    })
    .await;
    let (path, _served) = control(&hub);
    let mut client = Client::connect(&path).await.unwrap().unwrap();
    // One after the other on one connection.
    for round in 1..=2 {
        client.ask(&Ask::Start { job: SWEEP }).await.unwrap();
        let mut lines = Vec::new();
        let job = loop {
            match client.next().await.unwrap() {
                Tell::Line { line } => lines.push(line.text),
                Tell::Ended { job } => break job,
                Tell::Job { job } => assert_eq!(job.kind, "sweep"),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(lines, ["one", "two"]);
        assert_eq!((job.state.as_str(), job.result), ("succeeded", Some(json!({ "removed": 1 }))));
        assert_eq!(job.user, None, "the operator at the machine");
        client.ask(&Ask::Jobs {}).await.unwrap();
        let Tell::Jobs { jobs } = client.next().await.unwrap() else { panic!("a list") };
        assert_eq!((jobs.len(), &jobs[0].id), (round, &job.id));
    }
}

#[tokio::test]
async fn a_job_is_cancelled_and_goes_on_when_the_command_goes_away() {
    let hub = doing(until_told).await;
    let (path, _served) = control(&hub);
    let mut left = Client::connect(&path).await.unwrap().unwrap();
    left.ask(&Ask::Start { job: SWEEP }).await.unwrap();
    let Tell::Job { job } = left.next().await.unwrap() else { panic!("a job") };
    running(&hub.hub, &job.id).await;
    drop(left);
    let mut client = Client::connect(&path).await.unwrap().unwrap();
    client.ask(&Ask::Start { job: SWEEP }).await.unwrap();
    let Tell::Job { job: second } = client.next().await.unwrap() else { panic!("a job") };
    assert_eq!(second.state, "queued", "the first one runs still");
    client.ask(&Ask::Cancel { id: Some(job.id.clone()) }).await.unwrap();
    assert_eq!(ended(&hub.hub, &job.id).await.state, JobState::Cancelled);
    running(&hub.hub, &second.id).await;
    client.ask(&Ask::Cancel { id: None }).await.unwrap();
    let end = loop {
        match client.next().await.unwrap() {
            Tell::Ended { job } => break job,
            Tell::Job { .. } | Tell::Done {} => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((end.id, end.state.as_str()), (second.id, "cancelled"));
    for (id, words) in [(None, "no job is followed"), (Some(job.id), "has cancelled already")] {
        client.ask(&Ask::Cancel { id }).await.unwrap();
        let Tell::Error { message } = client.next().await.unwrap() else { panic!("an error") };
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn bad_lines_are_told_so_and_harm_nobody() {
    let hub = doing(|_, _| Ok(json!({}))).await;
    let (path, _served) = control(&hub);
    let mut raw = Raw::connect(&path).await;
    let deep = "[".repeat(50_000);
    for bad in [
        "",
        "{",
        "null",
        r#"{"ask":"dance"}"#,
        r#"{"ask":"start"}"#,
        r#"{"ask":"start","job":{"kind":"dance"}}"#,
        r#"{"ask":"start","job":{"kind":"scrub","rate_bytes_per_second":0}}"#,
        r#"{"ask":"start","job":{"kind":"backup","directory":"relative"}}"#,
        r#"{"ask":"cancel","id":"nothing"}"#,
        r#"{"ask":"jobs","more":1}"#,
        "\u{0}\u{1}\u{7f}",
        deep.as_str(),
    ] {
        raw.say(format!("{bad}\n").as_bytes()).await;
        let told = raw.hear().await.unwrap();
        assert_eq!(told["tell"], "error", "{bad:.60}");
        assert!(!told["message"].as_str().unwrap().is_empty());
    }
    raw.say(b"\xff\xfe\n").await;
    assert_eq!(raw.hear().await.unwrap()["tell"], "error");
    assert_eq!(hub.hub.catalog.jobs(None, None, 10).await.unwrap(), [], "nothing was started");
    // A line of exactly the most bytes is read, and the connection lives on.
    let mut line = r#"{"ask":"jobs"}"#.to_owned();
    line.push_str(&" ".repeat(LINE_BYTES - 1 - line.len()));
    line.push('\n');
    raw.say(line.as_bytes()).await;
    assert_eq!(raw.hear().await.unwrap(), json!({ "tell": "jobs", "jobs": [] }));
    // One that does not end is not held in memory, however much of it comes.
    raw.say(&vec![b' '; LINE_BYTES + 1]).await;
    let told = raw.hear().await.unwrap();
    assert!(told["message"].as_str().unwrap().contains("at most"), "{told}");
    assert_eq!(raw.hear().await, None, "and that is the end");
}

#[tokio::test]
async fn one_that_only_listens_still_hears_the_end() {
    let hub = doing(|_, _| Ok(json!({}))).await;
    let (path, _served) = control(&hub);
    let mut raw = Raw::connect(&path).await;
    raw.say(b"{\"ask\":\"start\",\"job\":{\"kind\":\"space\"}}\n").await;
    raw.0.get_mut().shutdown().await.unwrap();
    let mut last = None;
    while let Some(told) = raw.hear().await {
        last = Some(told);
    }
    assert_eq!(last.unwrap()["tell"], "ended");
}

#[tokio::test]
async fn only_so_many_are_connected() {
    let hub = doing(until_told).await;
    let (path, _served) = control(&hub);
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(Client::connect(&path).await.unwrap().unwrap());
    }
    let refused = Client::connect(&path).await.unwrap_err();
    assert!(refused.to_string().contains("too many"), "{refused}");
    // Those that are connected are served, and a place that is free again is taken.
    open[31].ask(&Ask::Start { job: JobSpec::Space {} }).await.unwrap();
    assert!(matches!(open[31].next().await.unwrap(), Tell::Job { .. }));
    open.remove(0);
    while let Err(error) = Client::connect(&path).await {
        assert!(matches!(error, ClientError::Refused(_)), "{error}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn those_who_wait_leave_places_for_one_who_cancels() {
    let hub = doing(until_told).await;
    let (path, _served) = control(&hub);
    let mut waiting = Vec::new();
    for number in 1..=24 {
        let mut client = Client::connect(&path).await.unwrap().unwrap();
        client.ask(&Ask::Start { job: numbered(number) }).await.unwrap();
        let Tell::Job { job } = client.next().await.unwrap() else { panic!("a job") };
        waiting.push((client, job.id));
    }
    let one_more = Client::connect(&path).await.unwrap().unwrap();
    let refused = one_more.answer(&Ask::Start { job: SWEEP }).await.unwrap_err();
    assert!(refused.to_string().contains("too many commands wait"), "{refused}");
    for (mut client, id) in waiting {
        let cancel = Client::connect(&path).await.unwrap().unwrap();
        let told = cancel.answer(&Ask::Cancel { id: Some(id) }).await.unwrap();
        assert!(matches!(told, Tell::Done {}), "{told:?}");
        while !matches!(client.next().await.unwrap(), Tell::Ended { .. }) {}
    }
    let mut after = Client::connect(&path).await.unwrap().unwrap();
    after.ask(&Ask::Start { job: SWEEP }).await.unwrap();
    assert!(matches!(after.next().await.unwrap(), Tell::Job { .. }), "a place is free again");
}
