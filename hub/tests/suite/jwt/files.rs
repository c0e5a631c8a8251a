//! Keys in files: what is found at the start, and what happens when a file changes.

use flisthub_hub::auth::jwt::{JwtError, Verifier};
use serde_json::json;

use super::keys::{Signer, set};
use super::{Issuing, claims, issuer};
use crate::support::START;

/// What the start says of a file with that text.
async fn at_start(name: &str, text: &[u8], line: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    let line = line.replace("FILE", &format!("{file:?}"));
    let verifier = Verifier::new(&[issuer(&format!("{line}\nusers = [\"*\"]"))]);
    let error = verifier.check_files().await.expect_err(name).to_string();
    assert!(error.contains(name), "{error}");
    error
}

#[tokio::test]
async fn pem_files_of_no_use_are_found_at_the_start() {
    let signer = Signer::new("ES256");
    let pem = signer.pem();
    let pem_of = |label: &str| pem.replace("PUBLIC KEY", label);
    for (text, line, word) in [
        (String::new(), "keys = [{ file = FILE }]", "no public key"),
        ("hello".to_owned(), "keys = [{ file = FILE }]", "no public key"),
        (pem_of("CERTIFICATE"), "keys = [{ file = FILE }]", "no public key"),
        (pem_of("PRIVATE KEY"), "keys = [{ file = FILE }]", "private key"),
        (pem_of("RSA PRIVATE KEY"), "keys = [{ file = FILE }]", "private key"),
        (pem.replace('M', "!"), "keys = [{ file = FILE }]", "no public key"),
        (pem.clone() + &pem, "keys = [{ file = FILE }]", "more than one"),
        (pem.clone(), "keys = [{ file = FILE, algorithm = \"ES384\" }]", "ES256"),
        (pem.clone(), "keys = [{ file = FILE }]\nalgorithms = [\"EdDSA\"]", "ES256"),
        (" ".repeat(300_000) + &pem, "keys = [{ file = FILE }]", "too large"),
    ] {
        let error = at_start("issuer.pem", text.as_bytes(), line).await;
        assert!(error.contains(word), "{error}");
    }
    at_start("issuer.pem", b"\xff\xfe", "keys = [{ file = FILE }]").await;
    let absent = Verifier::new(&[issuer("keys = [{ file = \"/no/such.pem\" }]\nusers = [\"*\"]")]);
    let error = absent.check_files().await.unwrap_err().to_string();
    assert!(error.contains("/no/such.pem: cannot be read"), "{error}");
}

