//! What an examination gives.

use serde::Serialize;

use super::remedy::Remedy;

/// Something that falls short.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// The number of the invariant in the specification, section 8; 0 for the platform's own health.
    pub(super) invariant: u8,
    /// Which thing: by this and the invariant a finding is known again.
    #[serde(skip)]
    pub(super) subject: String,
    /// What falls short.
    pub(super) finding: String,
    /// What to do about it.
    pub(super) advice: String,
    /// What doctor can do about it.
    #[serde(rename = "fix")]
    pub(super) remedy: Option<Remedy>,
}

impl Finding {
    /// A finding about which a person decides. Its text begins with the subject.
    pub(super) fn new(
        invariant: u8,
        subject: impl Into<String>,
        wrong: &str,
        advice: impl Into<String>,
    ) -> Self {
        let subject = subject.into();
        let finding = format!("{subject} {wrong}").trim_end().to_owned();
        Self { invariant, subject, finding, advice: advice.into(), remedy: None }
    }

    /// The same, where doctor can do something about it.
    pub(super) fn mended_by(self, remedy: Remedy) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// Whether doctor can do something about it.
    pub(super) fn is_mendable(&self) -> bool {
        self.remedy.is_some()
    }

    fn is_about(&self, other: &Self) -> bool {
        (self.invariant, &self.subject) == (other.invariant, &other.subject)
    }
}

/// What an examination gives.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Report {
    /// What falls short.
    pub(super) findings: Vec<Finding>,
    /// What is worth knowing, and is as it should be.
    pub(super) notes: Vec<String>,
    /// What doctor has done.
    pub(super) mended: Vec<String>,
}

impl Report {
    /// Adds a finding.
    pub(super) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a note.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Keeps what an earlier look found too.
    pub(super) fn lasting_since(mut self, earlier: &Self) -> Self {
        self.findings.retain(|found| earlier.findings.iter().any(|seen| found.is_about(seen)));
        self
    }

    /// Whether something falls short that doctor can see to.
    pub(super) fn is_mendable(&self) -> bool {
        self.findings.iter().any(Finding::is_mendable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(subjects: &[&str]) -> Report {
        let mut report = Report::default();
        subjects.iter().for_each(|subject| report.find(Finding::new(5, *subject, "is wrong", "-")));
        report
    }

    #[test]
    fn what_is_gone_at_the_second_look_was_never_wrong() {
        let lasting = report(&["a", "new"]).lasting_since(&report(&["a", "passing"]));
        let subjects: Vec<_> = lasting.findings.iter().map(|f| f.subject.as_str()).collect();
        assert_eq!(subjects, ["a"]);
    }
}
