//! The cookie `active-user`, by which 0-hub's clients act for somebody else. A token acts for its own user
//! here, so who asks for another is refused: their own repository is not what they want changed.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::{COOKIE, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::auth::TokenCaller;
use crate::error::{ApiError, Code};
use crate::state::Hub;

/// The routes that act on the caller's own repository.
const OWN: &str = "/api/flist/me";

/// Lets through what names nobody, or the token's own user.
pub(super) async fn refuse_others(
    State(hub): State<Hub>,
    request: Request,
    next: Next,
) -> Response {
    let asked = active_user(request.headers()).map(str::to_owned);
    let Some(asked) = asked.filter(|_| request.uri().path().starts_with(OWN)) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let caller = match TokenCaller::from_request_parts(&mut parts, &hub).await {
        Ok(TokenCaller(caller)) => caller,
        Err(error) => return error.into_response(),
    };
    if caller.user().is_ok_and(|user| user.name != asked) {
        let shown: String = asked.chars().filter(|char| !char.is_control()).take(128).collect();
        let message = format!(
            "the cookie active-user names {shown}, and this token acts for its own user alone; leave the cookie \
             out, or use a token of {shown}"
        );
        return ApiError::new(StatusCode::FORBIDDEN, Code::FORBIDDEN, message).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

fn active_user(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).map(str::trim);
    let value = pairs.find_map(|pair| pair.strip_prefix("active-user="))?;
    Some(value.trim_matches('"')).filter(|value| !value.is_empty())
}
