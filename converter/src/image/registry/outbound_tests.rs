//! Tests of the rules for connections.

use super::*;

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn check(rules: &Outbound, url: &str) -> Result<Reach, String> {
    rules.check(&Url::parse(url).unwrap()).map_err(|error| {
        assert_eq!(error.code(), "host_refused");
        error.to_string()
    })
}

#[test]
fn only_listed_hosts_pass() {
    let rules = Outbound::new(&list(&["a.example", "*.b.example", "C.example"]), &[], &[]).unwrap();
    for good in [
        "https://a.example/x",
        "https://A.example:444/",
        "https://x.y.b.example/",
        "https://c.example",
    ] {
        assert_eq!(check(&rules, good), Ok(Reach::Public), "{good}");
    }
    for bad in [
        "https://b.example/",
        "https://xb.example/",
        "https://x.a.example/",
        "https://a.example.evil.example/",
        "https://a.example./",
        "https://evil.example/a.example",
        "https://evil.example/?a.example",
    ] {
        let reason = check(&rules, bad).unwrap_err();
        assert!(reason.contains("`hosts` does not list it"), "{bad}: {reason}");
    }
}

#[test]
fn addresses_in_urls_are_checked_however_they_are_written() {
    let rules = Outbound::new(&list(&["*"]), &[], &[]).unwrap();
    for bad in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://１２７.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://0/",
    ] {
        let reason = check(&rules, bad).unwrap_err();
        assert!(reason.contains("`private_hosts` does not list it"), "{bad}: {reason}");
    }
    assert_eq!(check(&rules, "https://1.1.1.1/"), Ok(Reach::Public));
    assert_eq!(check(&rules, "https://[2606:4700::1111]/"), Ok(Reach::Public));
}

#[test]
fn tls_and_clean_addresses_are_demanded() {
    let rules = Outbound::new(&list(&["*"]), &[], &list(&["plain.example:80", "odd.example"]));
    let rules = rules.unwrap();
    assert_eq!(check(&rules, "http://plain.example/"), Ok(Reach::Public));
    assert_eq!(check(&rules, "https://plain.example/"), Ok(Reach::Public));
    assert_eq!(check(&rules, "http://odd.example:81/"), Ok(Reach::Public));
    for (bad, why) in [
        ("http://plain.example:81/", "plain_http_hosts"),
        ("http://a.example/", "plain_http_hosts"),
        ("ftp://a.example/", "neither https nor http"),
        ("file:///etc/passwd", "names no host"),
        ("data:,x", "names no host"),
        ("https://u:secret@a.example/", "user name or password"),
        ("https://u@a.example/", "user name or password"),
    ] {
        let reason = check(&rules, bad).unwrap_err();
        assert!(reason.contains(why), "{bad}: {reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
}

#[test]
fn private_hosts_are_for_their_port_and_still_must_be_listed() {
    let private = list(&["127.0.0.1:5000", "[::1]:5000", "LAN.example", "tls.example:443"]);
    let rules = Outbound::new(&list(&["*"]), &private, &[]).unwrap();
    for good in [
        "https://127.0.0.1:5000/",
        "https://[::1]:5000/",
        "https://lan.example:1/",
        "https://lan.example/",
        "https://tls.example/",
    ] {
        assert_eq!(check(&rules, good), Ok(Reach::Private), "{good}");
    }
    assert!(check(&rules, "https://127.0.0.1:5001/").is_err());
    assert!(check(&rules, "https://127.0.0.2:5000/").is_err());
    assert_eq!(check(&rules, "https://tls.example:444/"), Ok(Reach::Public));
    let rules = Outbound::new(&[], &private, &[]).unwrap();
    assert!(check(&rules, "https://127.0.0.1:5000/").is_err());
}

#[test]
fn what_is_no_host_is_refused_at_once() {
    for bad in [
        "",
        "a b",
        "https://a",
        "a/b",
        "*.",
        "a.*",
        "*a",
        "a:b",
        "a:99999",
        "a:",
        "[::1",
        "u@a",
        "**",
    ] {
        assert!(Outbound::new(&list(&[bad]), &[], &[]).is_err(), "{bad}");
        assert!(Outbound::new(&[], &list(&[bad]), &[]).is_err(), "{bad}");
    }
    assert!(Outbound::new(&list(&["a.example:443"]), &[], &[]).is_err());
    assert!(Outbound::new(&[], &list(&["*"]), &[]).is_err());
}

#[test]
fn the_well_known_can_be_added_to() {
    let rules = Outbound::new(&list(&["default", "a.example"]), &[], &[]).unwrap();
    for good in ["registry-1.docker.io", "auth.docker.io", "ghcr.io", "eu.gcr.io", "a.example"] {
        assert_eq!(check(&rules, &format!("https://{good}/v2/")), Ok(Reach::Public), "{good}");
    }
    assert!(check(&Outbound::default(), "https://a.example/").is_err());
    assert!(check(&Outbound::default(), "https://ghcr.io/").is_ok());
    for text in WELL_KNOWN {
        assert_eq!(Pattern::read(text).unwrap(), Pattern::known(text), "{text}");
    }
}
