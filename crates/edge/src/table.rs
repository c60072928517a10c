//! The routing table: what the visitors of each subdomain get, in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use contract::instance::{Route, RouteTarget};

/// The table. It is read for every request, so its lock is held for the time of a look-up and no longer.
#[derive(Default)]
pub(crate) struct Table {
    targets: RwLock<Option<HashMap<String, RouteTarget>>>,
    is_followed: AtomicBool,
    changes: AtomicU64,
}

/// What the table says about a subdomain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its visitors get this.
    Target(RouteTarget),
    /// Nobody has this subdomain.
    Nothing,
    /// The table has never been read, so nobody can say.
    Unknown,
}

impl Table {
    /// Looks a subdomain up.
    pub(crate) fn find(&self, subdomain: &str) -> Found {
        match self.read().as_ref() {
            None => Found::Unknown,
            Some(targets) => targets.get(subdomain).cloned().map_or(Found::Nothing, Found::Target),
        }
    }

    /// Replaces everything.
    pub(crate) fn replace(&self, routes: Vec<Route>) {
        let open = routes.into_iter().filter(|route| route.target != RouteTarget::Gone);
        *self.write() = Some(open.map(|route| (route.subdomain, route.target)).collect());
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Changes one route.
    pub(crate) fn change(&self, route: Route) {
        if let Some(targets) = self.write().as_mut() {
            match route.target {
                RouteTarget::Gone => targets.remove(&route.subdomain),
                target => targets.insert(route.subdomain, target),
            };
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many subdomains it knows.
    pub(crate) fn len(&self) -> usize {
        self.read().as_ref().map_or(0, HashMap::len)
    }

    /// How often it has changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Whether it has ever been read.
    pub(crate) fn is_known(&self) -> bool {
        self.read().is_some()
    }

    /// Whether changes arrive at this moment.
    pub(crate) fn is_followed(&self) -> bool {
        self.is_followed.load(Ordering::Relaxed)
    }

    /// Notes whether changes arrive.
    pub(crate) fn set_followed(&self, is_followed: bool) {
        self.is_followed.store(is_followed, Ordering::Relaxed);
    }

    // A panic cannot leave a map half changed here, so a poisoned lock is still good.
    fn read(&self) -> RwLockReadGuard<'_, Option<HashMap<String, RouteTarget>>> {
        self.targets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<HashMap<String, RouteTarget>>> {
        self.targets.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::InstanceId;

    fn route(subdomain: &str, target: RouteTarget) -> Route {
        Route { instance_id: InstanceId::new(), subdomain: subdomain.to_owned(), target }
    }

    #[test]
    fn before_the_first_reading_nobody_can_say() {
        let table = Table::default();
        table.change(route("demo", RouteTarget::Starting));
        assert_eq!(table.find("demo"), Found::Unknown);
    }

    #[test]
    fn a_route_comes_changes_and_goes() {
        let table = Table::default();
        table.replace(vec![route("demo", RouteTarget::Starting), route("old", RouteTarget::Gone)]);
        assert_eq!(table.find("demo"), Found::Target(RouteTarget::Starting));
        assert_eq!(table.find("old"), Found::Nothing);
        table.change(route("demo", RouteTarget::Stopped));
        assert_eq!(table.find("demo"), Found::Target(RouteTarget::Stopped));
        table.change(route("demo", RouteTarget::Gone));
        assert_eq!((table.find("demo"), table.len()), (Found::Nothing, 0));
    }
}
