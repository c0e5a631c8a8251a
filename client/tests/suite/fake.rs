//! A hub of a few lines that answers whatever a test wants: too little, too late, or a lie.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flisthub_client::{HubClient, Patience};
use flisthub_storage::{Chunk, Compressor, DEFAULT_LEVEL, Frame, Kind};
use tokio::runtime::Runtime;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What to do about a request.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        cut: usize,
    },
    /// Close the connection without an answer.
    HangUp,
    /// Say nothing until the client gives up.
    Silence,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into(), cut: 0 }
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn problem(status: u16, code: &str, rest: &str) -> Self {
        let body = format!(
            r#"{{"type":"about:blank","title":"t","status":{status},"code":"{code}","detail":"the {code} detail"{rest}}}"#
        );
        Self::new(status, body).with("content-type", "application/problem+json")
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// Closes the connection `bytes` before the end of the stated length.
    pub(crate) fn cut(mut self, bytes: usize) -> Self {
        if let Self::Answer { cut, .. } = &mut self {
            *cut = bytes;
        }
        self
    }
}

/// The fake hub. Its thread ends with the test's process.
pub(crate) struct FakeHub {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl FakeHub {
    /// Answers the n-th request (from 0) with what `answer` says.
    pub(crate) fn new(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    give(stream, answer(number, &request));
                });
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.line).collect()
    }

    /// A client that does not wait long.
    pub(crate) fn client(&self) -> HubClient {
        self.client_with(Duration::from_mins(1))
    }

    pub(crate) fn client_with(&self, silence: Duration) -> HubClient {
        let patience = Patience {
            attempts: 3,
            first_wait: Duration::from_millis(1),
            connect: Duration::from_mins(1),
            silence,
        };
        HubClient::new(&self.url, Some("fht_secret"), patience).unwrap()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let line = head.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = head[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request { line, headers, body: Vec::new() };
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut part = vec![0; size + 2];
            reader.read_exact(&mut part).ok()?;
            if size == 0 {
                break;
            }
            request.body.extend_from_slice(&part[..size]);
        }
    } else {
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}

/// A client that has gone away is no failure of the fake.
fn give(mut stream: TcpStream, reply: Reply) {
    let Reply::Answer { status, headers, body, cut } = reply else {
        if matches!(reply, Reply::Silence) {
            let _ = stream.read(&mut [0]);
        }
        return;
    };
    let mut head =
        format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        head.extend([name, ": ", &value, "\r\n"]);
    }
    let _ = write!(stream, "{head}\r\n");
    let _ = stream.write_all(&body[..body.len() - cut]);
}

/// A runtime for the calls of one test.
pub(crate) fn runtime() -> Runtime {
    Runtime::new().unwrap()
}

/// A chunk of content, compressed.
pub(crate) fn frame(content: impl Into<Vec<u8>>) -> Frame {
    let chunk = Chunk::new(Kind::Content, content.into()).unwrap();
    Compressor::new(DEFAULT_LEVEL).unwrap().compress(&chunk).unwrap()
}
