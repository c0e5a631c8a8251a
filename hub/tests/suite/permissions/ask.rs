//! Requests and answers, so that they can be compared.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use axum::response::Response;
use flisthub_hub::routes;
use serde_json::Value;
use tower::ServiceExt as _;

use super::stage::{ABSENT, TARGET};

/// A request without anybody who makes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Ask {
    pub(super) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), ..Self::default() }
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub(super) fn bytes(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.headers.push(("content-type", kind.to_owned()));
        Self { body, ..self }
    }

    /// Asks as whoever that authorization names.
    pub(super) async fn send(
        &self,
        router: &Router,
        authorization: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Said {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(&self.path);
        for (name, value) in self.headers.iter().map(|(name, value)| (*name, value.as_str())) {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Body::from(self.body.clone())).unwrap();
        let request = routes::note_path(request);
        let response: Response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map(|body| body.to_vec());
        let headers = parts.headers.iter().map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Said {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: body.unwrap_or_default(),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Said {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// As if it had been asked of the repository that is not there: apart from names and from what differs
    /// each time, two answers to two who may see neither are the same.
    pub(super) fn leveled(&self, renamed: &[(&String, &String)]) -> Self {
        let level = |text: &str| {
            let text = text.replace(TARGET, ABSENT);
            let told = renamed.iter().filter(|(from, _)| !from.is_empty());
            told.fold(text, |text, (from, to)| text.replace(from.as_str(), to))
        };
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), level(value)))
            .collect();
        headers.sort();
        Self { status: self.status, headers, body: level(&self.text()).into_bytes() }
    }
}
