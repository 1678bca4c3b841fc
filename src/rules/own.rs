//! What the Expressways themselves have: their own certificates, and where those were
//! seen; their alarms and their logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::case::{Case, CaseConnection, CaseObservation};
use super::finding::Observation;
use super::scene;
use super::words::{Text, Values};
use crate::expressway::{Appliance, BoxRole, Event, Line};
use crate::tls::Role;
use crate::x509::{Certificate, Sha256};

/// Names of a certificate that are listed before the rest is counted.
const LISTED: usize = 12;

/// A certificate of a known Expressway.
pub(super) struct Own<'a> {
    /// Its place among the appliances.
    pub(super) index: usize,
    /// Whose it is.
    pub(super) appliance: &'a Appliance,
    /// As which side it is shown.
    pub(super) role: Role,
    /// The certificate itself.
    pub(super) leaf: &'a Arc<Certificate>,
    /// What lies beside it or was shown with it.
    pub(super) beside: Vec<Arc<Certificate>>,
    on_wire: Option<&'a CaseConnection<'a>>,
}

/// The certificates of every known Expressway, each once. What a file holds is its own;
/// what it shows counts where no file tells, because a box in the path may show another.
pub(super) fn certificates<'a>(case: &Case<'a>) -> Vec<Own<'a>> {
    let mut all = Vec::new();
    for (index, appliance) in case.deployment.appliances().iter().enumerate() {
        let mut known: Vec<Own<'a>> = Vec::new();
        for role in [Role::Server, Role::Client] {
            let file = Own::of_file(index, appliance, role);
            let told = file.is_some() || one_for_both(appliance) == Some(true) && !known.is_empty();
            known.extend(file);
            if !told {
                Own::on_wire(case, index, appliance, role, &mut known);
            }
        }
        all.extend(known);
    }
    all
}

/// Whether the certificate of the server is that of the client too: before X15.5.
/// `None` where the version is not known.
pub(super) fn one_for_both(appliance: &Appliance) -> Option<bool> {
    appliance.version.map(|version| !version.has_client_certificate_store())
}

/// The certificate in its files that an Expressway shows as a client; `None` where the version
/// does not tell that it is that of the server.
pub(super) fn of_client(appliance: &Appliance) -> Option<&Arc<Certificate>> {
    let shared = one_for_both(appliance) == Some(true);
    let of_server = appliance.server_certificates.first().filter(|_| shared);
    appliance.client_certificates.first().or(of_server)
}

impl<'a> Own<'a> {
    fn of_file(index: usize, appliance: &'a Appliance, role: Role) -> Option<Self> {
        let list = match role {
            Role::Server => &appliance.server_certificates,
            Role::Client => &appliance.client_certificates,
        };
        let (leaf, beside) = list.split_first()?;
        Some(Self { index, appliance, role, leaf, beside: beside.to_vec(), on_wire: None })
    }

    fn on_wire(
        case: &Case<'a>,
        index: usize,
        appliance: &'a Appliance,
        role: Role,
        known: &mut Vec<Self>,
    ) {
        let mut seen: Vec<Sha256> = known.iter().map(|own| own.leaf.sha256).collect();
        for one in case.connections {
            let connection = one.subject.connection;
            let Some(leaf) = scene::leaf(connection, role) else { continue };
            if one.subject.leg.appliance_of(role) != Some(index) || seen.contains(&leaf.sha256) {
                continue;
            }
            seen.push(leaf.sha256);
            let shown = connection.certificates(role).iter().skip(1);
            let beside = shown.filter_map(|one| one.parsed()).map(Arc::clone).collect();
            known.push(Self { index, appliance, role, leaf, beside, on_wire: Some(one) });
        }
    }

    /// `{box}`, `{certificate}` and `{seen}`, which says where it was seen.
    pub(super) fn values(&self) -> Values {
        let values = Values::new()
            .with("box", self.appliance.title())
            .with("certificate", self.leaf.title());
        match (self.on_wire, &self.appliance.archive) {
            (Some(one), _) => {
                let connection = one.subject.connection;
                values
                    .with("peer", connection.end(self.role.other()).address.to_string())
                    .with("port", connection.server.port.to_string())
                    .with_words("seen", Text::en("shown to {peer} on port {port}"))
            }
            (None, Some(archive)) => values.with("archive", archive).with_words(
                "seen",
                match self.role {
                    Role::Server => Text::en("server_*.pem of {archive}"),
                    Role::Client => Text::en("client_*.pem of {archive}"),
                },
            ),
            (None, None) => values.with_words("seen", Text::en("the file given with --own-cert")),
        }
    }

