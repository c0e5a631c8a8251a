//! Where registries try to send this program, and where it does not go.

use flisthub_converter::image::ImageError;
use flisthub_converter::image::registry::Outbound;

use super::content::Content;
use super::fake::{Fake, Reply};
use super::{expect_whole, image, layer, options, password, rules, source, source_of};

/// A registry whose blobs are elsewhere, and which wants a password.
fn redirecting(content: &Content, to: impl Fn(&str) -> String + Send + Sync + 'static) -> Fake {
    let content = content.clone();
    Fake::start(move |request| {
        if request.header("authorization").is_none() {
            return Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"");
        }
        match request.path.split_once("/blobs/") {
            Some((_, digest)) => Reply::redirect(&to(digest)),
            None => content.answer(request),
        }
    })
}

/// A server that has the blobs.
fn blobs(content: &Content, host: &str) -> Fake {
    let content = content.clone();
    Fake::start_at(host, move |request| {
        let mut request = request.clone();
        let path = request.path.split('?').next().unwrap_or_default();
        request.path = format!("/v2/demo/app/blobs{path}");
        content.answer(&request)
    })
}

fn fetch(fake: &Fake, rules: Outbound) -> Result<(), ImageError> {
    let reference = format!("{}/demo/app:1", fake.place());
    image(&source_of(options(rules), &reference, Some(password()))).map(drop)
}

/// Asserts that it is refused to connect to `to`, for `reason`, when a registry redirects there.
fn refused(to: &str, reason: &str) {
    let content = Content::image();
    let target = to.to_owned();
    let fake = redirecting(&content, move |_| target.clone());
    let error = fetch(&fake, rules(&[&fake])).unwrap_err();
    assert_eq!(error.code(), "host_refused", "{to}: {error}");
    assert!(error.to_string().contains(reason), "{to}: {error}");
    assert!(!error.to_string().contains("secret"), "{to}: {error}");
}

