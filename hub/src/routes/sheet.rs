//! What is said about a `.flist` file: its MD5, and where it is from as text or JSON, as 0-hub's users know
//! them.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::face;
use super::zero_hub::hex;
use crate::actions::facts;
use crate::catalog::NameRow;
use crate::error::ApiError;
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Lines of text.
    Text,
    /// JSON.
    Json,
}

/// Which flist a file like `name.txt`, `name.flist.txt` or `name.json` tells of, and how.
pub(super) fn asked(file: &str) -> Option<(&str, Sort)> {
    let (name, ending) = file.rsplit_once('.')?;
    match ending {
        "txt" => Some((name, Sort::Text)),
        "json" => Some((name, Sort::Json)),
        _ => None,
    }
}

/// What is told of a flist.
#[derive(Serialize)]
struct Sheet {
    flist: String,
    uploader: String,
    /// Where the `.flist` file is.
    source: String,
    /// Where its content is: here.
    storage: String,
    /// The MD5 of the `.flist` file.
    checksum: String,
}

/// What is told of the flist that a name leads to.
pub(super) async fn sheet(hub: &Hub, row: &NameRow, sort: Sort) -> Result<Response, ApiError> {
    let checksum = hex(&facts::of(hub, row.flist.id).await?.md5);
    let flist = format!("{}{FLIST_ENDING}", row.name);
    let storage = hub.public_url();
    let source = format!("{storage}/{}/{flist}", row.repository);
    let sheet = Sheet { flist, uploader: row.repository.clone(), source, storage, checksum };
    Ok(match sort {
        Sort::Json => face::line(&sheet),
        Sort::Text => text(sheet.lines()),
    })
}

/// The MD5 of the `.flist` file, as 0-hub's clients compare it with theirs.
pub(super) async fn md5(hub: &Hub, row: &NameRow) -> Result<Response, ApiError> {
    let md5 = hex(&facts::of(hub, row.flist.id).await?.md5);
    Ok(text(md5 + "\n"))
}

fn text(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

impl Sheet {
    fn lines(&self) -> String {
        let Self { flist, uploader, source, storage, checksum } = self;
        format!(
            "File:     {flist}\nUploader: {uploader}\nSource:   {source}\nStorage:  {storage}\n\
             Checksum: {checksum}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_file_tells_of_which_flist() {
        for (file, told) in [
            ("base.txt", Some(("base", Sort::Text))),
            ("base.flist.txt", Some(("base.flist", Sort::Text))),
            ("base.json", Some(("base", Sort::Json))),
            ("v1.2.json", Some(("v1.2", Sort::Json))),
            ("base.txt.md", None),
            ("base", None),
        ] {
            assert_eq!(asked(file), told, "{file}");
        }
    }
}
