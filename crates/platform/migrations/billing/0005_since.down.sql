alter table entitlements drop column since;
