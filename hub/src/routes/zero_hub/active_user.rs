//! The cookie `active-user`, by which 0-hub's clients act for a repository that they are a member of. It says
//! which repository is the caller's own on these routes, and nothing of who the caller is; whether they may is
//! decided in `auth`. Who may not is refused, where 0-hub would act on the user's own repository: that is not
//! what they want changed.

use axum::extract::Request;
use axum::http::header::{COOKIE, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;

use crate::auth::ActsFor;

/// The routes that act on the caller's own repository.
const OWN: &str = "/api/flist/me";

/// Notes what the cookie asks for, where it means something.
pub(super) async fn note(mut request: Request, next: Next) -> Response {
    let rest = request.uri().path().strip_prefix(OWN);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        && let Some(asked) = active_user(request.headers()).map(str::to_owned)
    {
        request.extensions_mut().insert(ActsFor(asked));
    }
    next.run(request).await
}

fn active_user(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).map(str::trim);
    let value = pairs.find_map(|pair| pair.strip_prefix("active-user="))?;
    Some(value.trim_matches('"')).filter(|value| !value.is_empty())
}
