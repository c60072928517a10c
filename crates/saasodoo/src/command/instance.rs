//! Commands on instances.

use contract::instance::{Act, DeleteQuery, Instance, LogsQuery};
use vocabulary::InstanceStatus;

use crate::client::Platform;
use crate::failure::Outcome;
use crate::output::{self, Format};

/// `saasodoo instances`
pub(crate) async fn list(
    platform: &Platform,
    format: Format,
    status: Option<InstanceStatus>,
) -> Outcome {
    let instances = platform.instances(status).await?;
    let rows = instances.iter().map(|i| {
        vec![
            i.subdomain.clone(),
            i.status_text.clone(),
            i.plan_name.clone(),
            i.db_type.to_string(),
            i.url.clone(),
            i.id.to_string(),
        ]
    });
    Ok(output::print(
        format,
        &instances,
        &["SUBDOMAIN", "STATUS", "PLAN", "DATABASE", "URL", "ID"],
        rows,
    )?)
}

/// `saasodoo instance WHICH`
pub(crate) async fn show(platform: &Platform, format: Format, which: &str) -> Outcome {
    let instance = platform.instance(which).await?;
    Ok(output::print_fields(format, &instance, &fields(&instance))?)
}

fn fields(instance: &Instance) -> Vec<(&'static str, String)> {
    vec![
        ("id", instance.id.to_string()),
        ("name", instance.name.clone()),
        ("url", instance.url.clone()),
        ("status", instance.status.to_string()),
        ("", instance.status_text.clone()),
        ("standing", instance.standing.map(|s| s.to_string()).unwrap_or_default()),
        ("plan", instance.plan_name.clone()),
        ("odoo", instance.odoo_version.clone()),
        ("database", instance.db_type.to_string()),
        ("administrator", instance.admin_email.clone()),
        ("ordered", instance.created_at.to_rfc3339()),
        ("answers since", instance.started_at.map(|at| at.to_rfc3339()).unwrap_or_default()),
    ]
}

/// `saasodoo start|stop|restart WHICH`
pub(crate) async fn act(platform: &Platform, format: Format, which: &str, action: &str) -> Outcome {
    let instance = platform.instance(which).await?;
    let instance = platform.instance.act(instance.id, &Act { action: action.to_owned() }).await?;
    Ok(output::print_fields(format, &instance, &fields(&instance))?)
}

/// `saasodoo delete WHICH --confirm SUBDOMAIN`
pub(crate) async fn delete(
    platform: &Platform,
    format: Format,
    which: &str,
    confirm: &str,
) -> Outcome {
    let instance = platform.instance(which).await?;
    let query = DeleteQuery { confirm: confirm.to_owned() };
    let instance = platform.instance.delete(instance.id, &query).await?;
    Ok(output::print_fields(format, &instance, &fields(&instance))?)
}

/// `saasodoo login WHICH`
pub(crate) async fn login(platform: &Platform, format: Format, which: &str) -> Outcome {
    let instance = platform.instance(which).await?;
    let login = platform.instance.admin_login(instance.id).await?;
    let fields = [
        ("url", login.url.clone()),
        ("login", login.login.clone()),
        ("password", login.password.clone()),
    ];
    Ok(output::print_fields(format, &login, &fields)?)
}

/// `saasodoo logs WHICH`
pub(crate) async fn logs(platform: &Platform, format: Format, which: &str, lines: u32) -> Outcome {
    let instance = platform.instance(which).await?;
    let logs = platform.instance.logs(instance.id, &LogsQuery { lines: Some(lines) }).await?;
    match format {
        Format::Json => Ok(output::print(format, &logs, &[], [])?),
        Format::Table => Ok(logs.lines.iter().try_for_each(|line| output::line(line))?),
    }
}

/// `saasodoo events WHICH`
pub(crate) async fn events(platform: &Platform, format: Format, which: &str) -> Outcome {
    let instance = platform.instance(which).await?;
    crate::follow::instance(platform, instance.id, |event| {
        let text = match format {
            Format::Json => serde_json::to_string(event)?,
            Format::Table => format!(
                "{}  {:<22} {}",
                event.at.format("%T%.3f"),
                event.status.as_str(),
                event.message
            ),
        };
        output::line(&text)?;
        Ok(crate::follow::Go::On)
    })
    .await
}
