//! Every claim of the contract suite.

use runtime::contract_suite::{server, tenant};

use crate::bench::LocalBench;

macro_rules! claims {
    ($($module:ident::$claim:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $claim() {
            let bench = LocalBench::new().await;
            $module::$claim(&bench).await;
            bench.is_clean().await;
        }
    )*};
}

claims! {
    server::a_server_runs_and_asks_for_its_password,
    server::a_server_is_restarted_by_another_description_only,
    server::a_stopped_server_keeps_what_it_has,
    server::a_removed_server_leaves_nothing,
    server::a_crashed_server_comes_back,
    server::a_server_outlives_the_platform,
    server::a_server_has_a_log,
    server::several_servers_start_at_once,
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_and_jobs_do_as_the_contract_says() {
    let bench = LocalBench::new().await;
    tenant::all(&bench, odoo::asset_script()).await;
    bench.is_clean().await;
}
