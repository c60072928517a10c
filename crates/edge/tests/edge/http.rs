//! The barest HTTP client: it sends exactly the bytes that a test wants sent.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { status: status.unwrap_or(0), headers, body: body.to_owned() }
    }
}

/// Sends bytes as they are, and reads until the other side closes.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A refused request may be answered by a reset behind the answer.
    let _ =
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer ends in time");
    Answer::parse(&answer)
}

/// Sends bytes as they are, and reads until the text is whole.
pub(crate) async fn raw_until(
    address: SocketAddr,
    request: &str,
    is_whole: impl Fn(&str) -> Option<()>,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while is_whole(&String::from_utf8_lossy(&answer)).is_none() {
        let mut bytes = [0; 4096];
        let read = timeout(PATIENCE, stream.read(&mut bytes)).await.expect("an answer in time");
        match read.unwrap() {
            0 => break,
            count => answer.extend_from_slice(&bytes[..count]),
        }
    }
    Answer::parse(&answer)
}

/// Asks for a path, with more header lines.
pub(crate) async fn get_with(address: SocketAddr, host: &str, path: &str, lines: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n");
    raw(address, &request).await
}

/// Asks for a path as a program does.
pub(crate) async fn get(address: SocketAddr, host: &str, path: &str) -> Answer {
    get_with(address, host, path, "").await
}

/// Asks for a path as a browser does.
pub(crate) async fn browse(address: SocketAddr, host: &str, path: &str) -> Answer {
    get_with(address, host, path, "Accept: text/html,*/*;q=0.8\r\n").await
}
