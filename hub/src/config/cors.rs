//! The part of the configuration that says which sites' pages may read from the hub: `[cors]`.

use serde::Deserialize;

use super::ConfigError;

/// Pages of other sites. A browser lets them read answers only where the hub says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Sites whose pages may read: `https://viewer.example.com`, or `*` alone for all. Default: none. Stops
    /// a page that somebody in the hub's network looks at from reading what only that network can reach.
    pub origins: Vec<String>,
}

impl Cors {
    /// Refuses what no browser calls a site.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |need: String| Err(ConfigError::Value { key: "cors.origins", need });
        if self.is_open() {
            return match self.origins.len() {
                1 => Ok(()),
                _ => wrong("\"*\" alone, or a list of sites".to_owned()),
            };
        }
        for origin in &self.origins {
            // A host of `*` is one to the library, and would be taken for a pattern.
            let same = |url: &url::Url| {
                url.origin().ascii_serialization() == *origin && !origin.contains('*')
            };
            let site = url::Url::parse(origin).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && same(&url)
            });
            if !site {
                let need = "http:// or https://, a host in lower case, perhaps a port other than \
                            the usual one, and no \"/\" at the end";
                return wrong(format!("a list of sites, each {need}; {origin:?} is none"));
            }
        }
        Ok(())
    }

    /// Whether all sites may.
    pub fn is_open(&self) -> bool {
        self.origins.iter().any(|origin| origin == "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_written_as_browsers_do() {
        let check = |origins: &[&str]| {
            let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
            Cors { origins }.check().is_ok()
        };
        assert!(check(&[]) && check(&["*"]));
        assert!(check(&["https://a.example", "http://localhost:8080", "http://[::1]:1"]));
        for wrong in [
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "ftp://a",
            "null",
            "",
            "https://*.example",
            "https://a.example/x",
            "https://u@a.example",
        ] {
            assert!(!check(&[wrong]), "{wrong}");
        }
        assert!(!check(&["*", "https://a.example"]));
    }
}
