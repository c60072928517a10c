drop table engine_outbox, engine_overdue_transitions, engine_payments, engine_invoice_items, engine_invoices,
    engine_invoice_numbers, engine_subscription_events, engine_trials, engine_subscriptions, engine_accounts,
    engine_catalogue;
