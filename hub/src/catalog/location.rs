//! Where a catalog is: an SQLite file, or a PostgreSQL database.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::dialect::Dialect;

/// Connections to an SQLite file. Reads are short and writers take turns, so few are enough.
const CONNECTIONS: u32 = 8;

/// What may follow the `?` of a database's address: what sqlx knows.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Where a catalog is, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres {
        /// Its address.
        address: Address,
        /// The most connections to it.
        connections: u32,
        /// For how long a hub that does not answer keeps others out.
        lease: Duration,
    },
}

impl Location {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::File(_) => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    pub(super) fn connections(&self) -> u32 {
        match self {
            Self::File(_) => CONNECTIONS,
            Self::Postgres { connections, .. } => *connections,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Postgres { address, .. } => write!(f, "{address}"),
        }
    }
}

/// The address of a PostgreSQL database, which may hold a password: shown, it does without.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Takes `postgres://user:password@host:port/database?sslmode=…`. The error says what is wrong and holds
    /// nothing of the text, which may be a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("no URL ({error})"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("no postgres://… address".to_owned());
        }
        if url.path().trim_matches('/').is_empty()
            && !url.query_pairs().any(|(key, _)| key == "dbname")
        {
            return Err("an address without a database's name".to_owned());
        }
        let known = |key: &str| PARAMETERS.contains(&key) || key.starts_with("options[");
        if let Some((key, _)) = url.query_pairs().find(|(key, _)| !known(key)) {
            return Err(format!("an address with the unknown parameter {key:?}"));
        }
        Ok(Self(url))
    }

    /// The same with another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        // Only addresses without a host cannot have one, and those have a parameter instead.
        if self.0.set_password(Some(password)).is_err() {
            self.0.query_pairs_mut().append_pair("password", password);
        }
        self
    }

    pub(super) fn url(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port().map_or_else(String::new, |port| format!(":{port}"));
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "postgres://{host}{port}{}", self.0.path())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let address = Address::parse("postgres://hub:s3cret@db.example.com:5433/flisthub").unwrap();
        assert_eq!(address.to_string(), "postgres://db.example.com:5433/flisthub");
        for text in [
            "postgres://hub:s3cret@db/flisthub?password=s3cret",
            "postgresql://hub:s3cret@db/?dbname=flisthub",
            "postgres:///flisthub?host=/run/postgresql&password=s3cret",
        ] {
            let address = Address::parse(text).unwrap().with_password("s3cret/too");
            assert!(!format!("{address} {address:?}").contains("s3cret"), "{text}");
        }
        for text in [
            "s3cret",
            "mysql://hub:s3cret@db/flisthub",
            "postgres://hub:s3cret@db",
            "postgres://hub:s3cret@db:port/flisthub",
            "postgres://hub@db/flisthub?pasword=s3cret",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
    }

    #[test]
    fn any_password_reaches_the_database_as_it_is() {
        for address in ["postgres://hub:old@db/flisthub", "postgres:///flisthub?host=/run"] {
            let address = Address::parse(address).unwrap().with_password("a/b@c:%d e");
            let options: sqlx::postgres::PgConnectOptions = address.url().parse().unwrap();
            assert!(format!("{options:?}").contains("a/b@c:%d e"), "{address}");
        }
    }
}
