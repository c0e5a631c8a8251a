//! `flisthub healthcheck`: one question to the hub on this machine. Opens nothing of its data.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::any_certificate;

/// How long the hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes of an answer that are looked at: its first line is shorter.
const LOOKED_AT: usize = 64;

/// What to ask.
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// Where the hub listens. An address for all of the machine's, as `serve` takes it, will do.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5555", env = "FLISTHUB_LISTEN")]
    listen: SocketAddr,
    /// The hub's configuration, which says whether it speaks TLS.
    #[arg(long, value_name = "FILE", env = "FLISTHUB_CONFIG")]
    config: Option<PathBuf>,
    /// Ask whether it takes work (`/readyz`), and not only whether it lives (`/healthz`).
    #[arg(long)]
    ready: bool,
}

impl Healthcheck {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let address = reachable(self.listen);
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let encrypted = super::config(self.config.as_deref())?.tls.certificate.is_some();
        let asked = async {
            let stream = TcpStream::connect(address).await?;
            if !encrypted {
                return ask(stream, path).await;
            }
            let connector = any_certificate::connector().map_err(std::io::Error::other)?;
            ask(connector.connect(address.ip().into(), stream).await?, path).await
        };
        let line = tokio::time::timeout(PATIENCE, asked)
            .await
            .with_context(|| format!("{address} did not answer in time"))?
            .with_context(|| format!("{address} cannot be asked"))?;
        if !is_ok(&line) {
            bail!("{address}{path} answered {line:?}");
        }
        Ok(())
    }
}

/// The first line of the answer, as far as it is looked at.
async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    path: &str,
) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while answer.len() < LOOKED_AT && !answer.contains(&b'\n') {
        let mut part = [0; LOOKED_AT];
        match stream.read(&mut part).await? {
            0 => break,
            read => answer.extend(part.iter().take(read)),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn is_ok(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next().is_some_and(|version| version.starts_with("HTTP/1."))
        && words.next() == Some("200")
}

/// The address to connect to where a hub listens on `listen`.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::from((ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_is_health() {
        for (line, ok) in [
            ("HTTP/1.1 200 OK", true),
            ("HTTP/1.1 200", true),
            ("HTTP/1.1 503 Service Unavailable", false),
            ("HTTP/1.1 2000 OK", false),
            ("SSH-2.0 200", false),
            ("", false),
        ] {
            assert_eq!(is_ok(line), ok, "{line:?}");
        }
    }

    #[test]
    fn an_address_for_all_is_asked_here() {
        for (listen, asked) in [
            ("0.0.0.0:5555", "127.0.0.1:5555"),
            ("[::]:5555", "[::1]:5555"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
