-- Removes exactly what the migration added; the check and the index go with the column.
alter table plan_entitlements drop column db_type;
