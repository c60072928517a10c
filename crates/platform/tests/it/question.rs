//! The questions that people ask with `psql`, as they stand.

use std::process::Command;

use platform::environment;
use testkit::Platform;

const PLANS: &str = "SELECT plan_name, db_type FROM plan_entitlements ORDER BY plan_name";
const INSTANCES: &str = "SELECT id, name, db_type, db_host, status FROM instances LIMIT 5";

#[tokio::test]
async fn psql_answers_which_database_a_plan_has() {
    let platform = Platform::new().await;
    sqlx::query(
        "insert into plan_entitlements (plan_name, effective_date, cpu_limit, memory_limit, storage_limit, db_type)
         values ('zz-shared', now(), 1, '2G', '10G', 'shared'), ('zz-own', now(), 4, '8G', '50G', 'dedicated')",
    )
    .execute(&platform.pool("billing_service"))
    .await
    .unwrap();
    let answer = psql(&platform, "billing_service", PLANS);
    assert!(answer.contains("zz-own|dedicated\nzz-shared|shared\n"), "{answer}");
}

#[tokio::test]
async fn psql_answers_where_instances_have_their_database() {
    let platform = Platform::new().await;
    assert_eq!(psql(&platform, "database_service", INSTANCES), "");
}

/// `psql -U role -d database -c question`, with nothing but what `saasodoo env` exports.
fn psql(platform: &Platform, role: &str, question: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let server = platform.admin();
    let environment =
        environment(folder.path(), server.get_host(), server.get_port(), platform.credentials())
            .unwrap();
    let options = platform.connect_options(role);
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--no-password", "--no-align", "--tuples-only", "-U", role])
        .args(["-d", options.get_database().unwrap(), "-c", question])
        .envs(environment.variables())
        .env_remove("PGPASSWORD")
        .output()
        .expect("psql is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
