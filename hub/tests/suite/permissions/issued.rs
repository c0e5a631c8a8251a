//! Everybody who calls by a JWT: good ones, and each way for one to be worth nothing.

use flisthub_hub::auth::{Caller, Credential, Identity, Origin, Scope};
use serde_json::{Value, json};

use super::callers::Who;
use super::stage::{Stage, TARGET};
use crate::jwt::keys::{Signer, by_secret, unsigned};
use crate::jwt::{ISSUER, Issuing, claims};
use crate::support::START;

/// An issuer that speaks for some of the people, and for nobody else.
pub(super) fn issuing() -> Issuing {
    let people = "users = [\"olga\", \"otto\", \"dora\", \"who-is-not-there\"]";
    Issuing::with("ES256", &format!("{people}\nrepositories = [\"{TARGET}\"]"))
}

/// Those who are taken for somebody.
pub(super) fn good(stage: &Stage) -> Vec<Who> {
    let who = |name, user: &str, more: Value, member_of: Vec<i64>| {
        let identity = Identity {
            user: stage.user(user).clone(),
            scope: Scope::Write,
            only: None,
            member_of,
            acts_for: None,
            credential: Credential::Jwt {
                issuer: ISSUER.to_owned(),
                subject: "id-1".to_owned(),
                expires: START + 600,
            },
            origin: Origin::default(),
        };
        Who {
            name,
            authorization: Some(format!("Bearer {}", stage.issuing.jwt(user, more))),
            caller: Some(Caller::User(Box::new(identity))),
        }
    };
    let member = json!({ "memberof": [TARGET] });
    vec![
        who("JWT of the owner", "olga", json!({}), Vec::new()),
        who("JWT of another user", "otto", json!({}), Vec::new()),
        who("JWT of a member by memberof", "otto", member, vec![stage.target.id]),
    ]
}

/// Those who are taken for nobody.
pub(super) fn bad(stage: &Stage) -> Vec<Who> {
    let (issuing, good) = (&stage.issuing, claims("olga", json!({})));
    let header = json!({ "alg": "HS256", "kid": "k1" });
    let none = json!({ "alg": "none", "kid": "k1" });
    let with = |more| issuing.jwt("olga", more);
    [
        ("JWT with a wrong key", Signer::new("ES256").jwt_by("k1", &good)),
        ("JWT with a wrong alg", Signer::new("EdDSA").jwt_by("k1", &good)),
        (
            "JWT by the public key as a secret",
            by_secret(issuing.signer.pem().as_bytes(), &header, &good),
        ),
        ("JWT by none", unsigned(&none, &good)),
        ("JWT with a wrong audience", with(json!({ "aud": "other" }))),
        ("JWT of another issuer", with(json!({ "iss": "https://evil.example.com" }))),
        ("expired JWT", with(json!({ "exp": START - 600 }))),
        ("JWT of later", with(json!({ "nbf": START + 600 }))),
        ("JWT of a user that its issuer may not speak for", issuing.jwt("carl", json!({}))),
        ("JWT of an admin that its issuer may not speak for", issuing.jwt("ada", json!({}))),
        ("JWT of a disabled user", issuing.jwt("dora", json!({}))),
        ("JWT of a user that is not there", issuing.jwt("who-is-not-there", json!({}))),
    ]
    .into_iter()
    .map(|(name, jwt)| Who { name, authorization: Some(format!("Bearer {jwt}")), caller: None })
    .collect()
}
