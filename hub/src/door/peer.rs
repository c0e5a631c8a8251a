//! Who is at the other end: the address that a request came from, and its id. A proxy in front of the hub
//! says for whom it asks; it is believed where the configuration trusts its address, and nobody else is.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::auth::Origin;
use crate::config::{Config, ProxyHeader};

/// The header that tells a caller which id its request has in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The longest id that is taken over from a proxy.
const ID_BYTES: usize = 64;

/// Addresses that are looked at in one chain of proxies.
const HOPS: usize = 32;

/// Who is connected; an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Where a request came from.
pub fn origin(peer: Option<Peer>, headers: &HeaderMap, config: &Config) -> Origin {
    let proxies = &config.trusted_proxies;
    let address = peer.map(|Peer(address)| address.ip().to_canonical());
    let trusted = address.is_some_and(|address| proxies.contain(address));
    if !trusted {
        return Origin { address, request: fresh_id() };
    }
    let request = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| plain(id));
    Origin {
        address: forwarded(headers, config, address),
        request: request.map_or_else(fresh_id, str::to_owned),
    }
}

/// For whom a chain of proxies asks that ends with the one at `peer`: the last address that is no proxy's. Each
/// proxy adds the address that it was asked from at the end, so what stands further to the front may be
/// anybody's invention. `None` if what stands there is no address.
fn forwarded(headers: &HeaderMap, config: &Config, peer: Option<IpAddr>) -> Option<IpAddr> {
    let standard = config.proxy_header == ProxyHeader::Forwarded;
    let values = headers.get_all(if standard { FORWARDED } else { FORWARDED_FOR });
    let mut last = peer;
    for value in values.iter().rev() {
        for hop in value.to_str().ok()?.rsplit(',').take(HOPS) {
            let address = if standard { of_standard(hop) } else { address(hop.trim()) }?;
            if !config.trusted_proxies.contain(address) {
                return Some(address);
            }
            last = Some(address);
        }
    }
    last
}

/// The address in one element of `Forwarded` (RFC 7239): `for=192.0.2.1;proto=https`.
fn of_standard(hop: &str) -> Option<IpAddr> {
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let mut of = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    of.next().and_then(|(_, value)| address(value.trim().trim_matches('"')))
}

/// An address, perhaps with a port; that of IPv6 then stands in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().ok().or_else(with_port).or_else(in_brackets);
    address.map(|address: IpAddr| address.to_canonical())
}

/// Whether an id can stand in a log and in a header.
fn plain(id: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    !id.is_empty() && id.len() <= ID_BYTES && id.bytes().all(safe)
}

/// 64 random bits. Should there be none, the request is served all the same.
fn fresh_id() -> String {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => format!("{:016x}", u64::from_be_bytes(bytes)),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
#[path = "peer_tests.rs"]
mod tests;
