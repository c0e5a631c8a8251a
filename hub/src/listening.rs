//! What absolute links to this hub begin with. It never comes from a request: whoever sends a `Host` header
//! could make the hub hand out links to somewhere else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use crate::config::Config;

/// Where the hub listens, once it does.
#[derive(Debug, Clone, Default)]
pub struct Listening(Arc<OnceLock<SocketAddr>>);

/// What the hub speaks.
pub fn scheme(config: &Config) -> &'static str {
    if config.tls.is_on() { "https" } else { "http" }
}

impl Listening {
    /// The hub listens there. Only the first address counts.
    pub fn at(&self, address: SocketAddr) {
        let _ = self.0.set(address);
    }

    /// What absolute links begin with, without a `/` at the end: the configured address, or else the one
    /// that the hub listens on.
    pub fn public_url(&self, config: &Config) -> String {
        match config.public_url() {
            Some(url) => url.to_owned(),
            None => format!("{}://{}", scheme(config), self.reachable()),
        }
    }

    /// An address that somebody can connect to. A hub that listens on all of its machine's addresses knows
    /// none that others know it by; its own machine at least finds it here.
    fn reachable(&self) -> SocketAddr {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let address = self.0.get().copied().unwrap_or(local);
        let everywhere = match address.ip() {
            IpAddr::V4(ip) => ip.is_unspecified(),
            IpAddr::V6(ip) => ip.is_unspecified(),
        };
        if everywhere { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_address_comes_first() {
        let listening = Listening::default();
        listening.at("127.0.0.1:5555".parse().unwrap());
        let url = |public_url: Option<&str>| {
            let public_url = public_url.map(str::to_owned);
            listening.public_url(&Config { public_url, ..Config::default() })
        };
        assert_eq!(url(Some("https://hub.example.com/")), "https://hub.example.com");
        assert_eq!(url(None), "http://127.0.0.1:5555");
        let mut config = Config::default();
        config.tls.certificate = Some("certificate.pem".into());
        assert_eq!(listening.public_url(&config), "https://127.0.0.1:5555");
    }

    #[test]
    fn an_address_for_all_is_none_to_connect_to() {
        for (listens, url) in [
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:5555", "http://127.0.0.1:5555"),
            ("192.0.2.1:5555", "http://192.0.2.1:5555"),
            ("[2001:db8::1]:5555", "http://[2001:db8::1]:5555"),
        ] {
            let listening = Listening::default();
            listening.at(listens.parse().unwrap());
            assert_eq!(listening.public_url(&Config::default()), url);
        }
    }
}
