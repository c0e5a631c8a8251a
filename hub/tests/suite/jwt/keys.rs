//! An issuer's side: key pairs, the forms their public keys come in, and JWTs, good ones and others.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// A key of nobody's, for tests alone: `ring` makes no RSA keys.
const RSA: &str = include_str!("rsa-for-tests.pem");

/// Names of all algorithms.
pub(crate) const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "ES384", "EdDSA"];

/// A key pair.
pub(crate) struct Signer {
    pub(crate) algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    /// A new pair; for RSA always the same.
    pub(crate) fn new(algorithm: &'static str) -> Self {
        let pair = match algorithm {
            "RS256" => Pair::Rsa(RsaKeyPair::from_pkcs8(&der(RSA)).unwrap()),
            "ES256" => Pair::Ec(ec(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            "ES384" => Pair::Ec(ec(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            "EdDSA" => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                Pair::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
            }
            other => panic!("{other}"),
        };
        Self { algorithm, pair }
    }

    /// The public key as it is in certificates, without what says of which type it is.
    fn public(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(pair) => pair.public_key().as_ref(),
            Pair::Ed(pair) => pair.public_key().as_ref(),
        }
    }

    /// The public key as a PEM file.
    pub(crate) fn pem(&self) -> String {
        let before: &[u8] = match self.algorithm {
            "RS256" => b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00",
            "ES256" => b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
            "ES384" => b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00",
            _ => b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
        };
        pem("PUBLIC KEY", &[before, self.public()].concat())
    }

    /// An RSA key in its older form.
    pub(crate) fn old_pem(&self) -> String {
        pem("RSA PUBLIC KEY", self.public())
    }

    /// The public key as a JWK, without `kid`, `alg` and `use`.
    pub(crate) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": text(&parts.n), "e": text(&parts.e) })
            }
            Pair::Ec(_) => {
                let (curve, half) =
                    if self.algorithm == "ES256" { ("P-256", 32) } else { ("P-384", 48) };
                let (x, y) = self.public()[1..].split_at(half);
                json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
            }
            Pair::Ed(_) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(self.public()) }),
        }
    }

    /// The same with a `kid`.
    pub(crate) fn jwk_called(&self, kid: &str) -> Value {
        let mut jwk = self.jwk();
        jwk["kid"] = json!(kid);
        jwk
    }

    /// A JWT with this key's algorithm in its header.
    pub(crate) fn jwt(&self, claims: &Value) -> String {
        self.signed(&json!({ "alg": self.algorithm, "typ": "JWT" }), claims)
    }

    /// The same with a `kid`.
    pub(crate) fn jwt_by(&self, kid: &str, claims: &Value) -> String {
        self.signed(&json!({ "alg": self.algorithm, "kid": kid }), claims)
    }

    /// A JWT with any header.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        self.signed_text(&header.to_string(), &claims.to_string())
    }

    /// A JWT of these very texts.
    pub(crate) fn signed_text(&self, header: &str, claims: &str) -> String {
        self.signed_bytes(header.as_bytes(), claims.as_bytes())
    }

    /// A JWT of these very bytes.
    pub(crate) fn signed_bytes(&self, header: &[u8], claims: &[u8]) -> String {
        let said = said(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.signature(said.as_bytes()));
        format!("{said}.{signature}")
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// A JWT with a signature by a shared secret.
pub(crate) fn by_secret(secret: &[u8], header: &Value, claims: &Value) -> String {
    let said = said(header.to_string().as_bytes(), claims.to_string().as_bytes());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let signature = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, said.as_bytes()));
    format!("{said}.{signature}")
}

/// A JWT with no signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.", said(header.to_string().as_bytes(), claims.to_string().as_bytes()))
}

/// A JWK set.
pub(crate) fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn said(header: &[u8], claims: &[u8]) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).unwrap()
}
