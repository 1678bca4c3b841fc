//! One handshake in full: every message with its frame and time.

use std::sync::Arc;

use super::beside;
use super::chain::tree;
use super::model::{CaptureReport, Judged};
use super::page::{HEADING, Look, Page, severity_style};
use super::table::{certificate_text, outcome_text};
use super::words::{conclusion_word, date, semantics_word};
use crate::connection::{Connection, NameVerdict, Presented};
use crate::expressway::Party;
use crate::rules::{Finding, mending};
use crate::time::duration_text;
use crate::tls::{
    Body, CertificateList, CertificateRequest, ClientHello, EncryptedExtensions, Entry, Extension,
    KeyExchangeParameters, Message, Role, ServerHello, ServerKeyExchange, What, describe, names,
};
use crate::trust::{Conclusion, Origin};
use crate::wire::text::hex;
use crate::x509::Certificate;

/// The handshake of `judged` as text.
#[must_use]
pub fn render(capture: &CaptureReport, judged: &Judged, look: Look) -> String {
    let connection = &judged.connection;
    let mut paper = Paper { page: Page::new(look) };
    paper.head(capture, judged);
    let entries = &connection.handshake.entries;
    for (index, entry) in entries.iter().enumerate() {
        if !entries.get(index + 1).is_some_and(|next| is_told_by(entry, next)) {
            paper.entry(capture, connection, entry);
        }
    }
    paper.tcp_end(capture, connection);
    paper.verdicts(connection);
    paper.inferred(capture, connection);
    judged.findings.iter().for_each(|finding| paper.finding(finding));
    paper.page.into_text()
}

struct Paper {
    page: Page,
}

impl Paper {
    fn line(&mut self, depth: usize, text: &str) {
        self.page.fact(&format!("{:indent$}{text}", "", indent = depth * 4));
    }

    fn finding(&mut self, finding: &Finding) {
        let (word, id) = (finding.severity.word(), finding.rule.id);
        self.page.blank();
        let from = self.page.place();
        self.line(0, &format!("{word} {id}: {}", finding.sentence()));
        self.page.paint(from, word, severity_style(finding.severity));
        self.page.paint(from, id, HEADING);
        self.line(1, &format!("next: {}", finding.remedy()));
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = beside::Line>) {
        lines.into_iter().for_each(|(depth, text)| self.line(depth, &text));
    }

    fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.collect();
        if items.is_empty() {
            return;
        }
        self.line(2, &format!("{title} ({})", items.len()));
        for item in items {
            self.line(3, &item);
        }
    }

    fn head(&mut self, capture: &CaptureReport, judged: &Judged) {
        let connection = &judged.connection;
        self.line(0, &format!("{}, tcp.stream {}", capture.name(), connection.stream));
        self.line(0, &format!("{} -> {}", connection.client, connection.server));
        if let Some(service) = crate::expressway::service(connection.server.port) {
            self.line(0, &format!("service: {}", service.name));
        }
        let (client, server) = (judged.leg.client, judged.leg.server);
        if client != Party::Unknown || server != Party::Unknown {
            self.line(0, &format!("leg: {} to {}", client.name(), server.name()));
        }
        if !connection.encapsulation.is_empty() {
            self.line(0, &format!("inside: {}", connection.encapsulation));
        }
        if let Some(protocol) = connection.handshake.started_by {
            self.line(0, &format!("TLS started by: {protocol}"));
        }
        let begin = format!(
            "begins {} in frame {}",
            connection.first.time,
            capture.frame_text(connection.first.frame)
        );
        self.line(0, &begin);
        self.line(0, &format!("handshake: {}", outcome_text(connection)));
        self.line(0, &format!("certificate: {}", certificate_text(judged)));
        self.timing(connection);
        self.line(0, &format!("ledger: {}", connection.ledger.meaning()));
        for line in &judged.log {
            self.line(0, &format!("log line {}: {}", line.number, line.text));
        }
        self.page.blank();
    }

    fn timing(&mut self, connection: &Connection) {
        let timing = connection.timing();
        let parts: Vec<String> = [
            ("TCP round trip", timing.tcp_round_trip),
            ("ClientHello to ServerHello", timing.hello_to_hello),
            ("ClientHello to the end of the handshake", timing.hello_to_end),
        ]
        .into_iter()
        .filter_map(|(what, nanos)| Some(format!("{what} {}", duration_text(nanos?))))
        .collect();
        if !parts.is_empty() {
            self.line(0, &format!("timing: {}", parts.join(", ")));
        }
    }

    fn entry(&mut self, capture: &CaptureReport, connection: &Connection, entry: &Entry) {
        let frames = if entry.first_frame == entry.frame {
            format!("frame {}", capture.frame_text(entry.frame))
        } else {
            format!(
                "frames {} to {}",
                capture.frame_text(entry.first_frame),
                capture.frame_text(entry.frame)
            )
        };
        let after = duration_text(entry.time.since(connection.first.time));
        let arrow = match entry.from {
            Role::Client => "client ->",
            Role::Server => "server ->",
        };
        let key = if entry.decrypted { " (decrypted)" } else { "" };
        self.line(0, &format!("{arrow} {}{key}  [{frames}, +{after}]", title(&entry.what)));
        if let What::Message(message) = &entry.what {
            self.message(connection, entry, message);
        }
    }

    fn message(&mut self, connection: &Connection, entry: &Entry, message: &Message) {
        if !message.whole {
            self.line(1, "not all of this message is in the capture; what is there:");
        }
        match &message.body {
            Body::ClientHello(hello) => self.client_hello(hello),
            Body::ServerHello(hello) | Body::HelloRetryRequest(hello) => self.server_hello(hello),
            Body::EncryptedExtensions(message) => self.encrypted_extensions(message),
            Body::Certificate(list) => self.certificate_list(connection, entry, list),
            Body::CertificateRequest(request) => self.certificate_request(request),
            Body::ServerKeyExchange(exchange) => self.server_key_exchange(exchange),
            Body::CertificateVerify(verify) => {
                self.signed_with(verify.algorithm);
                self.line(1, &format!("signature of {} bytes", verify.signature_length));
            }
            Body::NewSessionTicket { lifetime } => {
                self.line(1, &format!("lifetime hint {lifetime} s"));
            }
            Body::CertificateStatus { response } => self.lines(beside::ocsp(1, response)),
            Body::RawPublicKey { spki } => self.lines(beside::raw_public_key(spki)),
            Body::Opaque => {}
        }
    }

    fn encrypted_extensions(&mut self, message: &EncryptedExtensions) {
        let alpn = message.alpn();
        self.extensions(&message.extensions, Role::Server, |page, extension| {
            if extension.code == 16 {
                page.line(3, alpn.as_deref().unwrap_or_default());
            }
        });
    }

    fn certificate_list(&mut self, connection: &Connection, entry: &Entry, list: &CertificateList) {
        if let Some(algorithm) = list.compression {
            let name = names::certificate_compression_name(algorithm);
            self.line(1, &format!("compressed with {name}"));
        }
        let CertificateList { cut_bytes, left_out, .. } = *list;
        if list.certificates.is_empty() && cut_bytes == 0 {
            self.line(1, "the list is empty: no certificate was shown");
        }
        self.certificates(connection, entry, list);
        if cut_bytes > 0 {
            self.line(
                1,
                &format!("a further certificate is cut: {cut_bytes} bytes of it are there"),
            );
        }
        if left_out > 0 {
            self.line(1, &format!("{left_out} more certificates than the limit are not shown"));
        }
    }

    fn server_key_exchange(&mut self, exchange: &ServerKeyExchange) {
        match exchange.parameters {
            Some(KeyExchangeParameters::Group(group)) => {
                self.line(1, &format!("group: {}", number16(group, &names::group_name(group))));
            }
            Some(KeyExchangeParameters::ExplicitCurve) => {
                self.line(1, "group: a curve given by explicit parameters");
            }
            Some(KeyExchangeParameters::DhBits(bits)) => {
                self.line(1, &format!("group: finite field of {bits} bits"));
            }
            None => {}
        }
        self.signed_with(exchange.signature_algorithm);
    }

    fn signed_with(&mut self, scheme: Option<u16>) {
        if let Some(scheme) = scheme {
            let name = names::signature_scheme_name(scheme);
            self.line(1, &format!("signed with: {}", number16(scheme, &name)));
        }
    }

    fn client_hello(&mut self, hello: &ClientHello) {
        if hello.ssl2_format {
            self.line(1, "in SSL 2.0 format");
        }
        self.line(1, &format!("legacy_version: {}", version(hello.legacy_version)));
        self.line(1, &format!("random: {}", hex(&hello.random)));
        self.session_id(&hello.session_id);
        self.list(
            "cipher_suites",
            hello.cipher_suites.iter().map(|code| suite(*code, hello.ssl2_format)),
        );
        self.list(
            "compression_methods",
            hello.compression_methods.iter().map(|method| {
                format!("0x{method:02x} {}", names::compression_method_name(*method))
            }),
        );
        let alpn = hello.alpn();
        self.extensions(&hello.extensions, Role::Client, |page, extension| match extension.code {
            0 => page.line(3, hello.server_name.as_deref().unwrap_or("(no host name)")),
            10 => {
                page.numbers(&hello.supported_groups(), |code| names::group_name(code).into_owned())
            }
            13 => page.numbers(&hello.signature_algorithms(), scheme_name),
            16 => alpn.iter().for_each(|name| page.line(3, name)),
            43 => page.numbers(&hello.supported_versions(), version_name),
            50 => page.numbers(&hello.signature_algorithms_cert(), scheme_name),
            40 | 51 => {
                page.numbers(&hello.key_share_groups(), |code| names::group_name(code).into_owned())
            }
            _ => {}
        });
    }

    fn server_hello(&mut self, hello: &ServerHello) {
        self.line(1, &format!("legacy_version: {}", version(hello.legacy_version)));
        self.line(1, &format!("version: {}", version(hello.version())));
        if !hello.random.is_empty() {
            self.line(1, &format!("random: {}", hex(&hello.random)));
        }
        self.session_id(&hello.session_id);
        if let Some(code) = hello.cipher_suite {
            self.line(1, &format!("cipher_suite: {}", suite(u32::from(code), false)));
        }
        self.extensions(&hello.extensions, Role::Server, |page, extension| match extension.code {
            16 => page.line(3, &hello.alpn().unwrap_or_default()),
            43 => page.line(3, &version(hello.version())),
            40 | 51 => {
                if let Some(group) = hello.key_share_group() {
                    page.line(3, &number16(group, &names::group_name(group)));
                }
            }
            _ => {}
        });
    }

    fn session_id(&mut self, id: &[u8]) {
        let text = if id.is_empty() { "(empty)".into() } else { hex(id) };
        self.line(1, &format!("session_id: {text}"));
    }

    fn extensions(
        &mut self,
        list: &[Extension],
        from: Role,
        detail: impl Fn(&mut Self, &Extension),
    ) {
        if list.is_empty() {
            self.line(1, "no extensions");
            return;
        }
        self.line(1, &format!("extensions ({})", list.len()));
        for extension in list {
            let cut = if extension.whole { "" } else { ", cut" };
            self.line(
                2,
                &format!(
                    "{} {} ({} bytes{cut})",
                    extension.code,
                    names::extension_name(extension.code),
                    extension.body.len()
                ),
            );
            if let Some(value) = describe(extension, from) {
                self.line(3, &value);
            }
            detail(self, extension);
        }
    }

    fn numbers(&mut self, list: &[u16], name: impl Fn(u16) -> String) {
        for code in list {
            self.line(3, &number16(*code, &name(*code)));
        }
    }

    fn certificate_request(&mut self, request: &CertificateRequest) {
        self.list(
            "certificate_types",
            request
                .certificate_types
                .iter()
                .map(|kind| format!("{kind} {}", names::client_certificate_type_name(*kind))),
        );
        self.list(
            "signature_algorithms",
            request.signature_algorithms.iter().map(|code| number16(*code, &scheme_name(*code))),
        );
        if request.authorities.is_empty() {
            self.line(2, "no names of certificate authorities: any will do");
        }
        self.list(
            "certificate_authorities",
            request.authorities.iter().map(|der| super::json::authority(der)),
        );
    }

    fn certificates(&mut self, connection: &Connection, entry: &Entry, list: &CertificateList) {
        let first = connection.certificates(entry.from);
        if first.iter().any(|shown| shown.frame == entry.frame) {
            for (depth, shown) in first.iter().enumerate() {
                self.certificate(depth, shown);
                self.lines(beside::certificate(list, depth));
            }
            return;
        }
        // A renegotiation shows certificates again, or others.
        for (depth, der) in list.certificates.iter().enumerate() {
            let certificate = Certificate::parse(der).map(Arc::new).map_err(Arc::new);
            let shown = Presented { frame: entry.frame, certificate };
            if first.get(depth).is_some_and(|before| before.sha256() == shown.sha256()) {
                self.line(1, &format!("certificate {depth}: the same as before"));
            } else {
                self.certificate(depth, &shown);
            }
            self.lines(beside::certificate(list, depth));
        }
    }

    fn certificate(&mut self, depth: usize, shown: &Presented) {
        self.line(1, &format!("certificate {depth}"));
        match &shown.certificate {
            Ok(certificate) => self.certificate_content(certificate),
            Err(unparseable) => {
                self.line(2, &unparseable.to_string());
                self.line(2, &format!("SHA-256 {}", hex(&unparseable.sha256)));
            }
        }
    }

    fn certificate_content(&mut self, certificate: &Certificate) {
        let extensions = &certificate.extensions;
        self.line(2, &format!("subject     {}", certificate.subject));
        let own = if certificate.is_self_signed() { "  (self-signed)" } else { "" };
        self.line(2, &format!("issuer      {}{own}", certificate.issuer));
        self.line(2, &format!("serial      {}", certificate.serial));
        self.line(
            2,
            &format!(
                "valid       {} to {}",
                date(&certificate.not_before),
                date(&certificate.not_after)
            ),
        );
        self.line(2, &format!("key         {}", certificate.public_key.label()));
        self.line(2, &format!("signed with {}", certificate.signature_algorithm.name()));
        let names: Vec<String> =
            extensions.subject_alt_names.iter().flatten().map(ToString::to_string).collect();
        self.line(2, &format!("SAN         {}", or_none(&names.join(", "))));
        let usages = extensions.key_usage.map(|usage| usage.names().join(", ")).unwrap_or_default();
        self.line(2, &format!("key usage   {}", or_none(&usages)));
        let extended: Vec<String> =
            extensions.extended_key_usage.iter().flatten().map(super::json::usage_name).collect();
        self.line(2, &format!("EKU         {}", or_none(&extended.join(", "))));
        let basic = extensions.basic_constraints.map_or_else(String::new, |basic| {
            let length = basic.path_len.map(|n| format!(", path length {n}")).unwrap_or_default();
            format!("CA:{}{length}", if basic.ca { "TRUE" } else { "FALSE" })
        });
        self.line(2, &format!("constraints {}", or_none(&basic)));
        let own = extensions.subject_key_id.as_deref().map(hex).unwrap_or_default();
        self.line(2, &format!("SKI         {}", or_none(&own)));
        let authority = extensions.authority_key_id.as_ref().and_then(|id| id.key_id.as_deref());
        self.line(2, &format!("AKI         {}", or_none(&authority.map(hex).unwrap_or_default())));
        if extensions.timestamps > 0 {
            self.line(2, &format!("SCTs        {}", extensions.timestamps));
        }
        for url in &extensions.ca_issuers {
            self.line(2, &format!("issuer at   {url}"));
        }
        self.line(2, &format!("SHA-256     {}", hex(&certificate.sha256)));
    }

    fn tcp_end(&mut self, capture: &CaptureReport, connection: &Connection) {
        for (role, side) in
            [(Role::Client, &connection.tcp.client), (Role::Server, &connection.tcp.server)]
        {
            for (what, mark) in [("FIN", side.fin), ("RST", side.rst)] {
                if let Some(mark) = mark {
                    let after = duration_text(mark.time.since(connection.first.time));
                    let frame = capture.frame_text(mark.frame);
                    self.line(
                        0,
                        &format!("{} -> TCP {what}  [frame {frame}, +{after}]", role.name()),
                    );
                }
            }
        }
    }

    fn inferred(&mut self, capture: &CaptureReport, connection: &Connection) {
        let lines = super::inferred::lines(capture, connection);
        if !lines.is_empty() {
            self.line(0, "concluded from the lengths of encrypted records:");
        }
        for line in lines {
            self.line(1, &line);
        }
    }

    fn verdicts(&mut self, connection: &Connection) {
        self.page.blank();
        self.path(connection, Role::Server);
        self.path(connection, Role::Client);
        self.name(&connection.name);
        for anomaly in &connection.handshake.anomalies {
            self.line(0, &format!("anomaly in frame {}: {}", anomaly.frame, anomaly.what));
        }
    }
}

