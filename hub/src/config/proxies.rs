//! Whom the hub believes that a request came from somebody else: `trusted_proxies`.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

/// Ranges of addresses of proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Whether a proxy is at that address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ranges = Vec::<String>::deserialize(deserializer)?;
        let ranges = ranges.iter().map(|text| range(text).ok_or(text));
        let wrong = |text: &String| {
            let message = format!("{text:?} is no address, and no range such as \"10.0.0.0/8\"");
            serde::de::Error::custom(message)
        };
        ranges.collect::<Result<_, _>>().map(Self).map_err(wrong)
    }
}

/// The header in which proxies say for whom they ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

fn range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_addresses_are_read() {
        #[derive(Deserialize)]
        struct Given {
            proxies: Proxies,
        }
        let read = |text: &str| toml::from_str::<Given>(&format!("proxies = {text}"));
        let proxies = read("[\"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.1\"]").unwrap().proxies;
        for (address, trusted) in [
            ("10.200.0.1", true),
            ("::ffff:10.200.0.1", true),
            ("11.0.0.1", false),
            ("2001:db8:ffff::1", true),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
        ] {
            assert_eq!(proxies.contain(address.parse().unwrap()), trusted, "{address}");
        }
        for wrong in ["[\"10.0.0.0/33\"]", "[\"proxy.example\"]", "[\"\"]", "\"10.0.0.0/8\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
