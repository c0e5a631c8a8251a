//! What a request is about, and what has to be there before it is made, so that only rights can be in its way.

use flisthub_hub::auth::Level;
use flisthub_hub::catalog::Actor;
use flisthub_hub::jobs::{self, JobSpec};
use flisthub_storage::{Clock as _, Session, SessionId, Sessions as _};
use serde_json::json;

use super::ask::Ask;
use super::callers::{self, Who};
use super::stage::{ABSENT, NEWCOMER, Stage, TARGET};
use crate::support::START;

/// What a request is about, and what was made for it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The repository under test.
    pub(super) repository: String,
    /// A name in it that no other case has.
    pub(super) name: String,
    /// The caller's own repository.
    pub(super) own: String,
    /// An upload session into the repository.
    pub(super) session: String,
    /// A job.
    pub(super) job: String,
    /// The number of a token of the owner of the repository under test.
    pub(super) token: String,
}

impl Case {
    /// The same of what is not there.
    pub(super) fn absent(&self) -> Self {
        Self {
            repository: ABSENT.to_owned(),
            session: "0".repeat(32),
            job: "0".repeat(self.job.len()),
            token: "1".repeat(self.token.len()),
            ..self.clone()
        }
    }
}

/// What has to be there for a request to succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// The name, in the repository under test.
    Name,
    /// The name, in the caller's own repository.
    OwnName,
    /// The name, deleted.
    Deleted,
    /// A tag of that name, with the member `one`.
    Tag,
    /// The same in the caller's own repository.
    OwnTag,
    /// The caller's session.
    Session,
    /// A job of the repository's owner that waits.
    Waiting,
    /// One that has ended.
    Ended,
    /// The newcomer is a member.
    Member,
    /// The caller and the owner have a password.
    Password,
    /// A token of the repository's owner.
    Token,
}

impl Stage {
    /// Makes what a request needs.
    pub(super) async fn prepare(&self, before: Before, who: &Who, name: &str) -> Case {
        let mut case = Case {
            repository: TARGET.to_owned(),
            name: name.to_owned(),
            own: who.own().to_owned(),
            session: String::new(),
            job: String::new(),
            token: String::new(),
        };
        let named = format!("/api/v1/flists/{TARGET}/{name}");
        match before {
            Before::Nothing => {}
            Before::Name => self.promote(TARGET, name, "target/base").await,
            Before::OwnName => self.promote(&case.own, name, "elsewhere/base").await,
            Before::Deleted => {
                self.promote(TARGET, name, "target/base").await;
                self.ada(Ask::new("DELETE", &named)).await;
            }
            Before::Tag => self.tag(TARGET, name, "target/base").await,
            Before::OwnTag => self.tag(&case.own, name, "elsewhere/base").await,
            Before::Session => case.session = self.session(who.own()).to_string(),
            Before::Waiting => case.job = self.job().await,
            Before::Ended => {
                case.job = self.job().await;
                jobs::cancel(&self.hub, &case.job, &Actor::operator()).await.unwrap();
            }
            Before::Member => self.make_member().await,
            Before::Password => self.set_passwords(who).await,
            Before::Token => case.token = callers::some_token(self).await,
        }
        case
    }

    async fn make_member(&self) {
        let (catalog, by) = (&self.hub.catalog, Actor::operator());
        let (target, user) = (&self.target, self.user(NEWCOMER));
        catalog.set_repository_member(target, user, Level::Reader, &by, START).await.unwrap();
    }

    /// Does not end logins, as a change of the password does that was asked for over HTTP.
    async fn set_passwords(&self, who: &Who) {
        for user in ["olga", who.own()] {
            let by = Actor::operator();
            assert!(
                self.hub.catalog.set_password(user, &self.kept, &by, START).await.unwrap(),
                "{user}"
            );
        }
    }

    async fn tag(&self, repository: &str, name: &str, target: &str) {
        let path = format!("/api/v1/tags/{repository}/{name}/one");
        self.ada(Ask::new("PUT", &path).json(&json!({ "target": target }))).await;
    }

    /// A user's session into the repository under test, however it came to be.
    pub(super) fn session(&self, owner: &str) -> SessionId {
        let id = SessionId::random().unwrap();
        let expires = self.clock.now() + 10_000;
        let (owner, repository) = (owner.to_owned(), TARGET.to_owned());
        self.store.open_session(&Session { id, owner, repository, expires }).unwrap();
        id
    }

    /// A job that the owner of the repository has asked for. No two are the same.
    async fn job(&self) -> String {
        let id = SessionId::random().unwrap().to_string().repeat(2);
        let owner = &self.users[0];
        let by = Actor { user_id: Some(owner.id), name: owner.name.clone(), ..Actor::operator() };
        jobs::start(&self.hub, &JobSpec::Why { id }, &by).await.unwrap().id
    }
}
