//! What is taken.

use std::collections::BTreeSet;

use flisthub_hub::auth::Scope;
use flisthub_hub::name::RepositoryName;
use serde_json::{Value, json};

use super::keys::{ALGORITHMS, Signer, set};
use super::{AUDIENCE, ISSUER, Issuing, claims, issuer};
use crate::support::START;

#[tokio::test]
async fn every_algorithm_from_every_form_of_key() {
    for algorithm in ALGORITHMS {
        let signer = Signer::new(algorithm);
        let directory = tempfile::tempdir().unwrap();
        let mut sources = vec![
            (
                "key.pem",
                signer.pem(),
                format!("keys = [{{ file = FILE, algorithm = {algorithm:?} }}]"),
            ),
            ("keys.json", set(&[signer.jwk()]), "jwks_file = FILE".to_owned()),
        ];
        if algorithm == "RS256" {
            sources.push(("old.pem", signer.old_pem(), "keys = [{ file = FILE }]".to_owned()));
        }
        for (name, text, line) in sources {
            let file = directory.path().join(name);
            std::fs::write(&file, text).unwrap();
            let line = line.replace("FILE", &format!("{file:?}"));
            let issuer =
                issuer(&format!("{line}\nalgorithms = [{algorithm:?}]\nusers = [\"alice\"]"));
            let verifier = flisthub_hub::auth::jwt::Verifier::new(&[issuer]);
            verifier
                .check_files()
                .await
                .unwrap_or_else(|error| panic!("{algorithm} {name}: {error}"));
            let jwt = signer.jwt(&claims("alice", json!({})));
            let said = verifier.verify(&jwt, START).await;
            let said = said.unwrap_or_else(|error| panic!("{algorithm} {name}: {error}"));
            assert_eq!((said.user.as_str(), said.scope), ("alice", Scope::Write));
            assert_eq!((said.issuer.as_str(), said.subject.as_str()), (ISSUER, "id-1"));
            assert_eq!((said.expires, said.member_of), (START + 600, BTreeSet::new()));
            // Another key of the same kind says no. (Of RSA there is only one here.)
            if algorithm != "RS256" {
                let other = Signer::new(algorithm).jwt(&claims("alice", json!({})));
                assert!(verifier.verify(&other, START).await.is_err(), "{algorithm} {name}");
            }
        }
    }
}

#[tokio::test]
async fn claims_in_every_form_that_issuers_write() {
    let issuing = Issuing::new("ES384");
    for more in [
        json!({ "aud": [AUDIENCE] }),
        json!({ "aud": ["other", AUDIENCE] }),
        json!({ "sub": null }),
        json!({ "nbf": START }),
        json!({ "nbf": 1_799_999_999.5, "exp": 1_800_000_000.5 }),
        json!({ "iat": START + 9999, "jti": "x", "azp": "y", "groups": { "a": [1] } }),
        json!({ "exp": 1e300 }),
        json!({ "memberof": null, "scope": null }),
    ] {
        let jwt = issuing.jwt("alice", more.clone());
        let said = issuing.verify(&jwt).await.unwrap_or_else(|error| panic!("{more}: {error}"));
        assert_eq!(said.user.as_str(), "alice");
        let subject = if more.get("sub").is_some() { "alice" } else { "id-1" };
        assert_eq!(said.subject, subject);
    }
}

/// Clocks differ; a token's last second is not in it.
#[tokio::test]
async fn times_within_the_leeway() {
    let keys = "users = [\"*\"]\nleeway_seconds = ";
    for (leeway, more, taken) in [
        (60, json!({ "exp": START - 59 }), true),
        (60, json!({ "exp": START - 60 }), false),
        (0, json!({ "exp": START + 1 }), true),
        (0, json!({ "exp": START }), false),
        (60, json!({ "nbf": START + 60 }), true),
        (60, json!({ "nbf": START + 61 }), false),
        (0, json!({ "nbf": START + 1 }), false),
    ] {
        let issuing = Issuing::with("EdDSA", &format!("{keys}{leeway}"));
        let jwt = issuing.jwt("alice", more.clone());
        assert_eq!(issuing.verify(&jwt).await.is_ok(), taken, "{leeway} {more}");
    }
}

