//! The embedded engine on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use billing_engine::{
    BillingEngine, Block, CancelPolicy, CataloguePlan, Clock as _, Cursor, Dunning, Embedded,
    EngineError, ManualClock, NewPayment, NewSubscription, Overdue, Start, SubscriptionState,
};
use chrono::{TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::PgPool;
use std::sync::Arc;
use testkit::Platform;
use vocabulary::{AccountId, CustomerId, InstanceId, InvoiceId, SubscriptionId};

struct World {
    engine: Embedded,
    clock: ManualClock,
    pool: PgPool,
    _platform: Platform,
}

impl World {
    async fn new() -> Self {
        let platform = Platform::only("billing_service").await;
        let pool = platform.pool("billing_service");
        let clock = ManualClock::at("2026-01-15T10:00:00Z".parse().unwrap());
        let engine = Embedded::new(pool.clone(), Arc::new(clock.clone()), Dunning::default());
        engine.publish(&[plan("basic-monthly", 14), plan("basic-immediate", 0)]).await.unwrap();
        Self { engine, clock, pool, _platform: platform }
    }

    async fn account(&self) -> AccountId {
        self.engine.ensure_account(CustomerId::new(), "USD").await.unwrap()
    }

    async fn subscribe(&self, account: AccountId, plan: &str) -> (InstanceId, SubscriptionId) {
        let new = new(account, plan);
        (new.bundle, self.engine.create_subscription(&new).await.unwrap())
    }

    async fn state(&self, account: AccountId, instance: InstanceId) -> SubscriptionState {
        self.engine.snapshot(account).await.unwrap().of_instance(instance).unwrap().state
    }

    async fn pay_everything(&self, account: AccountId) {
        for invoice in self.engine.snapshot(account).await.unwrap().unpaid {
            let payment = payment(invoice.id, None, &invoice.id.to_string());
            self.engine.record_payment(&payment).await.unwrap();
        }
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

fn plan(name: &str, trial_days: u32) -> CataloguePlan {
    let price = Decimal::new(500, 2);
    CataloguePlan { name: name.parse().unwrap(), currency: "USD".to_owned(), trial_days, price }
}

fn new(account: AccountId, plan: &str) -> NewSubscription {
    let (bundle, plan) = (InstanceId::new(), plan.parse().unwrap());
    NewSubscription { account, bundle, plan, start: Start::AsPlanned }
}

fn payment(invoice: InvoiceId, cents: Option<i64>, reference: &str) -> NewPayment {
    let amount = cents.map(|cents| Decimal::new(cents, 2));
    NewPayment { invoice, amount, reference: reference.to_owned() }
}

#[tokio::test]
async fn what_is_written_is_what_is_read_back() {
    let world = World::new().await;
    let account = world.account().await;
    let (instance, id) = world.subscribe(account, "basic-immediate").await;
    world.pay_everything(account).await;
    world.clock.advance(TimeDelta::days(10));
    world.engine.pause(instance).await.unwrap();
    assert_eq!(world.state(account, instance).await, SubscriptionState::Blocked(Block::Paused));
    world.clock.advance(TimeDelta::days(2));
    world.engine.resume(instance).await.unwrap();
    world.engine.cancel(id, CancelPolicy::EndOfTerm).await.unwrap();
    let snapshot = world.engine.snapshot(account).await.unwrap();
    // 21 of 31 days back, 19 of 31 charged again from that credit.
    assert_eq!(snapshot.credit, Decimal::new(33, 2));
    assert_eq!(
        snapshot.subscriptions[0].ends_at.unwrap().to_rfc3339(),
        "2026-02-15T00:00:00+00:00"
    );
    world.engine.uncancel(id).await.unwrap();
    assert_eq!(world.engine.snapshot(account).await.unwrap().subscriptions[0].ends_at, None);
    let numbers: Vec<_> =
        world.engine.invoices(account).await.unwrap().iter().map(|i| i.number).collect();
    assert_eq!(numbers, [Some(3), Some(2), Some(1)]);
}

#[tokio::test]
async fn a_snapshot_is_never_older_than_the_clock() {
    let world = World::new().await;
    let account = world.account().await;
    let (instance, _) = world.subscribe(account, "basic-monthly").await;
    assert!(world.engine.due_accounts().await.unwrap().is_empty());
    world.clock.advance(TimeDelta::days(14 + 10));
    assert_eq!(world.engine.due_accounts().await.unwrap(), [account]);
    assert_eq!(world.state(account, instance).await, SubscriptionState::Blocked(Block::Unpaid));
    assert!(world.engine.due_accounts().await.unwrap().is_empty());
    let due = world.engine.settle(account).await.unwrap().unwrap();
    assert!(due > world.clock.now());
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_has_the_trial() {
    let world = World::new().await;
    let account = world.account().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (engine, new) = (world.engine.clone(), new(account, "basic-monthly"));
        asking.spawn(async move { engine.create_subscription(&new).await });
    }
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = |a: &Result<_, _>| matches!(a, Err(EngineError::TrialIsUsed));
    assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 5);
    assert_eq!(world.count("select count(*) from engine_trials").await, 1);
}

#[tokio::test]
async fn the_same_instance_has_one_subscription_however_often_it_is_asked_for() {
    let world = World::new().await;
    let account = world.account().await;
    let new = new(account, "basic-monthly");
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (engine, new) = (world.engine.clone(), new.clone());
        asking.spawn(async move { engine.create_subscription(&new).await.unwrap() });
    }
    let mut answers = asking.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let other = NewSubscription { account: world.account().await, ..new };
    let taken = world.engine.create_subscription(&other).await;
    assert!(matches!(taken, Err(EngineError::BundleIsTaken)), "{taken:?}");
}

#[tokio::test]
async fn the_same_reference_is_one_payment_also_when_sent_at_once() {
    let world = World::new().await;
    let account = world.account().await;
    world.subscribe(account, "basic-immediate").await;
    let invoice = world.engine.snapshot(account).await.unwrap().unpaid[0].id;
    let mut paying = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let engine = world.engine.clone();
        let payment = payment(invoice, Some(200), "transfer 1");
        paying.spawn(async move { engine.record_payment(&payment).await.unwrap() });
    }
    let mut payments = paying.join_all().await;
    payments.dedup();
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0].balance, Decimal::new(300, 2));
    let elsewhere = world.account().await;
    world.subscribe(elsewhere, "basic-immediate").await;
    let other = world.engine.snapshot(elsewhere).await.unwrap().unpaid[0].id;
    let taken = world.engine.record_payment(&payment(other, None, "transfer 1")).await;
    assert!(matches!(taken, Err(EngineError::ReferenceIsTaken)), "{taken:?}");
    let above = world.engine.record_payment(&payment(invoice, Some(301), "transfer 2")).await;
    assert!(matches!(above, Err(EngineError::AboveBalance(_))), "{above:?}");
}

