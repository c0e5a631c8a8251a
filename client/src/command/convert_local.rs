//! An image that is on this machine: read here, and what the hub lacks is sent.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use flisthub_client::{Push, PushError, Pushed};
use flisthub_converter::image::{
    ConvertOptions, EngineKind, EngineSource, Image, ImageSource, LocalSource, Platform, Spool,
};
use flisthub_converter::{Limits, without_archive_ending};
use flisthub_flist::wire::{JobPart, default_name};

use super::convert::{Arguments, Report};
use crate::bars::Bars;
use crate::cli::Session;
use crate::config::Images;
use crate::failure::usage;
use crate::interrupt::Interrupt;
use crate::name::FlistName;

/// Where Docker listens unless somebody says otherwise.
const DOCKER: &str = "/var/run/docker.sock";

/// Where the Podman of the whole machine listens; below a user's runtime directory it is that user's own.
const PODMAN: &str = "/run/podman/podman.sock";

/// Where on this machine an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    Engine(EngineKind),
    /// A layout or an archive. Which of them it is, is found from what it holds.
    Files(PathBuf),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "docker" => Ok(Self::Engine(EngineKind::Docker)),
            None if text == "podman" => Ok(Self::Engine(EngineKind::Podman)),
            Some(("oci" | "archive", path)) if !path.is_empty() => Ok(Self::Files(path.into())),
            _ => Err("write docker, podman, oci:PATH or archive:PATH".to_owned()),
        }
    }
}

/// Converts the image and publishes the flist.
pub(super) fn run(
    arguments: &Arguments,
    from: &From,
    session: &Session,
    environment: &Images,
) -> anyhow::Result<Report> {
    let Session { hub, runtime, output } = session;
    let began = Instant::now();
    let (source, name) = open(arguments, from, session, environment)?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => name.parse::<FlistName>().map_err(|error| usage(format!("--name: {error}")))?,
    };
    let repository = runtime.block_on(name.repository(hub))?;
    let target = (repository.as_str(), name.name.as_str());
    let condition = arguments.precondition.condition();
    runtime.block_on(hub.check_condition(target, condition))?;
    let left = format!(
        "{}/{} was not published, unless that was under way; what was sent need not be sent again",
        target.0, target.1
    );
    let interrupt = Interrupt::catch(hub, runtime.handle(), *output, left)?;
    let upload = runtime.block_on(hub.open_session(&repository))?;
    interrupt.opened(upload.session);
    let mut push = Push::new(hub, runtime.handle(), target, &upload).on(condition);
    if !arguments.category.is_empty() {
        push = push.into_categories(arguments.category.clone());
    }
    let pushed = with_bars(arguments, session, &push, &*source);
    if let Some(upload) = interrupt.close()
        && pushed.is_err()
    {
        // The reason for the failure is worth more than that of this.
        let _ = runtime.block_on(hub.close_session(upload));
    }
    let (Pushed { info, mut report }, image) = pushed?;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(Report {
        upload: report,
        repository: info.repository,
        name: info.name,
        image: image.reference,
        digest: image.digest.to_string(),
        layers: image.layers.len() as u64,
        known_layers: 0,
    })
}

/// The source, and what the flist is called if nobody says.
fn open(
    arguments: &Arguments,
    from: &From,
    session: &Session,
    environment: &Images,
) -> anyhow::Result<(Box<dyn ImageSource>, String)> {
    let directory = std::env::temp_dir();
    let spool = Spool { directory, limits: Limits::default(), cancel: None };
    let image = arguments.image.as_deref();
    match from {
        From::Engine(kind) => {
            let image = image.ok_or_else(|| usage("which image of the engine? name it"))?;
            let socket = socket(*kind, arguments, environment)?;
            let runtime = session.runtime.handle().clone();
            let source = EngineSource::new(*kind, &socket, image, spool, runtime)?;
            Ok((Box::new(source), default_name(image)))
        }
        From::Files(path) => {
            let source = LocalSource::open(path, image, &spool)?;
            let name = file_name(path, source.name().or(image));
            Ok((Box::new(source), name))
        }
    }
}

