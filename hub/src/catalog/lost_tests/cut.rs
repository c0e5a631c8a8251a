//! A proxy in front of PostgreSQL for tests, which counts the messages of both sides and cuts every connection at
//! the one that it is told to. With `FLISTHUB_SOAK_CUTS` set, every message counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use url::Url;

/// The messages that count unless all do: of a caller a query, what a statement is given, its run and the end of a
/// flight; of the server that something is done, and that it waits. Between two of them nothing happens that
/// would make a difference to what is kept.
const DECISIVE: &[u8] = b"QBESCZ";

/// The proxy.
pub(super) struct Cut {
    /// The address of the database behind it.
    pub(super) url: String,
    left: Arc<AtomicI64>,
    /// How often it has cut.
    cuts: watch::Sender<u64>,
}

impl Cut {
    /// A proxy to the server of `url`, which has a socket in a directory.
    pub(super) async fn to(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let of = |name: &str| {
            let pair = url.query_pairs().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.into_owned()).unwrap()
        };
        let socket = format!("{}/.s.PGSQL.5432", of("host"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let through = format!("postgres://{}@{address}{}?sslmode=disable", of("user"), url.path());
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let (cuts, _) = watch::channel(0);
        let (count, cutting) = (Arc::clone(&left), cuts.clone());
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&socket).await else { continue };
                tokio::spawn(between(caller, server, Arc::clone(&count), cutting.clone()));
            }
        });
        Self { url: through, left, cuts }
    }

    /// Cuts at the `number`th message from now, which does not arrive, and never again.
    pub(super) fn at(&self, number: i64) {
        self.left.store(number, Ordering::SeqCst);
    }

    /// Cuts every connection that there is.
    pub(super) fn now(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Whether it has cut since it was told to; if not, it will not.
    pub(super) fn has_cut(&self) -> bool {
        self.left.swap(i64::MAX, Ordering::SeqCst) <= 0
    }
}

async fn between(
    caller: TcpStream,
    server: UnixStream,
    left: Arc<AtomicI64>,
    cuts: watch::Sender<u64>,
) {
    caller.set_nodelay(true).unwrap();
    let mut cut = cuts.subscribe();
    let (from_caller, to_caller) = caller.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pass(from_caller, to_server, true, &left, &cuts);
    let back = pass(from_server, to_caller, false, &left, &cuts);
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = cut.changed() => {}
    }
}

/// Passes messages on, one after the other. A caller's first has no letter.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_first: bool,
    left: &AtomicI64,
    cuts: &watch::Sender<u64>,
) {
    #[expect(clippy::disallowed_methods, reason = "test binaries have no command line")]
    let every = std::env::var_os("FLISTHUB_SOAK_CUTS").is_some();
    loop {
        let mut message = vec![0; if is_first { 4 } else { 5 }];
        if from.read_exact(&mut message).await.is_err() {
            return;
        }
        let length = message.len() - 4;
        let length = u32::from_be_bytes(message[length..].try_into().unwrap()) as usize - 4;
        let start = message.len();
        message.resize(start + length, 0);
        if from.read_exact(&mut message[start..]).await.is_err() {
            return;
        }
        let counts = is_first || every || DECISIVE.contains(&message[0]);
        is_first = false;
        if counts && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            cuts.send_modify(|cuts| *cuts += 1);
            return;
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}
