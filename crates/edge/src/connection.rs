//! Connections, bounded: how many there are, from one address and in all, and how long one may take to say what
//! it wants. Whoever opens thousands, or sends a header a byte a minute, costs its own connections and nobody
//! else's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::proxy::Proxy;
use crate::status::Counters;

/// What one visitor may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections in all; fewer where the process may not open so many files.
    pub connections: usize,
    /// Connections from one address, where an IPv6 network of 64 bits counts as one; half of all at most.
    pub connections_per_address: usize,
    /// How long a new connection may take to its first request's last header.
    pub first_request: Duration,
    /// How long a connection may be silent between requests, to the next one's last header.
    pub next_request: Duration,
    /// How long a body may be sent as slowly as one likes, and how long nothing of it may come.
    pub slow_body: Duration,
    /// Bytes in a second that a body's average must reach after that.
    pub body_pace: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_address: 512,
            first_request: Duration::from_secs(20),
            next_request: Duration::from_secs(75),
            slow_body: Duration::from_secs(30),
            body_pace: 1024,
        }
    }
}

impl Limits {
    /// As far as the open files of this process allow: each request takes two, and the rest of the process some.
    pub(crate) fn possible(self) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let most = files.and_then(|files| usize::try_from(files / 4).ok()).unwrap_or(usize::MAX);
        let connections = self.connections.min(most).max(1);
        let per_address = self.connections_per_address.min(connections.div_ceil(2));
        Self { connections, connections_per_address: per_address, ..self }
    }

    /// Whether a body that has sent so much in this time is sent on purpose as slowly as possible.
    pub(crate) fn is_slow(&self, bytes: u64, since: Duration) -> bool {
        self.slow_body < since && bytes < since.as_secs() * u64::from(self.body_pace)
    }
}

tokio::task_local! {
    /// Of the connection that the current task serves.
    static TURN: Arc<Turn>;
}

/// Notes that the connection's request is under way.
pub(crate) fn request_begins() {
    let _ = TURN.try_with(|turn| turn.is_ours(true));
}

/// Notes that it is the client's turn again.
pub(crate) fn request_ends() {
    let _ = TURN.try_with(|turn| turn.is_ours(false));
}

/// The proxy behind its bounds.
pub(crate) struct Bounded {
    proxy: Arc<HttpProxy<Proxy>>,
    limits: Limits,
    counters: Arc<Counters>,
    open: Arc<Mutex<Open>>,
}

impl Bounded {
    pub(crate) fn new(proxy: HttpProxy<Proxy>, limits: Limits, counters: Arc<Counters>) -> Self {
        Self { proxy: Arc::new(proxy), limits, counters, open: Arc::default() }
    }
}

#[async_trait]
impl ServerApp for Bounded {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let Some(_place) = Place::take(&self.open, &self.limits, peer(&stream)?) else {
            self.counters.refuse();
            tracing::debug!("a connection too many is closed");
            return None;
        };
        let turn = Arc::<Turn>::default();
        let served = TURN.scope(turn.clone(), self.proxy.process_new(stream, shutdown));
        tokio::select! {
            reusable = served => reusable,
            () = turn.overstayed(&self.limits) => None,
        }
    }

    async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }
}

/// The network that a connection counts for.
fn peer(stream: &Stream) -> Option<IpAddr> {
    let digest = stream.get_socket_digest()?;
    let address = digest.peer_addr()?.as_inet()?.ip().to_canonical();
    Some(network(address))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place among those that are open.
struct Place {
    open: Arc<Mutex<Open>>,
    address: IpAddr,
}

impl Place {
    fn take(open: &Arc<Mutex<Open>>, limits: &Limits, address: IpAddr) -> Option<Self> {
        let mut now = open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = now.by_address.get(&address).copied().unwrap_or_default();
        if limits.connections <= now.all || limits.connections_per_address <= own {
            return None;
        }
        now.all += 1;
        now.by_address.insert(address, own + 1);
        Some(Self { open: open.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut now = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        now.all -= 1;
        if let Some(own) = now.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                now.by_address.remove(&self.address);
            }
        }
    }
}

/// Whose turn it is on a connection: ours while a request is under way, else the client's.
#[derive(Default)]
struct Turn {
    is_ours: AtomicBool,
    changed: Notify,
}

impl Turn {
    fn is_ours(&self, is_ours: bool) {
        self.is_ours.store(is_ours, Ordering::Release);
        self.changed.notify_one();
    }

    /// Returns once the client has taken too long over its turn.
    async fn overstayed(&self, limits: &Limits) {
        let mut patience = limits.first_request;
        loop {
            let in_time = timeout(patience, self.changed.notified()).await.is_ok();
            let is_ours = self.is_ours.load(Ordering::Acquire);
            if !in_time && !is_ours {
                return;
            }
            patience = if is_ours { Duration::MAX } else { limits.next_request };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(open: &Arc<Mutex<Open>>, address: &str) -> Option<Place> {
        let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
        Place::take(open, &limits, network(address.parse().unwrap()))
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let open = Arc::default();
        let first = take(&open, "192.0.2.1").unwrap();
        let _second = take(&open, "192.0.2.1").unwrap();
        assert!(take(&open, "192.0.2.1").is_none());
        let _others = take(&open, "192.0.2.2").unwrap();
        assert!(take(&open, "192.0.2.3").is_none(), "three in all");
        drop(first);
        assert!(take(&open, "192.0.2.1").is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let open = Arc::default();
        let _places = [take(&open, "2001:db8::1").unwrap(), take(&open, "2001:db8::2").unwrap()];
        assert!(take(&open, "2001:db8::3").is_none());
        assert!(take(&open, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn no_address_has_more_than_half_of_what_is_possible() {
        let limits = Limits { connections: 10, ..Limits::default() }.possible();
        assert_eq!((limits.connections, limits.connections_per_address), (10, 5));
    }
}
