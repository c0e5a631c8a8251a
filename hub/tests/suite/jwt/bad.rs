//! What is refused, and as what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flisthub_hub::auth::jwt::{JwtError, Verifier};
use serde_json::{Value, json};

use super::keys::{ALGORITHMS, Signer, by_secret, unsigned};
use super::{ISSUER, Issuing, claims};
use crate::support::START;

/// What verifying comes to, in a word.
fn word(error: JwtError) -> &'static str {
    match error {
        JwtError::TooLong { .. } => "too long",
        JwtError::Malformed(_) => "malformed",
        JwtError::Critical => "crit",
        JwtError::Issuer => "iss",
        JwtError::Algorithm => "alg",
        JwtError::UnknownKey => "kid",
        JwtError::SeveralKeys => "keys",
        JwtError::Signature => "signature",
        JwtError::Audience => "aud",
        JwtError::Missing(claim) | JwtError::Claim { claim, .. } => claim,
        JwtError::Expired => "expired",
        JwtError::NotYet => "not yet",
        JwtError::NotTheirs => "not theirs",
        JwtError::NoKeys => "no keys",
    }
}

async fn refused(verifier: &Verifier, jwt: &str) -> &'static str {
    match verifier.verify(jwt, START).await {
        Ok(claims) => panic!("{jwt} was taken: {claims:?}"),
        Err(error) => word(error),
    }
}

#[tokio::test]
async fn claims_that_are_not_as_they_must_be() {
    let issuing = Issuing::with("ES256", "users = [\"alice\", \"ci-*\"]\nrepositories = [\"*\"]");
    let many: Vec<String> = (0..101).map(|number| format!("r{number}")).collect();
    let user = "username, or what `user_claim` is";
    for (more, expected) in [
        (json!({ "iss": "https://evil.example.com" }), "iss"),
        (json!({ "iss": format!("{ISSUER}/") }), "iss"),
        (json!({ "iss": null }), "iss"),
        (json!({ "iss": [ISSUER] }), "iss"),
        (json!({ "aud": "other" }), "aud"),
        (json!({ "aud": ["other", "flisthub2"] }), "aud"),
        (json!({ "aud": [] }), "aud"),
        (json!({ "aud": null }), "aud"),
        (json!({ "aud": 5 }), "aud"),
        (json!({ "exp": START - 60 }), "expired"),
        (json!({ "exp": 0 }), "expired"),
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": (START + 600).to_string() }), "exp"),
        (json!({ "exp": true }), "exp"),
        (json!({ "exp": -5 }), "exp"),
        (json!({ "nbf": START + 61 }), "not yet"),
        (json!({ "nbf": "never" }), "nbf"),
        (json!({ "nbf": 1e300 }), "not yet"),
        (json!({ "username": null }), user),
        (json!({ "username": ["alice"] }), user),
        (json!({ "username": "alice/../bob" }), user),
        (json!({ "username": "me" }), user),
        (json!({ "username": "" }), user),
        (json!({ "username": "bob" }), "not theirs"),
        (json!({ "username": "Alice" }), "not theirs"),
        (json!({ "sub": 5 }), "sub"),
        (json!({ "sub": "" }), "sub"),
        (json!({ "sub": "a\nb" }), "sub"),
        (json!({ "sub": "x".repeat(256) }), "sub"),
        (json!({ "memberof": 5 }), "memberof"),
        (json!({ "memberof": [5] }), "memberof"),
        (json!({ "memberof": { "userX": true } }), "memberof"),
        (json!({ "memberof": many }), "memberof"),
        (json!({ "scope": 5 }), "scope"),
    ] {
        let jwt = issuing.jwt("alice", more.clone());
        assert_eq!(refused(&issuing.verifier(), &jwt).await, expected, "{more}");
    }
}