#[test]
fn a_redirect_is_followed_without_credentials() {
    let content = Content::image();
    let cdn = blobs(&content, "127.0.0.2");
    let there = cdn.url("");
    let fake = redirecting(&content, move |digest| format!("{there}/{digest}?signature=s"));
    let reference = format!("{}/demo/app:1", fake.place());
    let source = source_of(options(rules(&[&fake, &cdn])), &reference, Some(password()));
    expect_whole(&source, &content);
    assert!(cdn.asked().len() >= 3);
    assert!(cdn.asked().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn another_port_is_another_server_and_there_is_no_way_back() {
    let content = Content::image();
    let held = content.clone();
    let cdn = Fake::start(|request| {
        Reply::redirect(&request.path.replace("/back/", "http://127.0.0.1:").replace("%2F", "/"))
    });
    let there = cdn.port();
    let fake = Fake::start(move |request| match request.path.split_once("/blobs/") {
        Some((_, digest)) if !request.path.starts_with("/returned") => {
            let host = request.header("host").unwrap();
            let port = host.rsplit(':').next().unwrap();
            Reply::redirect(&format!(
                "http://127.0.0.1:{there}/back/{port}%2Freturned%2Fblobs%2F{digest}"
            ))
        }
        Some((_, digest)) => Reply::new(200, held.blobs[digest].clone()),
        None if request.header("authorization").is_none() => {
            Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"")
        }
        None => held.answer(request),
    });
    let reference = format!("{}/demo/app:1", fake.place());
    expect_whole(
        &source_of(options(rules(&[&fake, &cdn])), &reference, Some(password())),
        &content,
    );
    assert!(cdn.asked().iter().all(|request| request.header("authorization").is_none()));
    let back: Vec<_> =
        fake.asked().into_iter().filter(|request| request.path.starts_with("/returned")).collect();
    assert!(back.len() >= 3);
    assert!(back.iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn on_the_same_server_credentials_are_kept() {
    let content = Content::image();
    let held = content.clone();
    let fake = Fake::start(move |request| {
        if request.header("authorization").is_none() {
            return Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"");
        }
        match (request.path.split_once("/blobs/"), request.path.strip_prefix("/files/")) {
            (Some((_, digest)), _) => Reply::redirect(&format!("/files/{digest}")),
            (_, Some(digest)) => Reply::new(200, held.blobs[digest].clone()),
            _ => held.answer(request),
        }
    });
    expect_whole(&source(&fake, Some(password())), &content);
}

#[test]
fn redirects_end() {
    let content = Content::image();
    let fake = redirecting(&content, |digest| format!("/v2/demo/app/blobs/{digest}"));
    let error = fetch(&fake, rules(&[&fake])).unwrap_err();
    assert_eq!(error.code(), "bad_registry_answer");
    assert!(error.to_string().contains("more than 5 redirects"), "{error}");
    // The refused request, and six of the redirected one.
    assert_eq!(fake.count("/v2/demo/app/blobs/"), 6);
    let fake = redirecting(&content, |_| "http://".to_owned());
    let error = fetch(&fake, rules(&[&fake])).unwrap_err();
    assert!(error.to_string().contains("a redirect to nowhere"), "{error}");
}

#[test]
fn redirects_do_not_lead_inside() {
    let other = Fake::start(|_| Reply::new(200, "inside"));
    for host in ["127.0.0.1", "127.0.0.2", "localhost"] {
        let to = format!("https://{host}:{}/?secret", other.port());
        refused(&to, "`private_hosts` does not list it");
        let to = format!("http://{host}:{}/?secret", other.port());
        refused(&to, "`plain_http_hosts` does not list it");
    }
    refused("http://169.254.169.254/latest/meta-data", "`hosts` does not list it");
    refused("https://evil.example/", "`hosts` does not list it");
    refused("file:///etc/passwd", "names no host");
    refused(&format!("http://u:secret@{}/", other.place()), "user name or password");
    assert_eq!(other.asked().len(), 0);
}

#[test]
fn names_are_refused_by_what_they_resolve_to() {
    let fake = Fake::start(|_| Reply::new(200, "inside"));
    let place = format!("localhost:{}", fake.port());
    let all = ["*".to_owned()];
    let rules = Outbound::new(&all, &[], &["localhost".to_owned()]).unwrap();
    let reference = format!("{place}/demo/app:1");
    let error = image(&source_of(options(rules), &reference, None)).unwrap_err();
    assert_eq!(error.code(), "host_refused");
    assert!(error.to_string().contains("127.0.0.1 is a loopback address"), "{error}");
    assert_eq!(fake.asked().len(), 0);

    let content = Content::image();
    let fake = Fake::start(move |request| content.answer(request));
    let place = [format!("localhost:{}", fake.port())];
    let rules = Outbound::new(&all, &place, &place).unwrap();
    let source = source_of(options(rules), &format!("{}/demo/app:1", place[0]), None);
    let image = image(&source).unwrap();
    assert!(layer(&source, &image, 0).is_ok());
}

#[test]
fn token_servers_are_checked_like_registries() {
    let inside = Fake::start(|_| Reply::new(200, r#"{"token":"T"}"#));
    let port = inside.port();
    for (realm, reason) in [
        (format!("https://127.0.0.1:{port}/token"), "`private_hosts` does not list it"),
        (format!("http://127.0.0.1:{port}/token"), "`plain_http_hosts` does not list it"),
        (format!("https://localhost:{port}/token"), "127.0.0.1 is a loopback address"),
        ("https://169.254.169.254/token".to_owned(), "`hosts` does not list it"),
        ("https://evil.example/token".to_owned(), "`hosts` does not list it"),
        (format!("https://user:pw@127.0.0.1:{port}/"), "user name or password"),
    ] {
        let challenge = format!("Bearer realm=\"{realm}\"");
        let fake = Fake::start(move |_| Reply::new(401, "").with("WWW-Authenticate", &challenge));
        let error = fetch(&fake, rules(&[&fake])).unwrap_err();
        assert_eq!(error.code(), "host_refused", "{realm}: {error}");
        assert!(error.to_string().contains(reason), "{realm}: {error}");
    }
    assert_eq!(inside.asked().len(), 0);
}

#[test]
fn who_is_redirected_to_cannot_ask_for_credentials() {
    let content = Content::image();
    let cdn = Fake::start_at("127.0.0.2", |_| {
        Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"")
    });
    let there = cdn.url("/x");
    let fake = redirecting(&content, move |_| there.clone());
    let error = fetch(&fake, rules(&[&fake, &cdn])).unwrap_err();
    assert_eq!(error.code(), "bad_registry_answer", "{error}");
    assert_eq!(cdn.asked().len(), 1);
    assert_eq!(cdn.asked()[0].header("authorization"), None);
}
