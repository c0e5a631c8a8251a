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
The STAC API has a document of its own, `/api/stac/api`. The downloads of `.flist` files (`/{repository}/{name}.flist`) and \
the routes that 0-hub's and SharingHub's clients know are described in the hub's documents alone.";

/// What stands before the routes of the STAC API.
const ABOUT_STAC: &str = "\
The catalogue of what is published in this hub: a STAC API with SharingHub's additions. Each answer, number and link \
shows only what the caller may see; reading what is public needs no token. Errors have a `code` and a `description`.";

/// What the document says of the native API as a whole.
pub(super) fn base() -> OpenApi {
    let tags = [
        ("names", "Repositories and names"),
        ("push", "Upload sessions, chunks, publishing"),
        ("contents", "What is in a flist, in whole or in part"),
        ("images", "Container images: in and out"),
        ("accounts", "Logins, tokens, users, members, the log of changes"),
        ("jobs", "Long tasks"),
        ("hub", "The hub and the caller"),
    ];
    of(("Flisthub", ABOUT), ComponentsBuilder::new().schema_from::<Problem>(), &tags)
}

/// What the document says of the STAC API as a whole.
pub(super) fn of_stac() -> OpenApi {
    let tags = [("catalogue", "The catalogue and its collections"), ("items", "Items")];
    of(("Flisthub STAC", ABOUT_STAC), ComponentsBuilder::new(), &tags)
}

fn of(
    (title, about): (&str, &str),
    components: ComponentsBuilder,
    tags: &[(&str, &str)],
) -> OpenApi {
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    let info = InfoBuilder::new()
        .title(title)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .license(Some(license));
    let mut bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    bearer.description = Some("A token of this hub, as `POST /api/v1/login` and `POST /api/v1/tokens` make them, or a JWT of an issuer that it \
             trusts.".to_owned());
    let components = components.security_scheme("bearer", SecurityScheme::Http(bearer)).build();
    let tags: Vec<Tag> = tags
        .iter()
        .map(|(name, about)| {
            let mut tag = Tag::new(*name);
            tag.description = Some((*about).to_owned());
            tag
        })
        .collect();
    OpenApiBuilder::new().info(info).components(Some(components)).tags(Some(tags)).build()
}

/// Nothing but the page's own style.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Serves the document, and the page that is made of it.
pub(super) fn routes(document: &Value) -> Listed {
    constants(document, ("/api/openapi.json", "application/json"), "/api/docs")
        .route("/api/docs/style.css", constant("text/css; charset=utf-8", html::STYLE))
}

/// Serves a document, at an address as a type, and the page that is made of it.
pub(super) fn constants<S: Clone + Send + Sync + 'static>(
    document: &Value,
    (at, kind): (&str, &'static str),
    page: &str,
) -> Listed<S> {
    Listed::default()
        .route(at, constant(kind, document.to_string()))
        .route(page, constant("text/html; charset=utf-8", html::page(document, at)))
}

/// Answers with the same every time.
fn constant<S: Clone + Send + Sync + 'static>(
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Methods<S> {
    let body = body.into();
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    get(move || async move { (headers, body) })
}
