//! A hub that is prepared for the matrix: one repository `target` with something of everything in it, people with
//! every level there, and requests that go straight into the router.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use flisthub_flist::Manifest;
use flisthub_hub::auth::{Level, Password, Visibility};
use flisthub_hub::catalog::{Actor, NewRepository, NewUser, RepositoryRow, UserRow};
use flisthub_hub::config::Config;
use flisthub_hub::name::RepositoryName;
use flisthub_hub::routes;
use flisthub_hub::state::Hub;
use flisthub_storage::{Chunk, ChunkId, Compressor, DEFAULT_LEVEL, Frame, StoreStats};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::ask::{Ask, Said};
use super::{callers, issued};
use crate::archives::{files, noise};
use crate::jwt::Issuing;
use crate::postgres;
use crate::push::{Local, records};
use crate::support::{Counted, START, TestClock, Unserved, unserved};

/// The repository that the matrix is about, and the name of one that is not there.
pub(super) const TARGET: &str = "target";
pub(super) const ABSENT: &str = "absent";

/// Another repository of the same owner, which everybody may read.
pub(super) const ELSEWHERE: &str = "elsewhere";

/// What only the item of `target/base` says: a tag, and where it is, west of its raster.
pub(super) const ONLY_TAG: &str = "only-of-the-target";
pub(super) const ONLY_WEST: f64 = -123.25;

/// Somebody whom others make a member of `target`, and whose password everybody knows, as they know all passwords.
pub(super) const NEWCOMER: &str = "nina";
pub(super) const PASSWORD: &str = "correct horse";

/// People, with what they are in `target`.
const PEOPLE: [(&str, Option<Level>); 8] = [
    ("olga", Some(Level::Owner)),
    ("carl", Some(Level::Contributor)),
    ("rita", Some(Level::Reader)),
    ("gus", Some(Level::Guest)),
    ("otto", None),
    ("ada", None),
    ("dora", Some(Level::Owner)),
    (NEWCOMER, None),
];

/// The catalog's own number of changes, what is stored, and how many upload sessions are open.
pub(super) type State = (i64, StoreStats, i64);

/// The hub and what is in it.
pub(super) struct Stage {
    pub(super) hub: Hub,
    /// Whose JWTs are taken.
    pub(super) issuing: Issuing,
    pub(super) clock: Arc<TestClock>,
    pub(super) store: Arc<Counted>,
    pub(super) target: RepositoryRow,
    pub(super) elsewhere: RepositoryRow,
    /// Each user's own, in the order of the users.
    owned: Vec<RepositoryRow>,
    routes: Vec<routes::Route>,
    pub(super) users: Vec<UserRow>,
    /// What `target/base` is.
    pub(super) flist: ChunkId,
    /// The objects of `target/base`.
    pub(super) frames: Vec<Frame>,
    /// An archive of an image.
    pub(super) image: Vec<u8>,
    /// The `.flist` file of what everybody may read.
    pub(super) flist_file: Vec<u8>,
    router: Router,
    /// The same hub, also where the other one changes nothing.
    workshop: Router,
    /// Sees whether anybody else has written to the catalog.
    watch: Mutex<Option<SqliteConnection>>,
    ada: String,
    /// What is kept of the password.
    pub(super) kept: String,
    _directory: tempfile::TempDir,
}

/// Makes all people, and gives each one's own repository too.
async fn people(hub: &Hub, by: &Actor) -> (Vec<UserRow>, Vec<RepositoryRow>) {
    let (mut users, mut owned) = (Vec::new(), Vec::new());
    for (name, _) in PEOPLE {
        let name = &RepositoryName::parse(name).unwrap();
        let (admin, visibility) = (name.as_str() == "ada", Visibility::Public);
        let new = NewUser { name, admin, password: None, visibility };
        users.push(hub.catalog.create_user(&new, by, START).await.unwrap());
        owned.push(hub.catalog.repository(name).await.unwrap().unwrap());
    }
    (users, owned)
}

const RASTER: &[u8] = include_bytes!("../../../../stac/tests/fixtures/geodata/a.tif");