#[tokio::test]
async fn headers_that_are_not_as_they_must_be() {
    let issuing = Issuing::new("ES256");
    let verifier = issuing.verifier();
    let claims = claims("alice", json!({}));
    let signed = |header: Value| issuing.signer.signed(&header, &claims);
    for (header, expected) in [
        (json!({ "alg": "ES256", "kid": "k2" }), "kid"),
        (json!({ "alg": "ES256", "kid": 1 }), "malformed"),
        (json!({ "alg": "ES256", "kid": ["k1"] }), "malformed"),
        (json!({ "alg": "ES384", "kid": "k1" }), "alg"),
        (json!({ "alg": "es256", "kid": "k1" }), "alg"),
        (json!({ "alg": "HS256", "kid": "k1" }), "alg"),
        (json!({ "alg": "none", "kid": "k1" }), "alg"),
        (json!({ "alg": "", "kid": "k1" }), "alg"),
        (json!({ "alg": null }), "malformed"),
        (json!({ "alg": ["ES256"] }), "malformed"),
        (json!({ "kid": "k1" }), "malformed"),
        (json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false }), "crit"),
        (json!({ "alg": "ES256", "kid": "k1", "crit": [] }), "crit"),
        (json!({ "alg": "ES256", "kid": "k1", "crit": null }), "crit"),
        (json!([]), "malformed"),
    ] {
        assert_eq!(refused(&verifier, &signed(header.clone())).await, expected, "{header}");
    }
    // Where the key comes from, the header does not say.
    let evil = Signer::new("ES256");
    for (name, value) in [
        ("jwk", evil.jwk_called("k1")),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/certificate")),
    ] {
        let mut header = json!({ "alg": "ES256", "kid": "k1" });
        header[name] = value;
        assert_eq!(refused(&verifier, &evil.signed(&header, &claims)).await, "signature", "{name}");
    }
}

#[tokio::test]
async fn members_that_come_twice() {
    let issuing = Issuing::new("EdDSA");
    let verifier = issuing.verifier();
    let header = "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}";
    let claims = claims("alice", json!({})).to_string();
    let body = claims.strip_prefix('{').unwrap();
    assert!(verifier.verify(&issuing.signer.signed_text(header, &claims), START).await.is_ok());
    for twice in
        ["\"username\":\"bob\"", "\"\\u0075sername\":\"bob\"", "\"exp\":9", "\"x\":1,\"x\":1"]
    {
        for text in [
            format!("{{{twice},{body}"),
            format!("{},{twice}}}", claims.strip_suffix('}').unwrap()),
        ] {
            let jwt = issuing.signer.signed_text(header, &text);
            assert_eq!(refused(&verifier, &jwt).await, "malformed", "{text}");
        }
    }
    for header in [
        "{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"k1\",\"kid\":\"k1\"}",
    ] {
        let jwt = issuing.signer.signed_text(header, &claims);
        assert_eq!(refused(&verifier, &jwt).await, "malformed", "{header}");
    }
}

/// The classical ones: no signature, or one by a secret that everybody knows.
#[tokio::test]
async fn no_signature_and_shared_secrets() {
    let claims = claims("alice", json!({}));
    for algorithm in ALGORITHMS {
        let issuing = Issuing::new(algorithm);
        let verifier = issuing.verifier();
        for alg in ["none", "None", "NONE", "nOnE", algorithm] {
            let jwt = unsigned(&json!({ "alg": alg, "kid": "k1" }), &claims);
            let expected = if alg == algorithm { "signature" } else { "alg" };
            assert_eq!(refused(&verifier, &jwt).await, expected, "{algorithm} {alg}");
        }
        let jwk = issuing.signer.jwk();
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or("")).unwrap();
        let point = [&[4][..], &part("x"), &part("y")].concat();
        for secret in [
            issuing.signer.pem().into_bytes(),
            issuing.signer.pem().trim().as_bytes().to_vec(),
            jwk.to_string().into_bytes(),
            part("n"),
            part("x"),
            point,
            Vec::new(),
        ] {
            for alg in ["HS256", algorithm] {
                let jwt = by_secret(&secret, &json!({ "alg": alg, "kid": "k1" }), &claims);
                let expected = if alg == algorithm { "signature" } else { "alg" };
                assert_eq!(refused(&verifier, &jwt).await, expected, "{algorithm} {alg}");
            }
        }
    }
}

