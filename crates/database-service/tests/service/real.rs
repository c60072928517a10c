use serde_json::json;
use crate::world::{World, stocked, works, log_in, Tenant};
use std::sync::Arc;
use runtime::Runtime;

#[tokio::test(flavor = "multi_thread")]
async fn real_odoo() {
    let mut options = stocked();
    options.build_limits = database_service::Options::default().build_limits;
    let world = World::with(options).await;
    let runtime: Arc<dyn Runtime> = Arc::clone(&world.runtime.local) as Arc<dyn Runtime>;
    let worker = database_service::worker(&world.context, runtime, 8);
    let body = json!({"max_instances": 5});
    world.staff("POST", "/admin/provision-pool", Some(body)).await;
    let t = std::time::Instant::now();
    worker.settle().await.unwrap();
    eprintln!("settled after {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let (_, answer) = world.allocated(json!({"template": "odoo-19.0"})).await;
    eprintln!("allocated in {:?}: {}", t.elapsed(), answer["template"]);
    assert!(works(&answer).await);
    let mut session = log_in(&answer, None).await.unwrap();
    let n: i64 = sqlx::query_scalar("select count(*) from ir_attachment where db_datas is not null").fetch_one(&mut session).await.unwrap();
    let foreign: i64 = sqlx::query_scalar("select count(*) from pg_class where relnamespace='public'::regnamespace and relowner <> current_user::regrole").fetch_one(&mut session).await.unwrap();
    eprintln!("{n} bundles in the database, {foreign} relations of others");
    let size: i64 = sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(&mut session).await.unwrap();
    let dump: i32 = sqlx::query_scalar("select length(dump) from database.db_templates").fetch_one(&world.pool).await.unwrap();
    eprintln!("size {} MB dump {} MB", size >> 20, dump >> 20);
    // dedicated with restore
    let tenant = Tenant::new();
    let more = json!({"db_type": "dedicated", "template": "odoo-19.0"});
    world.allocate(&tenant, more.clone()).await;
    let t = std::time::Instant::now();
    worker.settle().await.unwrap();
    eprintln!("dedicated settled after {:?}", t.elapsed());
    let (_, answer) = world.allocate(&tenant, more).await;
    eprintln!("dedicated {} works {}", answer["template"], works(&answer).await);
    let (_, found) = world.staff("GET", "/admin/inventory", None).await;
    eprintln!("{found}");
    let mut times = Vec::new();
    world.settle().await;
    for _ in 0..3 {
        let t = std::time::Instant::now();
        world.allocated(json!({"template": "odoo-19.0"})).await;
        times.push(t.elapsed());
    }
    eprintln!("allocate {times:?}");
}
