//! What one visitor may take: connections, time, headers, bodies.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use edge::Limits;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{get, get_with, raw};
use crate::world::{World, echo, eventually, odoo, serve};

const PATIENCE: Duration = Duration::from_secs(10);

fn hasty() -> Limits {
    Limits {
        first_request: Duration::from_millis(400),
        next_request: Duration::from_millis(800),
        slow_body: Duration::from_millis(500),
        body_pace: 1 << 20,
        ..Limits::default()
    }
}

/// Sends a piece every 100 ms until the other side closes; for how long it did, and what it was told.
async fn trickle(mut stream: TcpStream, piece: &[u8]) -> (Duration, String) {
    let begun = Instant::now();
    let mut answer = Vec::new();
    while begun.elapsed() < PATIENCE {
        let mut bytes = [0; 1024];
        let read = timeout(Duration::from_millis(100), stream.read(&mut bytes)).await;
        match read {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(count)) => answer.extend_from_slice(&bytes[..count]),
            Err(_) if stream.write_all(piece).await.is_err() => break,
            Err(_) => {}
        }
    }
    (begun.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn a_header_that_is_sent_slowly_is_not_waited_for() {
    let world = World::with(hasty()).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: api.localhost\r\n").await.unwrap();
    let (took, answer) = trickle(stream, b"X: y\r\n").await;
    assert!(took < PATIENCE, "the edge still listens: {answer}");

    let silent = TcpStream::connect(world.address).await.unwrap();
    assert!(trickle(silent, b"").await.0 < PATIENCE, "whoever says nothing is waited for");

    let mut kept = TcpStream::connect(world.address).await.unwrap();
    kept.write_all(b"GET /health HTTP/1.1\r\nHost: api.localhost\r\n\r\n").await.unwrap();
    let (took, answer) = trickle(kept, b"").await;
    assert!(answer.starts_with("HTTP/1.1 200") && took < PATIENCE, "{answer}");
}

#[tokio::test]
async fn a_request_that_takes_long_is_no_slow_sender() {
    let world = World::with(hasty()).await;
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        "done"
    };
    world.route("demo", odoo(serve(Router::new().fallback(slow)).await)).await;
    assert_eq!(get(world.address, "demo.localhost", "/").await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_sent_slowly_is_given_up() {
    let world = World::with(hasty()).await;
    world.route("demo", odoo(echo("odoo").await)).await;
    for host in ["demo.localhost", "api.localhost"] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let head = format!("POST /user/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (took, answer) = trickle(stream, b"x").await;
        assert!(took < PATIENCE, "{host}: the edge still listens");
        assert!(answer.starts_with("HTTP/1.1 408"), "{host}: {answer}");
    }
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_no_more() {
    let limits = Limits { connections: 20, connections_per_address: 10, ..Limits::default() };
    let world = World::with(limits).await;
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: api.localhost\r\n\r\n").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'H');
        kept.push(stream);
    }
    for _ in 0..5 {
        assert_eq!(get(world.address, "api.localhost", "/health").await.status, 0, "one too many");
    }
    assert_eq!((world.status)().refused, 5);
    drop(kept);
    eventually(|| async { get(world.address, "api.localhost", "/health").await.status == 200 })
        .await;
}

#[tokio::test]
async fn a_body_that_is_too_large_for_the_api_is_refused_and_not_read() {
    const SIZE: usize = 50 << 20;
    let world = World::new().await;
    for (host, path) in [("api.localhost", "/user/auth/login"), ("app.localhost", "/login")] {
        let length = format!("Content-Length: {SIZE}\r\n");
        let (status, sent) = send(&world, host, path, &length, SIZE).await;
        assert_eq!(status, 413, "{host}");
        assert!(sent < SIZE / 2, "{host} has taken {sent} bytes");
        let (status, sent) = send(&world, host, path, "Transfer-Encoding: chunked\r\n", SIZE).await;
        assert_eq!(status, 413, "{host}, in chunks");
        assert!(sent < SIZE / 2, "{host} has taken {sent} bytes of chunks");
    }
}

/// Sends a body until it is refused; the status, and how many bytes were taken.
async fn send(world: &World, host: &str, path: &str, framing: &str, size: usize) -> (u16, usize) {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = if framing.starts_with('C') {
        vec![b'x'; 1 << 16]
    } else {
        [&b"10000\r\n"[..], &vec![b'x'; 1 << 16], b"\r\n"].concat()
    };
    let (mut read, mut write) = stream.into_split();
    let mut sent = 0;
    let sending = async {
        while sent < size && write.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    tokio::select! {
        () = sending => unreachable!("it is pending in the end"),
        read = timeout(PATIENCE, read.read_exact(&mut answer)) => {
            read.expect("an answer in time").expect("an answer");
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.rsplit(' ').next().unwrap().parse().unwrap(), sent)
}

#[tokio::test]
async fn headers_targets_and_their_number_are_bounded() {
    let world = World::new().await;
    let long = format!("/user/{}", "x".repeat(20_000));
    let answer = get(world.address, "api.localhost", &long).await;
    assert_eq!((answer.status, answer.code().as_str()), (414, "target_too_long"));
    let endless = format!("/user/{}", "x".repeat(3 << 20));
    assert!(matches!(raw_path(&world, &endless).await, 0 | 400 | 414));
    let many = "X: y\r\n".repeat(1000);
    assert_eq!(get_with(world.address, "api.localhost", "/user/x", &many).await.status, 400);
    let endless = format!("X: {}\r\n", "y".repeat(3 << 20));
    let answer = get_with(world.address, "api.localhost", "/user/x", &endless).await;
    assert!(matches!(answer.status, 0 | 400 | 431), "{answer:?}");
}

async fn raw_path(world: &World, path: &str) -> u16 {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: api.localhost\r\nConnection: close\r\n\r\n");
    raw(world.address, &request).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_500_megabytes_to_a_tenant_takes_no_memory() {
    const SIZE: usize = 500 << 20;
    let world = World::new().await;
    let count = |request: Request| async move {
        let mut body = request.into_body().into_data_stream();
        let mut length = 0;
        while let Some(Ok(bytes)) = body.next().await {
            length += bytes.len();
        }
        length.to_string()
    };
    world.route("demo", odoo(serve(Router::new().fallback(count)).await)).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\nContent-Length: {SIZE}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let before = crate::tenant::resident();
    let (chunk, mut sent, mut most) = (vec![7; 1 << 18], 0, 0);
    while sent < SIZE {
        sent += stream.write(&chunk[..chunk.len().min(SIZE - sent)]).await.unwrap();
        most = most.max(crate::tenant::resident());
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with(&SIZE.to_string()), "{answer}");
    let grown = most.saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more than before");
}
