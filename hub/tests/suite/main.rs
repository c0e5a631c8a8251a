//! The hub through its real router on a free port, and the real program where it must be killed.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod downloads;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod job_routes;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod native;
#[cfg(test)]
mod program;
#[cfg(test)]
mod push;
#[cfg(test)]
mod support;
#[cfg(test)]
mod uploads;
