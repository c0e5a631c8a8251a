//! A hub on a free port with a temporary data directory, and short ways to talk to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use flisthub_hub::actions::accounts;
use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::catalog::Actor;
use flisthub_hub::config::Config;
use flisthub_hub::data::DataDirectory;
use flisthub_hub::jobs::{Jobs, Kinds, Work};
use flisthub_hub::place;
use flisthub_hub::server;
use flisthub_hub::state::{Disk, Hub};
use flisthub_storage::{
    ChunkId, ChunkStore, Clock, Frame, Maintain, MayUse, Membership, Monitor, Owner, PutReport,
    Quarantined, Reclaimed, Removed, RocksOptions, RocksStore, Row, Session, SessionId, Sessions,
    Stat, StoreError, StoreStats,
};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::postgres;

/// When tests begin.
pub(crate) const START: u64 = 1_800_000_000;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A store that counts its open upload sessions.
pub(crate) struct Counted {
    inner: Arc<RocksStore>,
    open: AtomicI64,
    /// What it says it has set aside, beside what it has.
    pub(crate) aside: Mutex<Vec<Quarantined>>,
    /// What is done before an object is read.
    pub(crate) on_read: Mutex<Option<(ChunkId, OnRead)>>,
}

/// Something to do on the thread that reads.
pub(crate) type OnRead = Arc<dyn Fn() + Send + Sync>;

impl Counted {
    /// Upload sessions that were opened and not closed.
    pub(crate) fn open_sessions(&self) -> i64 {
        self.open.load(Ordering::SeqCst)
    }
}

impl ChunkStore for Counted {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.inner.stat(ids)
    }
    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        let on_read = self.on_read.lock().unwrap().clone();
        if let Some((_, act)) = on_read.filter(|(id, _)| ids.contains(id)) {
            act();
        }
        self.inner.get_frames(ids)
    }
    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.inner.put(frames)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.inner.stats()
    }
}

impl Membership for Counted {
    fn hold(&self, owner: Owner, ids: &[ChunkId]) -> Result<(), StoreError> {
        self.inner.hold(owner, ids)
    }
    fn held(&self, owner: Owner, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        self.inner.held(owner, ids)
    }
    fn holders(&self, ids: &[ChunkId], most: usize) -> Result<Vec<Vec<Owner>>, StoreError> {
        self.inner.holders(ids, most)
    }
    fn index_complete(&self) -> Result<bool, StoreError> {
        self.inner.index_complete()
    }
    fn clear_index(&self) -> Result<(), StoreError> {
        self.inner.clear_index()
    }
    fn finish_index(&self) -> Result<(), StoreError> {
        self.inner.finish_index()
    }
}

impl Sessions for Counted {
    fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.inner.open_session(session)
    }
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.inner.session(id)
    }
    fn sessions_with_bytes(&self) -> Result<Vec<(Session, u64)>, StoreError> {
        self.inner.sessions_with_bytes()
    }
    fn put_in(&self, id: &SessionId, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.inner.put_in(id, frames)
    }
    fn claim_usable(
        &self,
        ids: &[ChunkId],
        may_use: &MayUse<'_>,
    ) -> Result<Vec<ChunkId>, StoreError> {
        self.inner.claim_usable(ids, may_use)
    }
    fn sent(&self, id: &SessionId, ids: &[ChunkId]) -> Result<Vec<bool>, StoreError> {
        self.inner.sent(id, ids)
    }
    fn close_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.inner.close_session(id)?;
        self.open.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
    fn expire_sessions(&self, now: u64) -> Result<u64, StoreError> {
        self.inner.expire_sessions(now)
    }
}

impl Maintain for Counted {
    fn rows(&self, after: Option<&ChunkId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.inner.rows(after, limit)
    }
    fn rows_of(&self, ids: &[ChunkId]) -> Result<Vec<Option<Row>>, StoreError> {
        self.inner.rows_of(ids)
    }
    fn sent_in_live_sessions(
        &self,
        now: u64,
        visit: &mut dyn FnMut(ChunkId),
    ) -> Result<(), StoreError> {
        self.inner.sent_in_live_sessions(now, visit)
    }
    fn remove(&self, ids: &[ChunkId], put_before: u64) -> Result<Removed, StoreError> {
        self.inner.remove(ids, put_before)
    }
    fn quarantine(&self, id: &ChunkId) -> Result<bool, StoreError> {
        self.inner.quarantine(id)
    }
    fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let mut aside = self.inner.quarantined()?;
        aside.extend(self.aside.lock().unwrap().iter().copied());
        Ok(aside)
    }
    fn disown(&self, ids: &[ChunkId]) -> Result<(), StoreError> {
        self.inner.disown(ids)
    }
    fn reclaim(&self, monitor: &dyn Monitor) -> Result<Reclaimed, StoreError> {
        self.inner.reclaim(monitor)
    }
    fn reopened(&self) -> u64 {
        self.inner.reopened()
    }
    fn failing(&self) -> bool {
        self.inner.failing()
    }
    fn recover(&self) -> Result<(), StoreError> {
        self.inner.recover()
    }
}

