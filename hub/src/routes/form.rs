//! The forms that files are uploaded in, as 0-hub's clients send them: paced, bounded, and taken apart as
//! they arrive.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, HeaderValue};

use super::intake::{FormBody, Progress};
use crate::actions::ActionError;
use crate::error::Code;
use crate::state::Hub;

/// The header that gives an upload another name than its file's.
const ORIGINAL_NAME: &str = "x-original-name";

/// A form on its way in.
pub(super) struct Form {
    /// Its fields.
    pub(super) fields: Multipart,
    /// How it comes in.
    pub(super) progress: Arc<Progress>,
    /// The name that the request's header gives to the file.
    pub(super) name: Option<String>,
}

impl Form {
    /// Begins with the form of a request. Nothing of it is read yet.
    pub(super) async fn of(hub: &Hub, request: Request) -> Result<Self, ActionError> {
        let (parts, body) = request.into_parts();
        let name = original_name(&parts.headers)?;
        let progress = Arc::new(Progress::default());
        let body = FormBody::new(body, &hub.config.limits, Arc::clone(&progress));
        let request = Request::from_parts(parts, Body::from_stream(body));
        let fields = Multipart::from_request(request, hub).await;
        let fields = fields.map_err(|error| bad_form(error.body_text()))?;
        Ok(Self { fields, progress, name })
    }
}

/// What the file in a field is called: as the header says, or else as the field says.
pub(super) fn file_name(header: Option<&str>, field: &Field<'_>) -> Result<String, ActionError> {
    let own = field.file_name().filter(|own| !own.is_empty());
    header.or(own).map(str::to_owned).ok_or_else(|| bad_form("no file selected"))
}

/// The form is not as it should be.
pub(super) fn bad_form(message: impl Into<String>) -> ActionError {
    ActionError::Invalid { code: Code::BAD_FORM, message: message.into() }
}

/// The form could not be read on.
pub(super) fn broken(error: &MultipartError) -> ActionError {
    match error.status() {
        status if status.is_server_error() => ActionError::BodyEnded,
        _ => bad_form(error.body_text()),
    }
}

/// 0-hub's clients send the path of the file on their own machine; its last part counts.
fn original_name(headers: &HeaderMap) -> Result<Option<String>, ActionError> {
    let name = headers.get(ORIGINAL_NAME).map(HeaderValue::to_str).transpose();
    let name = name.map_err(|_| bad_form("X-Original-Name is not plain text"))?;
    Ok(name.map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_path_is_the_name() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGINAL_NAME, HeaderValue::from_static(text));
            original_name(&headers).unwrap()
        };
        for (sent, name) in [
            ("x.tar.gz", "x.tar.gz"),
            ("/home/alice/x.flist", "x.flist"),
            ("./build/../x.flist", "x.flist"),
            ("C:\\Users\\Alice\\x.flist", "x.flist"),
            ("/tmp/", ""),
            ("..", ".."),
            ("", ""),
        ] {
            assert_eq!(of(sent).as_deref(), Some(name), "{sent}");
        }
        assert_eq!(original_name(&HeaderMap::new()).unwrap(), None);
        let mut odd = HeaderMap::new();
        odd.insert(ORIGINAL_NAME, HeaderValue::from_bytes(b"\xfc").unwrap());
        assert!(original_name(&odd).is_err());
    }
}
