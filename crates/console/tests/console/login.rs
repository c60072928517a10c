use axum::http::StatusCode;

use crate::world::{HERE, World, header, text};

#[tokio::test]
async fn whoever_is_not_logged_in_is_sent_to_the_login() {
    let world = World::new().await;
    for (path, cookie) in [("/", ""), ("/live", ""), ("/", "saasodoo_session=v4.public.forged")] {
        let response = world.get(path, cookie).await;
        assert_eq!(
            (response.status(), header(&response, "location")),
            (StatusCode::SEE_OTHER, "/login")
        );
    }
    let page = text(world.get("/login", "").await).await;
    assert!(
        page.contains(
            r#"<input type="password" name="password" autocomplete="current-password" required>"#
        ),
        "{page}"
    );
    let response = world.get("/login", &world.customer()).await;
    assert_eq!(header(&response, "location"), "/");
}

#[tokio::test]
async fn the_token_lies_in_a_cookie_that_no_script_reads() {
    let world = World::new().await;
    let response =
        world.post("/login", "", HERE, "email=ann%40shop.example&password=correct+horse").await;
    assert_eq!((response.status(), header(&response, "location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = header(&response, "set-cookie").to_owned();
    assert!(cookie.starts_with("saasodoo_session=v4.public."), "{cookie}");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=5"), "{cookie}");
    let page = text(world.get("/", cookie.split(';').next().unwrap()).await).await;
    assert!(page.contains("ann@shop.example"), "{page}");

    let response = world.post("/logout", &cookie, HERE, "").await;
    assert!(header(&response, "set-cookie").starts_with("saasodoo_session=; "), "{response:?}");
    assert_eq!(header(&response, "location"), "/login");
}

#[tokio::test]
async fn a_wrong_login_says_so_and_keeps_what_was_typed() {
    let world = World::new().await;
    for (form, status, sentence) in [
        ("email=ann%40shop.example&password=x", 401, "do not belong together"),
        ("email=no-address&password=x", 401, "do not belong together"),
        ("email=ann%40shop.example&password=too+often", 429, "wait a minute"),
        ("", 401, "do not belong together"),
    ] {
        let response = world.post("/login", "", HERE, form).await;
        assert_eq!(response.status().as_u16(), status, "{form}");
        let page = text(response).await;
        assert!(page.contains(sentence), "{page}");
    }
    let page = text(world.post("/login", "", HERE, "email=%22%3E%3Cb%3E&password=x").await).await;
    assert!(page.contains("value=\"&quot;&gt;&lt;b&gt;\""), "{page}");
}

#[tokio::test]
async fn a_form_from_a_neighbour_is_refused() {
    let world = World::new().await;
    let form = "email=ann%40shop.example&password=correct+horse";
    for path in ["/login", "/logout", "/instances/019ab000-0000-7000-8000-000000000001/stop"] {
        let response =
            world.post(path, &world.customer(), "http://demo.localhost:8080", form).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(world.services.acts.lock().unwrap().is_empty());
}
