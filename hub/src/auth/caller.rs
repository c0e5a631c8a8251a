//! The caller of a request: nobody in particular, or the user whose token came with it.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::{Scope, Token};
use crate::catalog::{CatalogError, UserRow};
use crate::error::ApiError;
use crate::state::Hub;

/// Who is calling. As an axum extractor it reads the `Authorization` header; a header that names no
/// valid token is refused, never taken for no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// No token came.
    Anonymous,
    /// A valid token came.
    User {
        /// Whose it is.
        user: UserRow,
        /// What it allows.
        scope: Scope,
    },
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
    #[error("the token has expired; make another with `flisthub token create`")]
    Expired,
    /// The catalog could not be asked.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Caller {
    /// The user, or the error that asks for a token.
    pub fn user(&self) -> Result<&UserRow, AuthError> {
        match self {
            Self::Anonymous => Err(AuthError::Missing),
            Self::User { user, .. } => Ok(user),
        }
    }

    async fn of_header(hub: &Hub, header: &[u8]) -> Result<Self, AuthError> {
        let header = std::str::from_utf8(header).map_err(|_| AuthError::Malformed)?;
        let (scheme, token) = header.trim().split_once(' ').ok_or(AuthError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(AuthError::Malformed);
        }
        let token = Token::presented(token.trim());
        let row = hub.catalog.token(&token.hash()).await?.ok_or(AuthError::Unknown)?;
        if row.expires.is_some_and(|expires| expires <= hub.clock.now()) {
            return Err(AuthError::Expired);
        }
        Ok(Self::User { user: row.user, scope: row.scope })
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
        match parts.headers.get(AUTHORIZATION) {
            None => Ok(Self(Caller::Anonymous)),
            Some(header) => Ok(Self(Caller::of_header(hub, header.as_bytes()).await?)),
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