#[tokio::test]
async fn damaged_ones() {
    for algorithm in ALGORITHMS {
        let issuing = Issuing::new(algorithm);
        let verifier = issuing.verifier();
        let jwt = issuing.jwt("alice", json!({}));
        assert!(verifier.verify(&jwt, START).await.is_ok());
        // Cut anywhere.
        for end in 0..jwt.len() {
            refused(&verifier, &jwt[..end]).await;
        }
        // One bit of the signature, or of what it says.
        let parts: Vec<&str> = jwt.split('.').collect();
        for (number, part) in parts.iter().enumerate() {
            let mut bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            for at in 0..bytes.len() {
                bytes[at] ^= 1;
                let changed = URL_SAFE_NO_PAD.encode(&bytes);
                bytes[at] ^= 1;
                let mut parts = parts.clone();
                parts[number] = &changed;
                refused(&verifier, &parts.join(".")).await;
            }
        }
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        for bad in [
            format!("{header}.{claims}.{signature}."),
            format!("{header}.{claims}.{signature}.{signature}"),
            format!(".{claims}.{signature}"),
            format!("{header}..{signature}"),
            format!("{header}.{claims}.{signature}="),
            format!("{header}=.{claims}.{signature}"),
            format!("{header} .{claims}.{signature}"),
            format!("{header}.{claims}.{signature}A"),
            format!("{header}.{claims}.{signature}AAAA"),
            format!("{header}.{claims}.ä"),
            "..".to_owned(),
            ".".to_owned(),
            "a.b.c".to_owned(),
            "\u{0}.\u{0}.\u{0}".to_owned(),
        ] {
            refused(&verifier, &bad).await;
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_and_texts_that_are_too_long() {
    let issuing = Issuing::new("EdDSA");
    let verifier = issuing.verifier();
    let header = b"{\"alg\":\"EdDSA\",\"kid\":\"k1\"}";
    let claims = claims("alice", json!({})).to_string().replace("alice", "\u{1}");
    let latin = claims.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect::<Vec<_>>();
    let deep = format!("{{\"iss\":{}", "[".repeat(3000));
    for claims in
        [latin.as_slice(), b"", b"null", b"5", b"{", b"{}{}", b"\xff\xfe", deep.as_bytes()]
    {
        let jwt = issuing.signer.signed_bytes(header, claims);
        assert_eq!(refused(&verifier, &jwt).await, "malformed", "{claims:?}");
    }
    let jwt = |length: usize| issuing.jwt("alice", json!({ "x": "x".repeat(length) }));
    let fits = (0..8000).rev().map(jwt).find(|jwt| jwt.len() <= 8192).unwrap();
    assert!(verifier.verify(&fits, START).await.is_ok());
    assert_eq!(refused(&verifier, &jwt(8000)).await, "too long");
    assert_eq!(refused(&verifier, &jwt(1_000_000)).await, "too long");
}

/// What a message says must not be what a stranger wrote, and never the token.
#[tokio::test]
async fn messages_have_nothing_of_the_token() {
    let issuing = Issuing::with("ES256", "users = [\"alice\"]");
    let secret = "s3cr3t";
    let all = [
        issuing.jwt(secret, json!({})),
        issuing.jwt("alice", json!({ "iss": secret })),
        issuing.jwt("alice", json!({ "aud": secret })),
        issuing.jwt("alice", json!({ "sub": format!("{secret}\n") })),
        issuing.jwt("alice", json!({ "exp": secret })),
        issuing.signer.jwt_by(secret, &claims("alice", json!({}))),
        issuing.signer.signed(&json!({ "alg": secret }), &claims("alice", json!({}))),
        format!("{secret}.{secret}.{secret}"),
    ];
    for jwt in all {
        let error = issuing.verify(&jwt).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains(secret) && !said.contains(&jwt[..10]), "{said}");
    }
}