#[tokio::test]
async fn jwk_sets_of_no_use_are_found_at_the_start() {
    let ec = Signer::new("ES256").jwk();
    let with = |name: &str, value: serde_json::Value| {
        let mut key = ec.clone();
        key[name] = value;
        set(&[key])
    };
    let short = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    let many: Vec<_> = (0..101).map(|_| ec.clone()).collect();
    for (text, word) in [
        (String::new(), "no JWK set"),
        ("{}".to_owned(), "no JWK set"),
        (ec.to_string(), "no JWK set"),
        ("{\"keys\":{}}".to_owned(), "no JWK set"),
        (set(&many), "no JWK set"),
        (set(&[]), "no key in it that can be used"),
        // Keys that are for something else, or say so.
        (with("use", json!("enc")), "no key in it"),
        (with("key_ops", json!(["encrypt"])), "no key in it"),
        (with("alg", json!("ES384")), "no key in it"),
        (with("alg", json!("HS256")), "no key in it"),
        (with("alg", json!("ECDH-ES")), "no key in it"),
        (with("crv", json!("P-384")), "no key in it"),
        (with("crv", json!("secp256k1")), "no key in it"),
        (with("kty", json!("RSA")), "no key in it"),
        (with("d", json!("AAAA")), "no key in it"),
        (with("x", json!("AAAA")), "no key in it"),
        (with("x", json!("!")), "no key in it"),
        (with("kid", json!(5)), "no key in it"),
        (set(&[short]), "no key in it"),
        (set(&[json!({ "kty": "oct", "k": "c2VjcmV0" })]), "no key in it"),
        (set(&[json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" })]), "no key in it"),
        (set(&[json!(null), json!([]), json!("key")]), "no key in it"),
    ] {
        let error = at_start("keys.json", text.as_bytes(), "jwks_file = FILE").await;
        assert!(error.contains(word), "{text}: {error}");
    }
}

/// A set may have keys for others; those that fit serve.
#[tokio::test]
async fn keys_that_do_not_fit_are_ignored() {
    let (good, other) = (Signer::new("EdDSA"), Signer::new("ES256"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    let mut of_use = good.jwk_called("k1");
    of_use["use"] = json!("sig");
    of_use["key_ops"] = json!(["verify"]);
    of_use["alg"] = json!("EdDSA");
    let oct = json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "k2", "alg": "HS256" });
    std::fs::write(&file, set(&[json!({}), oct, other.jwk_called("k3"), of_use])).unwrap();
    let line = format!("jwks_file = {file:?}\nusers = [\"*\"]\nalgorithms = [\"EdDSA\"]");
    let verifier = Verifier::new(&[issuer(&line)]);
    verifier.check_files().await.unwrap();
    let claims = claims("alice", json!({}));
    assert!(verifier.verify(&good.jwt_by("k1", &claims), START).await.is_ok());
    assert!(verifier.verify(&good.jwt(&claims), START).await.is_ok());
    let by_secret =
        super::keys::by_secret(b"secret", &json!({ "alg": "HS256", "kid": "k2" }), &claims);
    assert_eq!(verifier.verify(&by_secret, START).await, Err(JwtError::UnknownKey));
    let not_configured = other.jwt_by("k3", &claims);
    assert_eq!(verifier.verify(&not_configured, START).await, Err(JwtError::UnknownKey));
}

#[tokio::test]
async fn a_file_that_changes_is_read_again() {
    let issuing = Issuing::new("ES256");
    let verifier = issuing.verifier();
    let file = issuing.directory.path().join("keys.json");
    let new = Signer::new("ES256");
    let old_jwt = issuing.jwt("alice", json!({ "exp": START + 900 }));
    let new_jwt = new.jwt_by("k2", &claims("alice", json!({ "exp": START + 900 })));
    let both = async |now| {
        let old = verifier.verify(&old_jwt, START + now).await.is_ok();
        (old, verifier.verify(&new_jwt, START + now).await.is_ok())
    };
    assert_eq!(both(0).await, (true, false));
    // Put in its place, as careful operators do.
    let aside = issuing.directory.path().join("new.json");
    std::fs::write(&aside, set(&[issuing.signer.jwk_called("k1"), new.jwk_called("k2")])).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(both(1).await, (true, true));
    // Written over: the same length, perhaps within the same tick of the clock.
    std::fs::write(&file, set(&[new.jwk_called("k2")])).unwrap();
    assert_eq!(both(2).await, (false, true));
    // What is broken or gone takes its keys with it.
    std::fs::write(&file, "{").unwrap();
    assert_eq!(both(3).await, (false, false));
    std::fs::write(&file, set(&[issuing.signer.jwk_called("k1")])).unwrap();
    assert_eq!(both(4).await, (true, false));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(both(5).await, (false, false));
}

/// A key that JWTs name, and one for those that name none.
#[tokio::test]
async fn pem_files_with_and_without_a_kid() {
    let (named, unnamed) = (Signer::new("ES256"), Signer::new("ES384"));
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = ["one.pem", "two.pem"].map(|name| directory.path().join(name));
    std::fs::write(&one, named.pem()).unwrap();
    std::fs::write(&two, format!("Our key:\n{}", unnamed.pem())).unwrap();
    let keys = format!("keys = [{{ file = {one:?}, kid = \"k1\" }}, {{ file = {two:?} }}]");
    let verifier = Verifier::new(&[issuer(&format!("{keys}\nusers = [\"*\"]"))]);
    verifier.check_files().await.unwrap();
    let claims = claims("alice", json!({}));
    for (jwt, taken) in [
        (named.jwt_by("k1", &claims), true),
        (named.jwt(&claims), true),
        (unnamed.jwt(&claims), true),
        (unnamed.jwt_by("k1", &claims), false),
        (unnamed.jwt_by("k2", &claims), false),
    ] {
        assert_eq!(verifier.verify(&jwt, START).await.is_ok(), taken);
    }
}
