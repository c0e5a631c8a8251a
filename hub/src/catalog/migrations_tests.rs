//! Walks the migrations: each step is applied over rows of the earlier ones, which must come through.
//! Every new step adds its sample rows here.

use std::collections::BTreeSet;

use sqlx::Executor as _;

use super::Catalog;
use super::dialect::Dialect;
use super::migrations::{STEPS, Sql, Step};
use super::postgres::location;

/// Rows that are put in after a step, and a query that must give as many rows from then on.
struct Sample {
    step: i64,
    rows: &'static [&'static str],
    count: (&'static str, i64),
}

const SAMPLES: &[Sample] = &[
    Sample {
        step: 1,
        rows: &[
            "insert into users (id, name, created_at) values (1, 'alice', 10), (2, 'bob', 11)",
            "insert into tokens (id, user_id, hash, scope, created_at, expires_at)
             values (1, 1, x'01', 2, 10, null), (2, 2, x'02', 1, 11, 20)",
        ],
        count: ("select count(*) from tokens join users on users.id = tokens.user_id", 2),
    },
    Sample {
        step: 2,
        rows: &[
            "insert into repositories (id, owner_id, name, created_at, updated_at)
             values (1, 1, 'alice', 10, 12), (2, 2, 'bob', 11, 11)",
            "insert into flists (id, entries, bytes, file_bytes, regular, symlink, directory,
                                 special, created_at)
             values (x'aa', 4, 100, 50, 1, 1, 1, 1, 12)",
            "insert into names (repository_id, name, flist_id, updated_at)
             values (1, 'base', x'aa', 12)",
        ],
        count: ("select count(*) from names join flists on flists.id = names.flist_id", 1),
    },
    Sample {
        step: 3,
        rows: &["insert into name_history (repository_id, name, revision, flist_id, user_id, source,
                                           happened_at)
                 values (1, 'base', 1, x'aa', 1, 'upload', 12), (1, 'old', 1, null, 1, 'delete', 12)"],
        count: ("select count(*) from name_history where name <> 'image'", 2),
    },
    Sample {
        step: 4,
        rows: &[
            "insert into jobs (id, sequence, kind, state, arguments, result, error, phase, done, total,
                               cancel_asked, attempts, user_id, created_at, started_at, finished_at)
             values ('aa', 1, 'sweep', 'succeeded', '{\"kind\":\"sweep\",\"dry_run\":false}', '{}', null,
                     'delete', 7, 7, 0, 1, 1, 12, 13, 14),
                    ('bb', 2, 'scrub', 'queued', '{\"kind\":\"scrub\"}', null, null, null, 0, null, 0, 0,
                     null, 15, null, null)",
            "insert into job_log (job_id, line, logged_at, message) values ('aa', 1, 13, 'mark')",
        ],
        count: ("select count(*) from jobs left join job_log on job_log.job_id = jobs.id", 2),
    },
    Sample {
        step: 5,
        rows: &["insert into hub_state (\"only\", hub_id, swept_before)
                 values (1, 'ab', 7)"],
        count: ("select count(*) from hub_state where swept_before = 7", 1),
    },
    Sample {
        step: 6,
        rows: &["update jobs set by_command = 1 where id = 'aa'"],
        count: ("select count(*) from jobs where by_command = case id when 'aa' then 1 else 0 end", 2),
    },
    Sample {
        step: 7,
        rows: &[
            "update jobs set error_code = 'unreachable', parts = '[]' where id = 'bb'",
            "update name_history set detail = 'docker.io/library/alpine@sha256:ab' where name = 'base'",
        ],
        count: (
            "select count(*) from jobs left join name_history on name_history.detail is not null
             where jobs.error_code = 'unreachable' or jobs.parts is null",
            2,
        ),
    },
    Sample {
        step: 8,
        rows: &["insert into image_layers (flist_id, position, diff_id)
                 values (x'aa', 1, 'sha256:ab'), (x'aa', 2, 'sha256:ab')"],
        count: ("select count(*) from image_layers join flists on flists.id = flist_id", 2),
    },
    Sample {
        step: 9,
        rows: &[
            "insert into names (repository_id, name, kind, target_repository, target_name, revision,
                                updated_at)
             values (1, 'latest', 2, 'bob', 'base', 1, 16), (1, 'stable', 3, null, null, 1, 17)",
            "insert into tag_members (repository_id, tag, name, target_repository, target_name, linked_at)
             values (1, 'stable', 'base', 'alice', 'base', 17)",
            "insert into flist_facts (flist_id, file_bytes, md5, regular, symlink, directory, special)
             values (x'aa', 50, x'bb', 1, 1, 1, 1)",
        ],
        // What stood there before is a flist at its revision; a deletion is one.
        count: (
            "select count(*) from names
             left join name_history on name_history.repository_id = names.repository_id
                   and name_history.name = names.name
             where (names.name = 'base' and names.kind = 1 and names.revision = 1
                    and name_history.kind = 1)
                or names.kind = 2 or names.kind = 3
                or (select kind from name_history where name = 'old') <> 0",
            3,
        ),
    },
    Sample {
        step: 10,
        rows: &[
            "insert into repositories (id, creator_id, name, visibility, created_at, updated_at)
             values (3, 2, 'team', 3, 18, 18)",
            "insert into members (repository_id, user_id, level, added_at)
             values (3, 2, 4, 18), (3, 1, 2, 19)",
            "update tokens set kind = 2, label = 'ci', limited = 1, revoked_at = 21 where id = 2",
            "insert into token_repositories (token_id, repository_id) values (2, 3)",
            "insert into audit_log (id, happened_at, actor, user_id, credential, action, repository_id, subject)
             values (1, 20, 'alice', 1, 'token 3', 'publish', 3, 'team/base')",
        ],
        // Who made a repository owns it; what was there is public, and nobody's token is narrowed.
        count: (
            "select count(*) from repositories
             join members on members.repository_id = repositories.id
             where (repositories.name = 'team' and repositories.visibility = 3)
                or (members.user_id = repositories.creator_id and members.level = 4
                    and repositories.visibility = 1)",
            4,
        ),
    },
    Sample {
        step: 11,
        // What step 12 goes by: `team` converted the image, and `alice` has its flist from elsewhere.
        rows: &["insert into name_history (repository_id, name, revision, flist_id, user_id, source,
                                           happened_at, kind)
                 values (3, 'image', 1, x'aa', 2, 'convert', 22, 1), (3, 'image', 2, x'aa', 2, 'convert', 23, 1),
                        (1, 'image', 1, x'aa', 1, 'promote', 24, 1)"],
        count: ("select count(*) from name_history where name = 'image'", 3),
    },
    Sample {
        step: 12,
        rows: &["insert into image_repositories (flist_id, repository_id) values (x'aa', 2)"],
        count: ("select count(*) from image_repositories", 2),
    },
    Sample {
        step: 13,
        rows: &[
            "update repositories set categories = '[\"dataset\"]' where id = 3",
            "insert into item_settings (repository_id, name, revision, metadata) values (1, 'base', 77, '{}')",
            "insert into item_stars (repository_id, name, user_id) values (1, 'base', 2)",
            "insert into content_checksums (repository_id, content, sha256) values (1, x'cc', x'dd')",
            "insert into item_pending (repository_id, name, sums) values (1, 'base', 1)",
            "insert into item_documents (number, repository_id, name, revision, inherits, flist_id,
                                         document, geometry, words)
             values (1, 1, 'base', 1, 1, x'aa', '{}', null, ' flood ')",
            "insert into items (number, document, collection, repository_id, name, id, visibility, title,
                                datetime, timed, starts, ends, created, updated, stars, west, south, east,
                                north, boxed)
             values (1, 1, 'dataset', 1, 'base', 'alice/base', 1, 'Flood', 5, 1, 5, 5, 12, 12, 1,
                     -66.7, 17.9, -66.5, 18.1, 1),
                    (2, 1, 'ai-model', 1, 'base', 'alice/base', 1, 'Flood', null, 0, null, null, 12, 12,
                     1, null, null, null, null, 0)",
            "insert into item_tags (tag, item) values ('flood', 1), ('flood', 2)",
        ],
        count: (
            "select count(*) from items join item_documents on item_documents.number = items.document
             join item_tags on item_tags.item = items.number
             join item_stars on item_stars.name = items.name
             join item_settings on item_settings.name = items.name
             join item_pending on item_pending.name = items.name",
            2,
        ),
    },
    Sample {
        step: 14,
        // Whatever writes a document without a word of its values leaves it unread.
        rows: &[
            "update _item_values set odd = 0, gsd = 10.0, platform = 'moon' where document = 1",
            "insert into item_documents (number, repository_id, name, revision, inherits, flist_id,
                                         document, geometry, words)
             values (2, 1, 'latest', 1, 1, x'aa', '{}', null, ' ')",
            "update item_documents set document = '{\"a\":1}' where number = 1",
        ],
        count: ("select count(*) from _item_values where odd = -1", 2),
    },
    Sample {
        step: 15,
        rows: &["update item_settings set item = '{}' where name = 'base'"],
        count: ("select count(*) from item_settings where metadata = '{}' and item = '{}'", 1),
    },
];