impl Paper {
    /// The certification path of a side, and what would mend it.
    fn path(&mut self, connection: &Connection, of: Role) {
        let Some(chain) = connection.path(of).chain() else { return };
        let validation = &chain.validation;
        self.line(0, &format!("certification path of the {}, leaf first:", of.name()));
        let place = |origin: Origin| match origin {
            Origin::Store(at) => format!("trust store, no. {}", at + 1),
            _ => format!("sent by the {}", of.name()),
        };
        for line in tree(validation, &place) {
            self.line(1, &line);
        }
        for error in &validation.errors {
            let line = format!("error {} at depth {}: {}", error.code, error.depth, error.text);
            self.line(1, &line);
        }
        match validation.conclusion() {
            Conclusion::Accepted => self.line(1, "trusted"),
            Conclusion::Refused => {}
            other => self.line(1, &format!("not decided: {}", conclusion_word(other))),
        }
        if let Some(remedy) = &chain.remedy {
            self.line(
                1,
                &format!("to mend it: {}", mending(remedy, &chain.in_the_way, &chain.elsewhere)),
            );
        }
        if let Some(other) = &chain.otherwise {
            let verdict = if other.validation.ok() { "accepted" } else { "refused" };
            let semantics = semantics_word(other.semantics);
            self.line(1, &format!("with store semantics {semantics} it is {verdict}"));
        }
    }

