//! Who else may say who is calling: `[[issuers]]`, each with its keys and with what its JWTs are good for.
//! How a JWT is checked is in `auth::jwt`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use url::{Host, Url};

use super::ConfigError;
use super::pattern::Pattern;

/// The most that clocks may be apart, in seconds.
const MOST_LEEWAY: u64 = 600;

/// Where the keys of an issuer may come from; exactly one is to be given.
const SOURCES: &str = "issuers.keys, jwks_file and jwks_url";

/// An issuer of JWTs. Default: none, and then no JWT is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The claim `iss` of its JWTs, exactly.
    pub issuer: String,
    /// What the claim `aud` must be, or have among its values. Stops a JWT that was made for another
    /// service from being used here.
    pub audience: String,
    /// The signatures that are taken. Default: all four. A key is good for the one that fits its type,
    /// whatever a JWT's header says. Stops a public key from being taken for a shared secret.
    #[serde(default = "Algorithm::all")]
    pub algorithms: Vec<Algorithm>,
    /// Its public keys, each in a file. Default: none.
    #[serde(default)]
    pub keys: Vec<KeyFile>,
    /// A file with its public keys as a JWK set. Default: none.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// Where its public keys are, as a JWK set: `https`, or `http` on this machine. Default: none.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// Seconds after which the set is fetched again. Default: 3,600. So long may a key that its issuer has
    /// withdrawn still be taken.
    #[serde(default = "an_hour")]
    pub jwks_refresh_seconds: u64,
    /// Seconds for which the last set is used while the issuer does not answer. Default: 86,400 (a day).
    /// Stops an attacker who cuts the line from keeping a withdrawn key in use for ever.
    #[serde(default = "a_day")]
    pub jwks_stale_seconds: u64,
    /// Seconds that fetching the set may take. Default: 5. Stops callers from piling up behind an issuer
    /// that does not answer.
    #[serde(default = "five")]
    pub jwks_seconds: u64,
    /// Users whom it may speak for: names, in which `*` stands for any characters. At least one. An admin is
    /// only spoken for by name. Stops an issuer from speaking for those whom another one, or this hub alone,
    /// knows.
    #[serde(default)]
    pub users: Vec<Pattern>,
    /// Repositories that the `memberof` of its JWTs may name: names, in which `*` stands for any
    /// characters. Default: none. Stops an issuer from giving away what is not its own.
    #[serde(default)]
    pub repositories: Vec<Pattern>,
    /// The claim that has the user's name. Default: `username`.
    #[serde(default = "username")]
    pub user_claim: String,
    /// The most that its JWTs are good for: `read` or `write`. Default: `write`. No JWT is good for what
    /// only admins may.
    #[serde(default)]
    pub scope: MostScope,
    /// Whether a user whom the hub does not know is made, with the repository of the same name, and so a
    /// repository that `memberof` and `active-user` name. Default: false; such a user is then refused.
    #[serde(default)]
    pub create_users: bool,
    /// Seconds that its clock and the hub's may be apart, at most 600. Default: 60.
    #[serde(default = "a_minute")]
    pub leeway_seconds: u64,
}

/// A file with one public key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The file: PEM, `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub file: PathBuf,
    /// What JWTs call the key in `kid`. Default: none; the key is then for JWTs that name none.
    #[serde(default)]
    pub kid: Option<String>,
    /// What it is a key for. Default: what fits its type; with this, a key of another type is refused.
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
}

/// A signature. There are no others here: those with a shared secret are not, and `none` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// The most that the JWTs of an issuer are good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MostScope {
    /// Seeing.
    Read,
    /// Seeing and changing.
    #[default]
    Write,
}

impl Algorithm {
    fn all() -> Vec<Self> {
        vec![Self::Rs256, Self::Es256, Self::Es384, Self::EdDsa]
    }

    /// The name in headers of JWTs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

fn a_minute() -> u64 {
    60
}

fn an_hour() -> u64 {
    3_600
}

fn a_day() -> u64 {
    86_400
}

fn five() -> u64 {
    5
}

fn username() -> String {
    "username".to_owned()
}

/// Refuses issuers whose JWTs nobody could use, and those that would open a hole.
pub(super) fn check(issuers: &[Issuer]) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for issuer in issuers {
        if !seen.insert(&issuer.issuer) {
            return Err(issuer.must("issuers.issuer", "another one in each [[issuers]]"));
        }
        issuer.check()?;
    }
    Ok(())
}

