//! One command on the control socket: reads what it asks, does it, tells how its job goes.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::protocol::{Ask, LINE_BYTES, PROTOCOL, Tell, line};
use super::undelete;
use crate::catalog::{Actor, CatalogError};
use crate::error::chain;
use crate::jobs::{self, Event, Follow, JobSpec, wire};
use crate::state::Hub;

/// Jobs that a list tells of.
const LISTED: u32 = 50;

/// Serves one command until it hangs up. `followers` has a place for each that may wait for a job.
pub(super) async fn speak(
    hub: &Hub,
    stream: UnixStream,
    followers: Arc<Semaphore>,
) -> std::io::Result<()> {
    let (read, write) = stream.into_split();
    let (sender, mut asks) = mpsc::channel(1);
    let reader = tokio::spawn(read_lines(read, sender));
    let mut connection = Connection { hub, write, followers, followed: None };
    let result = connection.run(&mut asks).await;
    reader.abort();
    result
}

/// Hands on what was asked, line by line; what is no question as the reason. Ends with the connection, or
/// with a line that is too long: nobody knows where the next one begins.
async fn read_lines(read: OwnedReadHalf, asks: mpsc::Sender<Result<Ask, String>>) {
    let mut read = BufReader::new(read);
    loop {
        let mut bytes = Vec::new();
        let limit = LINE_BYTES as u64 + 1;
        let count = (&mut read).take(limit).read_until(b'\n', &mut bytes).await;
        if !count.is_ok_and(|count| count > 0) {
            return;
        }
        let too_long = bytes.len() > LINE_BYTES;
        let ask = if too_long {
            Err(format!("a line has at most {LINE_BYTES} bytes"))
        } else {
            serde_json::from_slice(&bytes).map_err(|error| format!("not understood: {error}"))
        };
        if asks.send(ask).await.is_err() || too_long {
            return;
        }
    }
}

struct Connection<'a> {
    hub: &'a Hub,
    write: OwnedWriteHalf,
    followers: Arc<Semaphore>,
    followed: Option<Followed>,
}

/// The job that is followed.
struct Followed {
    id: String,
    follow: Follow,
    _place: OwnedSemaphorePermit,
}

impl Connection<'_> {
    async fn run(&mut self, asks: &mut mpsc::Receiver<Result<Ask, String>>) -> std::io::Result<()> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.tell(&Tell::Hello { protocol: PROTOCOL, version }).await?;
        let mut asking = true;
        // One that asks no more may still listen.
        while asking || self.followed.is_some() {
            tokio::select! {
                ask = asks.recv(), if asking => match ask {
                    Some(Ok(ask)) => self.answer(ask).await?,
                    Some(Err(message)) => self.tell(&Tell::Error { message }).await?,
                    None => asking = false,
                },
                events = news(&mut self.followed), if self.followed.is_some() => {
                    self.pass_on(events).await?;
                }
            }
        }
        Ok(())
    }

    async fn pass_on(&mut self, events: Result<Vec<Event>, CatalogError>) -> std::io::Result<()> {
        match events {
            Ok(events) => {
                for event in events {
                    if matches!(event, Event::Ended(_)) {
                        self.followed = None;
                    }
                    self.tell(&event.into()).await?;
                }
                Ok(())
            }
            Err(error) => {
                let message = format!("the job can no longer be followed: {}", chain(&error));
                self.tell(&Tell::Error { message }).await?;
                Err(std::io::Error::other(error))
            }
        }
    }

    async fn answer(&mut self, ask: Ask) -> std::io::Result<()> {
        let told = match ask {
            Ask::Start { job } => match self.start(&job).await {
                Ok(()) => return Ok(()),
                Err(message) => Err(message),
            },
            Ask::Cancel { id } => self.cancel(id).await,
            Ask::Undelete { name } => match undelete(self.hub, &name).await {
                Ok(()) => Ok(Tell::Done {}),
                Err(error) => Err(chain(&error)),
            },
            Ask::Jobs {} => match self.hub.catalog.jobs(None, None, LISTED).await {
                Ok(rows) => Ok(Tell::Jobs { jobs: rows.into_iter().map(wire::job).collect() }),
                Err(error) => Err(chain(&error)),
            },
        };
        self.tell(&told.unwrap_or_else(|message| Tell::Error { message })).await
    }

    async fn start(&mut self, job: &JobSpec) -> Result<(), String> {
        if self.followed.is_some() {
            return Err("one job at a time is followed; open another connection".to_owned());
        }
        let place = Arc::clone(&self.followers).try_acquire_owned();
        let place =
            place.map_err(|_| "too many commands wait for jobs; try again when some are done")?;
        if matches!(job, JobSpec::Convert(_)) {
            return Err("conversions are asked for over HTTP: POST /api/v1/conversions".to_owned());
        }
        let id = jobs::start(self.hub, job, &Actor::operator()).await;
        let id = id.map_err(|error| chain(&error))?.id;
        let follow = Follow::new(self.hub, &id);
        self.followed = Some(Followed { id, follow, _place: place });
        Ok(())
    }

    async fn cancel(&self, id: Option<String>) -> Result<Tell, String> {
        let id = id.or_else(|| self.followed.as_ref().map(|followed| followed.id.clone()));
        let id = id.ok_or("no job is followed here; name one")?;
        let cancelled = jobs::cancel(self.hub, &id, &Actor::operator()).await;
        cancelled.map_err(|error| chain(&error))?;
        Ok(Tell::Done {})
    }

    async fn tell(&mut self, tell: &Tell) -> std::io::Result<()> {
        self.write.write_all(&line(tell)?).await
    }
}

/// What is new of the followed job. Never, where none is.
async fn news(followed: &mut Option<Followed>) -> Result<Vec<Event>, CatalogError> {
    match followed {
        Some(followed) => followed.follow.next().await,
        None => std::future::pending().await,
    }
}
