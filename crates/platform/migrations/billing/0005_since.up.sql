-- Since when an instance stands as it does: when it was ordered or paid, as far as that is known, and not when we looked. It is
-- stated with the rest, so that the time from a payment to a running Odoo can be measured where the Odoo is seen to run.
alter table entitlements add column since timestamptz;
