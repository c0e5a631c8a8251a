//! What of an image's configuration this program looks at. The rest is kept byte for byte and not read.

use serde::Deserialize;

use super::{Digest, ImageError, Platform};

/// The most bytes of a configuration that are kept: it stands in the flist's manifest, one object.
pub(super) const MAX_CONFIG: usize = 900 << 10;

/// An image's configuration, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// For what it is.
    pub platform: Platform,
    /// Digests of the layers' archives, the lowest first.
    pub diff_ids: Vec<Digest>,
    /// What is run, before `command`.
    pub entrypoint: Vec<String>,
    /// What is run, or the entrypoint's arguments.
    pub command: Vec<String>,
    /// The environment, as `KEY=value`.
    pub environment: Vec<String>,
    /// Where it is run; empty if nothing was said.
    pub working_directory: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    config: Option<Execution>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Execution {
    #[serde(default, rename = "Entrypoint")]
    entrypoint: Option<Vec<String>>,
    #[serde(default, rename = "Cmd")]
    command: Option<Vec<String>>,
    #[serde(default, rename = "Env")]
    environment: Option<Vec<String>>,
    #[serde(default, rename = "WorkingDir")]
    working_directory: Option<String>,
}

impl ImageConfig {
    /// Reads a configuration (OCI image specification, `config.md`; Docker's is the same).
    pub fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.len() > MAX_CONFIG {
            return Err(ImageError::ConfigTooLarge { size: bytes.len(), most: MAX_CONFIG });
        }
        let bad = |reason: String| ImageError::bad("the image's configuration", &reason);
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        let diff_ids = document.rootfs.diff_ids.unwrap_or_default();
        let diff_ids: Result<_, _> = diff_ids.iter().map(|text| text.parse()).collect();
        let Execution { entrypoint, command, environment, working_directory } =
            document.config.unwrap_or_default();
        Ok(Self {
            platform: Platform {
                os: document.os.unwrap_or_default(),
                architecture: document.architecture.unwrap_or_default(),
                variant: document.variant.filter(|variant| !variant.is_empty()),
            },
            diff_ids: diff_ids.map_err(|error: super::DigestError| bad(error.to_string()))?,
            entrypoint: entrypoint.unwrap_or_default(),
            command: command.unwrap_or_default(),
            environment: environment.unwrap_or_default(),
            working_directory: working_directory.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_leaves_empty_or_null_is_read() {
        let text = br#"{"architecture":"arm64","os":"linux","variant":"","config":{"Env":null,
            "Cmd":["sh","-c","x y"],"Volumes":null,"Labels":{"a":"b"}},"rootfs":{"type":"layers",
            "diff_ids":null},"history":[{"created_by":"x"}]}"#;
        let config = ImageConfig::read(text).unwrap();
        assert_eq!(config.platform.to_string(), "linux/arm64");
        assert_eq!(config.command, ["sh", "-c", "x y"]);
        assert_eq!(config.environment, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for bad in ["", "[]", "{}", r#"{"rootfs":{"diff_ids":["sha256:12"]}}"#, r#"{"rootfs":7}"#] {
            assert!(ImageConfig::read(bad.as_bytes()).is_err(), "{bad}");
        }
        let long = format!(r#"{{"rootfs":{{}},"x":"{}"}}"#, "y".repeat(MAX_CONFIG));
        let error = ImageConfig::read(long.as_bytes()).unwrap_err();
        assert!(matches!(error, ImageError::ConfigTooLarge { .. }));
    }
}