/// An empty database.
async fn empty() -> (tempfile::TempDir, Catalog) {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::connect(&location(directory.path())).await.unwrap();
    if catalog.location.dialect() == Dialect::Postgres {
        catalog.pool.execute("drop schema public cascade; create schema public").await.unwrap();
    }
    (directory, catalog)
}

/// Puts in the rows of a step. Bytes are written in SQLite's way above.
async fn put_rows(catalog: &Catalog, version: i64) {
    let sample = SAMPLES.iter().find(|sample| sample.step == version);
    for rows in sample.expect("a new step needs sample rows").rows {
        let sql = match catalog.location.dialect() {
            Dialect::Sqlite => (*rows).to_owned(),
            Dialect::Postgres => rows.replace("x'", "'\\x"),
        };
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&catalog.pool).await.unwrap();
    }
}

async fn check_rows(catalog: &Catalog, samples_to: i64, at: i64) {
    for earlier in SAMPLES.iter().filter(|sample| sample.step <= samples_to) {
        let (sql, expected) = earlier.count;
        let (found,): (i64,) = sqlx::query_as(sql).fetch_one(&catalog.pool).await.unwrap();
        assert_eq!(found, expected, "after step {at}: {sql}");
    }
}

/// A catalog with rows in every table.
pub(super) async fn filled() -> (tempfile::TempDir, Catalog) {
    let (directory, catalog) = empty().await;
    for (count, step) in (1..).zip(STEPS) {
        catalog.migrate(count).await.unwrap();
        put_rows(&catalog, step.version).await;
    }
    (directory, catalog)
}

