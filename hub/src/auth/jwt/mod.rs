//! JWTs of configured issuers: whether one is genuine, for this hub, of now, and whom it may speak for.
//!
//! `verifier` is the way in; `keys` says where an issuer's keys come from (`files`, `remote`), `key_set` and
//! `key` what they are, `claims` what a JWT may say, `caller` who the user is. What the user may do is decided
//! elsewhere.

mod caller;
mod claims;
mod error;
mod files;
mod key;
mod key_set;
mod members;
mod remote;
mod ring;
mod verifier;

pub use claims::Claims;
pub use error::{JwtError, KeyError};
pub use verifier::Verifier;