    /// An observation with the proof, where a capture has it.
    pub(super) fn observation(&self, values: Values) -> CaseObservation {
        let Some(one) = self.on_wire else { return told(values) };
        let frame = scene::certificate_frame(one.subject.connection, self.role);
        let evidence = frame.map(|frame| scene::serial_evidence(frame, self.leaf));
        one.observation(Observation {
            values,
            evidence: evidence.into_iter().collect(),
            severity: None,
            of: Some(self.role),
        })
    }

    /// Whether it belongs to the half of the pair that is asked for.
    pub(super) fn is_of(&self, role: BoxRole) -> bool {
        self.appliance.role == Some(role)
    }
}

/// The certificate that each Expressway of a kind shows as a client: its own one for
/// clients, else that of the server, which it is before X15.5.
pub(super) fn shown_as_client<'a>(case: &Case<'a>, role: BoxRole) -> Vec<Own<'a>> {
    let all = certificates(case);
    let has_client =
        |index: usize| all.iter().any(|own| own.index == index && own.role == Role::Client);
    let for_client: Vec<bool> = all
        .iter()
        .map(|own| own.is_of(role) && (own.role == Role::Client || !has_client(own.index)))
        .collect();
    all.into_iter().zip(for_client).filter_map(|(own, wanted)| wanted.then_some(own)).collect()
}

/// An observation that no frame proves.
pub(super) fn told(values: Values) -> CaseObservation {
    CaseObservation {
        observation: Observation { values, ..Observation::default() },
        ..CaseObservation::default()
    }
}

/// The lines of an Expressway's log that say something.
pub(super) fn log_lines(appliance: &Appliance) -> impl Iterator<Item = &Line> {
    appliance.log.iter().flat_map(|log| &log.lines)
}

/// Adds `{alarmed}`: a sentence on the first of these alarms that is up, by the status
/// or by the last word of the log; nothing where none is.
pub(super) fn with_alarm(values: Values, appliance: &Appliance, ids: &[u32]) -> Values {
    match alarm(appliance, ids) {
        Some((id, None)) => values
            .with("alarm", id.to_string())
            .with_words("alarmed", Text::en(" Its status (xstat_dump) shows alarm {alarm}.")),
        Some((id, Some(line))) => values
            .with("alarm", id.to_string())
            .with("line", line.to_string())
            .with_words("alarmed", Text::en(" Line {line} of its log shows alarm {alarm}.")),
        None => values.with_words("alarmed", Text::en("")),
    }
}

/// The first of these alarms that is up, and the line of the log that says so.
pub(super) fn alarm(appliance: &Appliance, ids: &[u32]) -> Option<(u32, Option<u64>)> {
    let up = appliance.status.iter().flat_map(crate::expressway::Status::warnings);
    let in_status = up.filter_map(|warning| warning.id).find(|id| ids.contains(id));
    in_status.map(|id| (id, None)).or_else(|| {
        // What is lowered is one alarm; the others stay up.
        let mut up = BTreeMap::new();
        for line in log_lines(appliance) {
            match &line.event {
                Event::Alarm { id, .. } if !ids.contains(id) => {}
                Event::Alarm { id, raised: Some(false), .. } => drop(up.remove(id)),
                Event::Alarm { id, .. } => drop(up.insert(*id, line.number)),
                _ => {}
            }
        }
        ids.iter().find_map(|id| Some((*id, Some(*up.get(id)?))))
    })
}

/// The DNS names of a certificate for a sentence.
pub(super) fn dns_names(certificate: &Certificate) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in certificate.extensions.dns_names() {
        if !names.contains(&name) && names.len() <= LISTED {
            names.push(name);
        }
    }
    if names.is_empty() {
        return "no DNS name".to_owned();
    }
    if names.len() > LISTED {
        names.truncate(LISTED);
        names.push("and more".to_owned());
    }
    names.join(", ")
}
