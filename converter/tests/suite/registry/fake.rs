//! A server that answers each request as a function says, and remembers what it was asked. One request a
//! connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path, and the query if there is one.
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What is said about the length, if that is not the truth.
    length: Option<usize>,
    /// Sent in chunks, without a length.
    chunked: bool,
    /// The connection closes without an answer.
    cut_off: bool,
    /// The connection stays open until the other side closes it.
    hang: bool,
}

type Answer = dyn Fn(&Request) -> Reply + Send + Sync;

/// The server. Stops when dropped.
pub(super) struct Fake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            let read = reader.read_line(&mut line).ok()?;
            (read > 0).then(|| line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut request = Self { method, path, ..Self::default() };
        while let Some((name, value)) = line()?.split_once(": ") {
            request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = request.header("content-length").map_or(0, |text| text.parse().unwrap());
        reader.take(length).read_to_string(&mut request.body).ok()?;
        Some(request)
    }
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self::new(307, "").with("Location", to)
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Breaks off after so many bytes.
    pub(super) fn cut(mut self, at: usize) -> Self {
        self.length = Some(self.body.len());
        self.body.truncate(at);
        self
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    pub(super) fn cut_off(mut self) -> Self {
        self.cut_off = true;
        self
    }

    pub(super) fn and_hang(mut self) -> Self {
        self.hang = true;
        self
    }

    pub(super) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    fn write(&self, mut stream: &TcpStream, head: bool) -> std::io::Result<()> {
        if self.cut_off {
            return Ok(());
        }
        write!(stream, "HTTP/1.1 {} X\r\nConnection: close\r\n", self.status)?;
        for (name, value) in &self.headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        if self.chunked {
            write!(stream, "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", self.body.len())?;
            stream.write_all(&self.body)?;
            return stream.write_all(b"\r\n0\r\n\r\n");
        }
        write!(stream, "Content-Length: {}\r\n\r\n", self.length.unwrap_or(self.body.len()))?;
        stream.write_all(if head { b"" } else { &self.body })?;
        if self.hang {
            stream.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    }
}

impl Fake {
    /// Listens on 127.0.0.1.
    pub(super) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1", answer)
    }

    pub(super) fn start_at(
        host: &str,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let fake = Self { address, asked: Arc::clone(&asked), stop: Arc::clone(&stop) };
        let answer: Arc<Answer> = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(SeqCst) {
                    return;
                }
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                thread::spawn(move || serve(&stream, &asked, answer.as_ref()));
            }
        });
        fake
    }

    /// `host:port`.
    pub(super) fn place(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// An address on this server.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far, in order.
    pub(super) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests had a path that begins so.
    pub(super) fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|request| request.path.starts_with(path)).count()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, asked: &Mutex<Vec<Request>>, answer: &Answer) {
    let Some(request) = Request::read(stream) else { return };
    asked.lock().unwrap().push(request.clone());
    // A client that went away has seen enough.
    let _ = answer(&request).write(stream, request.method == "HEAD");
}