impl Stage {
    pub(super) async fn new(visibility: Visibility, config: Config) -> Self {
        let (read_only, mut config) = (config.read_only, config);
        // The clock stands, and everybody calls from nowhere.
        config.limits.requests_per_second = 0;
        config.limits.invalid_tokens_per_address = 0;
        let issuing = issued::issuing();
        config.issuers = vec![issuing.issuer.clone()];
        // Nothing answers there.
        config.images.hosts = vec!["127.0.0.1".to_owned()];
        config.images.private_hosts = vec!["127.0.0.1:9".to_owned()];
        let Unserved { mut hub, clock, store, directory } =
            unserved(Config { read_only: false, ..config }).await;
        let by = Actor::operator();
        let (users, owned) = people(&hub, &by).await;
        let creator_id = users[0].id;
        let mut made = Vec::new();
        for (name, visibility) in [(TARGET, visibility), (ELSEWHERE, Visibility::Public)] {
            let name = &RepositoryName::parse(name).unwrap();
            let new = NewRepository { name, visibility, creator_id };
            made.push(hub.catalog.create_repository(&new, &by, START).await.unwrap());
        }
        let [target, elsewhere] = made.try_into().unwrap();
        for ((_, level), user) in PEOPLE.iter().zip(&users) {
            if let Some(level) = level {
                let catalog = &hub.catalog;
                catalog.set_repository_member(&target, user, *level, &by, START).await.unwrap();
            }
        }
        let ada = callers::admin_token(&hub, &users[5]).await;
        let watch = watch(&directory.path().join("data")).await;
        let mut stage = Self {
            router: routes::router(&hub),
            workshop: routes::router(&hub),
            hub: hub.clone(),
            issuing,
            clock,
            store,
            target,
            elsewhere,
            owned,
            routes: routes::routes(&hub),
            users,
            flist: ChunkId::from_bytes([0; 32]),
            frames: Vec::new(),
            image: Vec::new(),
            flist_file: Vec::new(),
            watch: Mutex::new(watch),
            ada,
            kept: hub.passwords.hash(Password::new(PASSWORD.to_owned()).unwrap()).await.unwrap(),
            _directory: directory,
        };
        stage.furnish().await;
        if read_only {
            hub.config = Arc::new(Config { read_only, ..(*hub.config).clone() });
            stage.router = routes::router(&hub);
            stage.hub = hub;
        }
        stage
    }

    /// Puts something of everything into the repositories.
    async fn furnish(&mut self) {
        // So that it is in the catalogue, too.
        let readme = ("README.md", &b"---\ncategory: dataset\n---\nSecret\n"[..]);
        let (noise, raster) = (noise(300_000, 7), ("dir/scene.tif", RASTER));
        let secret = files(&[readme, ("dir/file", &noise), ("dir/note", b"a note"), raster]);
        (self.flist, self.frames) = with_image_config(&Local::of(&secret));
        self.push(&format!("{TARGET}/base"), self.flist, &self.frames).await;
        let open = Local::of(&files(&[("open", b"for everybody"), ("too", b"yes")]));
        let frames: Vec<Frame> = open.frames.into_values().collect();
        self.push(&format!("{ELSEWHERE}/base"), open.flist, &frames).await;
        self.push(&format!("{TARGET}/other"), open.flist, &frames).await;
        for (name, _) in PEOPLE {
            self.promote(name, "base", "elsewhere/base").await;
            self.promote(name, "second", "elsewhere/base").await;
        }
        let target = json!({ "target": "target/base" });
        self.ada(Ask::new("PUT", "/api/v1/tags/target/set/one").json(&target)).await;
        self.ada(Ask::new("PUT", "/api/v1/flists/target/alias/link").json(&target)).await;
        // What no other item says, also not one that is made of the same flist.
        let only = json!({
            "metadata": { "tags": [ONLY_TAG], "extent": { "spatial": [ONLY_WEST, 45.5, -122.75, 45.75] } },
        });
        self.ada(Ask::new("PUT", "/api/v1/flists/target/base/metadata").json(&only)).await;
        let set = json!({ "target": "target/set" });
        self.ada(Ask::new("PUT", "/api/v1/flists/target/toset/link").json(&set)).await;
        let export = "/api/v1/flists/elsewhere/base/export?format=docker-archive";
        self.image = self.ada(Ask::new("GET", export)).await.body;
        self.flist_file = self.ada(Ask::new("GET", "/elsewhere/base.flist")).await.body;
    }

