use crate::http::{get, get_with, raw};
use crate::world::{World, echo, odoo};

fn values<'a>(answer: &'a serde_json::Value, name: &str) -> Vec<&'a str> {
    let headers = answer["headers"].as_array().unwrap();
    let named = headers.iter().filter(|header| header[0] == name);
    named.map(|header| header[1].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_a_client_says_about_its_origin_is_replaced() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    let spoofed = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX-Forwarded-Host: evil\r\n\
                   X-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Server: evil\r\n\
                   X_Forwarded_For: 8.8.8.8\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\
                   True-Client-IP: 6.6.6.6\r\nX-Correlation-Id: 019ab000-0000-7000-8000-000000000001\r\n";
    for (host, path) in [("demo.localhost:8080", "/web"), ("api.localhost:8080", "/user/x")] {
        let seen = get_with(world.address, host, path, spoofed).await.json();
        assert_eq!(values(&seen, "x-forwarded-for"), ["127.0.0.1"], "{seen}");
        assert_eq!(values(&seen, "x-real-ip"), ["127.0.0.1"]);
        assert_eq!(values(&seen, "x-forwarded-host"), [host]);
        assert_eq!(values(&seen, "x-forwarded-proto"), ["http"]);
        assert_eq!(values(&seen, "x-forwarded-port"), ["8080"]);
        assert_eq!(
            values(&seen, "forwarded"),
            [format!("for=\"127.0.0.1\";host=\"{host}\";proto=http")]
        );
        assert_eq!(values(&seen, "host"), [host]);
        let all = seen.to_string();
        assert!(
            !all.contains("6.6.6.6") && !all.contains("8.8.8.8") && !all.contains("evil"),
            "{all}"
        );
    }
    let tenant = get_with(world.address, "demo.localhost", "/", spoofed).await;
    assert!(
        values(&tenant.json(), "x-correlation-id").is_empty()
            && !tenant.headers.contains_key("x-correlation-id")
    );
}

#[tokio::test]
async fn headers_of_one_hop_stay_on_it() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    let lines =
        "TE: trailers\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\n";
    let seen = get_with(world.address, "demo.localhost", "/", lines).await.json();
    for name in ["te", "keep-alive", "proxy-authorization", "upgrade"] {
        assert!(values(&seen, name).is_empty(), "{name}: {seen}");
    }
    let request =
        "GET / HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close, X-Forwarded-For\r\n\r\n";
    assert_eq!(raw(world.address, request).await.status, 400);
}

#[tokio::test]
async fn lengths_that_conflict_are_refused() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    for lengths in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +3\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\n{lengths}\r\nabcd"
        );
        assert_eq!(raw(world.address, &request).await.status, 400, "{lengths}");
    }
    // Both at once: only the chunks count, and nothing behind them is read as another request.
    let smuggled = "POST / HTTP/1.1\r\nHost: demo.localhost\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\nabc\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: demo.localhost\r\n\r\n";
    let answer = raw(world.address, smuggled).await;
    assert!(!answer.body.contains("/second"), "{answer:?}");
}

#[tokio::test]
async fn hosts_must_be_there_once_and_plain() {
    let world = World::new().await;
    for lines in [
        "",
        "Host: api.localhost\r\nHost: app.localhost\r\n",
        "Host: user@api.localhost\r\n",
        "Host: api.localhost\"\r\n",
        "Host: \r\n",
    ] {
        let request = format!("GET /user/x HTTP/1.1\r\n{lines}Connection: close\r\n\r\n");
        assert_eq!(raw(world.address, &request).await.status, 400, "{lines}");
    }
    assert_eq!(raw(world.address, "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n").await.status, 405);
}

#[tokio::test]
async fn headers_beyond_64_kib_are_refused() {
    let world = World::new().await;
    let line = format!("X-Long: {}\r\n", "x".repeat(70_000));
    let answer = get_with(world.address, "api.localhost", "/user/x", &line).await;
    assert_eq!((answer.status, answer.code().as_str()), (431, "headers_too_large"));
}

#[tokio::test]
async fn pages_about_databases_are_closed() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    for path in ["/web/database/manager", "/web%2Fdatabase", "//web/database/drop", "/xmlrpc/2/db"]
    {
        let answer = get(world.address, "demo.localhost", path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    assert_eq!(get(world.address, "demo.localhost", "/web/login").await.status, 200);
}
