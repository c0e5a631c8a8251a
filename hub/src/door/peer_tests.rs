//! Tests of whom the hub believes where a request came from.

use super::*;

fn config(header: &str) -> Config {
    let text =
        format!("trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]\nproxy_header = {header:?}");
    toml::from_str(&text).unwrap()
}

fn found(peer: &str, headers: &[(&'static str, &str)]) -> Origin {
    by(&config("x-forwarded-for"), peer, headers)
}

fn by(config: &Config, peer: &str, headers: &[(&'static str, &str)]) -> Origin {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    origin(Some(Peer(peer.parse().unwrap())), &map, config)
}

fn address_of(peer: &str, headers: &[(&'static str, &str)]) -> String {
    found(peer, headers).address.map_or_else(|| "none".to_owned(), |address| address.to_string())
}

#[test]
fn whoever_is_no_proxy_speaks_for_herself() {
    let headers = [
        ("x-forwarded-for", "192.0.2.9"),
        ("forwarded", "for=192.0.2.9"),
        ("x-request-id", "theirs"),
    ];
    let origin = found("203.0.113.5:40000", &headers);
    assert_eq!(origin.address, "203.0.113.5".parse().ok());
    assert_ne!(origin.request, "theirs");
    assert_eq!(origin.request.len(), 16);
}

#[test]
fn of_a_chain_the_last_that_is_no_proxy_counts() {
    let proxy = "10.0.0.1:40000";
    for (header, expected) in [
        ("203.0.113.5", "203.0.113.5"),
        ("192.0.2.9, 203.0.113.5", "203.0.113.5"),
        ("192.0.2.9, 203.0.113.5, 10.1.1.1", "203.0.113.5"),
        ("203.0.113.5,10.1.1.1 ,10.2.2.2", "203.0.113.5"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.5:1234", "203.0.113.5"),
        ("[2001:db8::1]:1234", "2001:db8::1"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("unknown", "none"),
        ("203.0.113.5, unknown", "none"),
        ("203.0.113.5, unknown, 10.1.1.1", "none"),
        ("", "none"),
    ] {
        assert_eq!(address_of(proxy, &[("x-forwarded-for", header)]), expected, "{header}");
    }
    assert_eq!(address_of(proxy, &[]), "10.0.0.1");
    assert_eq!(address_of("[fd00::1]:4", &[("x-forwarded-for", "192.0.2.9")]), "192.0.2.9");
    assert_eq!(address_of("[::ffff:10.0.0.1]:4", &[("x-forwarded-for", "192.0.2.9")]), "192.0.2.9");
}

#[test]
fn several_headers_are_one_list() {
    let headers = [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-for", "203.0.113.5")];
    assert_eq!(address_of("10.0.0.1:4", &headers), "203.0.113.5");
    let headers = [("x-forwarded-for", "203.0.113.5"), ("x-forwarded-for", "10.0.0.2")];
    assert_eq!(address_of("10.0.0.1:4", &headers), "203.0.113.5");
}

#[test]
fn the_standard_header_counts_where_that_is_said() {
    let (proxy, config) = ("10.0.0.1:40000", config("forwarded"));
    for (header, expected) in [
        ("for=203.0.113.5", Some("203.0.113.5")),
        ("for=192.0.2.9, for=203.0.113.5;proto=https;by=10.0.0.1", Some("203.0.113.5")),
        ("proto=https; For=\"[2001:db8::1]:4711\"", Some("2001:db8::1")),
        ("for=\"_hidden\"", None),
        ("proto=https", None),
    ] {
        let headers = [("forwarded", header), ("x-forwarded-for", "192.0.2.77")];
        let address = by(&config, proxy, &headers).address;
        assert_eq!(address, expected.map(|text| text.parse().unwrap()), "{header}");
    }
    // And is not read where it is not.
    assert_eq!(address_of(proxy, &[("forwarded", "for=192.0.2.9")]), "10.0.0.1");
}

#[test]
fn a_proxys_id_is_kept_if_a_log_can_hold_it() {
    let id = |id: &str| found("10.0.0.1:4", &[("x-request-id", id)]).request;
    for kept in ["abc", "0af7651916cd43dd-8448eb211c80319c", "Root=1-67891233", &"x".repeat(64)] {
        assert_eq!(id(kept), kept);
    }
    for refused in ["", "a b", "a\"b", "a{b}", &"x".repeat(65)] {
        assert_ne!(id(refused), refused);
    }
}
