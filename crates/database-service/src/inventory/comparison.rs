//! Rows against what was seen, in both directions. Pure.

use std::collections::BTreeSet;

use crate::state::FindingKind;
use crate::tenant::Names;

/// What the rows say of one server.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// May be there, because it is being made or removed.
    known: Names,
    /// Must be there.
    promised: Names,
}

impl Rows {
    pub(super) fn know(&mut self, database: &str, role: Option<&str>) {
        self.known.databases.insert(database.to_owned());
        self.known.databases.insert(format!("{database}_part"));
        self.known.roles.extend(role.map(str::to_owned));
    }

    pub(super) fn promise(&mut self, database: &str, role: Option<&str>) {
        self.know(database, role);
        self.promised.databases.insert(database.to_owned());
        self.promised.roles.extend(role.map(str::to_owned));
    }
}

/// What rows and world disagree about. Rows change while we look, so only what neither the rows before nor those after
/// can explain counts.
pub(super) fn compare(before: &Rows, seen: &Names, after: &Rows) -> Vec<(FindingKind, String)> {
    let unknown = |seen: &BTreeSet<String>, before: &BTreeSet<String>, after: &BTreeSet<String>| {
        let stray = seen.iter().filter(|name| !before.contains(*name) && !after.contains(*name));
        stray.cloned().collect::<Vec<_>>()
    };
    let missing = |seen: &BTreeSet<String>, before: &BTreeSet<String>, after: &BTreeSet<String>| {
        let lost = before.intersection(after).filter(|name| !seen.contains(*name));
        lost.cloned().collect::<Vec<_>>()
    };
    let found = [
        (
            FindingKind::UnknownDatabase,
            unknown(&seen.databases, &before.known.databases, &after.known.databases),
        ),
        (FindingKind::UnknownRole, unknown(&seen.roles, &before.known.roles, &after.known.roles)),
        (
            FindingKind::MissingDatabase,
            missing(&seen.databases, &before.promised.databases, &after.promised.databases),
        ),
        (
            FindingKind::MissingRole,
            missing(&seen.roles, &before.promised.roles, &after.promised.roles),
        ),
    ];
    found.into_iter().flat_map(|(kind, names)| names.into_iter().map(move |n| (kind, n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(databases: &[&str]) -> Names {
        Names {
            databases: databases.iter().map(|name| (*name).to_owned()).collect(),
            roles: databases.iter().map(|name| format!("{name}_user")).collect(),
        }
    }

    fn rows(known: &[&str], promised: &[&str]) -> Rows {
        let mut rows = Rows::default();
        known.iter().for_each(|name| rows.know(name, Some(&format!("{name}_user"))));
        promised.iter().for_each(|name| rows.promise(name, Some(&format!("{name}_user"))));
        rows
    }

    #[test]
    fn both_directions_are_compared() {
        let rows = rows(&["making"], &["a", "lost"]);
        let found = compare(&rows, &names(&["a", "stray", "making_part"]), &rows);
        let texts: Vec<_> = found.iter().map(|(kind, name)| format!("{kind} {name}")).collect();
        assert_eq!(
            texts,
            [
                "unknown_database stray",
                "unknown_role making_part_user",
                "unknown_role stray_user",
                "missing_database lost",
                "missing_role lost_user",
            ]
        );
    }

    #[test]
    fn what_changes_while_we_look_is_no_finding() {
        let (before, after) = (rows(&[], &["old"]), rows(&[], &["new"]));
        assert!(compare(&before, &names(&["old"]), &after).is_empty());
        assert!(compare(&before, &names(&["new"]), &after).is_empty());
        assert!(compare(&before, &names(&[]), &after).is_empty());
    }
}
