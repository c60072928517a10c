//! Runs pingora's proxy inside our process: on threads of its own, on a listener that we have bound, and without
//! its server, which would take over signals, process id files and the end of the process.

use std::net::TcpListener;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use pingora::server::{Fds, ListenFds};
use pingora::services::Service as _;
use pingora::services::listening::Service;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::connection::Bounded;
use crate::proxy::Proxy;

/// How long blocking work of the threads may go on after the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves until told to stop; then every connection is closed.
pub(crate) async fn serve(
    listener: TcpListener,
    proxy: Proxy,
    threads: usize,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the edge's listener has no address")?.to_string();
    listener.set_nonblocking(true).context("the edge's listener cannot be made asynchronous")?;
    let threads = Threads::new(threads)?;
    let conf = ServerConf { threads: threads.count, max_retries: 3, ..ServerConf::default() };
    let (limits, counters) = (proxy.limits, proxy.counters.clone());
    let bounded = Bounded::new(http_proxy(&Arc::new(conf), proxy), limits, counters);
    let mut service = Service::new("edge".to_owned(), bounded);
    service.add_tcp(&address);

    // Pingora adopts a listener that it finds under the address that it was told.
    let mut listeners = Fds::new();
    listeners.add(address.clone(), listener.into_raw_fd());
    let listeners: ListenFds = Arc::new(listeners.into());
    let (shutdown, watched) = watch::channel(false);
    let serving = threads.runtime()?.spawn(async move {
        service.start_service(Some(listeners), watched, 1).await;
    });
    tracing::info!(%address, "the edge listens");
    tokio::select! {
        () = stop.cancelled() => {}
        ended = serving => ended.context("the edge's proxy has died")?,
    }
    shutdown.send_replace(true);
    threads.end().await;
    Ok(())
}

/// The proxy's threads. They end with this value, also where its owner is dropped in mid-air, which a bare
/// runtime does not survive.
struct Threads {
    runtime: Option<Runtime>,
    count: usize,
}

impl Threads {
    fn new(count: usize) -> anyhow::Result<Self> {
        let count = count.max(1);
        let runtime = Builder::new_multi_thread()
            .worker_threads(count)
            .thread_name("edge")
            .enable_all()
            .build()
            .context("the edge's threads cannot be started")?;
        Ok(Self { runtime: Some(runtime), count })
    }

    fn runtime(&self) -> anyhow::Result<&Runtime> {
        self.runtime.as_ref().context("the edge's threads have ended")
    }

    async fn end(mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await;
        if let Err(error) = ended {
            tracing::warn!(%error, "the edge's threads did not end in order");
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