#[tokio::test]
async fn memberof_as_a_claim_and_as_0_hub_has_it() {
    let issuing = Issuing::with("ES256", "users = [\"*\"]\nrepositories = [\"team-*\", \"userX\"]");
    for (more, members) in [
        (json!({ "memberof": ["userX", "other"] }), vec!["userX"]),
        (json!({ "memberof": "team-a team-b bank" }), vec!["team-a", "team-b"]),
        (json!({ "scope": ["user:memberof:userX", "user:name", ""] }), vec!["userX"]),
        (json!({ "scope": "openid user:memberof:team-a" }), vec!["team-a"]),
        (
            json!({ "memberof": ["userX"], "scope": ["user:memberof:team-a", "user:memberof:userX"] }),
            vec!["team-a", "userX"],
        ),
        // A part of an organization, a role, another spelling: none of them is the repository.
        (
            json!({ "scope": ["user:memberof:team-a:viewer", "user:memberof:team-a.b/c", "memberof:team-a"] }),
            vec![],
        ),
        (
            json!({ "memberof": ["Team-a", "team-a ", "team-a\u{0}", "../userX", "team-", ""] }),
            vec!["team-"],
        ),
        (json!({ "memberof": [] }), vec![]),
    ] {
        let said = issuing.verify(&issuing.jwt("alice", more.clone())).await.unwrap();
        let found: Vec<_> = said.member_of.iter().map(RepositoryName::as_str).collect();
        assert_eq!(found, members, "{more}");
    }
    // By default an issuer gives nothing away.
    let issuing = Issuing::with("ES256", "users = [\"*\"]");
    let said =
        issuing.verify(&issuing.jwt("alice", json!({ "memberof": ["userX"] }))).await.unwrap();
    assert!(said.member_of.is_empty());
}

#[tokio::test]
async fn the_claim_of_the_user_and_the_scope_are_configured() {
    let lines = "users = [\"a*\"]\nuser_claim = \"preferred_username\"\nscope = \"read\"";
    let issuing = Issuing::with("EdDSA", lines);
    let more = json!({ "preferred_username": "ann", "username": "root", "scope": "admin write" });
    let said = issuing.verify(&issuing.jwt("root", more)).await.unwrap();
    assert_eq!((said.user.as_str(), said.scope), ("ann", Scope::Read));
    assert!(issuing.verify(&issuing.jwt("ann", json!({}))).await.is_err());
}

/// Two issuers, two keys with one name: each has its own.
#[tokio::test]
async fn each_issuer_has_its_own_keys() {
    let (one, two) = (Issuing::new("ES256"), Issuing::new("ES256"));
    let second =
        flisthub_hub::config::Issuer { issuer: "https://two".to_owned(), ..two.issuer.clone() };
    let verifier = flisthub_hub::auth::jwt::Verifier::new(&[one.issuer.clone(), second]);
    let by = |issuing: &Issuing, issuer: &str| issuing.jwt("alice", json!({ "iss": issuer }));
    let ok = |jwt: String| {
        let verifier = &verifier;
        async move { verifier.verify(&jwt, START).await.map(|said| said.issuer) }
    };
    assert_eq!(ok(by(&one, ISSUER)).await.as_deref(), Ok(ISSUER));
    assert_eq!(ok(by(&two, "https://two")).await.as_deref(), Ok("https://two"));
    assert!(ok(by(&one, "https://two")).await.is_err());
    assert!(ok(by(&two, ISSUER)).await.is_err());
}

/// Without a `kid` there must be only one key that fits; with one, it picks.
#[tokio::test]
async fn kid_picks_the_key() {
    let (old, new, other) = (Signer::new("ES256"), Signer::new("ES256"), Signer::new("EdDSA"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    let keys = [old.jwk_called("old"), new.jwk_called("new"), other.jwk_called("other")];
    std::fs::write(&file, set(&keys)).unwrap();
    let verifier = flisthub_hub::auth::jwt::Verifier::new(&[issuer(&format!(
        "jwks_file = {file:?}\nusers = [\"*\"]"
    ))]);
    let claims: Value = claims("alice", json!({}));
    for (jwt, taken) in [
        (old.jwt_by("old", &claims), true),
        (new.jwt_by("new", &claims), true),
        (other.jwt(&claims), true),
        (new.jwt_by("old", &claims), false),
        (new.jwt_by("other", &claims), false),
        (new.jwt_by("newer", &claims), false),
        (new.jwt_by("", &claims), false),
        (new.jwt(&claims), false),
    ] {
        assert_eq!(verifier.verify(&jwt, START).await.is_ok(), taken, "{jwt}");
    }
}
