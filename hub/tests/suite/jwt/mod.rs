//! JWTs of configured issuers: what is taken and what is not, whose keys count, what `memberof` and
//! `active-user` make of a caller.

mod acting;
mod bad;
mod files;
mod good;
pub(crate) mod keys;
mod remote;
mod users;

use flisthub_hub::auth::jwt::{Claims, JwtError, Verifier};
use flisthub_hub::config::{Config, Issuer};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::keys::{Signer, set};
use crate::support::START;

/// The issuer of most tests.
pub(crate) const ISSUER: &str = "https://login.example.com";

/// What its JWTs are for.
pub(crate) const AUDIENCE: &str = "flisthub";

/// An issuer whose one key, called `k1`, is in a JWK set in a file.
pub(crate) struct Issuing {
    pub(crate) signer: Signer,
    pub(crate) issuer: Issuer,
    pub(crate) directory: TempDir,
}

impl Issuing {
    pub(crate) fn new(algorithm: &'static str) -> Self {
        Self::with(algorithm, "users = [\"*\"]\nrepositories = [\"*\"]")
    }

    /// With these lines in the configuration, beside what must be there.
    pub(crate) fn with(algorithm: &'static str, lines: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let signer = Signer::new(algorithm);
        let file = directory.path().join("keys.json");
        std::fs::write(&file, set(&[signer.jwk_called("k1")])).unwrap();
        let issuer = issuer(&format!("jwks_file = {file:?}\n{lines}"));
        Self { signer, issuer, directory }
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(std::slice::from_ref(&self.issuer))
    }

    /// A configuration with this issuer.
    pub(crate) fn config(&self) -> Config {
        Config { issuers: vec![self.issuer.clone()], ..Config::default() }
    }

    /// A JWT that speaks for that user, with more claims or other ones.
    pub(crate) fn jwt(&self, user: &str, more: Value) -> String {
        self.signer.jwt_by("k1", &claims(user, more))
    }

    /// What is made of a JWT now.
    pub(crate) async fn verify(&self, jwt: &str) -> Result<Claims, JwtError> {
        self.verifier().verify(jwt, START).await
    }
}

/// An issuer of these lines, beside its name and audience.
pub(crate) fn issuer(lines: &str) -> Issuer {
    let text = format!("[[issuers]]\nissuer = {ISSUER:?}\naudience = {AUDIENCE:?}\n{lines}\n");
    let mut config: Config =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    config.check().unwrap();
    config.issuers.remove(0)
}

/// Good claims, with more of them or other ones. Those that are null are left out.
pub(crate) fn claims(user: &str, more: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "exp": START + 600, "sub": "id-1", "username": user,
    });
    let all = claims.as_object_mut().unwrap();
    let Value::Object(more) = more else { panic!("{more} is no object") };
    all.extend(more);
    all.retain(|_, value| !value.is_null());
    claims
}
