drop table billing_audit, engine_feed, entitlements, orders;
