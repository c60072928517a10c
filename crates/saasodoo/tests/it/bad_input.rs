//! Bad input by hand: each is answered with a clear error, and nothing is lost.

use crate::platform::Platform;

/// Orders, allocations and tokens that are wrong in every way that people think of.
pub(crate) fn is_answered_clearly(platform: &Platform) {
    orders(platform);
    allocations(platform);
    tokens(platform);
    commands(platform);
    assert_eq!(platform.status("acme").0, "running", "nothing was lost");
}

fn orders(platform: &Platform) {
    let staff = platform.text(&["token", "--staff"]);
    let customer = platform.json(&["instance", "acme"])["customer_id"].as_str().unwrap().to_owned();
    let long = "x".repeat(300);
    let drop = "'; DROP TABLE instances; --";
    let cases = [
        (409, "subdomain", "acme"),
        (409, "subdomain", "api"),
        (422, "subdomain", drop),
        (422, "subdomain", &long),
        (422, "name", &long),
        (422, "plan_name", "no-such-plan"),
        (422, "plan_name", drop),
        (422, "odoo_version", "99.0"),
        (422, "odoo_version", drop),
        (422, "admin_email", drop),
        (422, "customer_id", drop),
        (422, "no_such_field", "1"),
    ];
    for (status, field, value) in cases {
        let mut body = serde_json::json!({
            "customer_id": customer, "plan_name": "basic-immediate", "subdomain": "fresh-name",
            "name": "Fresh", "odoo_version": "19.0", "admin_email": "ann@example.com",
        });
        body[field] = value.into();
        let body = body.to_string();
        let answer = platform.call("POST", "/billing/api/billing/instances", &staff, Some(&body));
        assert_eq!(answer.status, status, "{field}={value}: {}", answer.text);
        let error = &answer.json()["error"];
        assert!(error["code"].is_string() && error["message"].is_string(), "{}", answer.text);
        if status == 422 {
            assert!(answer.text.contains(field), "{field}: {}", answer.text);
        }
    }
}

fn allocations(platform: &Platform) {
    let token = platform.text(&["token", "--staff"]);
    for size in ["-1", "0", "1001", "\"many\"", "1.5"] {
        let body = format!(r#"{{"max_instances":{size}}}"#);
        let path = "/database/api/database/admin/provision-pool";
        let answer = platform.call("POST", path, &token, Some(&body));
        assert_eq!(answer.status, 422, "{size}: {}", answer.text);
    }
    let answer = platform.call("POST", "/database/api/database/allocate", &token, Some("{"));
    assert!([400, 403, 422].contains(&answer.status), "{}", answer.text);
}

fn tokens(platform: &Platform) {
    for token in ["", "wrong", "v4.public.AAAA"] {
        let answer = platform.call("GET", "/instance/api/v1/instances", token, None);
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    let stranger = platform.text(&["token", "--customer", "bob@example.com"]);
    let id = platform.json(&["instance", "acme"])["id"].as_str().unwrap().to_owned();
    let path = format!("/instance/api/v1/instances/{id}");
    assert_eq!(platform.call("GET", &path, &stranger, None).status, 404);
    assert_eq!(
        platform.call("GET", "/database/api/database/admin/pools", &stranger, None).status,
        403
    );
}

fn commands(platform: &Platform) {
    assert_eq!(platform.refused(&["order", "--plan", "Basic Monthly", "--subdomain", "x"]).0, 2);
    assert_eq!(platform.refused(&["instance", "nobody"]).0, 3);
    assert_eq!(platform.refused(&["--url", "http://127.0.0.1:9", "instances"]).0, 4);
}
