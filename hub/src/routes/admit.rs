//! Who is calling, found out once for each request, and counted: one caller does not get more requests
//! than the configuration says.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::observe;
use crate::auth::{Caller, Origin, TokenCaller};
use crate::error::ApiError;
use crate::limits::{CallerKey, on_behalf_of};
use crate::state::Hub;

/// Finds out who is calling, refuses what is too much, and has the rest done on that caller's account. A
/// token that is not valid is for the handler to refuse; its request counts for the address.
pub(super) async fn admit(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let found = TokenCaller::from_request_parts(&mut parts, &hub).await;
    let address = parts.extensions.get::<Origin>().and_then(|origin| origin.address);
    let key = match &found {
        Ok(TokenCaller(Caller::User(identity))) => {
            observe::of_user(&identity.user.name);
            CallerKey::User(identity.user.id)
        }
        Ok(_) | Err(_) => CallerKey::of_address(address),
    };
    if let Err(too_many) = hub.limits.request(&key) {
        return ApiError::from(too_many).into_response();
    }
    parts.extensions.insert(found);
    on_behalf_of(key, next.run(Request::from_parts(parts, body))).await
}
