//! The connection to PostgreSQL is lost at every message of every kind of change: the change is made whole or not
//! at all, the error says that the server was lost, and the next change goes through without anybody's doing.

mod cut;
mod items;
mod rig;

use flisthub_flist::Counts;
use flisthub_storage::{ChunkId, Kind};

use self::rig::{Lost, Tally};
use super::{
    Actor, Catalog, CatalogError, Change, Claim, Condition, FlistFacts, FlistRow, JobEnd, JobNews,
    Lane, NewJob, NewRepository, NewToken, RepositoryRow, Source, Target, UserChange, UserRow,
};
use crate::auth::{Level, Scope, TokenKind, Visibility};
use crate::name::{FlistName, RepositoryName};

/// Every kind of change that the catalog makes, but for those of items.
const CHANGES: &[&str] = &[
    "publish",
    "publish again",
    "link",
    "set a tag's member",
    "remove a tag's member",
    "rename",
    "delete",
    "make a user",
    "make an admin",
    "disable a user",
    "set a password",
    "change all of a user",
    "make a token",
    "revoke a token",
    "make a repository",
    "set a visibility",
    "set a member",
    "remove a member",
    "queue a job",
    "claim a job",
    "tell of a job",
    "cancel a job",
    "requeue a job",
    "finish a job",
    "keep facts",
    "keep layers",
    "accept a loss",
    "sweep",
];

/// The n-th try of a change: all that it makes is called by its number.
struct Try {
    number: u64,
    alice: UserRow,
    bob: UserRow,
    repository: RepositoryRow,
    by: Actor,
    name: FlistName,
    other: FlistName,
}

fn flist(number: u64) -> FlistRow {
    let id: ChunkId = Kind::Manifest.id_of(&number.to_be_bytes());
    FlistRow { id, entries: 1, bytes: 2 }
}

impl Try {
    fn change<'a>(&'a self, name: &'a FlistName, source: Source) -> Change<'a> {
        let (condition, now) = (&Condition::NONE, self.number);
        let repository_id = self.repository.id;
        Change {
            repository_id,
            name,
            by: &self.by,
            source,
            detail: None,
            condition,
            dry_run: false,
            now,
        }
    }

    fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.number.to_be_bytes()).as_bytes()
    }

    fn user_name(&self) -> RepositoryName {
        RepositoryName::parse(&format!("user{}", self.number)).unwrap()
    }

    async fn token(&self, catalog: &Catalog) -> Result<i64, CatalogError> {
        let new = NewToken {
            user_id: self.alice.id,
            hash: self.hash(),
            kind: TokenKind::Api,
            label: String::new(),
            scope: Scope::Write,
            only: Some(vec![self.repository.id]),
            expires: None,
        };
        catalog.create_token(&new, &self.by, self.number).await
    }

    async fn job(&self, catalog: &Catalog) -> Result<String, CatalogError> {
        let arguments = format!("{{\"n\":{}}}", self.number);
        let (by, kind) = (&self.by, "sweep");
        let job = NewJob { kind, arguments, by, detail: None, repository_id: None };
        Ok(catalog.insert_job(&job, self.number).await?.id)
    }

    async fn publish(&self, catalog: &Catalog) -> Result<(), CatalogError> {
        let change = self.change(&self.name, Source::Push);
        catalog.publish(&change, &flist(self.number)).await.map(drop)
    }

    fn target(&self) -> Target {
        Target { repository: "alice".to_owned(), name: self.name.to_string() }
    }

    async fn tag(&self, catalog: &Catalog) -> Result<(), CatalogError> {
        let change = self.change(&self.other, Source::Tag);
        catalog.set_member(&change, &self.name, &self.target()).await.map(drop)
    }

    async fn hire(&self, catalog: &Catalog, level: Level) -> Result<(), CatalogError> {
        let now = self.number;
        catalog
            .set_repository_member(&self.repository, &self.bob, level, &self.by, now)
            .await
            .map(drop)
    }

    /// What must be there for the change; gives the id of what it is about.
    async fn prepare(&self, catalog: &Catalog, change: &str) -> String {
        match change {
            "publish again" | "link" | "set a tag's member" | "rename" | "delete" => {
                self.publish(catalog).await.unwrap();
            }
            "remove a tag's member" => {
                self.publish(catalog).await.unwrap();
                self.tag(catalog).await.unwrap();
            }
            "keep facts" | "keep layers" => self.publish(catalog).await.unwrap(),
            "revoke a token" => return self.token(catalog).await.unwrap().to_string(),
            "make an admin" | "disable a user" | "change all of a user" => {
                catalog.set_admin("bob", false, &self.by, 1).await.unwrap();
                catalog.set_disabled("bob", false, &self.by, 1).await.unwrap();
            }
            "set a visibility" => {
                let (row, public) = (&self.repository, Visibility::Public);
                catalog.set_visibility(row, public, &self.by, 1).await.unwrap();
            }
            "set a member" => {
                let (row, bob) = (&self.repository, &self.bob);
                catalog.remove_repository_member(row, bob, &self.by, 1).await.unwrap();
            }
            "remove a member" => self.hire(catalog, Level::Reader).await.unwrap(),
            "accept a loss" => catalog.set_loss_accepted(false).await.unwrap(),
            "claim a job" | "cancel a job" => return self.job(catalog).await.unwrap(),
            "tell of a job" | "requeue a job" | "finish a job" => {
                let id = self.job(catalog).await.unwrap();
                catalog.claim_job(Claim::ByCommand(&id), 1).await.unwrap();
                return id;
            }
            other => items::prepare(self, catalog, other).await,
        }
        String::new()
    }

    async fn change_names(&self, catalog: &Catalog, change: &str) -> Result<(), CatalogError> {
        let of = |source| self.change(&self.name, source);
        match change {
            "publish" => self.publish(catalog).await,
            "publish again" => {
                catalog.publish(&of(Source::Push), &flist(self.number + 1_000_000)).await.map(drop)
            }
            "link" => {
                let link = self.change(&self.other, Source::Link);
                catalog.link(&link, &self.target()).await.map(drop)
            }
            "set a tag's member" => self.tag(catalog).await,
            "remove a tag's member" => {
                let untag = self.change(&self.other, Source::Untag);
                catalog.remove_member(&untag, &self.name).await.map(drop)
            }
            "rename" => catalog.rename(&of(Source::Rename), &self.other).await.map(drop),
            "delete" => catalog.delete_name(&of(Source::Delete)).await.map(drop),
            other => items::run(self, catalog, other).await,
        }
    }

    async fn change_jobs(
        &self,
        catalog: &Catalog,
        change: &str,
        id: &str,
    ) -> Result<(), CatalogError> {
        match change {
            "queue a job" => self.job(catalog).await.map(drop),
            "claim a job" => catalog.claim_job(Claim::Oldest(Lane::Upkeep), 1).await.map(drop),
            "tell of a job" => {
                let lines = vec!["one".to_owned(), "two".to_owned()];
                let news = JobNews { parts: Some("[]".to_owned()), lines, ..JobNews::default() };
                catalog.record_job(id, &news, 1).await.map(drop)
            }
            "cancel a job" => catalog.ask_cancel(id, &self.by, 1).await.map(drop),
            "requeue a job" => catalog.requeue_job(id, true).await,
            "finish a job" => {
                catalog.finish_job(id, &JobEnd::Succeeded("{}".to_owned()), self.number).await
            }
            other => self.change_names(catalog, other).await,
        }
    }

    async fn run(&self, catalog: &Catalog, change: &str, id: &str) -> Result<(), CatalogError> {
        let (by, now, row) = (&self.by, self.number, &self.repository);
        match change {
            "make a user" => catalog.make_user(&self.user_name(), now).await.map(drop),
            "make an admin" => catalog.set_admin("bob", true, by, now).await.map(drop),
            "disable a user" => catalog.set_disabled("bob", true, by, now).await.map(drop),
            "set a password" => {
                catalog.set_password("bob", &format!("${now}"), by, now).await.map(drop)
            }
            "change all of a user" => {
                let password = format!("${now}");
                let (password, admin, disabled) = (Some(&*password), Some(true), Some(true));
                let change = UserChange { password, admin, disabled };
                catalog.change_user("bob", change, by, now).await.map(drop)
            }
            "make a token" => self.token(catalog).await.map(drop),
            "revoke a token" => catalog.revoke_token(id.parse().unwrap(), by, now).await.map(drop),
            "make a repository" => {
                let (visibility, creator_id) = (Visibility::Private, self.alice.id);
                let new = NewRepository { name: &self.user_name(), visibility, creator_id };
                catalog.create_repository(&new, by, now).await.map(drop)
            }
            "set a visibility" => catalog.set_visibility(row, Visibility::Private, by, now).await,
            "set a member" => self.hire(catalog, Level::Guest).await,
            "remove a member" => {
                catalog.remove_repository_member(row, &self.bob, by, now).await.map(drop)
            }
            "keep facts" => {
                let counts = Counts { regular: 1, symlink: 2, directory: 3, special: 4 };
                let facts = FlistFacts { file_bytes: now, md5: [7; 16], counts };
                catalog.set_facts(flist(now).id, &facts).await
            }
            "keep layers" => {
                let layers = ["sha256:aa".to_owned(), "sha256:bb".to_owned()];
                catalog.set_image_layers(row.id, flist(now).id, &layers).await
            }
            "accept a loss" => catalog.set_loss_accepted(true).await,
            "sweep" => catalog.deleting(now).await,
            other => self.change_jobs(catalog, other, id).await,
        }
    }
}

#[tokio::test]
async fn a_change_whose_connection_is_lost_is_made_whole_or_not_at_all() {
    for change in CHANGES.iter().chain(items::CHANGES) {
        // A catalog for each: what is compared each time are all its rows.
        let Some(mut lost) = Lost::new().await else { return };
        let (_, made, whole) = lost.make(change, i64::MAX).await;
        made.unwrap();
        assert!(!whole.is_empty(), "{change} changes nothing");
        let mut tally = Tally::default();
        for message in 1.. {
            if tally.make(&mut lost, change, message, &whole).await {
                continue;
            }
            // With the connection that a try has left, a change takes fewer messages than with a new one.
            lost.cut.now();
            if !tally.make(&mut lost, change, message, &whole).await {
                break;
            }
        }
        let Tally { refused, made_anyway } = tally;
        eprintln!("{change}: {refused} times not made, {made_anyway} times made and not known");
        assert!(refused > 5 && made_anyway > 0, "{change}");
        lost.through.close().await;
        lost.direct.close().await;
    }
}