#[tokio::test]
async fn invoice_numbers_have_no_gaps_also_when_acts_fail_and_race() {
    let world = World::new().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let engine = world.engine.clone();
        asking.spawn(async move {
            let account = engine.ensure_account(CustomerId::new(), "USD").await.unwrap();
            engine.create_subscription(&new(account, "basic-monthly")).await.unwrap();
            drop(engine.create_subscription(&new(account, "basic-monthly")).await);
        });
    }
    asking.join_all().await;
    let gaps = "select max(number) - count(*) from engine_invoices";
    assert_eq!(world.count(gaps).await, 0);
    assert_eq!(world.count("select count(*) from engine_invoices").await, 10);
}

#[tokio::test]
async fn a_demand_blocks_until_everything_is_paid() {
    let world = World::new().await;
    let account = world.account().await;
    let (instance, id) = world.subscribe(account, "basic-monthly").await;
    world.engine.demand(id).await.unwrap();
    assert_eq!(world.state(account, instance).await, SubscriptionState::Blocked(Block::Unpaid));
    assert_eq!(world.engine.snapshot(account).await.unwrap().overdue, Overdue::Blocked);
    let refused = world.engine.create_subscription(&new(account, "basic-immediate")).await;
    assert!(matches!(refused, Err(EngineError::AccountIsOverdue)));
    world.pay_everything(account).await;
    assert_eq!(world.state(account, instance).await, SubscriptionState::Active);
}

/// Reads on until this many accounts were told.
async fn told(world: &World, cursor: &mut Cursor, how_many: usize) -> Vec<AccountId> {
    let mut told = Vec::new();
    for _ in 0..400 {
        let (changed, end) = world.engine.changes_since(*cursor).await.unwrap();
        *cursor = end;
        told.extend(changed);
        if told.len() >= how_many {
            return told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("only {told:?} was told within 20 s");
}

#[tokio::test]
async fn every_change_is_told_once_and_none_is_passed_over() {
    let world = World::new().await;
    let mut cursor = Cursor::default();
    for _ in 0..3 {
        let account = world.account().await;
        world.subscribe(account, "basic-monthly").await;
        assert_eq!(told(&world, &mut cursor, 1).await, [account]);
    }
    let (early, late) = (world.account().await, world.account().await);
    // A transaction that begins earlier and ends later: its row must still be told.
    let mut slow = world.pool.begin().await.unwrap();
    let lock = "select pg_advisory_xact_lock_shared(x'5aa50b170001'::bigint)";
    sqlx::query(lock).execute(&mut *slow).await.unwrap();
    sqlx::query("insert into engine_outbox (account_id, event_type, object_id, created_at) values ($1, 'X', $1, $2)")
        .bind(early)
        .bind(Utc::now())
        .execute(&mut *slow)
        .await
        .unwrap();
    world.subscribe(late, "basic-monthly").await;
    assert!(world.engine.changes_since(cursor).await.unwrap().0.is_empty());
    slow.commit().await.unwrap();
    let mut both = told(&world, &mut cursor, 2).await;
    both.sort();
    assert_eq!(both, [early, late]);
}

#[tokio::test]
async fn publishing_again_adds_only_what_changed() {
    let world = World::new().await;
    world.clock.advance(TimeDelta::days(1));
    let plans = [plan("basic-monthly", 14), plan("basic-immediate", 0)];
    world.engine.publish(&plans).await.unwrap();
    assert_eq!(world.count("select count(*) from engine_catalogue").await, 2);
    let dearer = CataloguePlan { price: Decimal::new(900, 2), ..plans[1].clone() };
    world.engine.publish(&[dearer]).await.unwrap();
    assert_eq!(world.count("select count(*) from engine_catalogue").await, 3);
}

#[tokio::test]
async fn what_is_not_offered_says_so() {
    let world = World::new().await;
    let account = world.account().await;
    let (_, id) = world.subscribe(account, "basic-monthly").await;
    let plan = "basic-immediate".parse().unwrap();
    let error = world.engine.change_plan(id, &plan, CancelPolicy::Immediate).await.unwrap_err();
    assert!(matches!(error, EngineError::NotOffered(_)));
    assert!(matches!(
        world.engine.write_off(InvoiceId::new()).await,
        Err(EngineError::NotOffered(_))
    ));
}
