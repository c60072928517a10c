use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::world::World;

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let world = World::new().await;
    let error =
        world.another_on(taken.local_addr().unwrap()).err().map(|error| format!("{error:#}"));
    let text = error.unwrap_or_default();
    assert!(
        text.starts_with("the edge cannot listen on 127.0.0.1:") && text.contains("in use"),
        "{text}"
    );
}

#[tokio::test]
async fn stopping_closes_every_connection_and_the_port() {
    let world = World::new().await;
    let edge = world.another_on(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let (address, stop) = (edge.address(), CancellationToken::new());
    let running = tokio::spawn(edge.run(stop.clone()));
    let mut kept = TcpStream::connect(address).await.unwrap();
    kept.write_all(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
    assert_eq!(kept.read_u8().await.unwrap(), b'H');

    stop.cancel();
    timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(5), kept.read_to_end(&mut rest)).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
}
