//! The Dockerfile and the compose file of this repository with a real engine. No registry can be reached, so
//! the base images are root file systems that the engine imports, and the programs are those of this build.

mod compose;
mod image;
mod postgres;
mod stage;

use crate::images::part::with_parts;

/// One test, because the engine, and what it is given to build, cost more than the proofs.
#[test]
fn the_dockerfile_and_the_compose_file_hold() {
    if !with_parts("containers::the_dockerfile_and_the_compose_file_hold") {
        return;
    }
    let stage = stage::Stage::start();
    image::serves_as_nobody_in_particular_and_keeps_its_volume(&stage);
    compose::brings_up_hub_and_postgresql(&stage);
}
