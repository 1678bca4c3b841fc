//! Several reports by the same settings.

use std::io;

use super::config::{Config, Source};
use super::known::Known;
use super::sink::Sink;
use crate::report::Report;

/// Reads and judges one case after another, or several at once, by the same settings.
/// Each distinct certificate is parsed once, each distinct chain validated once for all
/// of them; the reports are those of [`super::analyze`].
pub struct Session {
    config: Config,
    known: Known,
}

impl Session {
    /// Begins with nothing known.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, known: Known::default() }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Reads and judges `sources` as one case.
    #[must_use]
    pub fn analyze(&self, sources: Vec<Source>) -> Report {
        // A sink that takes nothing has no trouble either.
        self.analyze_to(sources, &mut ()).unwrap_or_default()
    }

    /// Reads and judges `sources` as one case, and hands every connection to `sink`.
    ///
    /// # Errors
    /// What the sink says.
    pub fn analyze_to(&self, sources: Vec<Source>, sink: &mut dyn Sink) -> io::Result<Report> {
        super::analyze_knowing(sources, &self.config, &self.known, sink)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::source_from_file;
    use super::*;
    use crate::connection::{Chain, PathVerdict};
    use crate::trust::{Store, StoreSemantics};
    use crate::x509::Certificate;

    fn sample(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
    }

    fn session() -> Session {
        let mut store = Store::new(StoreSemantics::OpenSsl);
        store.add_bundle("own", &std::fs::read(sample("trust/expressway.pem")).unwrap());
        Session::new(Config { store: Some(store), ..Config::default() })
    }

    fn first(session: &Session, name: &str) -> (Arc<Certificate>, Arc<Chain>) {
        let mut report = session.analyze(vec![source_from_file(sample(name))]);
        let connection = report.connections.remove(0).connection;
        let leaf = Arc::clone(connection.server_leaf().unwrap());
        let PathVerdict::Judged(chain) = connection.server_path else { panic!("judged") };
        (leaf, chain)
    }

    /// An accepted chain, and one whose remedy was looked for.
    #[test]
    fn a_second_file_finds_certificates_and_verdicts_known() {
        for name in ["rsa-trusted.pcap", "ecdsa-selfsigned-untrusted.pcap"] {
            let session = session();
            let (one, other) = (first(&session, name), first(&session, name));
            assert!(Arc::ptr_eq(&one.0, &other.0), "{name}: parsed twice");
            assert!(Arc::ptr_eq(&one.1, &other.1), "{name}: judged twice");
            let fresh = first(&self::session(), name);
            assert!(!Arc::ptr_eq(&one.1, &fresh.1), "each session is one of its own");
        }
    }

    /// The same chain shown before and behind the end of its validity.
    #[test]
    fn a_verdict_of_another_time_is_not_taken() {
        let judged = |at: Option<i64>, session: Session| {
            let mut config = session.config;
            config.judging.at = at;
            let session = Session { config, known: session.known };
            let ok = first(&session, "rsa-trusted.pcap").1.validation.ok();
            (ok, session)
        };
        let (now, session) = judged(None, session());
        let (later, _) = judged(Some(4_102_444_800), session);
        assert!(now && !later);
    }
}
