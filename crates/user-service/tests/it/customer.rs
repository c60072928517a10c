use serde_json::json;

use crate::world::World;

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn staff_make_a_customer_once_however_often_they_ask() {
    let world = World::new().await;
    let staff = world.identity.staff();
    let body = json!({"email": ANN, "company": "Ann's Bakery"});
    let ask = || world.call("PUT", "/admin/customers", Some(&staff.token), Some(body.clone()));
    let answers = futures::future::join_all((0..10).map(|_| ask())).await;
    let (status, first) = &answers[0];
    assert_eq!((*status, &first["name"]), (200, &json!("Ann's Bakery")));
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let id = first["id"].as_str().unwrap();
    let (_, found) = world.get("/admin/customers?email=ann@example.com", &staff.token).await;
    assert_eq!(found["customers"], json!([first]));
    assert_eq!(world.get(&format!("/admin/customers/{id}"), &staff.token).await.1, *first);
    let service = world.identity.service("billing-service").token;
    assert_eq!(world.get(&format!("/internal/customers/{id}"), &service).await.1, *first);
    assert_eq!(world.get(&format!("/internal/customers/{id}"), &staff.token).await.0, 403);
    assert_eq!(world.audit().await, ["make_customer by staff staff@example.com: done"]);
}

#[tokio::test]
async fn customers_are_listed_page_by_page_newest_first() {
    let world = World::new().await;
    let staff = world.identity.staff();
    for number in 0..51 {
        let body = json!({"email": format!("c{number}@example.com")});
        world.call("PUT", "/admin/customers", Some(&staff.token), Some(body)).await;
    }
    let (_, first) = world.get("/admin/customers", &staff.token).await;
    assert_eq!(first["customers"].as_array().unwrap().len(), 50);
    assert_eq!(first["customers"][0]["email"], "c50@example.com");
    let next = first["next"].as_str().unwrap();
    let (_, second) = world.get(&format!("/admin/customers?after={next}"), &staff.token).await;
    assert_eq!(second["customers"][0]["email"], "c0@example.com");
    assert_eq!(second.get("next"), None);
}

#[tokio::test]
async fn members_change_their_own_names() {
    let world = World::new().await;
    let token = world.member(ANN, "correct horse battery").await;
    let body = json!({"first_name": "Anne", "last_name": "Smith-Jones"});
    let (status, profile) = world.call("PUT", "/users/profile", Some(&token), Some(body)).await;
    assert_eq!((status, &profile["first_name"]), (200, &json!("Anne")));
    assert_eq!(world.get("/users/profile", &token).await.1, profile);
    let last = world.audit().await.pop();
    assert_eq!(last.as_deref(), Some("change_profile by customer ann@example.com: done"));
}