/// What the flist of an image in a file is called: as the image, or as the file where that says no more
/// than a tag.
fn file_name(path: &Path, image: Option<&str>) -> String {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let stem = without_archive_ending(&file);
    // As exports of a hub are called.
    let stem = stem.strip_suffix(".oci").or_else(|| stem.strip_suffix(".docker")).unwrap_or(stem);
    match image {
        Some(image) if image.contains(['/', ':']) => default_name(image),
        Some(tag) => default_name(&format!("{stem}:{tag}")),
        None => default_name(stem),
    }
}

/// Where the engine listens.
fn socket(kind: EngineKind, arguments: &Arguments, given: &Images) -> anyhow::Result<PathBuf> {
    let (asked, host) = match kind {
        EngineKind::Docker => (&arguments.docker_socket, &given.docker_host),
        EngineKind::Podman => (&arguments.podman_socket, &given.podman_host),
    };
    if let Some(text) = asked.as_ref().or(host.as_ref()) {
        let path = text.strip_prefix("unix://").unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(usage(format!(
                "{text}: engines are reached by their sockets, unix:///PATH or PATH"
            )));
        }
        return Ok(path.into());
    }
    let own = given.runtime.as_ref().map(|runtime| runtime.join("podman/podman.sock"));
    Ok(match kind {
        EngineKind::Docker => DOCKER.into(),
        EngineKind::Podman => own.filter(|own| own.exists()).unwrap_or_else(|| PODMAN.into()),
    })
}

fn with_bars(
    arguments: &Arguments,
    session: &Session,
    push: &Push<'_>,
    source: &dyn ImageSource,
) -> Result<(Pushed, Image), PushError> {
    let bars = Arc::new(Mutex::new(Bars::start(session.output)));
    if let Some(bars) = &mut *bars.lock().unwrap_or_else(PoisonError::into_inner) {
        bars.wait("looking for the image");
    }
    let shown = Arc::clone(&bars);
    let traffic = push.traffic();
    let options = ConvertOptions {
        platform: arguments.platform.clone().unwrap_or_else(here),
        startup: arguments.startup,
        parts: Some(Arc::new(move |parts| {
            if let Some(bars) = &mut *shown.lock().unwrap_or_else(PoisonError::into_inner) {
                let parts: Vec<JobPart> = parts.iter().map(JobPart::from).collect();
                bars.wait(&format!("sent {}", crate::text::size(traffic.sent())));
                bars.parts(&parts);
            }
        })),
        ..ConvertOptions::default()
    };
    push.run_image(session.runtime.handle(), source, &options)
}

/// The platform that containers of this machine have.
fn here() -> Platform {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    };
    Platform { architecture: architecture.to_owned(), ..Platform::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_engine_or_files() {
        let read = |text: &str| text.parse::<From>();
        assert_eq!(read("docker"), Ok(From::Engine(EngineKind::Docker)));
        assert_eq!(read("podman"), Ok(From::Engine(EngineKind::Podman)));
        for text in ["oci:a:b", "archive:a:b"] {
            assert_eq!(read(text), Ok(From::Files("a:b".into())));
        }
        for bad in ["", "oci", "oci:", "archive:", "docker:", "docker:app", "dir:x", "/path"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_flist_is_called_as_its_image_or_as_its_file() {
        for (image, name) in [
            (Some("app:1"), "app-1"),
            (Some("docker.io/library/app"), "docker.io-library-app-latest"),
            (Some("1"), "x-1"),
            (None, "x-latest"),
        ] {
            assert_eq!(file_name(Path::new("/somewhere/x.tar"), image), name);
        }
        for (file, name) in [
            ("app.tar.gz", "app-v1"),
            ("app.TGZ", "app-v1"),
            ("app-1.2.tar.zst", "app-1.2-v1"),
            ("app-1.2", "app-1.2-v1"),
            ("app-1.2.oci", "app-1.2-v1"),
            ("app.docker.tar.gz", "app-v1"),
        ] {
            assert_eq!(file_name(Path::new(file), Some("v1")), name);
        }
    }
}
