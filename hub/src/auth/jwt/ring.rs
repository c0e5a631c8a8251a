//! The cryptography of JWTs: `jsonwebtoken` has the forms, and `ring`, which TLS has too, checks the
//! signatures. Nothing is signed here, and nothing is checked by a shared secret.

use jsonwebtoken::crypto::{CryptoProvider, JwkUtils, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// Makes this the cryptography of JWTs in this process. Again is no harm.
pub(super) fn install() {
    // Fails only when it is there already.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: verifier,
    // For making JWKs, which is not done here.
    jwk_utils: JwkUtils::new_unimplemented(),
};

/// A signature of one kind, by one key.
struct Signed {
    algorithm: jsonwebtoken::Algorithm,
    key: DecodingKey,
}

fn unsupported() -> Error {
    new_error(ErrorKind::InvalidAlgorithm)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken calls it like this")]
fn verifier(
    algorithm: &jsonwebtoken::Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    let fits = match algorithm {
        jsonwebtoken::Algorithm::RS256 => AlgorithmFamily::Rsa,
        jsonwebtoken::Algorithm::ES256 | jsonwebtoken::Algorithm::ES384 => AlgorithmFamily::Ec,
        jsonwebtoken::Algorithm::EdDSA => AlgorithmFamily::Ed,
        _ => return Err(unsupported()),
    };
    if key.family() != fits {
        return Err(unsupported());
    }
    Ok(Box::new(Signed { algorithm: *algorithm, key: key.clone() }))
}

impl JwtVerifier for Signed {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Signed {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let by: &'static dyn VerificationAlgorithm = match self.algorithm {
            jsonwebtoken::Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            jsonwebtoken::Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
            jsonwebtoken::Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED,
            jsonwebtoken::Algorithm::EdDSA => &ED25519,
            _ => return Err(signature::Error::new()),
        };
        let checked =
            match self.key.kind() {
                DecodingKeyKind::SecretOrDer(bytes) => {
                    UnparsedPublicKey::new(by, bytes).verify(message, signature)
                }
                // Only RSA keys are kept like this.
                DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            };
        checked.map_err(|_| signature::Error::new())
    }
}
