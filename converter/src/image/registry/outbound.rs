//! To which hosts connections may be made: the rules, and the check that every address of every request
//! passes, the first one, token realms and redirects alike.

use std::net::IpAddr;

use reqwest::Url;

use super::address::not_public;
use super::options::SetupError;
use super::well_known::WELL_KNOWN;
use crate::image::ImageError;

/// Which hosts may be connected to, and how.
#[derive(Debug, Clone)]
pub struct Outbound {
    hosts: Vec<Pattern>,
    private: Vec<Place>,
    plain: Vec<Place>,
}

/// Through which of the two resolvers a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Its addresses must be public.
    Public,
    /// It is configured by name: any address will do.
    Private,
}

/// An entry of the allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    /// Every name that ends so; begins with a dot.
    Below(String),
    Exactly(String),
}

/// A host, and a port if it is for one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

impl Outbound {
    /// Reads the rules.
    ///
    /// `hosts` is the list of all that may be connected to: `registry.example.com`, `*.example.com` for
    /// every name below, `*` for all, `default` for the well-known registries. `private_hosts`, as `host`
    /// or `host:port`, may have addresses that are not public. `plain_http_hosts`, likewise, are spoken to
    /// without TLS. The latter two do not add to the first.
    pub fn new(
        hosts: &[String],
        private_hosts: &[String],
        plain_http_hosts: &[String],
    ) -> Result<Self, SetupError> {
        let mut patterns = Vec::new();
        for text in hosts {
            match text.as_str() {
                "default" => patterns.extend(WELL_KNOWN.iter().map(|text| Pattern::known(text))),
                text => patterns.push(Pattern::read(text)?),
            }
        }
        let places = |list: &[String]| -> Result<Vec<Place>, SetupError> {
            list.iter().map(|text| Place::read(text)).collect()
        };
        let (private, plain) = (places(private_hosts)?, places(plain_http_hosts)?);
        Ok(Self { hosts: patterns, private, plain })
    }

    /// Where the API of the registry `host[:port]` is.
    pub(super) fn base(&self, registry: &str) -> Option<Url> {
        let plain = Url::parse(&format!("http://{registry}/v2/")).ok()?;
        if has(&self.plain, &plain) {
            return Some(plain);
        }
        Url::parse(&format!("https://{registry}/v2/")).ok()
    }

    /// Checks all that can be known of an address before its host is resolved.
    pub(super) fn check(&self, url: &Url) -> Result<Reach, ImageError> {
        let refused = |reason: &str| {
            Err(ImageError::HostRefused { host: place(url), reason: reason.to_owned() })
        };
        let Some(host) = url.host_str() else { return refused("its address names no host") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("its address holds a user name or password");
        }
        if !self.hosts.iter().any(|pattern| pattern.matches(host)) {
            return refused("`hosts` does not list it");
        }
        match url.scheme() {
            "https" => {}
            "http" if has(&self.plain, url) => {}
            "http" => {
                return refused(
                    "it is to be spoken to without TLS, and `plain_http_hosts` does not list it",
                );
            }
            _ => return refused("its address is neither https nor http"),
        }
        if has(&self.private, url) {
            return Ok(Reach::Private);
        }
        // The resolver sees names only.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal.ok().and_then(not_public) {
            Some(sort) => refused(&not_listed(sort)),
            None => Ok(Reach::Public),
        }
    }
}

impl Default for Outbound {
    /// The well-known registries, with TLS, at public addresses.
    fn default() -> Self {
        let hosts = WELL_KNOWN.iter().map(|text| Pattern::known(text)).collect();
        Self { hosts, private: Vec::new(), plain: Vec::new() }
    }
}

/// `host` or `host:port`, as people write it; never more of an address, which may hold secrets.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("a nameless host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Why an address that is not public is refused.
pub(super) fn not_listed(sort: &str) -> String {
    format!("it has {sort}, and `private_hosts` does not list it")
}

fn has(places: &[Place], url: &Url) -> bool {
    let (host, port) = (url.host_str(), url.port_or_known_default());
    let fits = |place: &Place| {
        Some(place.host.as_str()) == host && (place.port.is_none() || place.port == port)
    };
    places.iter().any(fits)
}

impl Pattern {
    fn read(text: &str) -> Result<Self, SetupError> {
        let bad = || SetupError::Host(text.chars().take(100).collect());
        if text == "*" {
            return Ok(Self::Any);
        }
        let place = Place::read(text.strip_prefix("*.").unwrap_or(text))?;
        match (place.port, text.starts_with("*.")) {
            (Some(_), _) => Err(bad()),
            (None, true) => Ok(Self::Below(format!(".{}", place.host))),
            (None, false) => Ok(Self::Exactly(place.host)),
        }
    }

    /// One of the list in this program.
    fn known(text: &str) -> Self {
        match text.strip_prefix('*') {
            Some(rest) => Self::Below(rest.to_owned()),
            None => Self::Exactly(text.to_owned()),
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            // An address is below nothing.
            Self::Below(end) => host.len() > end.len() && host.ends_with(end.as_str()),
            Self::Exactly(name) => name == host,
        }
    }
}

impl Place {
    /// Reads `host` or `host:port` as addresses have them, so that both compare as text.
    fn read(text: &str) -> Result<Self, SetupError> {
        let bad = || SetupError::Host(text.chars().take(100).collect());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(bad());
        }
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| bad())?;
        let host = url.host_str().ok_or_else(bad)?.to_owned();
        // The colons of an IPv6 address are in brackets.
        let end = text.rsplit(']').next().unwrap_or(text);
        let port = end.rsplit_once(':').map(|(_, digits)| digits.parse()).transpose();
        let port = port.map_err(|_| bad())?;
        Ok(Self { host, port })
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
