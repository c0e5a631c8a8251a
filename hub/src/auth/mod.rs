//! Who is calling and what they may do: tokens, the `Caller` of a request, and the one permission table.

mod caller;
mod password;
mod permission;
mod scope;
mod token;

pub use caller::{AuthError, Caller, TokenCaller};
pub use password::{Password, PasswordError, Passwords};
pub use permission::{Denied, Right, allow, allow_job, allow_operate, visible_jobs};
pub use scope::{ParseScopeError, Scope};
pub(crate) use token::seconds;
pub use token::{Expiry, ParseExpiryError, Token};
