//! `instance_secrets`.

use sqlx::PgConnection;
use vault::Sealed;
use vocabulary::InstanceId;

/// The table and its columns, as the vault binds secrets to them.
pub const TABLE: &str = "instance_secrets";
/// See [`TABLE`].
pub const ADMIN_PASSWORD: &str = "admin_password";
/// See [`TABLE`].
pub const MASTER_PASSWORD: &str = "master_password";

/// The secrets of one instance, sealed.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The administrator's first password.
    pub admin_password: Sealed,
    /// What Odoo stores of it.
    pub admin_password_hash: String,
    /// Odoo's master password, which nobody ever types.
    pub master_password: Sealed,
}

/// Writes them down, unless the instance has some already.
pub async fn insert(
    conn: &mut PgConnection,
    instance: InstanceId,
    secrets: &Secrets,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into instance_secrets (instance_id, admin_password, admin_password_hash, master_password)
         values ($1, $2, $3, $4) on conflict (instance_id) do nothing",
        instance as InstanceId,
        secrets.admin_password.0,
        secrets.admin_password_hash,
        secrets.master_password.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The secrets of an instance, once it has some.
pub async fn find(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<Option<Secrets>> {
    let row = sqlx::query!(
        "select admin_password, admin_password_hash, master_password from instance_secrets where instance_id = $1",
        instance as InstanceId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Secrets {
        admin_password: Sealed(row.admin_password),
        admin_password_hash: row.admin_password_hash,
        master_password: Sealed(row.master_password),
    }))
}

/// The secrets of all instances.
pub async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<(InstanceId, Secrets)>> {
    let rows = sqlx::query!(
        r#"select instance_id as "instance: InstanceId", admin_password, admin_password_hash, master_password
             from instance_secrets"#
    )
    .fetch_all(conn)
    .await?;
    let secrets = rows.into_iter().map(|row| {
        let secrets = Secrets {
            admin_password: Sealed(row.admin_password),
            admin_password_hash: row.admin_password_hash,
            master_password: Sealed(row.master_password),
        };
        (row.instance, secrets)
    });
    Ok(secrets.collect())
}

/// Forgets them, when the instance is gone.
pub async fn delete(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!("delete from instance_secrets where instance_id = $1", instance as InstanceId)
        .execute(conn)
        .await?;
    Ok(())
}
