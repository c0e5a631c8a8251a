//! Registries as they are and as they should not be, played by a small server of the tests' own.

#![cfg(feature = "registry")]

mod access;
mod content;
mod fake;
mod images;
mod layers;
mod outbound;
mod trouble;

use std::io::Read;
use std::sync::OnceLock;
use std::time::Duration;

use flisthub_converter::image::registry::{
    Credentials, Outbound, Registries, RegistryOptions, RegistrySource,
};
use flisthub_converter::image::{Image, ImageError, ImageSource, Platform};
use tokio::runtime::Runtime;

use self::content::Content;
use self::fake::Fake;

/// Rules that let one be reached that listens on a loopback address, as registries in tests do.
fn rules(fakes: &[&Fake]) -> Outbound {
    let places: Vec<String> = fakes.iter().map(|fake| fake.place()).collect();
    let hosts = ["127.0.0.1".to_owned(), "127.0.0.2".to_owned(), "localhost".to_owned()];
    Outbound::new(&hosts, &places, &places).unwrap()
}

/// Impatient, so that tests of waiting are short.
fn options(outbound: Outbound) -> RegistryOptions {
    RegistryOptions {
        outbound,
        pause: Duration::from_millis(1),
        longest_wait: Duration::from_secs(1),
        ..RegistryOptions::default()
    }
}

fn source_of(
    options: RegistryOptions,
    reference: &str,
    credentials: Option<Credentials>,
) -> RegistrySource {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
    let registries = Registries::new(options).unwrap();
    RegistrySource::new(&registries, reference, credentials, runtime.handle().clone()).unwrap()
}

/// The image `demo/app:1` of a registry that may be connected to.
fn source(fake: &Fake, credentials: Option<Credentials>) -> RegistrySource {
    source_of(options(rules(&[fake])), &format!("{}/demo/app:1", fake.place()), credentials)
}

fn password() -> Credentials {
    Credentials::Basic { username: "user".to_owned(), password: "secret".to_owned() }
}

fn image(source: &RegistrySource) -> Result<Image, ImageError> {
    source.image(&Platform::default())
}

/// The bytes of a layer.
fn layer(source: &RegistrySource, image: &Image, index: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut reader = source.layer(image, index).map_err(|error| error.to_string())?;
    reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Reads the whole image and compares it.
fn expect_whole(source: &RegistrySource, content: &Content) {
    let image = image(source).unwrap();
    assert_eq!(image.config, content.config);
    assert_eq!(image.layers.len(), content.layers.len());
    for (index, expected) in content.layers.iter().enumerate() {
        assert_eq!(&layer(source, &image, index).unwrap(), expected, "layer {index}");
    }
}
