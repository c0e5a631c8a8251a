//! `hub-client convert IMAGE`

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use flisthub_converter::image::Platform;
use flisthub_converter::image::registry::Credentials;
use flisthub_flist::wire::{Conversion, RegistryCredentials, UploadReport};
use serde::{Deserialize, Serialize};

use super::convert_local::{self, From};
use crate::cli::Session;
use crate::config::Images;
use crate::failure::usage;
use crate::job_progress::follow_job;
use crate::name::FlistName;
use crate::output::Output;
use crate::precondition::Precondition;
use crate::text;

/// The longest password that is read, in bytes.
const MAX_PASSWORD: u64 = 8192;

/// Make a flist of a container image. The hub fetches it from its registry; with --from, this program
/// reads it here and sends what the hub does not have.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The image: alpine, ghcr.io/owner/app:1, host:port/app@sha256:…. With --from oci: or archive: it
    /// says which image of several is meant, in full, short, or by its tag.
    #[arg(value_name = "IMAGE")]
    pub(super) image: Option<String>,

    /// For which platform: linux/amd64, linux/arm/v7. Default: the hub's; with --from, this machine's.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(super) platform: Option<Platform>,

    /// What the flist is called: REPOSITORY/NAME, or NAME alone in your own repository. Default: the
    /// image's name with `-` for `:`, `/` and `@`.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<FlistName>,

    /// Read the image here: docker, podman (from the engine on this machine), oci:PATH (a layout, as a
    /// directory or tar archive), archive:PATH (what `docker save` wrote).
    #[arg(long, value_name = "SOURCE")]
    from: Option<From>,

    /// Where Docker listens. Default: `DOCKER_HOST`, or /var/run/docker.sock.
    #[arg(long, value_name = "PATH")]
    pub(super) docker_socket: Option<String>,

    /// Where Podman listens. Default: `CONTAINER_HOST`, or its usual places.
    #[arg(long, value_name = "PATH")]
    pub(super) podman_socket: Option<String>,

    /// Add a .startup.toml that starts what the image would start.
    #[arg(long)]
    pub(super) startup: bool,

    /// Put the name into this category: it is found as an item of the collection of that name. Several:
    /// into all of them, and out of all others. Default: what was set before, or what its files say.
    #[arg(long, value_name = "CATEGORY")]
    pub(super) category: Vec<String>,

    /// Give the hub what Docker's config.json holds for the image's registry. Default of PATH: Docker's
    /// own.
    #[arg(
        long,
        value_name = "PATH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["from", "username", "password_stdin"]
    )]
    docker_config: Option<OsString>,

    /// Your name with the image's registry, or `FLISTHUB_REGISTRY_USERNAME`. The password comes from
    /// `FLISTHUB_REGISTRY_PASSWORD` or standard input.
    #[arg(long, value_name = "USER", conflicts_with = "from")]
    username: Option<String>,

    /// Read the registry's password from standard input, one line.
    #[arg(long, conflicts_with = "from")]
    password_stdin: bool,

    #[command(flatten)]
    pub(super) precondition: Precondition,
}

/// What a conversion did.
#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    #[serde(flatten)]
    pub(super) upload: UploadReport,
    pub(super) repository: String,
    pub(super) name: String,
    /// The image's reference, and the digest it has.
    pub(super) image: String,
    pub(super) digest: String,
    pub(super) layers: u64,
    /// Layers that the hub had converted before.
    pub(super) known_layers: u64,
}

pub(crate) fn run(
    arguments: &Arguments,
    session: &Session,
    environment: &Images,
) -> anyhow::Result<()> {
    if let Some(from) = &arguments.from {
        let report = convert_local::run(arguments, from, session, environment)?;
        warn(session.output, &report);
        return session.output.result(&report, &summary(&report));
    }
    if arguments.precondition.is_given() {
        return Err(usage("a condition needs --from: the hub's own conversions take none"));
    }
    let Session { hub, runtime, output } = session;
    let Some(image) = &arguments.image else {
        return Err(usage("which image? name it, or an archive with --from"));
    };
    let conversion = Conversion {
        image: image.clone(),
        repository: arguments.name.as_ref().and_then(|name| name.repository.clone()),
        name: arguments.name.as_ref().map(|name| name.name.clone()),
        platform: arguments.platform.as_ref().map(Platform::to_string),
        source: None,
        startup: arguments.startup,
        categories: Some(arguments.category.clone()).filter(|given| !given.is_empty()),
        credentials: credentials(arguments, image, environment)?,
    };
    let job = runtime.block_on(hub.start_conversion(&conversion))?;
    let job = follow_job(session, &job.id)?;
    let result = job.result.unwrap_or_default();
    let report: Report = serde_json::from_value(result.clone())
        .context("the conversion is done, but what the hub tells of it cannot be read")?;
    warn(*output, &report);
    output.result(&result, &summary(&report))
}

