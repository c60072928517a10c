drop table plan_entitlements;
