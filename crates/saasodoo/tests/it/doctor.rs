//! `saasodoo doctor`: every invariant is broken by hand, on one platform, and is found; what is safe is mended, and nothing is
//! found before and after.

mod incurable;
mod mendable;
mod sickness;

use crate::platform::Platform;
use sickness::{Patient, Sickness};

/// One platform for all sicknesses, because each costs the building of a template.
#[test]
fn doctor_finds_whatever_is_broken_and_mends_what_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::up(folder.path(), &["--no-demo"]);
    let patient = Patient::with_customers(platform);
    patient.platform.has_nothing_wrong();

    let incurable = incurable::all(&patient);
    found(&patient, &incurable);
    let report = patient.platform.doctor(&["--fix"]);
    assert!(report["mended"].as_array().unwrap().is_empty(), "{report:#}");
    for sickness in &incurable {
        assert!(sickness.is_in(&report), "{} is for a person: {report:#}", sickness.name);
        (sickness.cure)(&patient);
    }
    patient.platform.has_nothing_wrong();

    let mendable = mendable::all(&patient);
    found(&patient, &mendable);
    let report = patient.platform.doctor(&["--fix"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report:#}");
    assert!(!report["mended"].as_array().unwrap().is_empty(), "{report:#}");
    mendable.iter().for_each(|sickness| (sickness.cure)(&patient));
    patient.platform.has_nothing_wrong();
    patient.platform.stop();
}

/// Makes the patient sick in all these ways at once, and sees all of it found. What the platform has mended by itself before
/// doctor came is broken again.
fn found(patient: &Patient, sicknesses: &[Sickness]) {
    let mut missed: Vec<_> = sicknesses.iter().collect();
    let mut report = serde_json::Value::Null;
    for _ in 0..4 {
        missed.iter().for_each(|sickness| (sickness.infect)(patient));
        report = patient.platform.doctor(&[]);
        missed.retain(|sickness| !sickness.is_in(&report));
        if missed.is_empty() {
            return;
        }
    }
    let missed: Vec<_> = missed.iter().map(|sickness| sickness.name).collect();
    panic!("not found: {missed:?} in {report:#}");
}
