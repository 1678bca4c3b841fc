//! Times between which no answer changes.

use crate::x509::Certificate;

/// The dates at which the answer about some certificates can change, in order.
#[derive(Clone, Debug, Default)]
pub struct Epochs(Vec<i64>);

impl Epochs {
    /// Those of these certificates.
    #[must_use]
    pub fn of<'c>(certificates: impl Iterator<Item = &'c Certificate>) -> Self {
        Self(sorted(certificates.flat_map(turning_points).collect()))
    }

    /// These dates and those of `more`.
    #[must_use]
    pub fn and<'c>(&self, more: impl Iterator<Item = &'c Certificate>) -> Self {
        let mut dates: Vec<i64> = more.flat_map(turning_points).collect();
        dates.extend_from_slice(&self.0);
        Self(sorted(dates))
    }

    /// The place of `time` among these dates and those of `more`.
    #[must_use]
    pub fn with<'c>(&self, more: impl Iterator<Item = &'c Certificate>, time: i64) -> usize {
        self.and(more).place(time)
    }

    /// The place of `time` (unix seconds) among these dates: two times with one place have
    /// one answer.
    #[must_use]
    pub fn place(&self, time: i64) -> usize {
        self.0.partition_point(|date| *date <= time)
    }
}

fn sorted(mut dates: Vec<i64>) -> Vec<i64> {
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// The dates of a certificate at which a verdict can change: the first second of
/// its validity, its last one (at which OpenSSL refuses it), and the one behind it.
fn turning_points(certificate: &Certificate) -> impl Iterator<Item = i64> + use<> {
    let begin = certificate.not_before.unix;
    let end = certificate.not_after.unix;
    begin.into_iter().chain(end).chain(end.map(|last| last.saturating_add(1)))
}
