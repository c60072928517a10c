//! The tables of Odoo that an identity is written into, as a template has them.

use runtime::DatabaseAddress;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};

const TABLES: &str = "
    create table ir_module_module (id serial primary key, name varchar not null unique, state varchar);
    insert into ir_module_module (name, state) values
        ('base', 'installed'), ('web', 'installed'), ('crm', 'uninstalled');
    create table ir_config_parameter (
        id serial primary key, key varchar not null unique, value text not null,
        create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
    insert into ir_config_parameter (key, value) values
        ('database.uuid', 'the template''s'), ('database.secret', 'the template''s'), ('web.base.url', 'http://localhost:8069');
    create table res_lang (id serial primary key, code varchar not null, active boolean);
    insert into res_lang (code, active) values ('en_US', true), ('de_DE', false);
    create table res_partner (
        id serial primary key, name varchar, complete_name varchar, email varchar, lang varchar, tz varchar);
    insert into res_partner (name, complete_name, lang) values
        ('My Company', 'My Company', 'en_US'), ('System', 'System', 'en_US'), ('Administrator', 'Administrator', 'en_US');
    create table res_company (id serial primary key, name varchar, partner_id integer references res_partner);
    insert into res_company (name, partner_id) values ('My Company', 1);
    create table res_users (
        id serial primary key, login varchar not null unique, password varchar, active boolean,
        partner_id integer references res_partner, company_id integer references res_company);
    insert into res_users (login, active, partner_id, company_id) values
        ('__system__', false, 2, 1), ('admin', true, 3, 1);
";

/// What `odoo -i base` leaves behind, as far as it matters here.
pub(crate) async fn install(database: &DatabaseAddress) -> anyhow::Result<()> {
    let mut conn = connect(database).await?;
    conn.execute(TABLES).await?;
    Ok(conn.close().await?)
}

pub(crate) async fn connect(database: &DatabaseAddress) -> sqlx::Result<PgConnection> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&database.host)
        .port(database.port)
        .database(&database.name)
        .username(&database.user)
        .password(database.password.expose_secret());
    PgConnection::connect_with(&options).await
}
