//! Requests that two readers could read differently: none reaches anybody as two.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;

use crate::http::{get, get_with, raw};
use crate::world::{World, echo, odoo, serve};

/// An Odoo that remembers what it was asked.
async fn witness() -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let notes = seen.clone();
    let note = move |request: Request| {
        let notes = notes.clone();
        async move {
            let (parts, body) = request.into_parts();
            let length = axum::body::to_bytes(body, usize::MAX).await.map(|bytes| bytes.len());
            notes.lock().unwrap().push(format!("{} {length:?}", parts.uri));
        }
    };
    (serve(Router::new().fallback(note)).await, seen)
}

#[tokio::test]
async fn framing_with_two_readings_is_refused_or_read_once() {
    let world = World::new().await;
    let (address, seen) = witness().await;
    world.route("demo", odoo(address)).await;
    let second = "GET /second HTTP/1.1\r\nHost: demo.localhost\r\n\r\n";
    for lines in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length : 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 0x5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5, 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n0\r\n\r\n",
        "X: a\rContent-Length: 0\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "X: a\u{0}b\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ] {
        let request = format!("POST /first HTTP/1.1\r\nHost: demo.localhost\r\n{lines}{second}");
        let answer = raw(world.address, &request).await;
        let asked = std::mem::take(&mut *seen.lock().unwrap());
        let is_second = |asked: &&String| asked.starts_with("/second");
        assert!(matches!(answer.status, 200 | 400), "{lines:?} is answered with {}", answer.status);
        // Where both lengths stand, only the chunks count, and the connection ends behind them.
        assert_eq!(asked.iter().filter(is_second).count(), 0, "{lines:?}: {asked:?}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_never_become_a_request() {
    let world = World::new().await;
    let (address, seen) = witness().await;
    world.route("demo", odoo(address)).await;
    for chunks in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3 3\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
    ] {
        let head = "POST /first HTTP/1.1\r\nHost: demo.localhost\r\nTransfer-Encoding: chunked\r\n";
        let second = "GET /second HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\n\r\n";
        raw(world.address, &format!("{head}Connection: close\r\n\r\n{chunks}{second}")).await;
        let asked = std::mem::take(&mut *seen.lock().unwrap());
        assert!(!asked.iter().any(|line| line.starts_with("/second")), "{chunks:?}: {asked:?}");
        assert!(!asked.iter().any(|line| line.contains("Ok(3)")), "{chunks:?}: {asked:?}");
    }
}

#[tokio::test]
async fn nobody_changes_to_another_protocol_past_the_rules() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    let websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (host, path, lines) in [
        ("demo.localhost", "/web", h2c),
        ("api.localhost", "/user/x", h2c),
        ("api.localhost", "/user/x", websocket),
        ("app.localhost", "/", websocket),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n");
        let answer = raw_once(world.address, &request).await;
        assert_eq!(answer.status, 200, "{host}: {answer:?}");
        for name in ["\"upgrade\"", "\"http2-settings\""] {
            assert!(!answer.body.contains(name), "{host} {name}: {answer:?}");
        }
    }
    for host in ["nobody.localhost", "example.com", "localhost"] {
        let answer = get_with(world.address, host, "/websocket", websocket).await;
        assert_eq!(answer.status, 404, "{host}");
    }
}

/// As `raw`, of a connection that is kept: reads one answer.
async fn raw_once(address: std::net::SocketAddr, request: &str) -> crate::http::Answer {
    crate::http::raw_until(address, request, |text| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.to_lowercase().split("content-length: ").nth(1)?.lines().next()?.parse();
        (length.ok() == Some(body.len())).then_some(())
    })
    .await
}

#[tokio::test]
async fn methods_for_tracing_and_tunnels_are_refused_everywhere() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    for host in ["demo.localhost", "api.localhost", "app.localhost", "nobody.localhost"] {
        for method in ["TRACE", "TRACK", "CONNECT"] {
            let request =
                format!("{method} / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            assert_eq!(raw(world.address, &request).await.status, 405, "{method} {host}");
        }
    }
}

#[tokio::test]
async fn nothing_of_a_request_becomes_a_header_of_the_answer() {
    let world = World::new().await;
    for (host, path) in [
        ("localhost", "/%0d%0aSet-Cookie:%20a=b"),
        ("localhost%0d%0aset-cookie", "/"),
        ("nobody.localhost", "/%0d%0aset-cookie:%20a=b"),
        ("api.localhost", "/%0d%0aset-cookie:a"),
    ] {
        let answer = get(world.address, host, path).await;
        assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    }
    let answer = get_with(
        world.address,
        "api.localhost",
        "/user/x",
        "X-Correlation-Id: 1%0d%0aset-cookie: a\r\n",
    )
    .await;
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
}
