//! Single calls: what is sent, what is tried again, what each wrong answer becomes.

use std::time::Duration;

use flisthub_client::{ClientError, Condition, HubClient, Opened, Patience};
use flisthub_flist::wire::Publish;
use flisthub_storage::{ChunkId, Kind, SessionId};

use crate::fake::{FakeHub, Reply, Request, runtime};

const ME: &str = r#"{"user":"alice","repositories":["alice"]}"#;

fn session() -> SessionId {
    SessionId::from_slice(&[7; 16]).unwrap()
}

fn id(text: &str) -> ChunkId {
    Kind::Content.id_of(text.as_bytes())
}

/// What `me` makes of one answer, given to every request.
fn me_of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (ClientError, usize) {
    let hub = FakeHub::new(move |_, _| reply());
    let error = runtime().block_on(hub.client().me()).unwrap_err();
    (error, hub.requests().len())
}

#[test]
fn the_token_is_in_its_header_and_nowhere_else() {
    let hub = FakeHub::new(|_, _| Reply::json(ME));
    let client = hub.client();
    assert_eq!(runtime().block_on(client.me()).unwrap().user, "alice");
    let request = hub.requests().remove(0);
    assert_eq!(request.header("authorization"), Some("Bearer fht_secret"));
    assert_eq!(request.line, "GET /api/v1/me");
    assert!(!format!("{client:?}").contains("secret"), "{client:?}");
}

#[test]
fn a_busy_hub_is_asked_again_for_as_long_as_patience_lasts() {
    let busy = || Reply::problem(503, "busy", "").with("retry-after", "0");
    let hub = FakeHub::new(move |n, _| if n == 0 { busy() } else { Reply::json(ME) });
    assert!(runtime().block_on(hub.client().me()).is_ok());
    assert_eq!(hub.requests().len(), 2);

    let (error, requests) = me_of(busy);
    assert!(matches!(&error, ClientError::Unavailable { .. }), "{error:?}");
    assert_eq!((error.code(), requests), ("busy", 3));
}

