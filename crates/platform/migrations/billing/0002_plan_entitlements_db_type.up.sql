-- Where the database of an instance of this plan lies: on a shared server, or on one of its own.
-- Added with a default, so that the version still running can go on inserting rows without it.
alter table plan_entitlements
    add column db_type text not null default 'shared',
    add constraint plan_entitlements_db_type_is_known check (db_type in ('shared', 'dedicated'));

update plan_entitlements set db_type = 'dedicated' where plan_name like 'premium%';

create index plan_entitlements_db_type on plan_entitlements (db_type);
