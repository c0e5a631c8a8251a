//! Checks JWTs. What comes with one before its signature is checked says only where to look: which issuer's
//! keys, and which of them. What it is worth, the configuration says.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Validation, decode};

use super::claims::Claims;
use super::error::{JwtError, KeyError};
use super::files::Files;
use super::key::Key;
use super::key_set::KeySet;
use super::members::Members;
use super::remote::Remote;
use super::ring;
use crate::config::{Algorithm, Issuer};

/// The most bytes of a JWT.
const LONGEST: usize = 8 << 10;

/// Knows the issuers, and keeps their keys.
#[derive(Debug)]
pub struct Verifier(Vec<Known>);

#[derive(Debug)]
struct Known {
    issuer: Issuer,
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    Files(Files),
    Remote(Arc<Remote>),
}

/// What a header says that is looked at.
struct Header {
    algorithm: String,
    kid: Option<String>,
}

impl Verifier {
    /// Knows these. Nothing is read or fetched yet.
    pub fn new(issuers: &[Issuer]) -> Self {
        ring::install();
        let known = |issuer: &Issuer| Known {
            keys: match &issuer.jwks_url {
                Some(url) => Keys::Remote(Arc::new(Remote::new(issuer, url))),
                None => Keys::Files(Files::new(issuer)),
            },
            issuer: issuer.clone(),
        };
        Self(issuers.iter().map(known).collect())
    }

    /// Reads the key files, and says which is of no use. What is at a URL is not fetched: the hub starts while
    /// an issuer is down.
    pub async fn check_files(&self) -> Result<(), KeyError> {
        for known in &self.0 {
            if let Keys::Files(files) = &known.keys {
                files.check().await?;
            }
        }
        Ok(())
    }

    /// Checks a JWT. `now` is in seconds since the Unix epoch.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Claims, JwtError> {
        if token.len() > LONGEST {
            return Err(JwtError::TooLong { most: LONGEST });
        }
        let (header, issuer) = said(token)?;
        let known = self.0.iter().find(|known| known.issuer.issuer == issuer);
        let known = known.ok_or(JwtError::Issuer)?;
        let keys = known.keys(&header, now).await?;
        let key = keys.pick(header.kid.as_deref(), &header.algorithm)?;
        let claims = genuine(token, key, &known.issuer)?;
        Claims::read(&known.issuer, &claims, now)
    }
}

impl Known {
    async fn keys(&self, header: &Header, now: u64) -> Result<Arc<KeySet>, JwtError> {
        let wanted = |keys: &KeySet| {
            !matches!(
                keys.pick(header.kid.as_deref(), &header.algorithm),
                Err(JwtError::UnknownKey | JwtError::Algorithm)
            )
        };
        match &self.keys {
            Keys::Files(files) => Ok(files.keys(now).await),
            Keys::Remote(remote) => remote.keys(now, wanted).await,
        }
    }
}

/// What a JWT says of itself, without any proof: its header, and its issuer.
fn said(token: &str) -> Result<(Header, String), JwtError> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwtError::Malformed("it has not three parts"));
    };
    let header = object(header, "its header is no JSON object in base64url")?;
    if header.has("crit") {
        return Err(JwtError::Critical);
    }
    let algorithm = header.text("alg").ok_or(JwtError::Malformed("its header has no `alg`"))?;
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or(JwtError::Malformed("its `kid` is no text"))?),
    };
    let claims = object(claims, "its claims are no JSON object in base64url")?;
    let issuer = claims.text("iss").ok_or(JwtError::Missing("iss"))?.to_owned();
    Ok((Header { algorithm: algorithm.to_owned(), kid: kid.map(str::to_owned) }, issuer))
}

fn object(part: &str, wrong: &'static str) -> Result<Members, JwtError> {
    let text = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed(wrong))?;
    serde_json::from_slice(&text).map_err(|_| JwtError::Malformed(wrong))
}

/// The claims, once the signature is known to be the key's, the issuer the one whose key that is, and the
/// audience this hub. Times are not looked at here: `decode` would ask the system's clock.
fn genuine(token: &str, key: &Key, issuer: &Issuer) -> Result<Members, JwtError> {
    let mut expected = Validation::new(match key.algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    });
    expected.set_issuer(&[&issuer.issuer]);
    expected.set_audience(&[&issuer.audience]);
    expected.set_required_spec_claims(&["iss", "aud"]);
    expected.validate_exp = false;
    decode::<Members>(token, &key.public, &expected)
        .map(|token| token.claims)
        .map_err(|error| why(&error))
}

fn why(error: &Error) -> JwtError {
    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => JwtError::Signature,
        ErrorKind::InvalidAlgorithm => JwtError::Algorithm,
        ErrorKind::InvalidAudience => JwtError::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => JwtError::Missing("aud"),
        ErrorKind::InvalidIssuer | ErrorKind::MissingRequiredClaim(_) => JwtError::Issuer,
        _ => JwtError::Malformed("its header or its claims are not as they must be"),
    }
}
