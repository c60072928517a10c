//! What the configuration promises.

use std::time::Duration;

use toml::{Table, Value};

use super::*;

fn with_file(text: &str) -> Result<Settings, InvalidSettings> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saasodoo.toml");
    std::fs::write(&path, text).unwrap();
    Settings::from_sources(Some(&path), [])
}

fn with_variable(name: &str, value: &str) -> Result<Settings, InvalidSettings> {
    Settings::from_sources(None, [(name.to_owned(), value.to_owned())])
}

#[test]
fn the_default_file_holds_every_key_and_no_other() {
    // The struct refuses unknown keys and has no defaults of its own, so that both must have the same keys.
    let settings = Settings::default();
    assert_eq!(settings.database.health_every, Duration::from_secs(30));
    assert_eq!(settings.platform.url("api"), "http://api.localhost:8080");
}

#[test]
fn every_key_and_section_of_the_default_file_is_explained() {
    let mut is_explained = false;
    for line in DEFAULT.lines() {
        match line.trim() {
            "" => is_explained = false,
            line if line.starts_with('#') => is_explained = true,
            // A section explains itself by its keys, and a block of keys shares the comment above it.
            line if line.starts_with('[') => is_explained |= !line.starts_with("[["),
            line => assert!(is_explained, "no comment above `{line}`"),
        }
    }
}

#[test]
fn what_is_shown_is_what_is_in_effect() {
    let settings = with_file("[instance]\nlooks = 7\n[platform]\nbase = 'example.com'").unwrap();
    let again = with_file(&settings.to_toml()).unwrap();
    assert_eq!(again.to_toml(), settings.to_toml());
    assert_eq!(again.instance.looks, 7);
    let shown: Table = settings.to_toml().parse().unwrap();
    let documented: Table = DEFAULT.parse().unwrap();
    let names = |table| keys(table, "").into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(names(&shown), names(&documented));
}