impl Issuer {
    fn check(&self) -> Result<(), ConfigError> {
        self.check_words()?;
        self.check_sources()?;
        for (key, seconds, least, most) in [
            ("issuers.leeway_seconds", self.leeway_seconds, 0, MOST_LEEWAY),
            ("issuers.jwks_refresh_seconds", self.jwks_refresh_seconds, 1, super::LONGEST),
            ("issuers.jwks_stale_seconds", self.jwks_stale_seconds, 1, super::LONGEST),
            ("issuers.jwks_seconds", self.jwks_seconds, 1, 60),
        ] {
            if !(least..=most).contains(&seconds) {
                return Err(self.must(key, &format!("from {least} to {most}")));
            }
        }
        if self.jwks_stale_seconds < self.jwks_refresh_seconds {
            return Err(self.must("issuers.jwks_stale_seconds", "at least jwks_refresh_seconds"));
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), ConfigError> {
        for (key, missing) in [
            ("issuers.issuer", self.issuer.is_empty()),
            ("issuers.audience", self.audience.is_empty()),
            ("issuers.user_claim", self.user_claim.is_empty()),
            ("issuers.algorithms", self.algorithms.is_empty()),
        ] {
            if missing {
                return Err(self.must(key, "given"));
            }
        }
        if self.users.is_empty() {
            let need =
                "the names of those whom it may speak for; without any, no JWT of it is taken";
            return Err(self.must("issuers.users", need));
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), ConfigError> {
        let given = [!self.keys.is_empty(), self.jwks_file.is_some(), self.jwks_url.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            return Err(self.must(SOURCES, "exactly one of them"));
        }
        let mut kids = BTreeSet::new();
        if !self.keys.iter().filter_map(|key| key.kid.as_ref()).all(|kid| kids.insert(kid)) {
            return Err(self.must("issuers.keys.kid", "another one for each key"));
        }
        if !self.jwks_url.as_deref().is_none_or(safe) {
            let need = "https:// with a host (http:// on this machine alone), with no user, password or fragment";
            return Err(self.must("issuers.jwks_url", need));
        }
        Ok(())
    }

    fn must(&self, key: &'static str, need: &str) -> ConfigError {
        ConfigError::Value { key, need: format!("{need} (issuer {:?})", self.issuer) }
    }
}

/// Keys that come over a line which others can write on are anybody's keys.
fn safe(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    plain && (url.scheme() == "https" && url.has_host() || url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const USUAL: &str =
        "issuer = \"https://login.example.com\"\naudience = \"hub\"\nusers = [\"*\"]\n";

    fn parse(text: &str) -> Result<Config, String> {
        let text = format!("[[issuers]]\n{text}");
        let config: Config = toml::from_str(&text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn the_defaults() {
        let config = parse(&format!("{USUAL}jwks_file = \"keys.json\"")).unwrap();
        let issuer = &config.issuers[0];
        assert_eq!(issuer.algorithms, Algorithm::all());
        assert_eq!(issuer.user_claim, "username");
        assert_eq!(issuer.scope, MostScope::Write);
        assert_eq!((issuer.create_users, issuer.leeway_seconds), (false, 60));
        assert!(issuer.repositories.is_empty());
        assert_eq!((issuer.jwks_refresh_seconds, issuer.jwks_stale_seconds), (3_600, 86_400));
    }

    #[test]
    fn keys_come_from_where_nobody_else_can_write() {
        for good in [
            "https://login.example.com/keys?v=1",
            "http://127.0.0.1:5000/keys",
            "http://[::1]:5000/keys",
            "http://localhost/keys",
        ] {
            assert!(parse(&format!("{USUAL}jwks_url = {good:?}")).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example.com/keys",
            "http://127.0.0.1.example.com/keys",
            "http://10.0.0.1/keys",
            "https://alice:secret@login.example.com/keys",
            "https://login.example.com/keys#a",
            "ftp://127.0.0.1/keys",
            "file:///keys",
            "keys",
            "",
        ] {
            let error = parse(&format!("{USUAL}jwks_url = {bad:?}")).unwrap_err();
            assert!(error.contains("issuers.jwks_url must be https"), "{bad}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn senseless_issuers_are_refused() {
        let keys = "jwks_file = \"keys.json\"\n";
        for (text, word) in [
            (String::new(), "issuer"),
            (format!("audience = \"hub\"\n{keys}"), "missing field `issuer`"),
            (format!("issuer = \"i\"\n{keys}"), "missing field `audience`"),
            (format!("issuer = \"i\"\naudience = \"\"\n{keys}"), "issuers.audience must be given"),
            (format!("issuer = \"i\"\naudience = \"hub\"\n{keys}"), "issuers.users must be"),
            (USUAL.to_owned(), "exactly one"),
            (format!("{USUAL}{keys}jwks_url = \"https://x/y\""), "exactly one"),
            (format!("{USUAL}{keys}algorithms = [\"HS256\"]"), "HS256"),
            (format!("{USUAL}{keys}algorithms = [\"none\"]"), "none"),
            (format!("{USUAL}{keys}algorithms = []"), "issuers.algorithms must be given"),
            (format!("{USUAL}{keys}scope = \"admin\""), "admin"),
            (format!("{USUAL}{keys}leeway_seconds = 601"), "from 0 to 600"),
            (format!("{USUAL}{keys}jwks_seconds = 0"), "issuers.jwks_seconds"),
            (format!("{USUAL}{keys}jwks_refresh_seconds = 0"), "issuers.jwks_refresh_seconds"),
            (format!("{USUAL}{keys}jwks_stale_seconds = 60"), "at least jwks_refresh_seconds"),
            (format!("{USUAL}{keys}user_claim = \"\""), "issuers.user_claim"),
            (format!("{USUAL}{keys}repositories = [\"a b\"]"), "a b"),
            (format!("{USUAL}{keys}secret = \"x\""), "secret"),
            (
                format!(
                    "{USUAL}keys = [{{ file = \"a\", kid = \"k\" }}, {{ file = \"b\", kid = \"k\" }}]"
                ),
                "issuers.keys.kid",
            ),
            (format!("{USUAL}{keys}[[issuers]]\n{USUAL}{keys}"), "another one in each"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