#[tokio::test]
async fn every_step_keeps_the_rows_of_the_earlier_ones() {
    let (_directory, catalog) = empty().await;
    for (count, step) in (1..).zip(STEPS) {
        catalog.migrate(count).await.unwrap();
        put_rows(&catalog, step.version).await;
        check_rows(&catalog, step.version, step.version).await;
    }
    let broken = match catalog.location.dialect() {
        Dialect::Sqlite => "select count(*) from pragma_foreign_key_check",
        // Every text has the order of its bytes.
        Dialect::Postgres => {
            "select count(*) from information_schema.columns
             where table_schema = 'public' and data_type = 'text' and left(table_name, 1) <> '_'
               and collation_name is distinct from 'C'"
        }
    };
    let (broken,): (i64,) = sqlx::query_as(broken).fetch_one(&catalog.pool).await.unwrap();
    assert_eq!(broken, 0);
    // Running them again changes nothing.
    catalog.migrate(STEPS.len()).await.unwrap();
}

/// As a hub does that is brought from an earlier release to this one.
#[tokio::test]
async fn every_earlier_version_is_brought_up_at_once() {
    for (count, last) in (1..).zip(STEPS) {
        let (_directory, catalog) = empty().await;
        for (count, step) in (1..=count).zip(STEPS) {
            catalog.migrate(count).await.unwrap();
            put_rows(&catalog, step.version).await;
        }
        catalog.migrate(STEPS.len()).await.unwrap();
        check_rows(&catalog, last.version, last.version).await;
        catalog.close().await;
    }
}

#[test]
fn every_file_is_a_step_and_steps_count_up() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| std::path::Path::new(name).extension().is_some_and(|end| end == "sql"))
        .collect();
    let endings = |step: &Step| match step.sql {
        Sql::Both(_) => vec!["sql"],
        Sql::Each { .. } => vec!["sqlite.sql", "postgres.sql"],
    };
    let named = |step: &'static Step| {
        let name = move |end| format!("{:04}_{}.{end}", step.version, step.name);
        endings(step).into_iter().map(name)
    };
    let steps: BTreeSet<String> = STEPS.iter().flat_map(named).collect();
    assert_eq!(files, steps);
    let versions: Vec<i64> = STEPS.iter().map(|step| step.version).collect();
    assert_eq!(versions, (1..).take(STEPS.len()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_changed_step_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let place = location(directory.path());
    let catalog = Catalog::at(&place).await.unwrap();
    sqlx::query("update _sqlx_migrations set checksum = $1 where version = 1")
        .bind(vec![0_u8])
        .execute(&catalog.pool)
        .await
        .unwrap();
    catalog.close().await;
    let error = Catalog::at(&place).await.unwrap_err();
    assert!(matches!(error, super::CatalogError::Migrate(_)), "{error:?}");
}
