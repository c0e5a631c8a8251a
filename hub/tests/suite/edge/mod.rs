//! The edge of the hub: what comes in over the network, from whom, and how much of it one caller may have.

mod crowd;
mod descriptors;
mod limits;
mod origin;
mod sites;
mod slow;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Between two looks at whether something has happened.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until something is so.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    while !so().await {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends bytes and reads what comes back, up to the end of the head of an answer.
async fn head(stream: &mut TcpStream, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(answer).unwrap())
}

/// Asks on a connection that stays open.
async fn alive(stream: &mut TcpStream) -> bool {
    let answer = head(stream, "HEAD /healthz HTTP/1.1\r\nHost: hub\r\n\r\n").await;
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}
