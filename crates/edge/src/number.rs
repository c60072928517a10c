//! The edge's numbers, for `/metrics`.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::Status;

/// What the edge has done, read at the moment when somebody asks.
pub(crate) struct Numbers<F>(pub(crate) F);

impl<F> fmt::Debug for Numbers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

impl<F: Fn() -> Status + Send + Sync + 'static> Collector for Numbers<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = (self.0)();
        requests(&mut encoder, &status)?;
        counter(
            &mut encoder,
            "edge_pages",
            "Pages that stood where an Odoo could not",
            &status.pages,
        )?;
        let help = "Requests that failed between the edge and what is behind it";
        counter(&mut encoder, "edge_upstream_failures", help, &status.upstream_failures)?;
        for (name, help, value) in [
            ("edge_requests_under_way", "Requests that are not over", status.open),
            ("edge_routes", "Subdomains in the routing table", number(status.routes)),
            (
                "edge_routes_followed",
                "Whether changes of the table arrive",
                status.is_table_followed.into(),
            ),
            ("edge_connections_refused", "Connections closed as too many", number(status.refused)),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

fn requests(encoder: &mut DescriptorEncoder<'_>, status: &Status) -> Result<(), fmt::Error> {
    let help = "Requests that are over";
    let mut family = encoder.encode_descriptor("edge_requests", help, None, MetricType::Counter)?;
    for requests in &status.requests {
        let code = requests.status.to_string();
        family
            .encode_family(&[("kind", requests.kind.as_str()), ("status", code.as_str())])?
            .encode_counter::<NoLabelSet, _, u64>(&requests.count, None)?;
    }
    Ok(())
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counts: &[(&'static str, u64)],
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (kind, count) in counts {
        family
            .encode_family(&[("kind", *kind)])?
            .encode_counter::<NoLabelSet, _, u64>(count, None)?;
    }
    Ok(())
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