    /// Sends objects and has a name point at them.
    pub(super) async fn push(&self, name: &str, flist: ChunkId, frames: &[Frame]) {
        let repository = name.split('/').next().unwrap();
        let open = Ask::new("POST", "/api/v1/sessions").json(&json!({ "repository": repository }));
        let opened: Value = self.ada(open).await.json();
        let session = opened["session"].as_str().unwrap();
        let path = format!("/api/v1/sessions/{session}/chunks");
        let chunks = Ask::new("POST", &path);
        self.ada(chunks.bytes("application/vnd.flisthub.chunks", records(frames))).await;
        let publish = json!({ "session": session, "flist": flist.to_string() });
        self.ada(Ask::new("PUT", format!("/api/v1/flists/{name}")).json(&publish)).await;
    }

    pub(super) async fn promote(&self, repository: &str, name: &str, from: &str) {
        let path = format!("/api/v1/flists/{repository}/{name}/promote");
        self.ada(Ask::new("POST", &path).json(&json!({ "from": from }))).await;
    }

    /// Asks as the admin, and wants it to succeed.
    pub(super) async fn ada(&self, ask: Ask) -> Said {
        let said = ask.send(&self.workshop, Some(&self.ada), &[]).await;
        assert!(said.status < 300, "{ask:?}: {said:?}");
        said
    }

    /// Asks as whoever that authorization names.
    pub(super) async fn send(
        &self,
        ask: &Ask,
        authorization: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Said {
        ask.send(&self.router, authorization, headers).await
    }

    /// What differs once anything has changed: the catalog's own number of changes, and what is stored.
    pub(super) async fn state(&self) -> State {
        use flisthub_storage::ChunkStore as _;
        let version = match &mut *self.watch.lock().await {
            Some(watch) => {
                let version = sqlx::query_as("pragma data_version").fetch_one(watch).await;
                let (version,): (i64,) = version.unwrap();
                version
            }
            None => 0,
        };
        (version, self.store.stats().unwrap(), self.store.open_sessions())
    }

    /// The repository of that user.
    pub(super) fn own(&self, name: &str) -> &RepositoryRow {
        self.owned.iter().find(|row| row.name == name).unwrap()
    }

    /// Whether there is such a route.
    pub(super) fn takes(&self, method: &str, pattern: &str) -> bool {
        self.routes.iter().any(|route| route.method == method && route.pattern == pattern)
    }

    pub(super) fn user(&self, name: &str) -> &UserRow {
        self.users.iter().find(|user| user.name == name).unwrap()
    }

    pub(super) fn level(name: &str) -> Option<Level> {
        PEOPLE.iter().find(|(person, _)| *person == name).and_then(|(_, level)| *level)
    }
}

/// A connection of one's own to the catalog, which SQLite tells of changes by others. PostgreSQL has no such number.
async fn watch(data: &Path) -> Option<SqliteConnection> {
    if postgres::server(data).is_some() {
        return None;
    }
    let file = data.join("catalog.sqlite");
    assert!(file.exists(), "the catalog is not where it was");
    let options = SqliteConnectOptions::new().filename(file);
    Some(SqliteConnection::connect_with(&options).await.unwrap())
}

/// The same flist with the configuration of an image.
fn with_image_config(local: &Local) -> (ChunkId, Vec<Frame>) {
    let mut frames: Vec<Frame> = local.frames.values().cloned().collect();
    let at = frames.iter().position(|frame| frame.id() == local.flist).unwrap();
    let chunk: Chunk = frames.remove(at).decode().unwrap();
    let mut manifest = Manifest::decode(chunk.bytes()).unwrap();
    manifest.image_config = Some(br#"{"config":{"Cmd":["/x"]}}"#.to_vec());
    let chunk = manifest.to_chunk().unwrap();
    frames.push(Compressor::new(DEFAULT_LEVEL).unwrap().compress(&chunk).unwrap());
    (chunk.id(), frames)
}