#[test]
fn a_login_is_tried_once_and_its_password_is_in_no_message() {
    for (status, code) in [(401, "login_refused"), (429, "too_many_attempts")] {
        let hub =
            FakeHub::new(move |_, _| Reply::problem(status, code, "").with("retry-after", "0"));
        let error = runtime().block_on(hub.client().login("alice", "hush hush")).err().unwrap();
        assert!(matches!(&error, ClientError::NotAllowed(refusal) if refusal.code == code));
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        let requests = hub.requests();
        assert_eq!((requests.len(), &*requests[0].line), (1, "POST /api/v1/login"));
        assert_eq!(requests[0].body, br#"{"user":"alice","password":"hush hush"}"#);
    }
    // Where the answer is lost, a token may have been made that nobody has: no second one is.
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    assert!(runtime().block_on(hub.client().login("alice", "hush hush")).is_err());
    assert_eq!(hub.requests().len(), 1);
}

#[test]
fn only_what_may_be_done_twice_is_done_twice() {
    let opened = || Reply::json(&format!(r#"{{"session":"{}","expires":1}}"#, session()));
    let hub = FakeHub::new(move |n, _| if n == 0 { Reply::HangUp } else { opened() });
    let lost = runtime().block_on(hub.client().open_session("alice")).unwrap_err();
    assert!(matches!(lost, ClientError::Interrupted { .. }), "{lost:?}");
    assert_eq!(hub.requests().len(), 1);

    // A hub that says it is busy has not done it.
    let busy = || Reply::problem(503, "busy", "").with("retry-after", "0");
    let hub = FakeHub::new(move |n, _| if n == 0 { busy() } else { opened() });
    let opened = runtime().block_on(hub.client().open_session("alice")).unwrap();
    // A hub that names no profile is one that knew only this one.
    let profile = "fastcdc-2020/64k-256k-1024k".to_owned();
    assert_eq!(opened, Opened { session: session(), profile });

    let hub = FakeHub::new(|n, _| if n == 0 { Reply::HangUp } else { Reply::json(ME) });
    assert!(runtime().block_on(hub.client().me()).is_ok());
    // An answer that breaks off counts as none.
    let hub = FakeHub::new(|n, _| Reply::json(ME).cut(if n == 0 { 5 } else { 0 }));
    assert!(runtime().block_on(hub.client().me()).is_ok());
    assert_eq!(hub.requests().len(), 2);
}

/// A hub whose database went away in the middle does not know whether it has done what was asked.
#[test]
fn what_may_have_been_done_is_not_done_again() {
    let unknown = || Reply::problem(503, "catalog_unreachable", "").with("retry-after", "0");
    let opened = format!(r#"{{"session":"{}","expires":1}}"#, session());
    let hub = FakeHub::new(move |n, _| if n == 0 { unknown() } else { Reply::json(&opened) });
    let error = runtime().block_on(hub.client().open_session("alice")).unwrap_err();
    assert_eq!((error.code(), hub.requests().len()), ("catalog_unreachable", 1));
    // What may be done twice is.
    let hub = FakeHub::new(move |n, _| if n == 0 { unknown() } else { Reply::json(ME) });
    assert!(runtime().block_on(hub.client().me()).is_ok());
    assert_eq!(hub.requests().len(), 2);
}

#[test]
fn a_silent_hub_is_not_waited_for_for_ever() {
    let hub = FakeHub::new(|_, _| Reply::Silence);
    let client = hub.client_with(Duration::from_millis(30));
    let error = runtime().block_on(client.me()).unwrap_err();
    assert!(matches!(error, ClientError::Stalled { .. }), "{error:?}");
}

#[test]
fn each_refusal_is_told_by_its_code() {
    for (status, code, is) in [
        (401, "token_expired", "NotAllowed"),
        (403, "forbidden", "NotAllowed"),
        (404, "not_found", "NotFound"),
        (409, "conflict", "Conflict"),
        (413, "too_large", "Refused"),
        (422, "bad_flist", "Refused"),
        (500, "internal", "Failed"),
    ] {
        let (error, requests) = me_of(move || Reply::problem(status, code, ""));
        assert_eq!((error.code(), requests), (code, 1));
        assert!(format!("{error:?}").starts_with(is), "{error:?}");
        assert!(error.to_string().contains(&format!("the {code} detail")), "{error}");
    }
}

#[test]
fn answers_that_no_hub_gives_are_told_apart() {
    type Answer = fn() -> Reply;
    let cases: [(Answer, &str); 5] = [
        (|| Reply::json("<html>"), "bad_answer"),
        (|| Reply::json(r#"{"user":1}"#), "bad_answer"),
        (|| Reply::new(404, "<html>"), "http_404"),
        (|| Reply::new(302, "").with("location", "http://elsewhere/"), "http_302"),
        (|| Reply::new(418, "{").with("content-type", "application/problem+json"), "http_418"),
    ];
    for (reply, code) in cases {
        let (error, requests) = me_of(reply);
        assert_eq!((error.code(), requests), (code, 1), "{error:?}");
    }
}

#[test]
fn missing_objects_are_named() {
    let rest = format!(r#","missing":["{}","{}"]"#, id("a"), id("b"));
    let hub = FakeHub::new(move |_, _| Reply::problem(409, "missing_objects", &rest));
    let client = hub.client();
    let asked = publish_of(id("m"));
    let publish = client.publish(("alice", "base"), &asked, Condition::Always);
    let Err(ClientError::MissingObjects { missing, .. }) = runtime().block_on(publish) else {
        panic!("no list of missing objects");
    };
    assert_eq!(missing, [id("a"), id("b")]);
}

fn publish_of(flist: ChunkId) -> Publish {
    let (session, flist) = (session().to_string(), flist.to_string());
    Publish { session, flist, detail: None, categories: None }
}

fn published(flist: ChunkId) -> Reply {
    Reply::json(&format!(
        r#"{{"repository":"alice","name":"base","flist":"{flist}","entries":1,"bytes":1,"updated":1,"revision":1}}"#
    ))
}

#[test]
fn a_publish_whose_answer_is_lost_is_looked_up() {
    let lost_then = |flist| {
        FakeHub::new(move |_, request: &Request| match request.line.as_str() {
            "PUT /api/v1/flists/alice/base" => Reply::HangUp,
            "GET /api/v1/flists/alice/base" => published(flist),
            _ => Reply::problem(404, "not_found", ""),
        })
    };
    let publish = |hub: &FakeHub| {
        let condition = Condition::Revision(4);
        let client = hub.client();
        let asked = publish_of(id("m"));
        let publish = client.publish(("alice", "base"), &asked, condition);
        runtime().block_on(publish)
    };
    let hub = lost_then(id("m"));
    assert_eq!(publish(&hub).unwrap().flist, id("m").to_string());
    assert_eq!(hub.lines(), ["PUT /api/v1/flists/alice/base", "GET /api/v1/flists/alice/base"]);
    assert_eq!(hub.requests()[0].header("if-match"), Some("\"4\""));

    let hub = lost_then(id("other"));
    let error = publish(&hub).unwrap_err();
    assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
    assert_eq!(error.code(), "interrupted");
}

#[test]
fn which_are_missing_is_answered_from_what_was_asked() {
    let ask = |reply: Vec<ChunkId>| {
        let body: Vec<u8> = reply.iter().flat_map(|id| *id.as_bytes()).collect();
        let hub = FakeHub::new(move |_, _| Reply::new(200, body.clone()));
        runtime().block_on(hub.client().missing(session(), &[id("a"), id("b"), id("c")]))
    };
    assert_eq!(ask(vec![id("a"), id("c")]).unwrap(), [id("a"), id("c")]);
    for lie in [vec![id("x")], vec![id("c"), id("a")], vec![id("a"), id("a")]] {
        assert!(matches!(ask(lie), Err(ClientError::BadAnswer { .. })));
    }
    let hub = FakeHub::new(|_, _| Reply::new(200, vec![0; 33]));
    let odd = runtime().block_on(hub.client().missing(session(), &[id("a"), id("b")]));
    assert!(matches!(odd, Err(ClientError::BadChunks { .. })), "{odd:?}");
}

#[test]
fn addresses_and_tokens_are_checked_before_anything_is_sent() {
    let new = |url: &str, token| HubClient::new(url, token, Patience::default());
    for url in [
        "hub.example",
        "ftp://hub.example",
        "http://",
        "file:///etc",
        "https://hub.example/?q",
        "https://alice:secret@hub.example",
    ] {
        let error = new(url, None).unwrap_err();
        assert_eq!(error.code(), "bad_url", "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for token in ["", "two words", "line\nbreak", "ümlaut"] {
        let error = new("https://hub.example", Some(token)).unwrap_err();
        assert_eq!(error.code(), "no_token");
        assert!(token.is_empty() || !error.to_string().contains(token), "{error}");
    }
    let prefixed = new("https://hub.example/prefix/", None).unwrap();
    assert_eq!(prefixed.address(), "https://hub.example/prefix");
    let error = runtime().block_on(prefixed.open_session("alice")).unwrap_err();
    assert_eq!(error.code(), "no_token");
}

#[test]
fn an_address_with_a_prefix_keeps_it() {
    let hub = FakeHub::new(|_, _| Reply::json(r#"{"names":[],"next":null}"#));
    let url = format!("{}/a/b/", hub.url);
    let client = HubClient::new(&url, None, Patience::default()).unwrap();
    runtime().block_on(client.names("alice").next()).unwrap();
    assert_eq!(hub.lines(), ["GET /a/b/api/v1/flists/alice"]);
    assert_eq!(hub.requests()[0].header("authorization"), None);
}
