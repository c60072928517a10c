//! What answers in the place of an Odoo.

use std::net::{Ipv4Addr, TcpListener as Listener};
use std::time::{Duration, Instant};

use runtime::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// Answers 200 to `/web/login` once it has booted, and 503 before; 404 to everything else. Ends when dropped.
pub(super) struct Server {
    port: u16,
    _task: AbortOnDropHandle<()>,
}

impl Server {
    pub(super) fn start(boot: Duration) -> Self {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        listener.set_nonblocking(true).expect("a socket can be set up");
        let port = listener.local_addr().expect("a listener has an address").port();
        let listener = TcpListener::from_std(listener).expect("there is a runtime");
        let task = tokio::spawn(serve(listener, Instant::now() + boot));
        Self { port, _task: AbortOnDropHandle::new(task) }
    }

    pub(super) fn address(&self) -> Address {
        Address { host: Ipv4Addr::LOCALHOST.to_string(), port: self.port }
    }
}

async fn serve(listener: TcpListener, ready_at: Instant) {
    while let Ok((stream, _)) = listener.accept().await {
        // A test asks one question at a time; who asks badly gets no answer.
        let _ = answer(stream, ready_at).await;
    }
}

async fn answer(mut stream: TcpStream, ready_at: Instant) -> std::io::Result<()> {
    let mut request = [0; 2048];
    let length = stream.read(&mut request).await?;
    let is_login = request[..length].starts_with(b"GET /web/login ");
    let status = match is_login {
        true if Instant::now() < ready_at => "503 Service Unavailable",
        true => "200 OK",
        false => "404 Not Found",
    };
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 5\r\n\r\nlogin");
    stream.write_all(answer.as_bytes()).await
}
