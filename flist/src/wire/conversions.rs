//! Asking a hub to convert an image, as JSON. What an image is, and where one may come from, is not known
//! here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Asks a hub to make a flist of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The image: `alpine`, `registry.example.org:5000/team/app:1`, or with `@sha256:` and a digest.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    pub image: String,
    /// The repository to publish into; absent: the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub repository: Option<String>,
    /// The name to publish; absent: made from the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub name: Option<String>,
    /// Which image of one for several platforms: `linux/arm64`; absent: the hub's own platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[!-.0-~]{1,64}(/[!-.0-~]{1,64}){1,2}$"))]
    pub platform: Option<String>,
    /// Where the hub looks for the image: `registry` (also if absent), `docker` or `podman`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^(registry|docker|podman)$"))]
    pub source: Option<String>,
    /// Whether to add a `.startup.toml` that starts what the image would start.
    #[serde(default)]
    pub startup: bool,
    /// Ids of the categories that the name is in from now on, as a STAC item; absent: as was said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub categories: Option<Vec<String>>,
    /// What opens the registry; absent: nothing, as for a public image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<RegistryCredentials>,
}

/// What opens a registry. Only ever sent: it is not shown, not logged and not stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, deny_unknown_fields)]
pub enum RegistryCredentials {
    /// A user's name and password.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that the registry, or whoever it sends callers to, takes as it is.
    Token {
        /// The token.
        token: String,
    },
}

impl fmt::Debug for RegistryCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password { .. } => "Password { .. }",
            Self::Token { .. } => "Token { .. }",
        })
    }
}

/// The name that the flist of an image gets where none is given, as 0-hub makes it: `host:5000/team/app:1`
/// becomes `host-5000-team-app-1`, and an image without a tag ends in `-latest`. Not every image's is a
/// name: it may be too long.
pub fn default_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = if last.contains([':', '@']) { "" } else { ":latest" };
    let dash = |char| if matches!(char, ':' | '/' | '@') { '-' } else { char };
    image.chars().chain(tag.chars()).map(dash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name() {
        for (image, name) in [
            ("alpine", "alpine-latest"),
            ("threefoldtech/peertube:latest", "threefoldtech-peertube-latest"),
            ("127.0.0.1:5000/demo/app", "127.0.0.1-5000-demo-app-latest"),
            ("ghcr.io/o/a:1.2@sha256:ab", "ghcr.io-o-a-1.2-sha256-ab"),
        ] {
            assert_eq!(default_name(image), name);
        }
    }

    #[test]
    fn the_least_and_the_most_that_can_be_asked() {
        let least: Conversion = serde_json::from_str(r#"{"image":"alpine"}"#).unwrap();
        assert_eq!(
            (least.image.as_str(), least.startup, least.credentials),
            ("alpine", false, None)
        );
        let most = r#"{"image":"a","repository":"r","name":"n","platform":"linux/arm64","source":"docker","startup":true,"categories":["dataset"],"credentials":{"username":"u","password":"hunter2"}}"#;
        let asked: Conversion = serde_json::from_str(most).unwrap();
        assert_eq!(serde_json::to_string(&asked).unwrap(), most);
        let token = r#"{"image":"a","startup":false,"credentials":{"token":"hunter2"}}"#;
        let asked: Conversion = serde_json::from_str(token).unwrap();
        assert_eq!(serde_json::to_string(&asked).unwrap(), token);
    }

    #[test]
    fn secrets_are_neither_shown_nor_quoted() {
        for credentials in [r#"{"username":"u","password":"hunter2"}"#, r#"{"token":"hunter2"}"#] {
            let credentials: RegistryCredentials = serde_json::from_str(credentials).unwrap();
            assert!(!format!("{credentials:?}").contains("hunter2"));
        }
        for bad in [
            r#""hunter2""#,
            r#"{"password":"hunter2"}"#,
            r#"{"username":"u","password":"hunter2","token":"t"}"#,
            r#"{"token":["hunter2"]}"#,
        ] {
            let body = format!(r#"{{"image":"a","credentials":{bad}}}"#);
            let error = serde_json::from_str::<Conversion>(&body).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
