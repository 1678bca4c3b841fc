//! The distinct certificates of a run: who showed each, where and how often.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Judged, Report};
use super::words::date;
use crate::connection::Presented;
use crate::packet::Endpoint;
use crate::tls::Role;
use crate::wire::text::{hex, printable};
use crate::x509::{Sha256, pem};

/// Longest part of a common name in the name of a file.
const NAME_LENGTH: usize = 60;

/// One distinct certificate.
#[derive(Debug)]
pub struct Seen {
    /// As it was shown first.
    pub presented: Presented,
    /// The capture in which that was.
    pub capture: usize,
    /// Who showed it.
    pub shown_by: BTreeSet<(Role, Endpoint)>,
    /// In how many connections it was shown.
    pub times: u64,
}

/// Every certificate that was shown, in the order of first appearance.
#[derive(Debug, Default)]
pub struct Collection {
    /// Each of them.
    pub seen: Vec<Seen>,
    known: BTreeMap<Sha256, usize>,
}

impl Collection {
    /// Takes what a connection showed.
    pub fn add(&mut self, judged: &Judged) {
        let connection = &judged.connection;
        for role in [Role::Server, Role::Client] {
            let mut counted = BTreeSet::new();
            for presented in connection.certificates(role) {
                let at = *self.known.entry(*presented.sha256()).or_insert_with(|| {
                    self.seen.push(Seen::first(presented, judged.capture));
                    self.seen.len() - 1
                });
                if let Some(seen) = self.seen.get_mut(at).filter(|_| counted.insert(at)) {
                    seen.shown_by.insert((role, showing(role, connection.end(role))));
                    seen.times += 1;
                }
            }
        }
    }
}

/// A client shows its certificate from another port each time: its address is enough.
const fn showing(role: Role, end: Endpoint) -> Endpoint {
    match role {
        Role::Server => end,
        Role::Client => Endpoint { address: end.address, port: 0 },
    }
}

impl Seen {
    fn first(presented: &Presented, capture: usize) -> Self {
        Self { presented: presented.clone(), capture, shown_by: BTreeSet::new(), times: 0 }
    }

    /// `56ff6c7100000000-cucmpub.example.org.pem`: begins with the fingerprint and
    /// holds no character that leads out of a folder.
    #[must_use]
    pub fn file_name(&self) -> String {
        let fingerprint = hex(self.presented.sha256());
        let short = fingerprint.get(..16).unwrap_or(&fingerprint);
        let name = match self.presented.parsed() {
            Some(certificate) => certificate.subject.common_name().unwrap_or("no-name"),
            None => "unreadable",
        };
        let harmless = |c: char| if is_harmless(c) { c } else { '_' };
        let name: String = name.chars().take(NAME_LENGTH).map(harmless).collect();
        format!("{short}-{name}.pem")
    }

    /// As a PEM block.
    #[must_use]
    pub fn pem(&self) -> String {
        match &self.presented.certificate {
            Ok(certificate) => pem::write(&certificate.der),
            Err(unparseable) => pem::write(&unparseable.der),
        }
    }

    /// Its line of the index, without the line end.
    #[must_use]
    pub fn index_line(&self, report: &Report) -> String {
        let shown: Vec<String> =
            self.shown_by.iter().map(|(role, end)| end_text(*role, *end)).collect();
        let capture = report.captures.get(self.capture);
        let frame = capture.map(|capture| capture.frame_text(self.presented.frame));
        let [subject, issuer, serial, begin, end] = self.content();
        let fields = [
            hex(self.presented.sha256()),
            subject,
            issuer,
            serial,
            begin,
            end,
            shown.join(","),
            capture.map(super::CaptureReport::name).unwrap_or_default(),
            frame.unwrap_or_default(),
            self.times.to_string(),
            self.file_name(),
        ];
        // A tab or line end inside a name becomes visible, and ends no field.
        fields.map(|field| printable(&field)).join("\t")
    }

    fn content(&self) -> [String; 5] {
        match &self.presented.certificate {
            Ok(certificate) => [
                certificate.subject.to_string(),
                certificate.issuer.to_string(),
                certificate.serial.to_string(),
                date(&certificate.not_before),
                date(&certificate.not_after),
            ],
            Err(unparseable) => [
                unparseable.to_string(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ],
        }
    }
}

/// The first line of the index.
pub const INDEX_HEADER: &str = "sha256\tsubject\tissuer\tserial\tnot_before\tnot_after\tshown_by\tcapture\tfirst_frame\tconnections\tfile";

fn end_text(role: Role, end: Endpoint) -> String {
    match role {
        Role::Server => format!("server {end}"),
        Role::Client => format!("client {}", end.address),
    }
}

const fn is_harmless(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::x509::Certificate;

    fn named(common_name: &str) -> Presented {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        let made = params.self_signed(&key).unwrap();
        let certificate = Certificate::parse(made.der()).map(Arc::new).map_err(Arc::new);
        Presented { frame: 7, certificate }
    }

    #[test]
    fn no_name_leads_out_of_the_folder_or_ends_a_field() {
        for hostile in ["../../etc/passwd", "a\tb\nc", "/", "C:\\x", "\u{202e}gpj", &"x".repeat(64)]
        {
            let presented = named(hostile);
            let seen = Seen::first(&presented, 0);
            let name = seen.file_name();
            assert!(name.chars().all(is_harmless) && name.len() < 100, "{name}");
            assert!(name.starts_with(&hex(presented.sha256())[..16]), "{name}");
            let line = seen.index_line(&Report::default());
            assert_eq!(line.split('\t').count(), INDEX_HEADER.split('\t').count(), "{line}");
            assert_eq!(line.lines().count(), 1);
        }
    }
}
