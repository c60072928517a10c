//! Names in SQL that can't be bound as parameters.

/// The name as an identifier of SQL, whatever it holds.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
