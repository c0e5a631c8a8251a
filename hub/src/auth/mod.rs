//! Who is calling and what they may do: tokens, the `Caller` of a request, and the one permission table.

mod acting;
mod caller;
pub mod jwt;
mod level;
mod password;
mod permission;
#[cfg(test)]
mod permission_tests;
mod scope;
mod token;

pub use acting::ActsFor;
pub use caller::{AuthError, Caller, Credential, Identity, Origin, TokenCaller};
pub use level::{Level, ParseWordError, Visibility};
pub use password::{Password, PasswordError, Passwords};
pub use permission::{
    Denied, Right, allow, allow_create, allow_job, allow_leave, allow_operate, allow_own,
    allow_sign, allow_token, allow_tokens, visible_jobs,
};
pub use scope::{ParseScopeError, Scope};
pub(crate) use token::seconds;
pub use token::{Expiry, ParseExpiryError, Token, TokenKind};
