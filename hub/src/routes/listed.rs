//! Routers that know what they answer: each route is added here and noted by method and pattern, since
//! axum's own `Router` cannot list its routes. The permission matrix of the tests goes by this list, so that a
//! route without a rule is found. Knows nothing of what any route does.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{self, MethodRouter};
use tower::{Layer, Service};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Something that the hub answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// As axum writes it: `/api/flist/{repository}/{*rest}`.
    pub pattern: String,
    /// `GET`, and so on. `HEAD` stands beside each `GET` that it is taken for.
    pub method: &'static str,
}

/// A router with a list of its routes, and with what of them is described.
pub(super) struct Listed<S = ()> {
    router: OpenApiRouter<S>,
    routes: Vec<Route>,
}

impl<S: Clone + Send + Sync + 'static> Default for Listed<S> {
    fn default() -> Self {
        Self { router: OpenApiRouter::default(), routes: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Listed<S> {
    /// No routes yet, and what is said of all of them.
    pub(super) fn with_openapi(document: OpenApi) -> Self {
        Self { router: OpenApiRouter::with_openapi(document), routes: Vec::new() }
    }

    /// Adds what `utoipa_axum::routes!` makes of handlers.
    pub(super) fn routes(mut self, described: UtoipaMethodRouter<S>) -> Self {
        for (pattern, item) in &described.1.paths {
            self.note(pattern, &methods_of(item));
        }
        Self { router: self.router.routes(described), ..self }
    }

    /// Adds what the document says nothing of.
    pub(super) fn route(mut self, pattern: &str, methods: Methods<S>) -> Self {
        self.note(pattern, &methods.taken);
        Self { router: self.router.route(pattern, methods.router), ..self }
    }

    /// Answers what no route takes: not a route, and not in the list.
    pub(super) fn else_below<H, T>(self, pattern: &str, refuse: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Self { router: self.router.route(pattern, routing::any(refuse)), ..self }
    }

    /// The same for everything.
    pub(super) fn else_everywhere<H, T>(self, refuse: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Self { router: self.router.fallback(refuse), ..self }
    }

    /// As axum's.
    pub(super) fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<routing::Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { router: self.router.layer(layer), ..self }
    }

    /// As axum's.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// As axum's, with what is described.
    pub(super) fn nest(mut self, prefix: &str, other: Self) -> Self {
        let below = other.routes.into_iter();
        self.routes.extend(
            below.map(|route| Route { pattern: format!("{prefix}{}", route.pattern), ..route }),
        );
        Self { router: self.router.nest(prefix, other.router), ..self }
    }

    /// As axum's.
    pub(super) fn with_state<S2>(self, state: S) -> Listed<S2> {
        Listed { router: self.router.with_state(state), routes: self.routes }
    }

    /// Answers where a route does not take the method.
    pub(super) fn no_such_method<H, T>(self, refuse: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let (router, document) = self.router.split_for_parts();
        let router = OpenApiRouter::from(router.method_not_allowed_fallback(refuse));
        Self { router: OpenApiRouter::with_openapi(document).merge(router), ..self }
    }

    /// What is described.
    pub(super) fn openapi(&self) -> &OpenApi {
        self.router.get_openapi()
    }

    /// The router and the list.
    pub(super) fn split(self) -> (Router<S>, Vec<Route>) {
        (self.router.into(), self.routes)
    }

    fn note(&mut self, pattern: &str, methods: &[&'static str]) {
        let pattern = if pattern.is_empty() { "/" } else { pattern };
        let routes = methods.iter().map(|method| Route { pattern: pattern.to_owned(), method });
        self.routes.extend(routes);
    }
}

/// Which methods are described, and `HEAD` where axum takes it for `GET`.
fn methods_of(item: &PathItem) -> Vec<&'static str> {
    let operations = [
        ("GET", &item.get),
        ("HEAD", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("DELETE", &item.delete),
        ("PATCH", &item.patch),
        ("OPTIONS", &item.options),
        ("TRACE", &item.trace),
    ];
    operations
        .into_iter()
        .filter(|(_, operation)| operation.is_some())
        .map(|(name, _)| name)
        .collect()
}

/// Handlers of one pattern by method, which nothing describes.
pub(super) struct Methods<S = ()> {
    router: MethodRouter<S>,
    taken: Vec<&'static str>,
}

/// A `GET`, and a `HEAD`.
pub(super) fn get<S, H, T>(handler: H) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
    H: Handler<T, S>,
    T: 'static,
{
    Methods { router: routing::get(handler), taken: vec!["GET", "HEAD"] }
}

/// A change by a `GET`. A `HEAD`, which would be taken for one, changes nothing.
pub(super) fn by_get<S, H, T>(handler: H) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
    H: Handler<T, S>,
    T: 'static,
{
    let router = routing::get(handler).head(async || StatusCode::METHOD_NOT_ALLOWED);
    Methods { router, taken: vec!["GET"] }
}

/// A `POST`.
pub(super) fn post<S, H, T>(handler: H) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
    H: Handler<T, S>,
    T: 'static,
{
    Methods { router: routing::post(handler), taken: vec!["POST"] }
}

impl<S: Clone + Send + Sync + 'static> Methods<S> {
    /// And a `DELETE`.
    pub(super) fn delete<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.taken.push("DELETE");
        Self { router: self.router.delete(handler), ..self }
    }

    /// And a method that HTTP does not know. The handler gets all other methods, and refuses them.
    pub(super) fn other<H, T>(mut self, method: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.taken.push(method);
        Self { router: self.router.fallback(handler), ..self }
    }

    /// As axum's.
    pub(super) fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<routing::Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { router: self.router.layer(layer), ..self }
    }
}
