//! Tests of which error is which status.

use flisthub_storage::{Kind, StoreError};

use super::*;
use crate::catalog::CatalogError;

#[test]
fn every_error_has_its_status_and_code() {
    let id = Kind::Content.id_of(b"");
    let text = || "x".to_owned();
    for (error, status, code) in [
        (ActionError::Auth(AuthError::Missing), 401, "unauthorized"),
        (ActionError::Auth(AuthError::Malformed), 401, "invalid_authorization"),
        (ActionError::Auth(AuthError::Unknown), 401, "invalid_token"),
        (ActionError::Auth(AuthError::Expired), 401, "token_expired"),
        (ActionError::Denied(Denied::Anonymous), 401, "unauthorized"),
        (ActionError::Denied(Denied::Scope), 403, "forbidden"),
        (ActionError::Denied(Denied::NotOwner), 403, "forbidden"),
        (ActionError::Denied(Denied::NotOperator), 403, "forbidden"),
        (ActionError::Denied(Denied::ReadOnlyMode), 403, "read_only_mode"),
        (ActionError::not_found(Thing::Flist, "x"), 404, "not_found"),
        (ActionError::NoSession, 404, "no_session"),
        (StoreError::Full(text()).into(), 507, "disk_full"),
        (StoreError::Unwritable(text()).into(), 503, "read_only"),
        (StoreError::Corrupt { id, source: None }.into(), 500, "damaged"),
        (ActionError::Invalid { code: Code::BAD_NAME, message: text() }, 400, "bad_name"),
        (ActionError::Unprocessable { code: Code::BAD_FLIST, message: text() }, 422, "bad_flist"),
        (ActionError::TooLarge(text()), 413, "too_large"),
        (ActionError::Conflict(text()), 409, "conflict"),
        (ActionError::Missing(vec![id]), 409, "missing_objects"),
        (ActionError::Absent(vec![id]), 404, "missing_objects"),
        (ActionError::Conversion { code: text(), message: text() }, 500, "failed"),
        (
            ActionError::Conversion { code: "no_platform".to_owned(), message: text() },
            422,
            "no_platform",
        ),
        (ActionError::Swept(text()), 410, "swept"),
        (ActionError::Busy("busy"), 503, "busy"),
        (ActionError::Auth(CatalogError::busy().into()), 503, "busy"),
        (ActionError::BodyEnded, 400, "body_ended"),
        (ActionError::TooSlow(1), 408, "too_slow"),
        (ActionError::internal("a disk"), 500, "internal"),
    ] {
        let shown = format!("{error:?}");
        let ApiError(body) = error.into();
        assert_eq!((body.status.as_u16(), body.code.word()), (status, code), "{shown}");
        assert!(!body.message.contains("a disk"), "internals stay in the log");
    }
}

#[test]
fn every_failure_of_a_conversion_has_a_status() {
    for code in flisthub_converter::image::ImageError::CODES {
        let (found, status) = conversion(code);
        match *code {
            // What nobody outside can do anything about, and what nobody waits for.
            "failed" | "cancelled" => assert_eq!((found.word(), status.as_u16()), ("failed", 500)),
            code => {
                assert_eq!(found, code);
                assert!(status.is_client_error() || status == 502, "{code}: {status}");
            }
        }
    }
}
