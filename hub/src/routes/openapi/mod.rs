//! The document of the native API, OpenAPI 3.1, made of what stands at the handlers. The router makes it
//! with its routes, so none can be missing; `finish` adds what is alike everywhere.

pub(super) mod errors;
mod finish;
mod html;
pub(super) mod params;
pub(super) mod unknown;

use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use bytes::Bytes;
use flisthub_flist::wire::Problem;
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::Tag;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder};

pub(super) use self::finish::finish;
use super::listed::{Listed, Methods, get};

/// What stands before the routes.
const ABOUT: &str = "\
Trees of files, published under names and kept as distinct chunks. Times are seconds since the Unix epoch, ids are \
lower-case hex. Reading what is public needs no token; a token that comes all the same must be valid. \
A request whose method a route does not know is answered 405 with the code `method_not_allowed`, what is no route 404 \
with `not_found`; both are problems as all other errors are. Every answer has an `X-Request-Id`, which the hub's log \
has too. \
What cannot be finished is cut off, never ended early as if it were whole. \
The downloads of `.flist` files (`/{repository}/{name}.flist`) and the routes that 0-hub's clients know are described in \
`docs/http-api.md` alone.";

/// What the document says of the API as a whole.
pub(super) fn base() -> OpenApi {
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    let info = InfoBuilder::new()
        .title("Flisthub")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license));
    let mut bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    bearer.description = Some("A token of this hub, as `POST /api/v1/login` and `POST /api/v1/tokens` make them, or a JWT of an issuer that it \
             trusts.".to_owned());
    let components = ComponentsBuilder::new()
        .schema_from::<Problem>()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    let tags = [
        ("names", "Repositories and names"),
        ("push", "Upload sessions, chunks, publishing"),
        ("contents", "What is in a flist, in whole or in part"),
        ("images", "Container images: in and out"),
        ("accounts", "Logins, tokens, users, members, the log of changes"),
        ("jobs", "Long tasks"),
        ("hub", "The hub and the caller"),
    ]
    .map(|(name, about)| {
        let mut tag = Tag::new(name);
        tag.description = Some(about.to_owned());
        tag
    });
    OpenApiBuilder::new().info(info).components(Some(components)).tags(Some(tags)).build()
}

/// Nothing but the page's own style.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Serves the document, and the page that is made of it.
pub(super) fn routes(document: &Value) -> Listed {
    Listed::default()
        .route("/api/openapi.json", constant("application/json", document.to_string()))
        .route("/api/docs", constant("text/html; charset=utf-8", html::page(document)))
        .route("/api/docs/style.css", constant("text/css; charset=utf-8", html::STYLE))
}

/// Answers with the same every time.
fn constant(content_type: &'static str, body: impl Into<Bytes>) -> Methods {
    let body = body.into();
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    get(move || async move { (headers, body) })
}
