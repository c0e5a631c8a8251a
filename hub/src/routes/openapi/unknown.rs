//! What the native API does not have: routes, methods of a route, and parameters in a query. The last are
//! refused too: a `dry_run` in the query of a route that takes it in the body would else be a change that
//! nobody wanted.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::super::face;
use crate::error::{ApiError, Code, cut};

/// The query parameters of each route, by path and method, as the document has them.
#[derive(Debug, Clone)]
pub(in crate::routes) struct Known(Arc<HashMap<(String, String), Vec<String>>>);

impl Known {
    pub(in crate::routes) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flatten();
            operations.map(move |(method, operation)| {
                ((path.clone(), method.clone()), query_parameters(operation))
            })
        });
        Self(Arc::new(operations.collect()))
    }

    /// Those of a route, unless it is not in the document.
    fn names(&self, path: &str, method: &Method) -> Option<&[String]> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let key = (path.replace("{*", "{"), method.as_str().to_lowercase());
        self.0.get(&key).map(Vec::as_slice)
    }

    /// The first parameter of a query that the route does not have, and those that it has.
    fn refused<'a>(
        &self,
        path: &str,
        method: &Method,
        query: &'a str,
    ) -> Option<(&'a str, String)> {
        let names = self.names(path, method)?;
        let mut given = query.split('&').filter(|pair| !pair.is_empty());
        let unknown = given.find_map(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            (!names.iter().any(|known| known == name)).then_some(name)
        })?;
        Some((unknown, names.join(", ")))
    }
}

fn query_parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let of_query = parameters.filter(|parameter| parameter["in"] == "query");
    of_query.filter_map(|parameter| parameter["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Refuses.
pub(in crate::routes) async fn refuse(known: Known, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let query = request.uri().query().unwrap_or_default();
    let refused = path.and_then(|path| known.refused(path.as_str(), request.method(), query));
    let Some((name, names)) = refused else { return next.run(request).await };
    let name: String = name.chars().take(40).collect();
    let message = match names.as_str() {
        "" => format!("there is no parameter `{name}` here: this route takes none in its query"),
        names => format!("there is no parameter `{name}` here; there are: {names}"),
    };
    let error = ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_QUERY, message);
    face::problem(error.into_response()).await
}

/// As much of a path as a message tells.
const TOLD: usize = 200;

fn told(uri: &Uri) -> &str {
    // A path is ASCII, or is cut where a character ends.
    cut(uri.path(), TOLD)
}

/// What is told where there is no route: `list` is where those are told that there are.
pub(in crate::routes) fn route(uri: &Uri, list: &str) -> ApiError {
    let message = format!("there is no route {}; {list} lists those that there are", told(uri));
    ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message)
}

/// What is told where a route does not take the method; the `Allow` header says which it takes.
pub(in crate::routes) fn method(method: &Method, uri: &Uri) -> ApiError {
    let message = format!("{} does not take {method}; `Allow` lists what it takes", told(uri));
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, Code::METHOD_NOT_ALLOWED, message)
}

/// Answers where there is no route.
pub(in crate::routes) async fn no_such_route(OriginalUri(uri): OriginalUri) -> ApiError {
    route(&uri, "/api/docs")
}

/// Answers where a route does not take the method.
pub(in crate::routes) async fn no_such_method(
    asked: Method,
    OriginalUri(uri): OriginalUri,
) -> Response {
    face::problem(method(&asked, &uri).into_response()).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_route_does_not_have_is_found() {
        let of_query = |name: &str| json!({ "name": name, "in": "query" });
        let known = Known::of(&json!({ "paths": {
            "/a/{path}": { "get": { "parameters": [
                of_query("limit"), of_query("cursor"), { "name": "path", "in": "path" },
            ] } },
            "/b": { "post": {} },
        } }));
        let refused =
            |path, method, query| known.refused(path, &method, query).map(|(name, _)| name);
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(refused("/a/{*path}", method.clone(), "limit=1&&cursor=%20"), None);
            assert_eq!(refused("/a/{*path}", method.clone(), "limit=1&x"), Some("x"));
            assert_eq!(refused("/a/{*path}", method, "path=1"), Some("path"));
        }
        assert_eq!(refused("/b", Method::POST, ""), None);
        assert_eq!(refused("/b", Method::POST, "dry_run=true"), Some("dry_run"));
        assert_eq!(refused("/b", Method::GET, "x"), None);
    }
}
