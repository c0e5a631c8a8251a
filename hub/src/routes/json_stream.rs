//! JSON arrays and objects that are written while they are read, so that a long list is never whole in
//! memory.

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::Serialize;

use crate::actions::ActionError;

/// Items that are written into one part of the body.
const TOGETHER: usize = 256;

/// Bytes or the error that cuts the body off.
pub(super) type Part = Result<Bytes, ActionError>;

/// `[`, the items with commas between them, `]`.
pub(super) fn array<T: Serialize>(
    items: impl Stream<Item = Result<T, ActionError>>,
) -> impl Stream<Item = Part> {
    let parts =
        items.try_chunks(TOGETHER).map_err(|error| error.1).enumerate().map(|(index, items)| {
            let mut text = String::new();
            for (place, item) in items?.iter().enumerate() {
                if index + place > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(item).map_err(ActionError::internal)?);
            }
            Ok(Bytes::from(text))
        });
    constant("[").chain(parts).chain(constant("]"))
}

/// A part that does not depend on anything.
pub(super) fn constant(text: impl Into<Bytes>) -> impl Stream<Item = Part> {
    let part = Ok(text.into());
    stream::once(async move { part })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn written(count: usize) -> String {
        let numbers = stream::iter((0..count).map(Ok));
        let parts: Vec<Bytes> = array(numbers).try_collect().await.unwrap();
        String::from_utf8(parts.concat()).unwrap()
    }

    #[tokio::test]
    async fn arrays_of_every_length_are_json() {
        for count in [0, 1, 2, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER] {
            let read: Vec<usize> = serde_json::from_str(&written(count).await).unwrap();
            assert_eq!(read, (0..count).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn an_error_cuts_the_body_off() {
        let items = stream::iter([Ok(1), Err(ActionError::BodyEnded)]);
        let read: Result<Vec<Bytes>, ActionError> = array(items).try_collect().await;
        assert!(matches!(read, Err(ActionError::BodyEnded)));
    }
}
