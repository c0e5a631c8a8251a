//! Errors of the native API by group, for the document: what a handler can answer because of what it
//! extracts and does. A code's meaning is in `error::codes`; `finish` puts together what several groups
//! say of one status.

use std::collections::BTreeMap;

use utoipa::openapi::{RefOr, Response};

use crate::error::Code;

/// Responses by their keys.
pub(in crate::routes) type Responses = BTreeMap<String, RefOr<Response>>;

/// Makes groups: types that only the document knows.
macro_rules! errors {
    ($($(#[$about:meta])* $group:ident { $($status:literal $code:ident),+ $(,)? })*) => {
        $(
            $(#[$about])*
            pub(in crate::routes) enum $group {}

            impl utoipa::IntoResponses for $group {
                fn responses() -> $crate::routes::openapi::errors::Responses {
                    $crate::routes::openapi::errors::of(&[
                        $(($status, $crate::error::Code::$code)),+
                    ])
                }
            }
        )*
    };
}

pub(in crate::routes) use errors;

/// One response for each code. Its key is `<status> <code>`, which is no status yet: responses of one key
/// would replace one another.
pub(in crate::routes) fn of(codes: &[(u16, Code)]) -> Responses {
    keys(codes).map(|key| (key, RefOr::T(Response::new(String::new())))).collect()
}

/// The keys of those responses.
pub(super) fn keys(codes: &[(u16, Code)]) -> impl Iterator<Item = String> {
    codes.iter().map(|(status, code)| format!("{status} {code}"))
}

errors! {
    /// Whoever takes a `Caller`: a token that comes must be valid. And what may befall any request.
    Caller {
        401 INVALID_AUTHORIZATION, 401 INVALID_TOKEN, 401 TOKEN_EXPIRED, 401 INVALID_JWT,
        401 ISSUER_MAY_NOT, 401 UNKNOWN_USER, 429 TOO_MANY_REQUESTS, 429 TOO_MANY_ATTEMPTS,
        429 TOO_MANY_AT_A_TIME, 500 INTERNAL, 503 BUSY,
    }
    /// Whoever needs a token.
    Login { 401 UNAUTHORIZED }
    /// Whoever needs a token, and one that reaches far enough.
    Token { 401 UNAUTHORIZED, 403 FORBIDDEN }
    /// What a path names may not be there, or not be text.
    Named { 400 BAD_REQUEST, 404 NOT_FOUND }
    /// Routes below the time limit.
    Timed { 408 TIMEOUT }
    /// A body of JSON.
    JsonBody {
        400 BAD_REQUEST, 400 BODY_ENDED, 408 TIMEOUT, 413 TOO_LARGE, 415 UNSUPPORTED_MEDIA_TYPE,
    }
    /// A page of a list.
    Paged { 400 BAD_PAGE }
    /// `If-Match` and its like.
    Conditional { 412 PRECONDITION_FAILED }
    /// Whoever changes a name, or stores something.
    Writes { 403 READ_ONLY_MODE, 413 TOO_MUCH_UNPUBLISHED, 503 READ_ONLY, 507 DISK_FULL }
    /// Whoever changes what is no name's, also in a hub that is configured to change nothing.
    Stores { 503 READ_ONLY, 507 DISK_FULL }
    /// Whoever reads what takes the right to change.
    Refusing { 403 READ_ONLY_MODE }
    /// Names that are made.
    NewName { 400 BAD_NAME }
    /// Objects of a flist are read.
    Objects { 500 DAMAGED }
    /// A body that is taken in while it comes.
    Streamed { 400 BODY_ENDED, 408 TOO_SLOW, 413 TOO_LARGE }
    /// An upload session.
    Session { 404 NO_SESSION }
}
