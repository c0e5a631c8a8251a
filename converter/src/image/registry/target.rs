//! Which image of which registry is meant: a reference, and the addresses that it stands for.

use oci_spec::distribution::Reference;
use reqwest::Url;

use super::outbound::Outbound;
use crate::image::{Digest, ImageError};

/// The most bytes of a reference.
const MAX_REFERENCE: usize = 1_024;

/// An image in a registry.
#[derive(Debug, Clone)]
pub(super) struct Target {
    reference: Reference,
    /// The digest that it must have, if one is given.
    pub(super) digest: Option<Digest>,
    /// Where the repository's manifests and blobs are: ends with `/`.
    repository: Url,
}

impl Target {
    pub(super) fn read(text: &str, outbound: &Outbound) -> Result<Self, ImageError> {
        let bad = |reason: &str| ImageError::BadReference {
            reference: text.chars().take(200).collect(),
            reason: reason.to_owned(),
        };
        if text.len() > MAX_REFERENCE {
            return Err(bad("it is too long"));
        }
        let reference: Reference = text
            .parse()
            .map_err(|error: oci_spec::distribution::ParseError| bad(&error.to_string()))?;
        let digest = reference.digest().map(str::parse).transpose();
        let digest = digest.map_err(|_| bad("its digest is no sha256 in lower case"))?;
        let registry = match reference.registry() {
            "docker.io" => "registry-1.docker.io",
            registry => registry,
        };
        let base = outbound.base(registry).ok_or_else(|| bad("its host is no host"))?;
        let path = format!("{}/", reference.repository());
        let repository = base.join(&path).map_err(|_| bad("its name is no name"))?;
        Ok(Self { reference, digest, repository })
    }

    /// The reference in full.
    pub(super) fn whole(&self) -> String {
        self.reference.whole()
    }

    /// The registry, as the reference names it.
    pub(super) fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// What stands in the address of the manifest that the reference points at.
    pub(super) fn manifest_key(&self) -> String {
        let tag = || self.reference.tag().unwrap_or("latest").to_owned();
        self.digest.map_or_else(tag, |digest| digest.to_string())
    }

    /// The address of a manifest or blob.
    pub(super) fn url(&self, kind: &str, key: &str) -> Result<Url, ImageError> {
        let url = self.repository.join(&format!("{kind}/{key}"));
        url.map_err(|error| ImageError::BadReference {
            reference: self.whole(),
            reason: error.to_string(),
        })
    }

    /// What a token must be good for.
    pub(super) fn scope(&self) -> String {
        format!("repository:{}:pull", self.reference.repository())
    }

    pub(super) fn unknown(&self) -> ImageError {
        ImageError::Unknown { reference: self.whole(), place: self.registry().to_owned() }
    }

    pub(super) fn unauthorized(&self, host: &str, answer: &str) -> ImageError {
        let (host, answer) = (host.to_owned(), answer.to_owned());
        ImageError::Unauthorized { reference: self.whole(), host, answer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<Target, ImageError> {
        let plain = ["127.0.0.1:5000".to_owned(), "plain.example".to_owned()];
        Target::read(text, &Outbound::new(&[], &[], &plain).unwrap())
    }

    #[test]
    fn references_stand_for_addresses() {
        let hex = "ab".repeat(32);
        for (text, whole, url) in [
            (
                "debian",
                "docker.io/library/debian:latest",
                "https://registry-1.docker.io/v2/library/debian/manifests/latest",
            ),
            ("a/b:1", "docker.io/a/b:1", "https://registry-1.docker.io/v2/a/b/manifests/1"),
            (
                "index.docker.io/a",
                "docker.io/library/a:latest",
                "https://registry-1.docker.io/v2/library/a/manifests/latest",
            ),
            ("ghcr.io/a/b/c:x_1", "ghcr.io/a/b/c:x_1", "https://ghcr.io/v2/a/b/c/manifests/x_1"),
            (
                "127.0.0.1:5000/a",
                "127.0.0.1:5000/a:latest",
                "http://127.0.0.1:5000/v2/a/manifests/latest",
            ),
            (
                "127.0.0.1:5001/a",
                "127.0.0.1:5001/a:latest",
                "https://127.0.0.1:5001/v2/a/manifests/latest",
            ),
            ("plain.example/a:1", "plain.example/a:1", "http://plain.example/v2/a/manifests/1"),
        ] {
            let target = target(text).unwrap();
            assert_eq!(target.whole(), whole);
            assert_eq!(target.url("manifests", &target.manifest_key()).unwrap().as_str(), url);
        }
        let target = target(&format!("a:1@sha256:{hex}")).unwrap();
        assert_eq!(target.manifest_key(), format!("sha256:{hex}"));
        assert_eq!(target.scope(), "repository:library/a:pull");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let sha512 = format!("a@sha512:{}", "ab".repeat(64));
        let upper = format!("a@sha256:{}", "AB".repeat(32));
        let long = "a".repeat(2_000);
        for text in [
            "",
            " ",
            "A",
            "a b",
            "https://ghcr.io/a",
            "u:p@ghcr.io/a",
            "ghcr.io:99999/a",
            "a:",
            "a@sha256:12",
            "../a",
            "a/../b",
            &sha512,
            &upper,
            &long,
        ] {
            let error = target(text).unwrap_err();
            assert_eq!(error.code(), "bad_reference", "{text}");
        }
    }
}
