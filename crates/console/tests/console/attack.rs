//! What a stranger, a neighbour or a customer with a hostile name tries in a browser.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::world::{HERE, World, header, instance, invoice, server, text};

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>";
const FORM: &str = "email=ann%40shop.example&password=correct+horse";

#[tokio::test]
async fn names_that_are_markup_are_shown_as_text() {
    let world = World::new().await;
    let mut hostile = instance(SCRIPT, "running", SCRIPT);
    for field in ["plan_name", "odoo_version", "admin_email"] {
        hostile[field] = json!(SCRIPT);
    }
    hostile["url"] = json!("http://shop.localhost:8080");
    world.services.instances.lock().unwrap().push(hostile);
    let mut bill = invoice(1, "5.00");
    bill["items"][0]["plan_name"] = json!(SCRIPT);
    bill["currency"] = json!(SCRIPT);
    world.services.invoices.lock().unwrap().push(bill);
    let mut machine = server(SCRIPT, 1);
    machine["status_reason"] = json!(SCRIPT);
    world.services.servers.lock().unwrap().push(machine);

    for cookie in [world.customer(), world.staff()] {
        let page = text(world.get("/", &cookie).await).await;
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
        assert!(!page.contains("\"'>"), "an attribute ends early: {page}");
    }
}

#[tokio::test]
async fn pages_run_their_own_scripts_only_and_stand_in_no_frame() {
    let world = World::new().await;
    for (path, cookie) in [("/", world.customer()), ("/login", String::new())] {
        let response = world.get(path, &cookie).await;
        let policy = header(&response, "content-security-policy").to_owned();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header(&response, "x-frame-options"), "DENY");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "same-origin");
        let page = text(response).await;
        let scripts: Vec<_> = page.split("<script").skip(1).collect();
        assert!(scripts.iter().all(|script| script.starts_with(" src=\"/assets/")), "{page}");
        assert!(!page.contains("javascript:") && !page.contains(" onclick="), "{page}");
        assert!(!page.contains("<style"), "{page}");
    }
}

#[tokio::test]
async fn the_login_leads_nowhere_but_home() {
    let world = World::new().await;
    for path in ["/login?next=//evil.example", "/login?next=https://evil.example&return_to=//x"] {
        let response = world.post(path, "", HERE, FORM).await;
        assert_eq!(header(&response, "location"), "/", "{path}");
        let response = world.get(path, &world.customer()).await;
        assert_eq!(header(&response, "location"), "/", "{path}");
    }
    for path in ["//evil.example", "//evil.example/%2f..", "/%5cevil.example"] {
        let response = world.get(path, "").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn behind_https_the_cookie_never_leaves_it() {
    let world = World::new().await;
    for (told, is_secure) in [(None, false), (Some("http"), false), (Some("https"), true)] {
        let mut request = Request::post("/login")
            .header("host", "app.localhost:8080")
            .header("origin", HERE)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(told) = told {
            request = request.header("x-forwarded-proto", told);
        }
        let response = world.ask(request.body(Body::from(FORM)).unwrap()).await;
        let cookie = header(&response, "set-cookie");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        assert_eq!(cookie.ends_with("; Secure"), is_secure, "{cookie}");
    }
}

#[tokio::test]
async fn a_form_counts_for_its_visitor_and_not_for_the_console() {
    let world = World::new().await;
    let request = Request::post("/login")
        .header("host", "app.localhost:8080")
        .header("x-forwarded-for", "192.0.2.7")
        .header("content-type", "application/x-www-form-urlencoded");
    world.ask(request.body(Body::from(FORM)).unwrap()).await;
    assert_eq!(*world.services.visitors.lock().unwrap(), ["192.0.2.7"]);
}

#[tokio::test]
async fn a_cookie_that_a_neighbour_has_planted_is_nobody() {
    let world = World::new().await;
    let planted = format!("saasodoo_session=v4.public.planted; {}", world.customer());
    let page = text(world.get("/", &planted).await).await;
    assert!(page.contains("ann@shop.example"), "{page}");
    let response = world.get("/", "saasodoo_session=v4.public.planted").await;
    assert_eq!(header(&response, "location"), "/login");
}
