use crate::http::{browse, get, get_with, raw};
use crate::world::World;

#[tokio::test]
async fn every_prefix_leads_to_its_service_and_is_stripped() {
    let world = World::new().await;
    for (service, path, target) in [
        ("user", "/user/auth/login", "/auth/login"),
        ("instance", "/instance/api/v1/instances/?limit=3", "/api/v1/instances/?limit=3"),
        ("billing", "/billing/api/billing/plans", "/api/billing/plans"),
        ("database", "/database/api/database/admin/pools?a=%2F", "/api/database/admin/pools?a=%2F"),
        ("user", "/user", "/"),
    ] {
        for host in ["api.localhost", "API.localhost:8080", "127.0.0.1:8080", "[::1]"] {
            let answer = get(world.address, host, path).await;
            assert_eq!(answer.status, 200, "{host} {path}");
            assert_eq!(answer.json()["service"], service, "{host} {path}");
            assert_eq!(answer.json()["target"], target, "{host} {path}");
        }
    }
}

#[tokio::test]
async fn a_service_that_is_away_is_503_in_our_format() {
    let world = World::new().await;
    let answer = get(world.address, "api.localhost", "/notification/api/v1/emails").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}

#[tokio::test]
async fn paths_that_are_nobodys_or_have_two_readings_are_refused() {
    let world = World::new().await;
    for (path, status, code) in [
        ("/", 404, "not_found"),
        ("/users/x", 404, "not_found"),
        ("/metrics", 404, "not_found"),
        ("//user/x", 400, "malformed"),
        ("/user/../database/api/database/admin/pools", 400, "malformed"),
        ("/user/%2e%2e/database", 400, "malformed"),
        ("/user%2fx", 400, "malformed"),
        ("/user/..%5cdatabase", 400, "malformed"),
        ("/user/..;/internal/customers/x", 400, "malformed"),
        ("/user/%2e%2e/internal", 400, "malformed"),
        ("/user/x%2f..%2f..%2finternal", 400, "malformed"),
        ("/%75ser/auth/login", 404, "not_found"),
        ("/USER/auth/login", 404, "not_found"),
        ("/user/metrics", 404, "not_found"),
        ("/billing/metrics/", 404, "not_found"),
        ("/database/%6detrics", 404, "not_found"),
        ("/user/internal/customers/x", 404, "not_found"),
        ("/user/INTERNAL/customers/x", 404, "not_found"),
        ("/notification/internal?x=1", 404, "not_found"),
    ] {
        for host in ["api.localhost", "127.0.0.1"] {
            let answer = get(world.address, host, path).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{host} {path}");
        }
    }
}

#[tokio::test]
async fn a_target_that_names_its_host_is_judged_by_it() {
    let world = World::new().await;
    let request = "GET http://api.localhost/user/x?y HTTP/1.1\r\nHost: api.localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(world.address, request).await.json()["target"], "/x?y");
    let two_minds = request.replace("Host: api.", "Host: app.");
    assert_eq!(raw(world.address, &two_minds).await.status, 400);
}

#[tokio::test]
async fn the_console_and_the_bare_base_have_their_places() {
    let world = World::new().await;
    let answer = get(world.address, "app.localhost:8080", "/login").await;
    assert_eq!((answer.json()["service"].as_str(), answer.status), (Some("console"), 200));
    let answer = browse(world.address, "localhost:8080", "/").await;
    assert_eq!(
        (answer.status, answer.headers["location"].as_str()),
        (307, "//app.localhost:8080/")
    );
}

#[tokio::test]
async fn a_host_that_is_nobodys_gets_a_page_or_an_error() {
    let world = World::new().await;
    for host in ["nobody.localhost", "a.b.localhost", "example.com", "localhost.example.com"] {
        let page = browse(world.address, host, "/").await;
        assert_eq!(page.status, 404, "{host}");
        assert!(page.body.contains("There is no Odoo at this address"), "{page:?}");
        assert_eq!(get(world.address, host, "/").await.code(), "not_found");
    }
}

#[tokio::test]
async fn an_api_request_has_a_correlation_id_that_comes_back() {
    let world = World::new().await;
    let id = "019ab000-0000-7000-8000-000000000001";
    let lines = format!("X-Correlation-Id: {id}\r\n");
    let answer = get_with(world.address, "api.localhost", "/user/x", &lines).await;
    assert_eq!(answer.headers["x-correlation-id"], id);
    let answer =
        get_with(world.address, "api.localhost", "/user/x", "X-Correlation-Id: a b\r\n").await;
    let fresh = &answer.headers["x-correlation-id"];
    assert!(fresh.parse::<vocabulary::CorrelationId>().is_ok(), "{fresh}");
    assert!(answer.body.contains(fresh.as_str()), "the service hears it too: {answer:?}");
}

#[tokio::test]
async fn the_edge_tells_how_it_is_and_counts() {
    let world = World::new().await;
    assert_eq!(get(world.address, "127.0.0.1", "/health").await.status, 200);
    assert_eq!(get(world.address, "127.0.0.1", "/ready").await.status, 200);
    let counted = |status: &edge::Status| {
        status.open == 0
            && status
                .requests
                .iter()
                .any(|r| (r.kind, r.status, r.count) == (edge::Kind::Api, 200, 2))
    };
    world.until(counted).await;
}

#[tokio::test]
async fn the_edges_numbers_can_be_read() {
    let world = World::new().await;
    world.route("demo", contract::instance::RouteTarget::Starting).await;
    world.route("lost", crate::world::odoo(crate::world::unused().await)).await;
    get(world.address, "demo.localhost", "/").await;
    get(world.address, "lost.localhost", "/").await;
    world.until(|status| status.open == 0 && status.requests.iter().any(|r| r.count == 2)).await;
    let numbers = world.numbers();
    for line in [
        "edge_requests_total{kind=\"tenant\",status=\"503\"} 2",
        "edge_pages_total{kind=\"starting\"} 2",
        "edge_upstream_failures_total{kind=\"tenant\"} 1",
        "edge_routes 2",
        "edge_routes_followed 1",
    ] {
        assert!(numbers.lines().any(|known| known == line), "{line}: {numbers}");
    }
}
