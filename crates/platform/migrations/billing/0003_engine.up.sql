-- The embedded billing engine. Facts are only ever added; accounts, and the demand of an invoice, are the heads.

-- Amounts are written with the decimals of their currency and read back with them, so their columns set no scale.
create table engine_catalogue (
    plan_name text not null,
    effective_at timestamptz not null,
    currency text not null constraint engine_catalogue_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    trial_days integer not null constraint engine_catalogue_trial_days_are_days check (trial_days between 0 and 365),
    price numeric not null constraint engine_catalogue_price_is_not_negative check (price >= 0),
    primary key (plan_name, effective_at)
);

create table engine_accounts (
    id uuid primary key,
    customer_id uuid not null constraint engine_accounts_one_per_customer unique,
    currency text not null constraint engine_accounts_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null,
    settled_at timestamptz not null,
    next_due_at timestamptz
);
create index engine_accounts_next_due_at on engine_accounts (next_due_at);

create table engine_subscriptions (
    id uuid primary key,
    account_id uuid not null references engine_accounts,
    bundle_key uuid not null constraint engine_subscriptions_bundle_is_taken unique,
    created_at timestamptz not null
);
create index engine_subscriptions_account_id on engine_subscriptions (account_id);

-- The primary key is the rule: an account has one trial, ever.
create table engine_trials (
    account_id uuid constraint engine_trials_one_per_account primary key references engine_accounts,
    subscription_id uuid not null references engine_subscriptions,
    granted_at timestamptz not null
);

-- An event in the future may be taken back (is_active); one in the past never is.
create table engine_subscription_events (
    id uuid primary key,
    sequence bigint generated always as identity,
    subscription_id uuid not null references engine_subscriptions,
    kind text not null constraint engine_subscription_events_kind_is_known
        check (kind in ('create', 'phase', 'pause', 'resume', 'cancel')),
    effective_at timestamptz not null,
    plan_name text,
    phase text constraint engine_subscription_events_phase_is_known check (phase in ('trial', 'evergreen')),
    is_active boolean not null default true,
    recorded_at timestamptz not null,
    constraint engine_subscription_events_say_what_they_must check (
        (kind = 'create') = (plan_name is not null) and (kind in ('create', 'phase')) = (phase is not null))
);
create index engine_subscription_events_subscription_id on engine_subscription_events (subscription_id);

-- One row: invoice numbers have no gaps, which no sequence promises.
create table engine_invoice_numbers (
    is_only boolean primary key default true check (is_only),
    latest bigint not null
);
insert into engine_invoice_numbers (latest) values (0);

create table engine_invoices (
    id uuid primary key,
    account_id uuid not null references engine_accounts,
    number bigint not null constraint engine_invoices_number_is_unique unique,
    invoice_date date not null,
    target_date date not null,
    demanded_at timestamptz,
    created_at timestamptz not null
);
create index engine_invoices_account_id on engine_invoices (account_id);

create table engine_invoice_items (
    id uuid primary key,
    sequence bigint generated always as identity,
    invoice_id uuid not null references engine_invoices,
    subscription_id uuid references engine_subscriptions,
    kind text not null constraint engine_invoice_items_kind_is_known
        check (kind in ('fixed', 'recurring', 'repair_adj', 'cba_adj')),
    plan_name text,
    start_date date not null,
    end_date date,
    rate numeric,
    amount numeric not null,
    linked_item_id uuid references engine_invoice_items,
    constraint engine_invoice_items_end_after_they_start check (end_date is null or start_date < end_date),
    constraint engine_invoice_items_only_credit_has_no_subscription check ((kind = 'cba_adj') = (subscription_id is null)),
    constraint engine_invoice_items_only_repairs_are_linked check ((kind = 'repair_adj') = (linked_item_id is not null))
);
create index engine_invoice_items_invoice_id on engine_invoice_items (invoice_id);

create table engine_payments (
    id uuid primary key,
    account_id uuid not null references engine_accounts,
    invoice_id uuid not null references engine_invoices,
    reference text not null constraint engine_payments_reference_is_taken unique,
    amount numeric not null constraint engine_payments_amount_is_positive check (amount > 0),
    recorded_at timestamptz not null
);
create index engine_payments_account_id on engine_payments (account_id);

create table engine_overdue_transitions (
    id uuid primary key,
    sequence bigint generated always as identity,
    account_id uuid not null references engine_accounts,
    state text not null constraint engine_overdue_transitions_state_is_known
        check (state in ('clear', 'warning', 'blocked', 'cancellation')),
    effective_at timestamptz not null
);
create index engine_overdue_transitions_account_id on engine_overdue_transitions (account_id);

-- What happened, in order. Who adds rows holds an advisory lock in shared mode until the transaction ends; who reads
-- takes it alone for a moment, so that a slow transaction's row is never passed over.
create table engine_outbox (
    sequence bigint generated always as identity primary key,
    account_id uuid not null references engine_accounts,
    event_type text not null,
    object_id uuid not null,
    created_at timestamptz not null
);
