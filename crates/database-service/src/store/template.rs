//! `db_templates`.

use sqlx::PgConnection;
use vocabulary::{OdooVersion, ServerId};

use crate::options::TemplateOffer;
use crate::state::TemplateState;

/// A template without its dump, which is large.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// Its name.
    pub name: String,
    /// The Odoo that initialises it.
    pub odoo_version: OdooVersion,
    /// What is installed in it.
    pub modules: Vec<String>,
    /// How far its building is.
    pub state: TemplateState,
    /// The build that its dump is of; 0 before the first.
    pub generation: i32,
    /// Where it is being built.
    pub build: Option<Build>,
}

/// Where a template is being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build {
    /// On which server.
    pub server: ServerId,
    /// The name of the database, and of the role that owns it.
    pub name: String,
    /// The role's sealed password.
    pub password: Vec<u8>,
    /// What the server keeps of the password.
    pub verifier: String,
}

struct Row {
    name: String,
    odoo_version: OdooVersion,
    modules: Vec<String>,
    state: TemplateState,
    generation: i32,
    build_server_id: Option<ServerId>,
    build_name: Option<String>,
    build_password: Option<Vec<u8>>,
    build_verifier: Option<String>,
}

impl From<Row> for Template {
    fn from(row: Row) -> Self {
        let build =
            match (row.build_server_id, row.build_name, row.build_password, row.build_verifier) {
                (Some(server), Some(name), Some(password), Some(verifier)) => {
                    Some(Build { server, name, password, verifier })
                }
                _ => None,
            };
        Self {
            name: row.name,
            odoo_version: row.odoo_version,
            modules: row.modules,
            state: row.state,
            generation: row.generation,
            build,
        }
    }
}

macro_rules! select_template {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select name, odoo_version as "odoo_version: OdooVersion", modules, state as "state: TemplateState",
                      generation, build_server_id as "build_server_id: ServerId", build_name, build_password,
                      build_verifier
                 from database.db_templates "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes down what is on offer, and wants it built anew when what is to be in it has changed.
pub(crate) async fn offer(conn: &mut PgConnection, offer: &TemplateOffer) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into database.db_templates as t (name, odoo_version, modules) values ($1, $2, $3)
         on conflict (name) do update
            set odoo_version = excluded.odoo_version, modules = excluded.modules, state = 'wanted', updated_at = now()
          where (t.odoo_version, t.modules) is distinct from (excluded.odoo_version, excluded.modules)
            and t.state = 'ready'",
        offer.name,
        offer.version.as_str(),
        &offer.modules
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The template of this name.
pub(crate) async fn find(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<Template>> {
    let row = select_template!("where name = $1", name).fetch_optional(conn).await?;
    Ok(row.map(Template::from))
}

/// All templates, by name.
pub(crate) async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<Template>> {
    let rows = select_template!("order by name").fetch_all(conn).await?;
    Ok(rows.into_iter().map(Template::from).collect())
}

/// The templates that have a dump, with its build.
pub(crate) async fn built(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, i32)>> {
    let rows = sqlx::query!(
        "select name, generation from database.db_templates where dump is not null order by name"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.generation)).collect())
}

/// The build that the template's dump is of, if it has one.
pub(crate) async fn generation(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "select generation from database.db_templates where name = $1 and dump is not null",
        name
    )
    .fetch_optional(conn)
    .await
}

/// The dump, if it is of this build.
pub(crate) async fn dump(
    conn: &mut PgConnection,
    name: &str,
    generation: i32,
) -> sqlx::Result<Option<Vec<u8>>> {
    let dump = sqlx::query_scalar!(
        "select dump from database.db_templates where name = $1 and generation = $2",
        name,
        generation
    )
    .fetch_optional(conn)
    .await?;
    Ok(dump.flatten())
}

/// Begins to build a wanted template somewhere; false if somebody else began.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    name: &str,
    build: &Build,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_templates
            set state = 'creating', build_server_id = $2, build_name = $3, build_password = $4, build_verifier = $5,
                updated_at = now()
          where name = $1 and state = 'wanted'",
        name,
        build.server as ServerId,
        build.name,
        build.password,
        build.verifier
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Goes on to the next step of the building; false if somebody else did.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    template: &Template,
    next: TemplateState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_templates set state = $3, updated_at = now() where name = $1 and state = $2",
        template.name,
        template.state as TemplateState,
        next as TemplateState
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the dump as a new build; false if somebody else did.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    template: &Template,
    dump: &[u8],
    sha256: &[u8],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_templates
            set state = 'cleaning', dump = $3, dump_sha256 = $4, generation = generation + 1, built_at = now(),
                updated_at = now()
          where name = $1 and state = $2",
        template.name,
        template.state as TemplateState,
        dump,
        sha256
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the building: what it was built in is gone. The next state is `ready`, or `wanted` when it was given up.
pub(crate) async fn end(
    conn: &mut PgConnection,
    template: &Template,
    next: TemplateState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_templates
            set state = $3, build_server_id = null, build_name = null, build_password = null, build_verifier = null,
                updated_at = now()
          where name = $1 and state = $2",
        template.name,
        template.state as TemplateState,
        next as TemplateState
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Names of databases, which are names of roles too, that templates are being built in on a server.
pub(crate) async fn builds_on(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select build_name as "name!" from database.db_templates where build_server_id = $1"#,
        server as ServerId
    )
    .fetch_all(conn)
    .await
}
