//! One request to wherever it leads: every address is checked, redirects are followed by hand, and what is
//! worth trying again is tried again. Knows nothing of images.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode, Url};

use super::options::Shared;
use super::outbound::{not_listed, place};
use super::resolver::Refused;
use crate::image::ImageError;

/// Redirects that one request follows.
const MAX_REDIRECTS: usize = 5;

/// How often a request is made whose answer says that it may go better later.
const ATTEMPTS: u32 = 4;

/// A request.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Goes to the address's own scheme, host and port, and nowhere else.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) headers: HeaderMap,
    /// A form to send. Such a request follows no redirect: the form may hold a secret.
    pub(super) form: Option<String>,
}

/// An answer, its body still to be read.
pub(super) struct Answer {
    response: Response,
    /// Who gave it.
    pub(super) host: String,
    /// Whether it comes from where the request was sent, not from where that redirected to.
    pub(super) at_home: bool,
}

/// What a body did instead of going on.
pub(super) enum Broken {
    /// The connection was lost.
    Lost(ImageError),
    /// Nothing came for too long.
    Silent(ImageError),
}

impl Call {
    pub(super) fn get(url: Url) -> Self {
        let headers = HeaderMap::new();
        Self { method: Method::GET, url, authorization: None, headers, form: None }
    }
}

impl Shared {
    /// Makes a request. Answers of any status are answers, but those that stand for a server in trouble
    /// are so only after some attempts, and then are errors.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, ImageError> {
        let mut pause = self.options.pause;
        let mut attempt = 1;
        loop {
            let (failure, asked) = match self.follow(call).await {
                Ok(answer) => match trouble(&answer) {
                    Some(failure) => (failure, retry_after(answer.headers())),
                    None => return Ok(answer),
                },
                Err(Failure::Lost(failure)) => (failure, None),
                Err(Failure::Final(failure)) => return Err(failure),
            };
            let wait = asked.unwrap_or(pause);
            if attempt == ATTEMPTS || wait > self.options.longest_wait {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }

    async fn follow(&self, call: &Call) -> Result<Answer, Failure> {
        let mut url = call.url.clone();
        let mut at_home = true;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(call, &url, at_home).await?;
            let answer = Answer { response, host: place(&url), at_home };
            if call.form.is_some() || !is_redirect(answer.status()) {
                return Ok(answer);
            }
            let next = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(next) = next.and_then(|to| url.join(to).ok()) else {
                return Err(Failure::Final(answer.bad("a page", "a redirect to nowhere")));
            };
            // Once away, for good: a host in between could choose where the secret goes.
            at_home &= same_origin(&next, &call.url);
            url = next;
        }
        Err(Failure::Final(ImageError::BadAnswer {
            host: place(&url),
            what: "a page".to_owned(),
            answer: format!("with more than {MAX_REDIRECTS} redirects"),
        }))
    }

    async fn send(&self, call: &Call, url: &Url, at_home: bool) -> Result<Response, Failure> {
        let reach = self.options.outbound.check(url).map_err(Failure::Final)?;
        let mut request = self.client(reach).request(call.method.clone(), url.clone());
        request = request.headers(call.headers.clone());
        if let Some(authorization) = call.authorization.as_ref().filter(|_| at_home) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(form) = &call.form {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.clone());
        }
        request.send().await.map_err(|error| failed(&place(url), &error))
    }
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The length that the answer says it has.
    pub(super) fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next bytes of the body; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        self.response.chunk().await.map_err(|error| {
            let failure =
                |reason: String| ImageError::Unreachable { host: self.host.clone(), reason };
            if error.is_timeout() {
                Broken::Silent(failure("it stopped sending".to_owned()))
            } else {
                Broken::Lost(failure(format!("the connection broke off: {}", root(&error))))
            }
        })
    }

    /// The whole body, if it has at most `most` bytes.
    pub(super) async fn bytes(&mut self, what: &str, most: usize) -> Result<Vec<u8>, ImageError> {
        let too_long = || self.bad(what, &format!("with more than {most} bytes"));
        if self.length().is_some_and(|length| length > most as u64) {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        loop {
            match self.next().await {
                Ok(Some(part)) if part.len() > most - bytes.len() => {
                    return Err(self.bad(what, &format!("with more than {most} bytes")));
                }
                Ok(Some(part)) => bytes.extend_from_slice(&part),
                Ok(None) => return Ok(bytes),
                Err(Broken::Lost(failure) | Broken::Silent(failure)) => return Err(failure),
            }
        }
    }

    /// The error for an answer that makes no sense.
    pub(super) fn bad(&self, what: &str, answer: &str) -> ImageError {
        let (host, what, answer) = (self.host.clone(), what.to_owned(), answer.to_owned());
        ImageError::BadAnswer { host, what, answer }
    }
}

enum Failure {
    /// The connection was lost before there was an answer: the same request may do next time.
    Lost(ImageError),
    Final(ImageError),
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// The error for an answer that says that the server is in trouble, or wants to be left alone.
fn trouble(answer: &Answer) -> Option<ImageError> {
    let reason = match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            format!("it asks to wait ({})", StatusCode::TOO_MANY_REQUESTS)
        }
        status if matches!(status.as_u16(), 500 | 502..=504) => format!("it answers {status}"),
        _ => return None,
    };
    Some(ImageError::Unreachable { host: answer.host.clone(), reason })
}

/// How long a server asks to wait, in seconds or until a time of its own clock (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// What became of a request without an answer. Addresses are left out: they may hold secrets.
fn failed(host: &str, error: &reqwest::Error) -> Failure {
    let host = host.to_owned();
    let refused = causes(error).find_map(|cause| cause.downcast_ref::<Refused>());
    if let Some(refused) = refused {
        let reason = format!("{} ({refused})", not_listed(refused.sort));
        return Failure::Final(ImageError::HostRefused { host, reason });
    }
    let connecting = error.is_connect();
    let reason = match (error.is_timeout(), connecting) {
        (true, true) => "no connection came about in time".to_owned(),
        (true, false) => "it did not answer in time".to_owned(),
        (false, _) => hinted(root(error)),
    };
    let failure = ImageError::Unreachable { host, reason };
    if error.is_timeout() || connecting { Failure::Final(failure) } else { Failure::Lost(failure) }
}

/// Adds what to do about mistakes that are common.
fn hinted(reason: String) -> String {
    let hint = if reason.contains("UnknownIssuer") {
        "if it has a CA of its own, `ca_files` must name that"
    } else if reason.contains("InvalidContentType") || reason == "tls handshake eof" {
        "if it speaks plain HTTP, `plain_http_hosts` must list it"
    } else {
        return reason;
    };
    format!("{reason} ({hint})")
}

/// The last cause, which says most.
fn root(error: &reqwest::Error) -> String {
    let root = causes(error).last().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    root.chars().filter(|char| !char.is_control()).take(300).collect()
}

/// What is behind an error. Not the error itself: reqwest's names the address.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |cause: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
        (*cause).source()
    };
    std::iter::successors(error.source(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_wait_is_seconds_or_a_date() {
        let wait = |text: &'static str| {
            let now = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
            let wait = HeaderValue::from_static(text);
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, wait), (DATE, now)]))
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
