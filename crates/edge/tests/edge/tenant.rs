use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use contract::instance::RouteTarget;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::http::get;
use crate::world::{World, echo, odoo, serve};

#[tokio::test]
async fn a_tenant_gets_its_path_as_it_is() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    for path in ["/", "/web/login?db=x&y=%20", "/a//b/%C3%A4/c", "/web/image/100%25", "/x?//%2e"] {
        let answer = get(world.address, "Demo.localhost:8080", path).await;
        assert_eq!(answer.json()["target"], path);
    }
}

#[tokio::test]
async fn websockets_go_to_their_own_port_and_echo() {
    let world = World::new().await;
    let http = echo("odoo").await;
    let websocket = websocket_echo().await;
    let target =
        RouteTarget::Odoo { http: http.to_string(), websocket: Some(websocket.to_string()) };
    world.route("demo", target).await;
    assert_eq!(get(world.address, "demo.localhost", "/websockets").await.json()["service"], "odoo");

    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let request = "GET /websocket?version=1 HTTP/1.1\r\nHost: demo.localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    for text in ["one", "two", "three"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut echoed = vec![0; text.len()];
        stream.read_exact(&mut echoed).await.unwrap();
        assert_eq!(echoed, text.as_bytes());
    }
}

/// Speaks the handshake, and then echoes bytes: what is inside is nothing to the edge.
async fn websocket_echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await.to_lowercase();
        assert!(
            head.contains("upgrade: websocket") && head.contains("sec-websocket-key"),
            "{head}"
        );
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.split();
        tokio::io::copy(&mut read, &mut write).await
    });
    address
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_100_megabytes_is_streamed_and_never_held() {
    const SIZE: usize = 100 << 20;
    let world = World::new().await;
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let patient = move |request: Request| async move {
        opened.notified().await;
        let mut body = request.into_body().into_data_stream();
        let mut length = 0;
        while let Some(Ok(bytes)) = body.next().await {
            length += bytes.len();
        }
        length.to_string()
    };
    world.route("demo", odoo(serve(Router::new().fallback(patient)).await)).await;

    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\nContent-Length: {SIZE}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let before = resident();
    let chunk = vec![7; 1 << 16];
    let mut sent = 0;
    // The Odoo reads nothing yet, so all that is taken lies in the buffers of sockets and in the edge.
    while let Ok(written) =
        timeout(Duration::from_millis(500), stream.write(&chunk[..chunk.len().min(SIZE - sent)]))
            .await
    {
        sent += written.unwrap();
    }
    assert!(sent < SIZE / 2, "the edge has taken {sent} bytes that nobody reads");
    gate.notify_one();
    while sent < SIZE {
        sent += stream.write(&chunk[..chunk.len().min(SIZE - sent)]).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with(&SIZE.to_string()), "{answer}");
    let grown = resident().saturating_sub(before);
    assert!(grown < 48 << 20, "{grown} bytes more than before");
}

/// Bytes of memory that this process holds.
pub(crate) fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test]
async fn a_change_of_the_route_leaves_a_running_download_alone() {
    let world = World::new().await;
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let slow = move || {
        let opened = opened.clone();
        async move {
            let first = futures::stream::once(async { Ok::<_, std::io::Error>("first ") });
            let rest = futures::stream::once(async move {
                opened.notified().await;
                Ok("rest")
            });
            Body::from_stream(first.chain(rest))
        }
    };
    world.route("demo", odoo(serve(Router::new().fallback(slow)).await)).await;

    let mut download = TcpStream::connect(world.address).await.unwrap();
    download
        .write_all(b"GET /file HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    read_head(&mut download).await;
    // The piece stands in a chunk, behind its length.
    let mut first = [0; 9];
    download.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"6\r\nfirst ");

    world.route("demo", RouteTarget::Stopped).await;
    assert_eq!(get(world.address, "demo.localhost", "/").await.code(), "stopped");
    gate.notify_one();
    let mut rest = String::new();
    download.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "\r\n4\r\nrest\r\n0\r\n\r\n");
}