/// Tells what is wrong with the metadata among the image's files.
fn warn(output: Output, report: &Report) {
    let name = format!("{}/{}", report.repository, report.name);
    super::push::warn(output, &name, &report.upload);
}

/// What opens the registry, if the caller wants to give something.
fn credentials(
    arguments: &Arguments,
    image: &str,
    given: &Images,
) -> anyhow::Result<Option<RegistryCredentials>> {
    if let Some(path) = &arguments.docker_config {
        let own = given.docker_config.as_deref();
        let path = if path.is_empty() { own } else { Some(Path::new(path)) };
        let path = path.ok_or_else(|| usage("where is Docker's config.json? name its path"))?;
        // Docker's own variable names the directory.
        let file = if path.is_dir() { path.join("config.json") } else { path.to_owned() };
        return of_docker(&file, image).map(Some);
    }
    let username = arguments.username.as_ref().or(given.registry_username.as_ref()).cloned();
    let password = if arguments.password_stdin {
        Some(read_password()?)
    } else {
        given.registry_password.clone()
    };
    match (username, password) {
        (None, None) => Ok(None),
        (Some(username), Some(password)) => {
            Ok(Some(RegistryCredentials::Password { username, password }))
        }
        (Some(_), None) => Err(usage(
            "there is no password: use --password-stdin, or set FLISTHUB_REGISTRY_PASSWORD",
        )),
        (None, Some(_)) => {
            Err(usage("there is no user name: use --username, or set FLISTHUB_REGISTRY_USERNAME"))
        }
    }
}

fn of_docker(path: &Path, image: &str) -> anyhow::Result<RegistryCredentials> {
    match Credentials::of_image(path, image)? {
        Some(Credentials::Basic { username, password }) => {
            Ok(RegistryCredentials::Password { username, password })
        }
        Some(Credentials::Token(token)) => Ok(RegistryCredentials::Token { token }),
        None => Err(usage(format!(
            "{} holds nothing for the registry of {image}: run `docker login`, or leave \
             --docker-config away",
            path.display()
        ))),
    }
}

fn read_password() -> anyhow::Result<String> {
    let mut line = String::new();
    // A longer line is read far enough to be seen.
    let read = io::stdin().lock().take(MAX_PASSWORD + 3).read_line(&mut line);
    read.context("cannot read the password from standard input")?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(usage("no password: give it on standard input, one line")),
        password if password.len() as u64 > MAX_PASSWORD => {
            Err(usage(format!("the password is longer than {MAX_PASSWORD} bytes")))
        }
        password => Ok(password.to_owned()),
    }
}

fn summary(converted: &Report) -> String {
    let Report { upload, repository, name, image, digest, layers, known_layers } = converted;
    let known = match known_layers {
        0 => String::new(),
        known => format!(", {known} of them known before"),
    };
    let sent =
        upload.sent_bytes.map_or_else(String::new, |sent| format!("sent {}, ", text::size(sent)));
    text::harmless(&format!(
        "converted {image} to {repository}/{name}\n  image   {digest}, {layers} layers{known}\n  flist   {}\n  tree    {} files, {} entries, {}\n  chunks  {}, of them {} new; {} new objects\n  took    {sent}stored {}, in {:.1} s{}",
        upload.flist,
        upload.files,
        upload.entries,
        text::size(upload.bytes),
        upload.chunks,
        upload.new_chunks,
        upload.new_objects,
        text::size(upload.stored_bytes),
        upload.seconds,
        super::push::item(upload),
    ))
}