/// A hub that listens nowhere and runs no jobs.
pub(crate) struct Unserved {
    pub(crate) hub: Hub,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<Counted>,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) async fn unserved(config: Config) -> Unserved {
    let directory = tempfile::tempdir().unwrap();
    let data = DataDirectory::open(&directory.path().join("data")).unwrap();
    let clock = Arc::new(TestClock(AtomicU64::new(START)));
    let options = RocksOptions::default();
    let inner = Arc::new(RocksStore::open(&data.chunks(), &options, clock.clone()).unwrap());
    let disk = Some(Arc::new(Disk { data: data.clone(), store: inner.clone() }));
    let (open, aside, on_read) = (AtomicI64::new(0), Mutex::default(), Mutex::default());
    let store = Arc::new(Counted { inner, open, aside, on_read });
    let config = postgres::config(data.path(), config);
    let catalog = place::open(&data, &config.catalog).await.unwrap();
    catalog.hold().await.unwrap();
    let hub = Hub { disk, ..Hub::new(catalog, store.clone(), clock.clone(), config) };
    Unserved { hub, clock, store, directory }
}

/// A running hub.
pub(crate) struct TestHub {
    pub(crate) url: String,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<Counted>,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    directory: tempfile::TempDir,
}

/// An HTTP client. It has no TLS to do, but wants to be able to.
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::new()
}

impl TestHub {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::doing(Arc::new(Kinds), config).await
    }

    /// A hub that serves although it lost something.
    pub(crate) async fn lossy() -> Self {
        Self::made(Arc::new(Kinds), Config::default(), true).await
    }

    /// A hub whose jobs are done by `work`.
    pub(crate) async fn doing(work: Arc<dyn Work>, config: Config) -> Self {
        Self::made(work, config, false).await
    }

    async fn made(work: Arc<dyn Work>, config: Config, lossy: bool) -> Self {
        let Unserved { hub, clock, store, directory } = unserved(config).await;
        let jobs = Arc::new(Jobs::new(work));
        let hub = Hub { jobs, lossy: Arc::new(AtomicBool::new(lossy)), ..hub };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = hub.clone();
        let served = tokio::spawn(async move {
            server::serve(&served, listener, async { drop(stopped.await) }).await;
        });
        Self {
            url: format!("http://{address}"),
            address,
            hub,
            clock,
            store,
            http: client(),
            stop,
            served,
            directory,
        }
    }

    /// Where the hub's data is.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    /// Tells the hub to stop and waits until it has. What was open stays open in what this gives.
    pub(crate) async fn stop(self) -> (Hub, tempfile::TempDir) {
        drop(self.stop);
        self.served.await.unwrap();
        (self.hub, self.directory)
    }

    /// Makes a user and gives a token that may write.
    pub(crate) async fn user(&self, name: &str) -> String {
        accounts::add_user(&self.hub.catalog, name, START).await.unwrap();
        self.token(name, Scope::Write, Expiry::Never).await
    }

    pub(crate) async fn token(&self, user: &str, scope: Scope, expiry: Expiry) -> String {
        let now = self.hub.clock.now();
        if scope == Scope::Admin {
            let by = Actor::operator();
            assert!(self.hub.catalog.set_admin(user, true, &by, now).await.unwrap());
        }
        let token = accounts::create_token(&self.hub.catalog, user, scope, expiry, now).await;
        token.unwrap().reveal().to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Uploads an archive the way `curl -F file=@NAME` does.
    pub(crate) async fn upload(&self, token: &str, name: &str, archive: &[u8]) -> Response {
        self.form(token, &[Field::file("file", name, archive)]).await
    }

    pub(crate) async fn form(&self, token: &str, fields: &[Field<'_>]) -> Response {
        self.request(Method::POST, "/api/flist/me/upload")
            .bearer_auth(token)
            .header("content-type", FORM_TYPE)
            .body(form(fields))
            .send()
            .await
            .unwrap()
    }

    /// Every name there is.
    pub(crate) async fn names(&self) -> Value {
        self.json("/api/flist").await
    }

    /// Waits until no upload runs and every upload session that uploads opened has been closed.
    pub(crate) async fn settled(&self) {
        let all = self.hub.config.limits.uploads;
        while self.hub.uploads.available_permits() < all
            || self.store.open.load(Ordering::SeqCst) > 0
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

/// A user as the audit log knows one.
pub(crate) fn actor_of(user_id: i64) -> Actor {
    Actor { user_id: Some(user_id), ..Actor::operator() }
}

/// The status and the JSON body of an answer.
pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text:?}"));
    (status, value)
}

pub(crate) const BOUNDARY: &str = "--------------------------0123456789abcdef";
pub(crate) const FORM_TYPE: &str =
    "multipart/form-data; boundary=--------------------------0123456789abcdef";

/// A field of a form.
pub(crate) struct Field<'a> {
    name: &'a str,
    file: Option<&'a str>,
    value: &'a [u8],
}

impl<'a> Field<'a> {
    pub(crate) fn file(name: &'a str, file: &'a str, value: &'a [u8]) -> Self {
        Self { name, file: Some(file), value }
    }

    pub(crate) fn text(name: &'a str, value: &'a str) -> Self {
        Self { name, file: None, value: value.as_bytes() }
    }

    /// What comes before the value.
    pub(crate) fn head(&self) -> String {
        let file = self.file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        let name = self.name;
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
    }
}

/// The body of a form.
pub(crate) fn form(fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for field in fields {
        body.extend(field.head().as_bytes());
        body.extend(field.value);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}
