//! What can be wrong with a JWT, and with the keys it is checked by. No message has anything of the token in
//! it before its signature is checked.

use std::io;
use std::path::PathBuf;

use crate::config::Algorithm;

/// Why a JWT is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is larger than any that is made for a header.
    #[error("invalid token: a JWT has at most {most} bytes here")]
    TooLong {
        /// The most bytes.
        most: usize,
    },
    /// It does not have the form of one.
    #[error("invalid token: it has a dot, so it must be a JWT, and {0}")]
    Malformed(&'static str),
    /// Its header asks for what is not understood here.
    #[error("invalid token: its header has `crit`, and no extension is understood here")]
    Critical,
    /// It is nobody's that is configured.
    #[error("invalid token: its issuer (`iss`) is none whose JWTs this hub takes")]
    Issuer,
    /// Its header names a signature that its key is not for.
    #[error(
        "invalid token: its header names an algorithm that none of its issuer's keys is for here"
    )]
    Algorithm,
    /// No key has that name.
    #[error("invalid token: its issuer has no key of that `kid`")]
    UnknownKey,
    /// It names no key, or two have that name.
    #[error("invalid token: several keys of its issuer fit; its header must name one in `kid`")]
    SeveralKeys,
    /// The key says no.
    #[error("invalid token: its signature is not that of its issuer's key")]
    Signature,
    /// It is for another service.
    #[error("invalid token: its audience (`aud`) is not this hub")]
    Audience,
    /// A claim that must be there is not.
    #[error("invalid token: the claim `{0}` is missing")]
    Missing(&'static str),
    /// A claim is not what it must be.
    #[error("invalid token: the claim `{claim}` must be {need}")]
    Claim {
        /// The claim.
        claim: &'static str,
        /// What it must be.
        need: &'static str,
    },
    /// Its time is over.
    #[error("the token has expired; ask its issuer for another")]
    Expired,
    /// Its time has not come.
    #[error("invalid token: it is not valid yet (`nbf`)")]
    NotYet,
    /// It is somebody's for whom the issuer may not speak.
    #[error("invalid token: its issuer may not speak for that user here")]
    NotTheirs,
    /// The issuer's keys cannot be had.
    #[error("the token cannot be checked: the keys of its issuer cannot be had at the moment")]
    NoKeys,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What the file has is no use.
    #[error("{}: {what}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: UnfitKey,
    },
}

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitKey {
    /// Too much to read.
    #[error("this is too large for keys")]
    TooLarge,
    /// It should not have left its issuer.
    #[error("this is a private key; give the public one, and take this one away from here")]
    Private,
    /// Something else, or damaged.
    #[error("this is no public key in PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`)")]
    NoPem,
    /// Which of them was meant.
    #[error("there is more than one key in it; give each a file of its own")]
    SeveralInFile,
    /// Of a type or curve that is not known, or too short.
    #[error("its type is none of RSA (2048 to 8192 bits), P-256, P-384 and Ed25519")]
    Type,
    /// Shared secrets are not taken.
    #[error("it is a shared secret")]
    Secret,
    /// For encryption, for example.
    #[error("it is not for checking signatures (`use`, `key_ops`)")]
    Use,
    /// `alg` says another thing than the type.
    #[error("its `alg` does not fit its type")]
    Mismatch,
    /// The configuration says that it is not taken.
    #[error("it is a key for {}, and the configuration does not have that", .0.name())]
    NotConfigured(Algorithm),
    /// A member is missing, or what it says is not known.
    #[error("it is no JWK of a type that is known here")]
    NoJwk,
    /// Not what RFC 7517 describes.
    #[error("this is no JWK set (an object with `keys`, at most 100)")]
    NoSet,
    /// All of them were ignored.
    #[error("there is no key in it that can be used")]
    Empty,
}