    fn name(&mut self, verdict: &NameVerdict) {
        let NameVerdict::Checked { reference, matches, traffic_server, sip_zone, presented } =
            verdict
        else {
            return;
        };
        let word = |matches: bool| if matches { "matches" } else { "does not match" };
        let verdict = if *matches { "matches" } else { "is not in" };
        let names = if presented.is_empty() {
            "the certificate, which carries none of that kind".to_owned()
        } else {
            format!("[{}]", presented.join(", "))
        };
        self.line(0, &format!("name: {reference} {verdict} {names}"));
        if (matches, matches) != (traffic_server, sip_zone) {
            let line = format!(
                "for the traffic server of Expressway it {}; for a SIP zone, if it has that peer address, it {}",
                word(*traffic_server),
                word(*sip_zone)
            );
            self.line(1, &line);
        }
    }
}

/// Whether `next` is what a decrypted record held, so that the record itself need not
/// be told.
fn is_told_by(record: &Entry, next: &Entry) -> bool {
    let closed = |what: &What| {
        matches!(
            what,
            What::Protected { .. } | What::EncryptedHandshake { .. } | What::EncryptedAlert { .. }
        )
    };
    let both = record.decrypted && next.decrypted && record.from == next.from;
    both && closed(&record.what) && !closed(&next.what) && record.frame == next.frame
}

