//! Shutting down under load: what runs ends well, what is new is refused cleanly, what was acknowledged is
//! there, what was not leaves nothing half.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::archives::{files, noise};
use crate::program::{Serving, flisthub, last_line, user};
use crate::support::{FORM_TYPE, Field, form};

/// How long to wait for what must come.
const TRIES: u32 = 3_000;
const PAUSE: Duration = Duration::from_millis(10);

fn config(home: &Path, text: &str) -> String {
    let file = home.join("hub.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn connect(serving: &Serving) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(serving.url.strip_prefix("http://").unwrap())?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    Ok(stream)
}

fn terminate(serving: &Serving) {
    kill_process(Pid::from_child(&serving.child), Signal::TERM).unwrap();
}

/// The exit code, once it has ended by itself.
fn exit_code(serving: &mut Serving) -> Option<i32> {
    for _ in 0..TRIES {
        if let Some(status) = serving.child.try_wait().unwrap() {
            return status.code();
        }
        sleep(PAUSE);
    }
    panic!("the hub does not end");
}

fn get(serving: &Serving, path: &str) -> std::io::Result<String> {
    let mut stream = connect(serving)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// An upload that has been sent up to its last bytes.
struct Upload {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Upload {
    fn begin(serving: &Serving, token: &str, name: &str, archive: &[u8]) -> Self {
        let body = form(&[Field::file("file", name, archive)]);
        let mut stream = connect(serving).unwrap();
        write!(
            stream,
            "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
             Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        let (first, rest) = body.split_at(body.len() / 2);
        stream.write_all(first).unwrap();
        Self { stream, rest: rest.to_vec() }
    }

    /// Sends the rest; gives the answer.
    fn finish(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn archive(seed: u64) -> Vec<u8> {
    files(&[("big", &noise(1_500_000, seed)), ("small", &seed.to_le_bytes())])
}

fn names(serving: &Serving) -> String {
    get(serving, "/api/flist").unwrap()
}

/// Nothing that names need is missing or damaged.
fn sound(data: &Path) {
    let output = flisthub(&["scrub", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Waits until so many uploads run: before that, one may still be on its way in.
fn until_uploads(serving: &Serving, data: &Path, count: u32) {
    let data = data.to_str().unwrap();
    last_line(&["user", "add", "root", "--admin", "--data", data]);
    let token =
        last_line(&["token", "create", "--user", "root", "--scope", "admin", "--data", data]);
    let wanted = format!("flisthub_places_taken{{work=\"uploads\"}} {count}.0\n");
    for _ in 0..TRIES {
        let mut stream = connect(serving).unwrap();
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
             Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        if answer.contains(&wanted) {
            return;
        }
        sleep(PAUSE);
    }
    panic!("there are not {count} uploads");
}

/// Waits until nobody is let in any more.
fn until_closed(serving: &Serving) {
    for _ in 0..TRIES {
        match connect(serving) {
            Ok(_) => sleep(PAUSE),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
                return;
            }
        }
    }
    panic!("connections are still taken");
}

#[test]
fn uploads_that_run_end_well_and_new_callers_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let token = user(&data, "alice");
    let mut serving = Serving::start(&data);
    // As many as one user may have.
    let uploads: Vec<Upload> = (0..3)
        .map(|n| Upload::begin(&serving, &token, &format!("name-{n}.tar"), &archive(n)))
        .collect();
    until_uploads(&serving, &data, 3);
    // Nobody is behind it: it must not keep the hub.
    let idle = connect(&serving).unwrap();
    terminate(&serving);
    until_closed(&serving);
    let finishing: Vec<JoinHandle<String>> =
        uploads.into_iter().map(|upload| thread::spawn(|| upload.finish())).collect();
    for upload in finishing {
        let answer = upload.join().unwrap();
        assert_eq!(status(&answer), "200", "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    }
    assert_eq!(exit_code(&mut serving), Some(0));
    drop(idle);
    sound(&data);
    let serving = Serving::start(&data);
    let names = names(&serving);
    for n in 0..3 {
        assert!(names.contains(&format!("alice/name-{n}.flist")), "{names}");
    }
}

#[test]
fn what_does_not_end_in_time_leaves_nothing_half() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let token = user(&data, "alice");
    let config = config(home.path(), "[limits]\nshutdown_seconds = 1\n");
    let mut serving = Serving::start_with(&data, &["--config", &config], "");
    assert_eq!(status(&Upload::begin(&serving, &token, "whole.tar", &archive(1)).finish()), "200");
    let stalled = Upload::begin(&serving, &token, "half.tar", &archive(2));
    until_uploads(&serving, &data, 1);
    terminate(&serving);
    assert_eq!(exit_code(&mut serving), Some(0));
    drop(stalled);
    sound(&data);
    let serving = Serving::start(&data);
    let names = names(&serving);
    assert!(names.contains("alice/whole.flist") && !names.contains("half"), "{names}");
    let again = Upload::begin(&serving, &token, "half.tar", &archive(2)).finish();
    assert_eq!(status(&again), "200", "{again}");
}

#[test]
fn nothing_that_was_acknowledged_is_lost_in_the_middle_of_a_rush() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let token = user(&data, "alice");
    let mut serving = Serving::start(&data);
    let url = serving.url.clone();
    let callers: Vec<JoinHandle<Vec<String>>> = (0..2)
        .map(|caller| {
            let (url, token) = (url.clone(), token.clone());
            thread::spawn(move || rush(&url, &token, caller))
        })
        .collect();
    // Each has had something acknowledged, and is busy with the next.
    for _ in 0..TRIES {
        let names = names(&serving);
        if (0..2).all(|caller| names.contains(&format!("rush-{caller}-1"))) {
            break;
        }
        sleep(PAUSE);
    }
    terminate(&serving);
    let acknowledged: Vec<String> =
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    assert_eq!(exit_code(&mut serving), Some(0));
    assert!(acknowledged.len() >= 4);
    sound(&data);
    let serving = Serving::start(&data);
    let names = names(&serving);
    for name in &acknowledged {
        assert!(names.contains(name.as_str()), "{name} of {acknowledged:?} is not in {names}");
    }
}

/// Uploads one archive after the other until the hub takes no more; gives the names that were acknowledged.
fn rush(url: &str, token: &str, caller: u64) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for round in 0.. {
        let name = format!("rush-{caller}-{round}");
        let body =
            form(&[Field::file("file", &format!("{name}.tar"), &archive(caller << 32 | round))]);
        // Refused, or closed before anything was answered: not acknowledged. Half an answer would be a fault.
        let Ok(mut stream) = TcpStream::connect(url.strip_prefix("http://").unwrap()) else {
            break;
        };
        let head = format!(
            "POST /api/flist/me/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {token}\r\n\
             Connection: close\r\nContent-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            break;
        }
        let mut answer = String::new();
        if stream.read_to_string(&mut answer).is_err() || answer.is_empty() {
            break;
        }
        assert_eq!(status(&answer), "200", "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(body.contains("success"), "{head}{body}");
        acknowledged.push(name);
    }
    acknowledged
}

#[test]
fn a_balancer_hears_of_the_end_before_the_door_closes() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let token = user(&data, "alice");
    let config = config(home.path(), "[limits]\nshutdown_notice_seconds = 3\n");
    let mut serving = Serving::start_with(&data, &["--config", &config], "");
    assert_eq!(status(&get(&serving, "/readyz").unwrap()), "200");
    terminate(&serving);
    let mut not_ready = String::new();
    for _ in 0..TRIES {
        // It must be heard while connections are still taken.
        not_ready = get(&serving, "/readyz").unwrap();
        if status(&not_ready) == "503" {
            break;
        }
        sleep(PAUSE);
    }
    assert_eq!(status(&not_ready), "503");
    assert!(not_ready.ends_with("not ready\n"), "{not_ready}");
    // Who comes all the same is served.
    assert_eq!(status(&get(&serving, "/healthz").unwrap()), "200");
    let late = Upload::begin(&serving, &token, "late.tar", &archive(1)).finish();
    assert_eq!(status(&late), "200");
    until_closed(&serving);
    assert_eq!(exit_code(&mut serving), Some(0));
    let serving = Serving::start(&data);
    assert!(names(&serving).contains("alice/late.flist"));
}
