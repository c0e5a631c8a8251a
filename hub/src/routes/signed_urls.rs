//! `POST /api/v1/flists/{repository}/{name}/signed-urls`: addresses of files that need no token for a while.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use flisthub_flist::wire::{SignRequest, SignedUrl, SignedUrls};

use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::{percent, signed_query};
use crate::actions::signing;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// What addresses cannot be signed for.
    Signing { 400 BAD_PATH, 404 NOT_FOUND, 422 NOT_A_FILE, 422 LINK_LOOP }
}

/// Signs addresses of files, for programs that cannot send a token.
///
/// Whoever has such an address can read that one file, with `Range` too, until it ends: after 15 minutes unless more is
/// asked for, after 12 hours at the latest, and with the token that it was signed with, the signer's right to read, the name, or
/// the hub's process before that. The file stays the one of the flist that the name points at now. Takes a token of the hub's own, of any
/// scope.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/signed-urls", operation_id = "sign_urls", tag = "contents",
    params(params::Name), security(("bearer" = [])),
    request_body(content = SignRequest, example = json!({"paths": ["2026/11/scene.tif"], "seconds": 900})),
    responses(
        (status = 200, description = "The addresses.", body = SignedUrls),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Named, errors::Objects, Signing,
    ),
)]
pub(super) async fn sign(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    JsonBody(asked): JsonBody<SignRequest>,
) -> Result<([(HeaderName, &'static str); 1], Json<SignedUrls>), ApiError> {
    let signed = signing::sign(&hub, &caller, (&repository, &name), &asked).await?;
    let base = hub.public_url();
    let row = signed.row;
    let urls = asked.paths.into_iter().zip(&signed.paths).map(|(path, (place, grant))| {
        let (repository, name, query) = (&row.repository, &row.name, signed_query::written(grant));
        let place = percent::encode(place.as_bytes());
        let url = format!("{base}/api/v1/flists/{repository}/{name}/files/{place}?{query}");
        SignedUrl { path, url }
    });
    let urls = urls.collect();
    let answer = SignedUrls {
        flist: row.flist.id.to_string(),
        revision: row.revision,
        expires: signed.expires,
        urls,
        repository: row.repository,
        name: row.name,
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)))
}
