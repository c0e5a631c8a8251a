//! The caller of a request: nobody in particular, the user whose token came with it, or the operator.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::jwt::JwtError;
use super::{ActsFor, Scope, Token, TokenKind};
use crate::catalog::{Actor, CatalogError, TokenRow, UserRow};
use crate::error::ApiError;
use crate::state::Hub;

/// Who is calling. As an axum extractor it reads the `Authorization` header; a header that names no
/// valid token is refused, never taken for no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// No token came.
    Anonymous,
    /// A valid token came.
    User(Box<Identity>),
    /// Whoever works at the hub's machine. Never comes over HTTP.
    Operator,
}

/// A user who calls, and what their token makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserRow,
    /// What the token allows.
    pub scope: Scope,
    /// Numbers of the repositories that the token is limited to: elsewhere it is worth no more than no token.
    /// `None`: it is not limited.
    pub only: Option<Vec<i64>>,
    /// Numbers of repositories that an issuer says the user contributes to.
    pub member_of: Vec<i64>,
    /// The repository that is meant by the user's own; `None`: the one of the user's name.
    pub acts_for: Option<String>,
    /// By what the user is known.
    pub credential: Credential,
    /// Where the request came from.
    pub origin: Origin,
}

/// By what a user is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A token of the hub's own.
    Token {
        /// Its number.
        id: i64,
        /// How it came to be.
        kind: TokenKind,
        /// When it ends, in seconds since the Unix epoch; `None` for never.
        expires: Option<u64>,
    },
    /// A token that an issuer signed.
    Jwt {
        /// The issuer.
        issuer: String,
        /// What the issuer calls the user.
        subject: String,
        /// When it ends, in seconds since the Unix epoch.
        expires: u64,
    },
    /// A job that the user asked for.
    Job {
        /// Number of the token that it was asked for with; `None`: an issuer's, which cannot be revoked.
        token: Option<i64>,
    },
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address, as far as it is known.
    pub address: Option<IpAddr>,
    /// The request's id, as in the log and in `X-Request-Id`.
    pub request: String,
}

/// Why a caller is not who they say.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A token is needed and none came.
    #[error("no authorization provided")]
    Missing,
    /// The header is not `bearer <token>`.
    #[error("invalid authorization header: it must be `bearer <token>`")]
    Malformed,
    /// Nobody has that token.
    #[error("invalid token")]
    Unknown,
    /// The token's time is over.
    #[error("the token has expired; make another")]
    Expired,
    /// The token was revoked.
    #[error("the token was revoked; make another")]
    Revoked,
    /// The token's user may not sign in any more.
    #[error("this account is disabled; ask the operator of the hub")]
    Disabled,
    /// Nobody has that name and that password.
    #[error("user or password is wrong")]
    Login,
    /// A JWT is not taken.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// A JWT is good, and nobody has its user's name here.
    #[error("the token is good, and this hub has no user {0}; ask its operator to add the user")]
    NoSuchUser(String),
    /// The request asks to act for what is not the caller's to act for.
    #[error(
        "the cookie active-user names {0}, and this token may not act for it; leave the cookie out, or name \
         the token's own user or a repository that they contribute to"
    )]
    MayNotActFor(String),
    /// The catalog could not be asked.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl AuthError {
    /// Whether somebody may be trying tokens until one is valid.
    fn may_be_a_guess(&self) -> bool {
        match self {
            Self::Unknown => true,
            // Those are good tokens at the wrong time or place.
            Self::Jwt(error) => !matches!(
                error,
                JwtError::Expired | JwtError::NotYet | JwtError::NotTheirs | JwtError::NoKeys
            ),
            _ => false,
        }
    }
}

impl Caller {
    /// The user, or the error that asks for a token.
    pub fn user(&self) -> Result<&UserRow, AuthError> {
        self.identity().map(|identity| &identity.user)
    }

    /// The user with all that the token says, or the error that asks for a token.
    pub fn identity(&self) -> Result<&Identity, AuthError> {
        match self {
            Self::User(identity) => Ok(identity),
            Self::Anonymous | Self::Operator => Err(AuthError::Missing),
        }
    }

