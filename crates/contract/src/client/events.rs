//! Server-sent events, as a client reads them.

use std::collections::VecDeque;
use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::Response;
use serde::de::DeserializeOwned;

use super::CallError;

/// More than this without an end of a line is no event stream.
const LONGEST_LINE: usize = 16 << 20;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// What kind; `message` where the other side does not say.
    pub name: String,
    /// Its text.
    pub data: String,
    /// What to go on after.
    pub id: Option<String>,
}

impl ServerEvent {
    /// The text as JSON.
    ///
    /// # Errors
    /// It is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_str(&self.data).map_err(CallError::Malformed)
    }
}

/// Events as they come.
pub struct Events {
    stream: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    lines: Lines,
}

impl Events {
    pub(super) fn new(response: Response) -> Self {
        Self { stream: Box::pin(response.bytes_stream()), lines: Lines::default() }
    }

    /// The next event; none when the other side has ended.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<ServerEvent>, CallError> {
        loop {
            if let Some(event) = self.lines.ready.pop_front() {
                return Ok(Some(event));
            }
            match self.stream.next().await {
                None => return Ok(None),
                Some(chunk) => self.lines.push(&chunk.map_err(CallError::unreachable)?)?,
            }
        }
    }
}

/// Makes events of pieces that end anywhere.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    event: ServerEvent,
    has_data: bool,
    ready: VecDeque<ServerEvent>,
}

impl Lines {
    fn push(&mut self, chunk: &[u8]) -> Result<(), CallError> {
        self.rest.extend_from_slice(chunk);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        }
        if LONGEST_LINE < self.rest.len() {
            return Err(CallError::Unreachable("a line of events without an end".into()));
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => self.data(value),
            // A comment is a sign of life; `retry` is for browsers.
            _ => {}
        }
    }

    fn data(&mut self, value: &str) {
        if self.has_data {
            self.event.data.push('\n');
        }
        self.event.data.push_str(value);
        self.has_data = true;
    }

    fn dispatch(&mut self) {
        let mut event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            if event.name.is_empty() {
                "message".clone_into(&mut event.name);
            }
            self.ready.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_the_pieces_end() {
        let text =
            ": hello\n\nevent: table\nid: 7\ndata: {\"a\":\ndata: 1}\n\r\ndata: x\n\n\nid: 9\n\n";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            for chunk in text.as_bytes().chunks(size) {
                lines.push(chunk).unwrap();
            }
            let table = ServerEvent {
                name: "table".to_owned(),
                data: "{\"a\":\n1}".to_owned(),
                id: Some("7".to_owned()),
            };
            let plain = ServerEvent { name: "message".to_owned(), data: "x".to_owned(), id: None };
            assert_eq!(lines.ready, [table, plain], "pieces of {size}");
        }
    }
}
