//! Items as a table.

use tokio::task::spawn_blocking;

use super::Shown;
use crate::actions::error::ActionError;
use crate::actions::running::turn;
use crate::stac::{Fields, Mode};
use crate::state::Hub;

/// Members without which there is no row.
const KEPT: [&str; 3] = ["id", "geometry", "bbox"];

/// Items as GeoParquet, when there is a place for it. A row has an id and a place, whatever members are wanted.
pub async fn table(
    hub: &Hub,
    items: Vec<Shown>,
    mode: Mode,
    fields: Fields,
) -> Result<Vec<u8>, ActionError> {
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    let (base, fields) = (hub.public_url(), fields.keeping(&KEPT));
    let writing = spawn_blocking(move || {
        let items: Vec<String> =
            items.into_iter().map(|item| item.write(&base, mode, &fields)).collect();
        let mut table = Vec::new();
        let written = flisthub_geoparquet::write(&items, &mut table);
        drop(place);
        written.map(|()| table)
    });
    writing.await?.map_err(ActionError::internal)
}
