//! Items that are written: the transaction extension of the STAC API.

use axum::Json;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap, IF_MATCH, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use serde_json::json;

use super::answer::{self, GEOJSON, tag};
use crate::actions::stac::{self, Created, Part};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::routes::extract::small_body;
use crate::routes::openapi::errors::{self, errors};
use crate::routes::range::tags;
use crate::stac::catalog::collection_address;
use crate::stac::{Fields, Mode};
use crate::state::Hub;

errors! {
    /// An item that is written.
    Written { 400 BAD_ITEM, 400 BODY_ENDED, 408 TIMEOUT, 413 TOO_LARGE, 415 UNSUPPORTED_MEDIA_TYPE, 409 NAME_TAKEN }
    /// An item that is there already.
    There { 409 CONFLICT }
}

/// An item as JSON text, so that what it says stays as it is written.
pub(super) struct ItemBody(String);

impl FromRequest<Hub> for ItemBody {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Hub) -> Result<Self, Response> {
        let (parts, body) = small_body(request, hub).await?;
        text(&parts.headers, body.into()).map(Self).map_err(ApiError::into_response)
    }
}

/// The text of a body that is JSON by its type.
fn text(headers: &HeaderMap, body: Vec<u8>) -> Result<String, ApiError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = kind.strip_prefix("application/");
    // Of JSON Patch (RFC 6902) alone it is known that it is something else.
    let is_taken =
        |kind: &str| kind == "json" || (kind.ends_with("+json") && kind != "json-patch+json");
    if !plain.is_some_and(is_taken) {
        let message = "an item is sent as `application/json` or `application/geo+json`, changes of one as \
                       `application/merge-patch+json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, Code::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let bad = |_| ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_ITEM, "the item: no UTF-8");
    String::from_utf8(body).map_err(bad)
}

/// Whether the caller who sent `If-Match` read what would be answered now.
fn allows(headers: &HeaderMap) -> impl Fn(&str) -> bool + Send + Sync {
    let known: Option<Vec<String>> = headers
        .contains_key(IF_MATCH)
        .then(|| tags(headers, &IF_MATCH).map(|tag| tag.trim().to_owned()).collect());
    move |current: &str| {
        let is = |known: &String| known == "*" || *known == tag(current.as_bytes());
        known.as_ref().is_none_or(|known| known.iter().any(is))
    }
}

/// Makes a name an item of the collection, or several names.
///
/// The item's `id` is `repository/name`, or a name of the caller's own repository. A name that is not there yet is made,
/// without files. Of one that is there the files stay, and what they say of the item counts no more. It is held against
/// the schemas of STAC and of the extensions that it names. `links` may be left out, and those that follow from where
/// the item is are the hub's. A `FeatureCollection` of 1 to 200 items, at most 4 MiB, makes them all: nothing is written
/// unless each is sound and new. It is answered with their ids as `created`, and no `Location`.
#[utoipa::path(
    post, path = "/api/stac/collections/{collection}/items", operation_id = "create_item", tag = "items",
    params(("collection" = String, Path, description = "The collection's id.")),
    security(("bearer" = [])),
    request_body(content = Value, content_type = "application/geo+json", example = json!({
        "type": "Feature", "stac_version": "1.1.0", "id": "alice/scene",
        "geometry": {"type": "Point", "coordinates": [10, 45]}, "bbox": [10, 45, 10, 45],
        "properties": {"datetime": "2024-05-01T00:00:00Z"}, "links": [], "assets": {},
    })),
    responses(
        (status = 201, description = "The item, or the ids of all of them.", body = Value, content_type = "application/geo+json"),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes, Written, There,
    ),
)]
pub(super) async fn create(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    ItemBody(body): ItemBody,
) -> Result<Response, ApiError> {
    let created = stac::create(&hub, &caller, &collection, body).await?;
    let base = hub.public_url();
    let shown = match created {
        Created::One(shown) => shown,
        Created::Several(ids) => {
            return Ok((StatusCode::CREATED, Json(json!({ "created": ids }))).into_response());
        }
    };
    let written = shown.write(&base, Mode::Full, &Fields::default());
    let mut response = answer::text(&HeaderMap::new(), GEOJSON, written);
    *response.status_mut() = StatusCode::CREATED;
    let (repository, name) = (&shown.row.repository, &shown.row.name);
    let address = format!("{}/items/{repository}/{name}", collection_address(&base, &collection));
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(LOCATION, address);
    }
    Ok(response)
}

/// Writes an item in the place of what it was.
///
/// Its files stay. What of it is the hub's own is left out, so that what was read may be changed and sent back. With
/// `If-Match` it is written only if it still is what had that tag.
#[utoipa::path(
    put, path = "/api/stac/collections/{collection}/items/{*item}", operation_id = "put_item", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("item" = String, Path, description = "The item's id.", example = "alice/scenes"),
        ("If-Match" = Option<String>, Header, description = "The tag of the item as it was read."),
    ),
    security(("bearer" = [])),
    request_body(content = Value, content_type = "application/geo+json"),
    responses(
        (status = 204, description = "It is written."),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes, errors::Conditional, Written,
    ),
)]
pub(super) async fn put(
    State(hub): State<Hub>,
    caller: Caller,
    Path((collection, item)): Path<(String, String)>,
    headers: HeaderMap,
    ItemBody(body): ItemBody,
) -> Result<Response, ApiError> {
    write(&hub, &caller, (&collection, &item), (body, Part::Whole), &headers).await
}

/// Changes members of an item.
///
/// The body is laid over the item (RFC 7396, JSON Merge Patch): objects member by member, `null` takes a member away, and
/// all else replaces. What comes out is written as `PUT` does it.
#[utoipa::path(
    patch, path = "/api/stac/collections/{collection}/items/{*item}", operation_id = "patch_item", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("item" = String, Path, description = "The item's id.", example = "alice/scenes"),
        ("If-Match" = Option<String>, Header, description = "The tag of the item as it was read."),
    ),
    security(("bearer" = [])),
    request_body(
        content = Value, content_type = "application/merge-patch+json",
        example = json!({"properties": {"eo:cloud_cover": 12.5}}),
    ),
    responses(
        (status = 204, description = "It is written."),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes, errors::Conditional, Written,
    ),
)]
pub(super) async fn patch(
    State(hub): State<Hub>,
    caller: Caller,
    Path((collection, item)): Path<(String, String)>,
    headers: HeaderMap,
    ItemBody(body): ItemBody,
) -> Result<Response, ApiError> {
    write(&hub, &caller, (&collection, &item), (body, Part::Some), &headers).await
}

async fn write(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    body: (String, Part),
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    stac::change(hub, caller, item, body, &allows(headers)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes an item out of the collection.
///
/// Its files stay under their name, which is an item no more once it is in no collection; what was written of it is
/// gone then. A name without files is deleted. What is not there is gone already, which is no error.
#[utoipa::path(
    delete, path = "/api/stac/collections/{collection}/items/{*item}", operation_id = "delete_item", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("item" = String, Path, description = "The item's id.", example = "alice/scenes"),
        ("If-Match" = Option<String>, Header, description = "The tag of the item as it was read."),
    ),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "It is in the collection no more."),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes, errors::Conditional,
    ),
)]
pub(super) async fn remove(
    State(hub): State<Hub>,
    caller: Caller,
    Path((collection, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::remove(&hub, &caller, (&collection, &item), &allows(&headers)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
