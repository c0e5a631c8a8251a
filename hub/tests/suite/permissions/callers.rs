//! Everybody who can call: with which token, and what the hub should take them for.

use flisthub_hub::auth::{
    Caller, Credential, Identity, Level, Origin, Right, Scope, Token, TokenKind, allow,
};
use flisthub_hub::catalog::{Actor, NewToken, RepositoryRow, UserRow};
use flisthub_hub::state::Hub;

use super::issued;
use super::stage::Stage;
use crate::support::START;

/// When the clock of a stage stands.
const EXPIRED: u64 = START - 1;

/// Somebody.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// How a failure names them.
    pub(super) name: &'static str,
    /// What they send.
    pub(super) authorization: Option<String>,
    /// Whom the hub should take them for; `None`: nobody, since what they send is worth nothing.
    pub(super) caller: Option<Caller>,
}

impl Who {
    /// The name of their own repository, whoever the hub takes them for.
    pub(super) fn own(&self) -> &str {
        match &self.caller {
            Some(Caller::User(identity)) => {
                identity.acts_for.as_deref().unwrap_or(&identity.user.name)
            }
            _ => "olga",
        }
    }

    /// Their level in a repository: in `target` it is in the list of people, their own is their own.
    pub(super) fn level(&self, stage: &Stage, repository: &RepositoryRow) -> Option<Level> {
        let Some(Caller::User(identity)) = &self.caller else { return None };
        let user = identity.user.name.as_str();
        if repository.id == stage.target.id {
            Stage::level(user)
        } else if repository.creator_id == identity.user.id {
            Some(Level::Owner)
        } else {
            None
        }
    }

    /// What the permission table says.
    pub(super) fn may(
        &self,
        stage: &Stage,
        right: Right,
        repository: &RepositoryRow,
    ) -> Result<(), flisthub_hub::auth::Denied> {
        let caller = self.caller.as_ref().unwrap();
        allow(&stage.hub.config, caller, right, repository, self.level(stage, repository))
    }
}

/// A token to be made.
struct Made<'a> {
    user: &'a UserRow,
    scope: Scope,
    kind: TokenKind,
    only: Option<Vec<i64>>,
    expires: Option<u64>,
}

impl<'a> Made<'a> {
    fn of(user: &'a UserRow, scope: Scope) -> Self {
        Self { user, scope, kind: TokenKind::Api, only: None, expires: None }
    }

    /// Makes it; gives the header that it is sent in, and its number.
    async fn make(&self, hub: &Hub) -> (String, i64) {
        let token = Token::random().unwrap();
        let new = NewToken {
            user_id: self.user.id,
            hash: token.hash(),
            kind: self.kind,
            label: "matrix".to_owned(),
            scope: self.scope,
            only: self.only.clone(),
            expires: self.expires,
        };
        let id = hub.catalog.create_token(&new, &Actor::operator(), START).await.unwrap();
        (format!("Bearer {}", token.reveal()), id)
    }

    /// Somebody who sends it, and is taken for its user.
    async fn good(self, name: &'static str, hub: &Hub) -> Who {
        let (authorization, id) = self.make(hub).await;
        let identity = Identity {
            user: self.user.clone(),
            scope: self.scope,
            only: self.only.clone(),
            member_of: Vec::new(),
            acts_for: None,
            credential: Credential::Token { id, kind: self.kind, expires: self.expires },
            origin: Origin::default(),
        };
        let caller = Some(Caller::User(Box::new(identity)));
        Who { name, authorization: Some(authorization), caller }
    }

    /// Somebody who sends it, and is taken for nobody.
    async fn bad(self, name: &'static str, hub: &Hub) -> Who {
        let (authorization, _) = self.make(hub).await;
        Who { name, authorization: Some(authorization), caller: None }
    }
}

/// The header of a token that may everything.
pub(super) async fn admin_token(hub: &Hub, ada: &UserRow) -> String {
    Made::of(ada, Scope::Admin).make(hub).await.0
}

/// The number of a token of the owner.
pub(super) async fn some_token(stage: &Stage) -> String {
    Made::of(stage.user("olga"), Scope::Read).make(&stage.hub).await.1.to_string()
}

/// Everybody.
pub(super) async fn all(stage: &Stage) -> Vec<Who> {
    let mut all =
        vec![Who { name: "anonymous", authorization: None, caller: Some(Caller::Anonymous) }];
    all.extend(by_level(stage).await);
    all.extend(by_token(stage).await);
    all.extend(issued::good(stage));
    all.extend(nobody(stage).await);
    all.extend(issued::bad(stage));
    all
}

async fn by_level(stage: &Stage) -> Vec<Who> {
    let hub = &stage.hub;
    let writes = |user| Made::of(stage.user(user), Scope::Write);
    vec![
        writes("otto").good("another user", hub).await,
        writes("gus").good("guest", hub).await,
        writes("rita").good("reader", hub).await,
        writes("carl").good("contributor", hub).await,
        writes("olga").good("owner", hub).await,
        Made::of(stage.user("ada"), Scope::Admin).good("admin", hub).await,
        writes("ada").good("admin, token of scope write", hub).await,
    ]
}

async fn by_token(stage: &Stage) -> Vec<Who> {
    let hub = &stage.hub;
    let (olga, ada) = (stage.user("olga"), stage.user("ada"));
    let limited = |user, scope, repository: &RepositoryRow| {
        let only = Some(vec![repository.id]);
        Made { only, ..Made::of(user, scope) }
    };
    let login = Made { kind: TokenKind::Login, ..Made::of(olga, Scope::Write) };
    let lasting = Made { expires: Some(START + 1_000_000), ..Made::of(olga, Scope::Write) };
    vec![
        Made::of(olga, Scope::Read).good("owner, token of scope read", hub).await,
        Made::of(olga, Scope::Admin).good("owner, token of scope admin, no admin", hub).await,
        login.good("owner, signed in", hub).await,
        lasting.good("owner, token that will expire", hub).await,
        limited(olga, Scope::Write, &stage.elsewhere).good("owner, limited elsewhere", hub).await,
        limited(olga, Scope::Write, &stage.target).good("owner, limited to this", hub).await,
        limited(olga, Scope::Read, &stage.target).good("owner, read, limited to this", hub).await,
        limited(ada, Scope::Admin, &stage.elsewhere).good("admin, limited elsewhere", hub).await,
        limited(ada, Scope::Admin, &stage.target).good("admin, limited to this", hub).await,
    ]
}

async fn nobody(stage: &Stage) -> Vec<Who> {
    let (hub, by) = (&stage.hub, Actor::operator());
    let (olga, dora) = (stage.user("olga"), stage.user("dora"));
    let expired = Made { expires: Some(EXPIRED), ..Made::of(olga, Scope::Write) };
    let revoked = Made::of(olga, Scope::Write);
    let (revoked_header, id) = revoked.make(hub).await;
    assert!(hub.catalog.revoke_token(id, &by, START).await.unwrap());
    let disabled = Made::of(dora, Scope::Write).bad("disabled owner", hub).await;
    hub.catalog.set_disabled("dora", true, &by, START).await.unwrap();
    let sends = |name, authorization: &str| Who {
        name,
        authorization: Some(authorization.to_owned()),
        caller: None,
    };
    vec![
        expired.bad("expired token", hub).await,
        sends("revoked token", &revoked_header),
        disabled,
        sends("unknown token", &format!("Bearer fh_{}", "0".repeat(64))),
        sends("no token", "Bearer"),
        sends("empty token", "Bearer "),
        sends("name and password", "Basic b2xnYTpwYXNzd29yZA=="),
    ]
}
