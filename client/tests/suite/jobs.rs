//! Jobs: what is asked, and following one over a hub that hangs up, sends nonsense, or sends no events.

use std::process::{Command, Stdio};

use flisthub_client::{ClientError, JobEvent};
use flisthub_flist::wire::{Conversion, RegistryCredentials};

use crate::fake::{FakeHub, Reply, Request, runtime};
use crate::program::{failure, hub_client, run};

const ID: &str = "0123456789abcdef0123456789abcdef";

fn job(state: &str, done: u64) -> String {
    let finished = if state == "running" { "null" } else { "9" };
    format!(
        r#"{{"id":"{ID}","kind":"convert","state":"{state}","arguments":{{}},"result":null,"error":null,"phase":"layers","done":{done},"total":null,"cancel_asked":false,"attempts":0,"user":null,"created":1,"started":2,"finished":{finished}}}"#
    )
}

fn line(number: u64) -> String {
    format!(r#"{{"line":{number},"at":3,"text":"line {number}"}}"#)
}

fn log_event(number: u64) -> String {
    format!("event: log\nid: {number}\ndata: {}\n\n", line(number))
}

fn stream(events: &str) -> Reply {
    Reply::new(200, events).with("content-type", "text/event-stream")
}

/// What following a job gives, in words, and the hub that was asked.
fn followed(
    answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
) -> (Result<Vec<String>, ClientError>, FakeHub) {
    let hub = FakeHub::new(answer);
    let mut events = hub.client().job_events(ID);
    let outcome = runtime().block_on(async {
        let mut seen = Vec::new();
        while let Some(event) = events.next().await? {
            seen.push(match event {
                JobEvent::Moved(job) => format!("{} {}", job.state, job.done),
                JobEvent::Line(line) => line.text,
                JobEvent::Ended(job) => format!("end {}", job.state),
            });
        }
        assert!(events.next().await?.is_none(), "nothing comes after the end");
        Ok(seen)
    });
    (outcome, hub)
}

#[test]
fn a_broken_stream_goes_on_after_the_last_line() {
    let (seen, hub) = followed(|n, request| {
        assert_eq!(request.line, format!("GET /api/v1/jobs/{ID}/events"));
        let running = format!("event: job\ndata: {}\n\n", job("running", 5));
        match n {
            0 => stream(&format!("{running}{}{}", log_event(1), log_event(2))),
            1 => Reply::HangUp,
            2 => stream(": nothing\n\nevent: log\nid: 3\nda").cut(2),
            // A proxy that waits for the hub to start again.
            3 => Reply::new(502, ""),
            // A hub that does not know where this one was.
            4 => stream(&format!("{running}{}{}{}", log_event(1), log_event(2), log_event(3))),
            _ => stream(&format!("event: end\ndata: {}\n\n", job("succeeded", 7))),
        }
    });
    let expected = ["running 5", "line 1", "line 2", "line 3", "end succeeded"];
    assert_eq!(seen.unwrap(), expected, "nothing twice");
    let after: Vec<Option<String>> = hub
        .requests()
        .iter()
        .map(|request| request.header("last-event-id").map(str::to_owned))
        .collect();
    let two = Some("2".to_owned());
    let expected = [None, two.clone(), two.clone(), two.clone(), two, Some("3".to_owned())];
    assert_eq!(after, expected);
}

#[test]
fn a_hub_that_sends_no_events_is_asked_for_the_job() {
    for refusal in [
        || Reply::problem(503, "busy", "").with("retry-after", "60"),
        || Reply::problem(404, "not_found", ""),
    ] {
        let (seen, hub) = followed(move |n, request| {
            let detail = |job: &str, log: &str| {
                Reply::json(&format!("{},\"log\":[{log}]}}", &job[..job.len() - 1]))
            };
            match n {
                0 => refusal(),
                1 | 2 => detail(&job("running", 1), &line(1)),
                3 => detail(&job("running", 2), &format!("{},{}", line(1), line(2))),
                _ => {
                    assert_eq!(request.line, format!("GET /api/v1/jobs/{ID}"));
                    detail(&job("failed", 2), &line(2))
                }
            }
        });
        assert_eq!(seen.unwrap(), ["line 1", "running 1", "line 2", "running 2", "end failed"]);
        assert_eq!(hub.requests().len(), 5);
    }
}

#[test]
fn what_cannot_be_followed_is_said() {
    let (outcome, _) = followed(|_, _| Reply::problem(404, "not_found", ""));
    assert!(matches!(outcome, Err(ClientError::NotFound(_))), "{outcome:?}");
    let (outcome, hub) = followed(|_, _| Reply::problem(401, "invalid_token", ""));
    assert!(matches!(outcome, Err(ClientError::NotAllowed(_))), "{outcome:?}");
    assert_eq!(hub.requests().len(), 1);
    for nonsense in ["event: end\ndata: nonsense\n\n", "data: \u{0}\nevent: log\n\n"] {
        let (outcome, _) = followed(move |_, _| stream(nonsense));
        assert!(matches!(outcome, Err(ClientError::BadAnswer { .. })), "{outcome:?}");
    }
    // Always there, never anything: not for ever.
    for reply in [|| stream(": alive\n\n"), || stream(&log_event(1)), || Reply::HangUp] {
        let (outcome, hub) = followed(move |_, _| reply());
        assert!(outcome.is_err(), "{outcome:?}");
        assert!((30..=33).contains(&hub.requests().len()), "{}", hub.requests().len());
    }
}

#[test]
fn a_conversion_is_asked_for_once_and_a_job_cancelled_once() {
    let answer = || Reply::new(202, job("running", 0));
    let hub = FakeHub::new(move |n, _| if n == 1 { Reply::new(202, "") } else { answer() });
    let credentials = RegistryCredentials::Password { username: "u".into(), password: "p".into() };
    let conversion = Conversion {
        image: "app:1".into(),
        repository: None,
        name: Some("app".into()),
        platform: None,
        source: None,
        startup: false,
        categories: None,
        credentials: Some(credentials),
    };
    let (client, runtime) = (hub.client(), runtime());
    assert_eq!(runtime.block_on(client.start_conversion(&conversion)).unwrap().id, ID);
    runtime.block_on(client.cancel_job(ID)).unwrap();
    let lines = ["POST /api/v1/conversions".to_owned(), format!("DELETE /api/v1/jobs/{ID}")];
    assert_eq!(hub.lines(), lines);
    let sent = r#"{"image":"app:1","name":"app","startup":false,"credentials":{"username":"u","password":"p"}}"#;
    assert_eq!(hub.requests()[0].body, sent.as_bytes());

    let hub = FakeHub::new(|_, _| Reply::HangUp);
    assert!(runtime.block_on(hub.client().start_conversion(&conversion)).is_err());
    assert!(runtime.block_on(hub.client().cancel_job(ID)).is_err());
    assert_eq!(
        hub.requests().len(),
        2,
        "whether it was done is not known, so it is not done again"
    );
}

/// A hub with one job that ends as `end` says.
fn hub_with(end: &'static str) -> FakeHub {
    FakeHub::new(move |_, request| match request.line.as_str() {
        "GET /api/v1/jobs" => {
            Reply::json(&format!(r#"{{"jobs":[{}],"next":null}}"#, job("running", 1)))
        }
        line if line.starts_with("DELETE") => Reply::new(202, ""),
        line if line.ends_with("/events") => stream(&format!(
            "event: job\ndata: {}\n\n{}event: end\ndata: {}\n\n",
            job("running", 1),
            log_event(1),
            job("failed", 1).replace("\"error\":null", end).replace("failed", ended_as(end))
        )),
        _ => {
            let job = job("running", 1);
            let (open, _) = job.split_at(job.len() - 1);
            Reply::json(&format!("{open},\"log\":[{}]}}", line(1)))
        }
    })
}

fn ended_as(end: &str) -> &'static str {
    if end.contains("code") { "failed" } else { "succeeded" }
}

const SUCCEEDED: &str = r#""error":null"#;
const FAILED: &str = r#""error":"layer 2 is damaged","error_code":"bad_layer""#;

#[test]
fn the_program_shows_follows_and_cancels_jobs() {
    let hub = hub_with(SUCCEEDED);
    let text = |output: &std::process::Output| {
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        (text(&output.stdout), text(&output.stderr))
    };
    let (out, err) = text(&run(&hub.url, &["jobs"]));
    assert_eq!(out, format!("{ID}  1970-01-01 00:00  running    convert\n"));
    assert_eq!(err, "");
    let (out, _) = text(&run(&hub.url, &["job", ID]));
    assert!(out.contains("phase   layers") && out.ends_with("line 1\n"), "{out}");
    let (out, err) = text(&run(&hub.url, &["job", ID, "--follow"]));
    assert!(out.contains("succeeded"), "{out}");
    assert_eq!(err, "hub-client: convert: layers\nhub-client: line 1\n");
    let (out, err) = text(&run(&hub.url, &["--json", "job", ID, "--follow"]));
    assert_eq!((out.trim_end().starts_with('{'), err.as_str()), (true, ""));
    let (out, _) = text(&run(&hub.url, &["cancel", ID, "--json"]));
    assert_eq!(out, format!("{{\"cancel_asked\":\"{ID}\"}}\n"));
    assert_eq!(hub.lines().pop().unwrap(), format!("DELETE /api/v1/jobs/{ID}"));

    let hub = hub_with(FAILED);
    let (exit, code, line) = failure(&run(&hub.url, &["--json", "job", ID, "--follow"]));
    assert_eq!((exit, code.as_str()), (6, "bad_layer"));
    assert!(line.contains("layer 2 is damaged") && line.contains(ID), "{line}");
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    for arguments in [["--json", "job", ".."], ["--json", "cancel", "jobs"]] {
        assert_eq!(failure(&run(&hub.url, &arguments)).0, 2);
    }
    assert!(hub.requests().is_empty());
}

#[test]
fn whoever_stops_following_is_told_that_the_job_goes_on() {
    let hub = FakeHub::new(|_, _| Reply::Silence);
    let home = tempfile::tempdir().unwrap();
    let child = hub_client(home.path())
        .env("FLISTHUB_URL", &hub.url)
        .env("FLISTHUB_TOKEN", "fht_secret")
        .args(["job", ID, "--follow"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while hub.requests().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("hub-client cancel {ID}")), "{said}");
    assert_eq!(hub.requests().len(), 1, "it is not cancelled");
}
