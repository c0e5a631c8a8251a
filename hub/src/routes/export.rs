//! `GET` and `HEAD /api/v1/flists/{repository}/{name}/export`: a flist as a tar or as an image.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flisthub_converter::Compression;
use futures_util::stream;

use super::export_query;
use crate::actions::export::{Asked, Format, Place, export as exported, measured};
use crate::actions::lists;
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::state::Hub;

/// The handler.
pub(super) async fn export(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    RawQuery(query): RawQuery,
    Path((repository, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = lists::flist(&hub, &caller, &repository, &name).await?;
    let asked = export_query::read(query.as_deref().unwrap_or_default())?;
    let place = Place::take(&hub)?;
    let measured = measured(&hub, &row, &asked, &place).await?;
    let body = if method == Method::HEAD {
        // No body, but not one that is known to be of length 0, which would be said.
        Body::from_stream(stream::empty::<Result<Bytes, Infallible>>())
    } else {
        Body::from_stream(exported(&hub, &row, &asked, &place).await?)
    };
    let (content_type, file) = described(&row, &asked);
    let disposition = format!("attachment; filename=\"{file}\"");
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let mut response = (headers, body).into_response();
    // Only of a plain tar is it known before it is made.
    if (asked.format, asked.compression) == (Format::Tar, Compression::None) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(measured.bytes));
    }
    Ok(response)
}

/// The type of what is sent, and a name for the file. A flist's name has nothing that would need
/// quoting.
fn described(row: &NameRow, asked: &Asked) -> (&'static str, String) {
    let name = &row.name;
    let (file, compression) = match asked.format {
        Format::Tar => (format!("{name}.tar"), asked.compression),
        // The layer inside is compressed, not the tar around it.
        Format::Oci => (format!("{name}.oci.tar"), Compression::None),
        Format::DockerArchive => (format!("{name}.docker.tar"), asked.compression),
    };
    match compression {
        Compression::None => ("application/x-tar", file),
        Compression::Gzip => ("application/gzip", file + ".gz"),
        Compression::Zstd => ("application/zstd", file + ".zst"),
    }
}
