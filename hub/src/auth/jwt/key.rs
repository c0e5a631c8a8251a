//! One public key of an issuer. Its type says which signature it is for, and no JWT can say otherwise.

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use serde::Deserialize as _;
use serde_json::Value;

use super::error::UnfitKey;
use crate::config::Algorithm;

/// Bytes of an RSA modulus: 2048 to 8192 bits, which is also what `ring` takes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// The fewest bytes of the DER of an RSA key with 2048 bits, whose exponent is 3.
const SHORTEST_DER: usize = 268;

/// A public key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// What JWTs call it in `kid`.
    pub(super) kid: Option<String>,
    /// What it is for.
    pub(super) algorithm: Algorithm,
    /// The key itself.
    pub(super) public: DecodingKey,
}

impl Key {
    /// Reads the one key of a PEM file.
    pub(super) fn of_pem(pem: &[u8], kid: Option<&str>) -> Result<Self, UnfitKey> {
        let text = std::str::from_utf8(pem).map_err(|_| UnfitKey::NoPem)?;
        if text.contains("PRIVATE KEY") {
            return Err(UnfitKey::Private);
        }
        // A certificate would be taken apart too, and says much more than a key: for how long, for whom.
        let begins = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
        if !begins("PUBLIC KEY") && !begins("RSA PUBLIC KEY") {
            return Err(UnfitKey::NoPem);
        }
        if text.matches("-----BEGIN ").count() != 1 {
            return Err(UnfitKey::SeveralInFile);
        }
        let read = [DecodingKey::from_ec_pem, DecodingKey::from_ed_pem, DecodingKey::from_rsa_pem];
        let public = read.iter().find_map(|read| read(pem).ok()).ok_or(UnfitKey::NoPem)?;
        let algorithm = algorithm_of(&public).ok_or(UnfitKey::Type)?;
        Ok(Self { kid: kid.map(str::to_owned), algorithm, public })
    }

    /// Reads a key of a JWK set.
    pub(super) fn of_jwk(value: &Value) -> Result<Self, UnfitKey> {
        if value.get("d").is_some() {
            return Err(UnfitKey::Private);
        }
        let jwk = Jwk::deserialize(value).map_err(|_| UnfitKey::NoJwk)?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::Rs256,
            AlgorithmParameters::EllipticCurve(point) => match point.curve {
                EllipticCurve::P256 => Algorithm::Es256,
                EllipticCurve::P384 => Algorithm::Es384,
                _ => return Err(UnfitKey::Type),
            },
            AlgorithmParameters::OctetKeyPair(pair) => match pair.curve {
                EllipticCurve::Ed25519 => Algorithm::EdDsa,
                _ => return Err(UnfitKey::Type),
            },
            AlgorithmParameters::OctetKey(_) => return Err(UnfitKey::Secret),
        };
        let common = &jwk.common;
        let other_use =
            common.public_key_use.as_ref().is_some_and(|is| *is != PublicKeyUse::Signature);
        let verifies = |all: &Vec<KeyOperations>| all.contains(&KeyOperations::Verify);
        if other_use || !common.key_operations.as_ref().is_none_or(verifies) {
            return Err(UnfitKey::Use);
        }
        if common.key_algorithm.is_some_and(|named| named != named_like(algorithm)) {
            return Err(UnfitKey::Mismatch);
        }
        let public = DecodingKey::from_jwk(&jwk).map_err(|_| UnfitKey::NoJwk)?;
        // A point of another length than its curve's would be read as one of another curve.
        if algorithm_of(&public) != Some(algorithm) {
            return Err(UnfitKey::Type);
        }
        Ok(Self { kid: common.key_id.clone(), algorithm, public })
    }
}

/// What a key is for, by its type and length.
fn algorithm_of(key: &DecodingKey) -> Option<Algorithm> {
    match (key.family(), key.kind()) {
        (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => match point.len() {
            65 => Some(Algorithm::Es256),
            97 => Some(Algorithm::Es384),
            _ => None,
        },
        (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(point)) => {
            (point.len() == 32).then_some(Algorithm::EdDsa)
        }
        (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(der)) => {
            (der.len() >= SHORTEST_DER).then_some(Algorithm::Rs256)
        }
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, .. }) => {
            MODULUS.contains(&n.len()).then_some(Algorithm::Rs256)
        }
        _ => None,
    }
}

/// How a JWK names an algorithm.
fn named_like(algorithm: Algorithm) -> KeyAlgorithm {
    match algorithm {
        Algorithm::Rs256 => KeyAlgorithm::RS256,
        Algorithm::Es256 => KeyAlgorithm::ES256,
        Algorithm::Es384 => KeyAlgorithm::ES384,
        Algorithm::EdDsa => KeyAlgorithm::EdDSA,
    }
}
