//! Where the catalog of a data directory is: in it, or in the PostgreSQL database that is configured. Whoever opens
//! one goes through here, so that nobody makes a second catalog by leaving out half of the configuration.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::catalog::{Address, Catalog, CatalogError, Location};
use crate::config;
use crate::data::DataDirectory;

/// What stands in the file that says that the catalog is not in the data directory.
const MARK: &str = "The catalog of this data directory is a PostgreSQL database: `catalog.url` in the \
                    configuration, or FLISTHUB_CATALOG_URL, says which.\n";

/// Why a catalog cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// There are two.
    #[error(
        "{}: the configuration names a PostgreSQL database, but the data directory has a catalog of its \
         own; bring it over with `flisthub catalog copy`, or move it away",
        .0.display()
    )]
    Two(PathBuf),
    /// The configuration does not say where it is.
    #[error(
        "{}: the catalog of this data directory is a PostgreSQL database, and neither `catalog.url` in the \
         configuration nor FLISTHUB_CATALOG_URL says which",
        .0.display()
    )]
    Elsewhere(PathBuf),
    /// The address cannot be used.
    #[error("catalog.url is {0}")]
    Address(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody works with the file that was copied, and may have changed it since.
    #[error(
        "{}: another program has the catalog open, so that the copy may lack what it did: end it, empty the \
         database, and copy again",
        .0.display()
    )]
    Open(PathBuf),
    /// The catalog itself fails.
    #[error("the catalog {place}")]
    Catalog {
        /// Where it is; without a password.
        place: Box<Location>,
        /// Why.
        source: CatalogError,
    },
}

/// Whether a data directory has a catalog, in it or elsewhere.
pub(crate) fn is_there(data: &DataDirectory) -> io::Result<bool> {
    Ok(data.catalog().try_exists()? || data.elsewhere().try_exists()?)
}

/// Where the catalog is. Refuses a data directory whose catalog would not be the only one.
pub fn location(data: &DataDirectory, config: &config::Catalog) -> Result<Location, PlaceError> {
    let is_there = |file: PathBuf| match file.try_exists() {
        Ok(is_there) => Ok((file, is_there)),
        Err(source) => Err(PlaceError::File { file, source }),
    };
    let (own, has_own) = is_there(data.catalog())?;
    let Some(server) = server(config)? else {
        return match is_there(data.elsewhere())? {
            (_, false) => Ok(Location::File(own)),
            (mark, true) => Err(PlaceError::Elsewhere(mark)),
        };
    };
    if has_own { Err(PlaceError::Two(own)) } else { Ok(server) }
}

/// The database that is configured, if one is.
pub(crate) fn server(config: &config::Catalog) -> Result<Option<Location>, PlaceError> {
    let Some(url) = &config.url else { return Ok(None) };
    let mut address = Address::parse(url).map_err(PlaceError::Address)?;
    if let Some(file) = &config.password_file {
        let password = std::fs::read_to_string(file)
            .map_err(|source| PlaceError::File { file: file.clone(), source })?;
        address = address.with_password(password.trim_end_matches(['\r', '\n']));
    }
    let lease = Duration::from_secs(config.lease_seconds);
    Ok(Some(Location::Postgres { address, connections: config.connections, lease }))
}

/// Opens the catalog of a data directory, and makes it if there is none.
pub async fn open(data: &DataDirectory, config: &config::Catalog) -> Result<Catalog, PlaceError> {
    let location = location(data, config)?;
    let catalog = Catalog::at(&location)
        .await
        .map_err(|source| PlaceError::Catalog { place: Box::new(location.clone()), source })?;
    if matches!(location, Location::Postgres { .. }) {
        mark(data)?;
    }
    Ok(catalog)
}

/// Notes that the catalog is not in the data directory.
pub(crate) fn mark(data: &DataDirectory) -> Result<(), PlaceError> {
    let file = data.elsewhere();
    if matches!(file.try_exists(), Ok(true)) {
        return Ok(());
    }
    std::fs::write(&file, MARK).map_err(|source| PlaceError::File { file, source })
}

/// Notes that the catalog was copied to a server: its file counts for nothing any more. Refuses if some other
/// program has the file open, and nothing is noted then: SQLite has a log beside it, without which it is not whole.
pub(crate) fn moved_to_server(data: &DataDirectory) -> Result<(), PlaceError> {
    let file = data.catalog();
    let [log, _] = data.catalog_logs();
    match std::fs::metadata(&log) {
        Ok(found) if found.len() > 0 => return Err(PlaceError::Open(file)),
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(PlaceError::File { file: log, source });
        }
        _ => {}
    }
    mark(data)?;
    std::fs::rename(&file, data.moved()).map_err(|source| PlaceError::File { file, source })
}

/// Notes that the catalog was copied from a server: it is in the data directory now.
pub(crate) fn moved_to_file(data: &DataDirectory) -> Result<(), PlaceError> {
    let file = data.elsewhere();
    match std::fs::remove_file(&file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(PlaceError::File { file, source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalog_that_others_have_open_is_not_moved_away() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(directory.path()).unwrap();
        let [log, _] = data.catalog_logs();
        std::fs::write(data.catalog(), "catalog").unwrap();
        std::fs::write(&log, "what another program wrote").unwrap();
        let refused = moved_to_server(&data).unwrap_err();
        assert!(matches!(refused, PlaceError::Open(_)), "{refused:?}");
        assert!(data.catalog().exists() && !data.elsewhere().exists());
        std::fs::write(&log, "").unwrap();
        moved_to_server(&data).unwrap();
        assert!(!data.catalog().exists() && data.moved().exists() && data.elsewhere().exists());
    }
}