fn title(what: &What) -> String {
    match what {
        What::Message(message) => {
            let name = match &message.body {
                Body::HelloRetryRequest(_) => "hello_retry_request".into(),
                _ => names::handshake_type_name(message.kind),
            };
            format!("{name} ({} bytes)", message.length)
        }
        What::Alert { level, description } => {
            let level = if *level == 2 { "fatal" } else { "warning" };
            format!("ALERT {level} {} ({description})", names::alert_name(*description))
        }
        What::EncryptedAlert { length } => format!("alert, encrypted ({length} bytes)"),
        What::ChangeCipherSpec => "change_cipher_spec".into(),
        What::EncryptedHandshake { length } => {
            format!("handshake message, encrypted ({length} bytes)")
        }
        What::Protected { length } => format!("encrypted record ({length} bytes)"),
        What::Heartbeat { length } => format!("heartbeat ({length} bytes)"),
        What::Gap { length, cause } => {
            let why = match cause {
                crate::flow::GapCause::Snaplen => "cut by the snapshot length",
                crate::flow::GapCause::NotCaptured => "not in the capture",
                crate::flow::GapCause::Limit => "more was waiting than the limit",
            };
            format!("{length} bytes missing: {why}")
        }
    }
}

fn number16(code: u16, name: &str) -> String {
    if name.contains("0x") { name.to_owned() } else { format!("0x{code:04x} {name}") }
}

fn suite(code: u32, ssl2: bool) -> String {
    match u16::try_from(code) {
        Ok(code) => number16(code, &names::cipher_suite_name(code)),
        Err(_) if ssl2 => format!("0x{code:06x} (SSL 2.0)"),
        Err(_) => format!("0x{code:06x}"),
    }
}

fn version(code: u16) -> String {
    number16(code, &names::version_name(code))
}

fn version_name(code: u16) -> String {
    names::version_name(code).into_owned()
}

fn scheme_name(code: u16) -> String {
    names::signature_scheme_name(code).into_owned()
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
