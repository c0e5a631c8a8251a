//! An image that takes the place of the public one of PostgreSQL: the variables that the compose file sets mean
//! the same in both.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, id};

use super::stage::Stage;
use crate::images::layers::cache;
use crate::images::part::run;

/// The image in the test's engine.
pub(super) const IMAGE: &str = "postgres:test";

const RECIPE: &str = "
FROM postgres-root:test
COPY entry /entry
RUN install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT [\"/entry\"]
";

const ENTRY: &str = r#"#!/bin/sh
set -eu
data=/var/lib/postgresql/data/cluster
if [ ! -s "$data/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256 "$data"
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  pg_ctl --pgdata="$data" --options="-c listen_addresses=" --wait start
  createdb --username="$POSTGRES_USER" "$POSTGRES_DB" || [ "$POSTGRES_DB" = postgres ]
  pg_ctl --pgdata="$data" --wait stop
fi
exec postgres -D "$data" -c 'listen_addresses=*'
"#;

/// Puts the image into the engine.
pub(super) fn build(stage: &Stage) {
    stage.engine.docker(&["import", root().to_str().unwrap(), "postgres-root:test"]);
    let context = stage.path("postgres");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("Dockerfile"), RECIPE).unwrap();
    let entry = context.join("entry");
    fs::write(&entry, ENTRY).unwrap();
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o755)).unwrap();
    stage.build(IMAGE, &context, &[]);
}

/// A root file system with PostgreSQL: made once, and kept in the user's cache.
fn root() -> PathBuf {
    // Another number for another recipe.
    let archive = cache().join("postgresql-1.tar");
    if !archive.exists() {
        let part = cache().join(format!("part-{}-postgresql.tar", id()));
        let no_cluster = "mkdir -p \"$1/etc/postgresql-common\" && \
             echo 'create_main_cluster = false' >\"$1/etc/postgresql-common/createcluster.conf\"";
        // With the user's own environment, where a proxy may stand.
        let mut command = Command::new("mmdebstrap");
        command.args(["--quiet", "--variant=minbase", "--include=postgresql-15"]);
        command.arg(format!("--essential-hook={no_cluster}"));
        command.arg("--customize-hook=rm -rf \"$1\"/usr/share/doc \"$1\"/usr/share/locale \
             \"$1\"/usr/lib/*/libLLVM* \"$1\"/usr/lib/*/libz3* \"$1\"/usr/lib/postgresql/15/lib/llvmjit*");
        run(command.arg("bookworm").arg(&part));
        fs::rename(part, &archive).unwrap();
    }
    archive
}
