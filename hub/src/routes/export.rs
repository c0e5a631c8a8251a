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
use utoipa::{IntoParams, ToSchema};

use super::export_query;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::export::{Asked, Format, Place, export as exported, measured};
use crate::actions::lists;
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// What a query asks for that cannot be, and how a tree cannot be written.
    Exporting { 400 BAD_EXPORT, 400 BAD_TAG, 422 CANNOT_EXPORT }
}

/// What the query may say. It is read by hand, because a path need not be text.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document alone reads the fields")]
pub(super) struct ExportQuery {
    /// What to make.
    #[param(inline)]
    format: ExportFormat,
    /// The compression of a layout's layer (gzip unless given), of a docker archive or a tar as a whole
    /// (none unless given, or that of the format).
    #[param(inline)]
    compression: Option<ExportCompression>,
    /// What of the tree: a directory, which becomes the root, or one other entry. Percent-encoded bytes,
    /// UTF-8 or not. All of it unless given.
    path: Option<String>,
    /// Of an image: a tag for `oci` (`latest` unless given), `name:tag` for `docker-archive`.
    tag: Option<String>,
    /// Whether to leave sockets out, which no tar can have.
    skip_sockets: Option<bool>,
}

/// A tar, compressed or not; an OCI layout in a tar; what `docker load` takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document alone reads it")]
enum ExportFormat {
    #[schema(rename = "tar")]
    Tar,
    #[schema(rename = "tar.gz")]
    TarGz,
    #[schema(rename = "tar.zst")]
    TarZst,
    #[schema(rename = "oci")]
    Oci,
    #[schema(rename = "docker-archive")]
    DockerArchive,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "the document alone reads it")]
enum ExportCompression {
    Gzip,
    Zstd,
    None,
}

/// A flist as a tar archive or as a container image, made while it is sent.
///
/// What fails after the head was sent breaks the connection off. `HEAD` is answered as `GET` would be.
#[utoipa::path(
    method(get, head), path = "/flists/{repository}/{name}/export", operation_id = "export",
    tag = "images", params(params::Name, ExportQuery),
    responses(
        (status = 200, description = "The archive.",
         content(
            (Vec<u8> = "application/x-tar"), (Vec<u8> = "application/gzip"),
            (Vec<u8> = "application/zstd"),
         ),
         headers(("Content-Disposition" = String, description = "A name for the file."))),
        errors::Caller, errors::Named, errors::Objects, Exporting,
    ),
)]
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