#[test]
fn every_key_can_be_a_variable() {
    let defaults: Table = DEFAULT.parse().unwrap();
    for (key, value) in keys(&defaults, "") {
        let variable = format!("SAASODOO__{}", key.to_uppercase().replace('.', "__"));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let settings =
            with_variable(&variable, &text).unwrap_or_else(|e| panic!("{variable}: {e}"));
        assert_eq!(settings.to_toml(), Settings::default().to_toml(), "{variable}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saasodoo.toml");
    std::fs::write(&path, "[database]\npool_size = 20\nfree_slots_low = 2\npool = { cpu = 1 }")
        .unwrap();
    let environment = [("SAASODOO__DATABASE__POOL_SIZE".to_owned(), "30".to_owned())];
    let database = Settings::from_sources(Some(&path), environment).unwrap().database;
    assert_eq!((database.pool_size, database.free_slots_low), (30, 2));
    assert_eq!(database.stock_per_server, 3);
    assert_eq!((database.pool.cpu.millicores(), database.pool.memory.mebibytes()), (1000, 4096));
}

#[test]
fn services_are_found_by_their_well_known_names_and_ours_win() {
    let stack = "http://database-service:8005";
    let settings = with_variable("DATABASE_SERVICE_URL", stack).unwrap();
    assert_eq!(settings.services.database.url, stack);
    let both = [
        ("SAASODOO__SERVICES__DATABASE__URL".to_owned(), "http://ours".to_owned()),
        ("DATABASE_SERVICE_URL".to_owned(), stack.to_owned()),
    ];
    let settings = Settings::from_sources(None, both).unwrap();
    assert_eq!(settings.services.database.url, "http://ours");
}

#[test]
fn an_unknown_key_is_refused_with_its_path() {
    let error =
        with_file("[database.tenant]\nconection = 1\n[databse]\nx = 1").unwrap_err().to_string();
    assert!(
        error.contains("unknown key database.tenant.conection; here are connections, "),
        "{error}"
    );
    assert!(error.contains("unknown key databse; here are billing, database, "), "{error}");
    let error = with_file("[[database.templates]]\nname = 'x'\nversion = '19.0'").unwrap_err();
    assert!(error.to_string().starts_with("database.templates[0]"), "{error}");
    let error = with_variable("SAASODOO__DATABASE__POOLSIZE", "1").unwrap_err().to_string();
    insta::assert_snapshot!(error.split(", ").next().unwrap(), @"SAASODOO__DATABASE__POOLSIZE: unknown key database.poolsize; here are answer_within");
}

#[test]
fn a_bad_value_is_refused_with_its_path_its_source_and_the_rule() {
    for (text, key, rule) in [
        ("[instance]\nlook_every = '10'", "instance.look_every", "written like 30s"),
        ("[instance]\nlook_every = '0s'", "instance.look_every", "longer than nothing"),
        ("[instance]\nlooks = -1", "instance.looks", "expected u32"),
        ("[postgres]\nmemory = 'lots'", "postgres.memory", "followed by M or G"),
        ("[postgres]\naddress = 'nowhere'", "postgres.address", "host:port"),
        ("[database.pool]\ncpu = 100", "database.pool.cpu", "from 0.1 to 64"),
        ("[runtime.local]\nports = '9-1'", "runtime.local.ports", "the smaller number first"),
        ("[platform]\nlisten = '8080'", "platform.listen", "socket address"),
        ("[log]\nformat = 'xml'", "log.format", "expected `text` or `json`"),
        ("log = 'all'", "log", "expected struct"),
        ("[platform]\nbase = 'Example.com/'", "platform.base", "host name"),
        ("[database]\npool_size = 0", "database.pool_size", "from 1 to 1000"),
        ("[billing]\nblocked_after_days = 2", "billing.blocked_after_days", "not before"),
        ("[instance]\nprobe_within = '10s'", "instance.probe_within", "under ten"),
    ] {
        let error = with_file(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key} (")), "{text}: {error}");
        assert!(error.contains("saasodoo.toml)") && error.contains(rule), "{text}: {error}");
    }
    let error = with_variable("SAASODOO__DATABASE__POOL_SIZE", "many").unwrap_err().to_string();
    assert_eq!(
        error,
        "database.pool_size (SAASODOO__DATABASE__POOL_SIZE): is to be written like 50"
    );
}

#[test]
fn a_secret_is_in_no_message_and_in_no_output() {
    let settings = with_file("[postgres]\npassword = 'hunter2'").unwrap();
    assert!(settings.to_toml().contains("password = \"***\""), "{}", settings.to_toml());
    assert!(!format!("{settings:?}{}", settings.to_toml()).contains("hunter2"));
    for text in [
        "[postgres]\npassword = hunter2",
        "[postgres]\npassword = ['hunter2']",
        "[postgres]\npassword = 'hunter2",
    ] {
        let error = format!("{:?}", anyhow::Error::from(with_file(text).unwrap_err()));
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = with_file("[postgres]\npassword = 4711").unwrap_err().to_string();
    assert!(error.contains("postgres.password") && !error.contains("4711"), "{error}");
}

#[test]
fn a_syntax_error_says_its_line() {
    let error = with_file("[log]\nfilter = 'info'\nformat text").unwrap_err().to_string();
    assert!(error.contains("saasodoo.toml, line 3: "), "{error}");
}

#[test]
fn the_superusers_password_comes_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2\n").unwrap();
    let settings =
        with_variable("SAASODOO__POSTGRES__PASSWORD_FILE", path.to_str().unwrap()).unwrap();
    let password = settings.postgres.superuser_password().unwrap().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&password), "hunter2");
}

#[test]
fn files_lie_in_the_data_folder_unless_they_are_set() {
    let settings =
        with_file("[platform]\ndata = '/data'\n[vault]\nkey_file = '/run/secrets/vault'").unwrap();
    assert_eq!(settings.token_key_file().unwrap(), Path::new("/data/keys/token.key"));
    assert_eq!(settings.vault_key_file().unwrap(), Path::new("/run/secrets/vault"));
}

#[test]
fn an_address_names_its_port_only_where_it_must() {
    let settings = with_file("[platform]\nlisten = '0.0.0.0:80'").unwrap();
    assert_eq!(settings.platform.url("api"), "http://api.localhost");
    let text = "[platform]\nbase = 'example.com'\npublic_scheme = 'https'\npublic_port = 443";
    assert_eq!(with_file(text).unwrap().platform.url("demo"), "https://demo.example.com");
}

/// The keys that hold a value, with their paths.
fn keys(table: &Table, section: &str) -> Vec<(String, Value)> {
    let key = |name: &String| [section, name].concat();
    let mut found: Vec<_> = table
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Table(table) => keys(table, &format!("{}.", key(name))),
            value => vec![(key(name), value.clone())],
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}