    /// Whether the caller may operate the hub: an admin with a token that says so, limited to nothing.
    pub fn is_admin(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Anonymous => false,
            Self::User(identity) => identity.is_admin(),
        }
    }

    /// The name of the caller's own repository, or the error that asks for a token.
    pub fn own_repository(&self) -> Result<&str, AuthError> {
        let identity = self.identity()?;
        Ok(identity.acts_for.as_deref().unwrap_or(&identity.user.name))
    }

    /// Who the audit log says it was, or the error that asks for a token.
    pub fn actor(&self) -> Result<Actor, AuthError> {
        match self {
            Self::Anonymous => Err(AuthError::Missing),
            Self::Operator => Ok(Actor::operator()),
            Self::User(identity) => Ok(identity.actor()),
        }
    }

    async fn of_header(
        hub: &Hub,
        header: &[u8],
        origin: Origin,
        acts_for: Option<&ActsFor>,
    ) -> Result<Self, AuthError> {
        let header = std::str::from_utf8(header).map_err(|_| AuthError::Malformed)?;
        let (scheme, token) = header.trim().split_once(' ').ok_or(AuthError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(AuthError::Malformed);
        }
        let token = token.trim();
        // As 0-hub tells them apart: a token of the hub's own has no dot, and a JWT has two.
        let mut identity = if token.contains('.') {
            Identity::of_jwt(hub, token, origin, acts_for).await?
        } else {
            Identity::of_token(hub, &Token::presented(token), origin).await?
        };
        if let Some(acts_for) = acts_for {
            acts_for.by(hub, &mut identity).await?;
        }
        Ok(Self::User(Box::new(identity)))
    }
}

impl Identity {
    async fn of_token(hub: &Hub, token: &Token, origin: Origin) -> Result<Self, AuthError> {
        let row = hub.catalog.token(&token.hash()).await?.ok_or(AuthError::Unknown)?;
        Self::of_row(hub, row, origin)
    }

    /// The user of the hub's own token with that number, as long as it is worth something. Only for what the hub
    /// itself noted of whoever had the token: to know the number shows nothing.
    pub(crate) async fn of_token_id(hub: &Hub, id: i64, origin: Origin) -> Result<Self, AuthError> {
        let row = hub.catalog.token_by_id(id).await?.ok_or(AuthError::Unknown)?;
        Self::of_row(hub, row, origin)
    }

    fn of_row(hub: &Hub, row: TokenRow, origin: Origin) -> Result<Self, AuthError> {
        if row.revoked.is_some() {
            return Err(AuthError::Revoked);
        }
        if row.expires.is_some_and(|expires| expires <= hub.clock.now()) {
            return Err(AuthError::Expired);
        }
        if row.disabled {
            return Err(AuthError::Disabled);
        }
        Ok(Self {
            credential: Credential::Token { id: row.id, kind: row.kind, expires: row.expires },
            user: row.user,
            scope: row.scope,
            only: row.only,
            member_of: Vec::new(),
            acts_for: None,
            origin,
        })
    }

    /// Number of the hub's own token that the user is known by.
    pub fn token(&self) -> Option<i64> {
        match self.credential {
            Credential::Token { id, .. } => Some(id),
            Credential::Job { token } => token,
            Credential::Jwt { .. } => None,
        }
    }

    /// Whether it is an admin with a token that says so, limited to nothing.
    pub fn is_admin(&self) -> bool {
        self.user.admin && self.scope == Scope::Admin && self.only.is_none()
    }

    /// Whether the token is worth something in the repository with that number.
    pub fn reaches(&self, repository_id: i64) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&repository_id))
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::user(Some(self.user.id), &self.user.name, &self.credential, &self.origin)
    }
}

impl Actor {
    /// A user, as the audit log keeps it; without a number while there is no such user yet.
    pub(super) fn user(
        id: Option<i64>,
        name: &str,
        credential: &Credential,
        origin: &Origin,
    ) -> Self {
        let credential = match credential {
            Credential::Token { id, kind: TokenKind::Api, .. } => format!("token {id}"),
            Credential::Token { id, kind: TokenKind::Login, .. } => format!("login {id}"),
            Credential::Jwt { issuer, subject, .. } => format!("jwt {issuer} {subject}"),
            Credential::Job { .. } => "job".to_owned(),
        };
        Self {
            user_id: id,
            name: name.to_owned(),
            credential,
            address: origin.address.map(|address| address.to_string()),
            request: Some(origin.request.clone()).filter(|id| !id.is_empty()),
        }
    }
}

/// A caller whom the `Authorization` header alone names, and nothing that a browser sends along by itself:
/// for what changes something by a `GET`, which any page can make a browser send. Whatever other ways there
/// will be to say who is calling, this is not to take them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCaller(pub Caller);

impl FromRequestParts<Hub> for TokenCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, ApiError> {
        // Found out already, when the request was counted.
        if let Some(found) = parts.extensions.get::<Result<Self, ApiError>>() {
            return found.clone();
        }
        let Some(header) = parts.headers.get(AUTHORIZATION) else {
            return Ok(Self(Caller::Anonymous));
        };
        let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_default();
        let address = origin.address;
        let acts_for = parts.extensions.get::<ActsFor>();
        match Caller::of_header(hub, header.as_bytes(), origin, acts_for).await {
            Ok(caller) => Ok(Self(caller)),
            Err(error) => {
                if error.may_be_a_guess() {
                    hub.limits.invalid_token(address)?;
                }
                Err(error.into())
            }
        }
    }
}

impl FromRequestParts<Hub> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, ApiError> {
        let TokenCaller(caller) = TokenCaller::from_request_parts(parts, hub).await?;
        Ok(caller)
    }
}
