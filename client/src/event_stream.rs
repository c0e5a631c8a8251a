//! Server-sent events out of the parts of an answer. Knows nothing of what they tell.
//!
//! Of the format (HTML, "Server-sent events") this reads what a hub sends: lines that end in LF or CR LF,
//! the fields `event`, `data` and `id`, and comments.

/// An event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
    /// As it was sent with this very event.
    pub(crate) id: Option<String>,
}

/// Why an answer is no stream of events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It is no UTF-8.
    NotUtf8,
    /// One event is longer than any that a hub sends.
    TooLong,
}

/// Puts parts together, however they were cut.
#[derive(Debug)]
pub(crate) struct Events {
    /// Bytes of the line that is not whole yet.
    line: Vec<u8>,
    /// The event that is not whole yet.
    event: Event,
    /// Bytes of both that may be held.
    most: usize,
}

impl Events {
    /// Takes events of at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { line: Vec::new(), event: Event::default(), most }
    }

    /// Takes a part, and gives the events that are whole with it.
    pub(crate) fn take(&mut self, part: &[u8]) -> Result<Vec<Event>, Malformed> {
        let mut whole = Vec::new();
        for piece in part.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.event.data.len() > self.most {
                return Err(Malformed::TooLong);
            }
            if let Some(line) = self.line.strip_suffix(b"\n") {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let line = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
                whole.extend(read_line(&mut self.event, line));
                self.line.clear();
            }
        }
        Ok(whole)
    }
}

/// Takes one line; gives the event that it ends.
fn read_line(event: &mut Event, line: &str) -> Option<Event> {
    if line.is_empty() {
        let mut whole = std::mem::take(event);
        // As the format has it: without data, nothing happened.
        return whole.data.pop().map(|_| whole);
    }
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match field {
        "event" => value.clone_into(&mut event.name),
        "data" => {
            event.data.push_str(value);
            event.data.push('\n');
        }
        "id" => event.id = Some(value.to_owned()),
        // A comment, or something of a later version.
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str, id: Option<&str>) -> Event {
        Event { name: name.into(), data: data.into(), id: id.map(str::to_owned) }
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let sent = ": hello\n\nevent: log\nid: 7\ndata: {\"a\":1}\n\nevent:end\r\ndata:one\r\n\
                    data: two\r\nretry: 5\r\n\r\nid: 9\n\nevent: job\ndata: \u{e9}\n\ndata: cut";
        let expected = [
            event("log", "{\"a\":1}", Some("7")),
            event("end", "one\ntwo", None),
            event("job", "\u{e9}", None),
        ];
        for size in 1..=sent.len() {
            let mut events = Events::new(100);
            let found: Vec<Event> =
                sent.as_bytes().chunks(size).flat_map(|part| events.take(part).unwrap()).collect();
            assert_eq!(found, expected, "{size} bytes at a time");
        }
    }

    #[test]
    fn what_is_no_stream_of_events_is_refused() {
        assert_eq!(Events::new(100).take(b"data: \xff\n"), Err(Malformed::NotUtf8));
        let mut events = Events::new(100);
        let endless = (0..100).map(|_| events.take(b"data: 0123\n")).find(Result::is_err);
        assert_eq!(endless, Some(Err(Malformed::TooLong)));
        assert_eq!(Events::new(100).take(&[b'x'; 101]), Err(Malformed::TooLong));
    }
}
