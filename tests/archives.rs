//! The diagnostic archives of samples/archives, row by row of the vendor's document on MRA
//! certificates (225476): verdict, remedies, version and log of each.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use toolkit::samples;
use toolkit::told::{Told, cluster, edge, list, of_day, text, told};

const PUBLISHER: &str = "10.30.7.11";
const SUBSCRIBER: &str = "10.30.7.12";
/// What every remedy on the trust list of an Expressway names.
const APPEND: &str = "Maintenance > Security > Trusted CA certificate > Append CA certificate";
const CIPHERS: &str = "Maintenance > Security > Ciphers";
const CERTIFICATE_MANAGEMENT: &str = "OS Administration > Security > Certificate Management";

const TO_CUCM: (&str, &str) = ("expressway-c", "cucm");
const TO_UC: (&str, &str) = ("expressway-c", "uc");

#[test]
fn a_cucm_refuses_the_certificate_of_expressway_c() {
    let told = of_day(1);
    let asked = [
        (PUBLISHER, 6971),
        (PUBLISHER, 6972),
        (SUBSCRIBER, 6972),
        (PUBLISHER, 5061),
        (PUBLISHER, 5091),
    ];
    for (host, port) in asked {
        let verdict = told.verdict(host, port);
        verdict.is("client-certificate-refused", "server", TO_CUCM);
        verdict.says(&[
            "7e:10:00:00:00:00:00:00:0c:20",
            "unknown_ca (48)",
            "CN=Example Voice Root CA",
        ]);
        verdict.mends(&[CERTIFICATE_MANAGEMENT, "tomcat-trust"]);
        verdict.since(&[
            "X14.0.2",
            "CSCvz45074",
            "tomcat-trust and CallManager-trust",
            "runs X14.2.5",
        ]);
        verdict.logged("tlsv1 alert unknown ca");
    }
    for port in [6971, 6972, 5061] {
        told.verdict(PUBLISHER, port).mends(&[
            "tomcat-trust",
            "CallManager-trust",
            "utils service restart Cisco Tomcat",
        ]);
    }
    assert_eq!(told.verdicts().len(), asked.len());
    assert_eq!(told.health(PUBLISHER, 8443), "healthy");
}

#[test]
fn b_an_old_version_accepts_what_an_upgrade_would_refuse() {
    let told = of_day(2);
    for host in [PUBLISHER, SUBSCRIBER] {
        let verdict = told.verdict(host, 6972);
        verdict.is("self-signed-not-trusted", "", TO_CUCM);
        verdict.since(&["X14.0.5 verifies the publisher at discovery only", "upgrade to X14.2"]);
        assert_eq!(verdict.0["severity"], "warning");
    }
    assert_eq!(told.verdicts().len(), 2);
    assert_eq!(told.health("10.30.7.13", 8443), "healthy");
    // Before X14.0.2 the traffic server shows no certificate either.
    let older = of_day(20);
    let verdict = older.verdict(PUBLISHER, 8443);
    verdict.is("trust-anchor-missing", "", TO_CUCM).since(&["X12.6 verifies", "upgrade to X14.2"]);
}

#[test]
fn c_verification_does_not_heed_the_tls_verify_mode() {
    let told = of_day(3);
    let verdict = told.verdict(PUBLISHER, 8443);
    verdict.is("trust-anchor-missing", "client", TO_CUCM);
    verdict.says(&["56:ff:6c:71:00:00:00:00:00:0d", "CN=Example Root CA", "error 20 at depth 1"]);
    verdict.mends(&[APPEND, "CN=Example Root CA"]);
    verdict.since(&[
        "From X14.2 on",
        "also where TLS verify mode is Off",
        "CSCwc69661",
        "runs X14.2.2",
    ]);
    verdict.logged("Error=unable to get local issuer certificate");
    told.finding(
        "verify-mode-off-no-relief",
        &["TLS verify mode of cucmpub.example.org", "is Off ("],
    );
    // By hand it is the same.
    let trust = samples::path("trust/expressway-without-root.pem");
    let by_hand = [
        "--expressway",
        "10.30.5.20",
        "--product-version",
        "X14.2.2",
        "--trust",
        trust.to_str().unwrap(),
    ];
    let by_hand = told_of(&by_hand, "root-missing.pcap");
    by_hand
        .verdict(PUBLISHER, 8443)
        .is("trust-anchor-missing", "client", TO_UC)
        .since(&["runs X14.2.2"]);
}

fn told_of(arguments: &[&str], sample: &str) -> Told {
    told(arguments, &[samples::path(sample)])
}

#[test]
fn d_of_two_certificates_of_one_name_the_first_counts() {
    let told = of_day(4);
    let verdict = told.verdict(PUBLISHER, 5061);
    verdict.is("self-signed-not-trusted", "client", TO_CUCM);
    verdict.says(&["61:c2:d3:e4:f5:06:17:28:39:4a:5b:6c:7d:8e:9f:02"]);
    verdict.mends(&[
        "4f:1a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6:e7:01",
        "CSCwa12894",
        "signed by a CA",
        "reuse",
    ]);
    verdict.logged("Outbound TLS Negotiation Error");
    told.finding("same-subject-anchors", &["CN=cucmpub.example.org", "different keys"]);
    assert_eq!(told.verdicts().len(), 1);
}

#[test]
fn e_unified_cm_must_be_listed_by_its_full_name() {
    let told = of_day(5);
    let [short, address] = &told.verdicts()[..] else { panic!() };
    short
        .is("name-not-in-certificate", "client", TO_UC)
        .says(&["not for cucmpub.", "internal_error (80)"]);
    short.mends(&["System > Server", "fully qualified", "Refresh servers"]);
    short.logged("SNI (cucmpub) not in certificate");
    address.is("name-not-in-certificate", "client", TO_UC).says(&["not for 10.30.7.11."]);
    address
        .mends(&["System > Server", "Refresh servers"])
        .logged("SNI (10.30.7.11) not in certificate");
    told.finding("uc-addressed-by-hostname", &["short host name cucmpub"]);
    told.finding("uc-addressed-by-ip", &["no server name", "10.30.7.11"]);
}

#[test]
fn f_the_active_cipher_string_is_recognised_and_compared() {
    let told = of_day(6);
    told.finding("cipher-string-fingerprint", &["RSA preferred"]);
    assert!(
        !told.findings("cipher-string-fingerprint")[0].contains("give the same order: "),
        "none of xconf"
    );
    assert_eq!(told.health(PUBLISHER, 8443), "healthy");
    // Where what is configured and what is offered agree, they are named.
    let ecdsa = of_day(7);
    ecdsa.finding("cipher-string-fingerprint", &["default up to X15.0.1", "UcClientTLSCiphers"]);
    ecdsa.finding("ecdsa-offered-first", &["cucmpub.example.org", "UcClientTLSCiphers"]);
}

#[test]
fn g_ecdsa_is_selected_and_only_rsa_is_trusted() {
    let told = of_day(7);
    for (host, serial) in [
        (PUBLISHER, "6d:1c:4f:0a:93:be:52:d7:08:e1:f4:a2:7c:35:b9:81"),
        (SUBSCRIBER, "4b:e2:0d:97:f1:5c:83:a6:61:2f:d0:48:3e:7a:b7:15"),
    ] {
        let verdict = told.verdict(host, 6972);
        verdict.is("self-signed-not-trusted", "client", TO_CUCM);
        verdict.says(&[
            "ECDSA was selected (TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "the client offers it first",
            serial,
        ]);
        let ways = [
            "Prefer RSA",
            CIPHERS,
            "`ECDHE-RSA-AES256-GCM-SHA384:`",
            "+ECDSA`",
            "!ECDSA`",
            "Trust the EC certificate",
            APPEND,
            serial,
        ];
        verdict.mends(&ways);
        verdict.since(&["CSCwc69661", "runs X14.3.4"]).logged("Error=self signed certificate");
    }
    assert_eq!(told.verdicts().len(), 2);
    for (host, port) in [(PUBLISHER, 8443), ("10.30.7.13", 8443)] {
        assert_eq!(told.health(host, port), "healthy");
    }
}

/// This Expressway's clock is behind that of the capture, and its time zone is not UTC.
#[test]
fn g_the_log_of_another_clock_and_time_zone_is_joined() {
    let told = of_day(7);
    let log = told.log();
    let offset = log["clock_offset_ns"].as_i64().unwrap();
    assert!((offset + 37_250_000_000).abs() < 10_000_000, "{offset}");
    assert_eq!((&log["clock_offset_pairs"], &log["joined"]), (&4.into(), &14.into()));
    assert_eq!(log["without_packet"], serde_json::json!([]));
}

#[test]
fn h_tls_13_hides_the_certificate_and_the_loggers_would_tell() {
    let told = of_day(8);
    let verdict = told.verdict(PUBLISHER, 8443);
    verdict.is("tls13-client-refused-certificate", "client", TO_CUCM);
    verdict.says(&["TLS 1.3 hides", "unknown_ca (48)"]).since(&["runs X15.2.2"]);
    verdict.logged("Error=unable to get local issuer certificate");
    let loggers = ["http", "http_trans", "iocore", "ssl"].map(|name| {
        format!("xConfiguration Logger Developer developer.trafficserver.{name} Level: 'DEBUG'")
    });
    told.finding("debug-not-enabled", &loggers.each_ref().map(String::as_str));
    told.finding("tls13-server-key-type", &["RSA-2048"]);
    assert_eq!(told.health("192.0.2.30", 7001), "healthy");
}

#[test]
fn i_the_signature_algorithms_of_sip_put_ecdsa_first() {
    let told = of_day(9);
    told.verdict(PUBLISHER, 5061).is("tls13-client-refused-certificate", "client", TO_CUCM);
    told.finding(
        "sip-sigalg-ecdsa-first",
        &[
            "ecdsa_secp521r1_sha512",
            "TlsSignatureAlgoPrefRsa",
            "xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On",
        ],
    );
    told.finding("tls13-server-key-type", &["EC P-384"]);
    // The setting counts with TLS 1.3 only, and is of no use for HTTPS.
    let without = of_day(11);
    without.finding(
        "sigalg-setting-no-effect",
        &["TlsSignatureAlgoPrefRsa is On", "SipTlsVersions has no TLSv1.3"],
    );
    assert!(without.findings("sip-sigalg-ecdsa-first").is_empty());
}

#[test]
fn j_the_hidden_certificate_of_unified_cm_is_predicted() {
    let told = of_day(10);
    told.verdict(PUBLISHER, 5061).is("tls13-client-refused-certificate", "client", TO_CUCM);
    told.finding(
        "cucm-cert-choice-predicted",
        &["Predicted, not seen", "TLS 1.2 cipher suites", "EC certificate"],
    );
    told.finding("tls13-server-key-type", &["EC P-384"]);
    assert!(
        told.findings("sip-sigalg-ecdsa-first").is_empty(),
        "RSA is first in the signature algorithms"
    );
}

#[test]
fn k_one_certificate_serves_two_services() {
    let told = of_day(11);
    told.finding(
        "cert-reuse-detected",
        &["56:ff:6c:71:00:00:00:00:00:0d", "5061, 8443", "multi-server"],
    );
    assert!(told.verdicts().is_empty());
}

#[test]
fn l_the_publisher_is_good_and_the_subscriber_is_bad() {
    let told = of_day(12);
    let verdict = told.verdict(SUBSCRIBER, 8443);
    verdict.is("self-signed-not-trusted", "client", TO_UC);
    verdict
        .says(&["73:d4:e5:f6:07:18:29:3a:4b:5c:6d:7e:8f:90:a1:03"])
        .mends(&["signed by a CA", APPEND]);
    verdict.since(&["runs X14.2.6"]).logged("server=cucmsub.example.org(10.30.7.12) depth=0");
    told.finding("subscriber-not-covered", &["cucmpub.example.org", "cucmsub.example.org", "8443"]);
    assert_eq!(told.verdicts().len(), 1);
    for host in [PUBLISHER, "10.30.7.13"] {
        assert_eq!(told.health(host, 8443), "healthy");
    }
}

#[test]
fn m_sip_oauth_looks_into_tomcat_trust() {
    let told = of_day(13);
    let verdict = told.verdict(PUBLISHER, 5091);
    verdict.is("client-certificate-refused", "server", TO_CUCM);
    verdict.mends(&[
        CERTIFICATE_MANAGEMENT,
        "as tomcat-trust (SIP OAuth looks there)",
        "Device > Expressway-C",
    ]);
    verdict.logged("Outbound TLS Negotiation Error");
    told.finding("sip-oauth-tomcat-trust", &["5091", "tomcat-trust"]);
    // In mixed mode the line side is mutual as well, and works.
    for port in [5061, 8443] {
        assert_eq!(told.health(PUBLISHER, port), "healthy");
    }
    assert_eq!(told.verdicts().len(), 1);
}

#[test]
fn n_the_certificate_of_expressway_c_lacks_client_auth() {
    // The same connection, from the archives of both ends.
    for told in [of_day(14), told(&[], &[edge()])] {
        let verdict = told.verdict("192.0.2.30", 7001);
        verdict.is("eku-unsuitable", "server", ("expressway-c", "expressway-e"));
        verdict.says(&[
            "7e:10:00:00:00:00:00:00:0c:21",
            "lacks clientAuth",
            "unsupported_certificate (43)",
        ]);
        verdict.mends(&["serverAuth and clientAuth", "X15.5", "FN74362"]);
        assert_eq!(text(&told.0["verdicts"][0]["severity"]), "error");
    }
    let edge = told(&[], &[edge()]);
    assert_eq!(edge.0["expressways"][0]["role"], "expressway-e");
    assert_eq!(
        (edge.health("192.0.2.30", 8443), edge.health("192.0.2.30", 5061)),
        ("healthy", "healthy")
    );
    edge.verdict("192.0.2.30", 7001).logged("Inbound TLS Negotiation Error");
}

#[test]
fn where_all_is_well_nothing_is_said() {
    for told in [of_day(15), of_day(17)] {
        assert!(told.verdicts().is_empty());
        let loud = list(&told.0["findings"]).find(|finding| finding["severity"] != "info");
        assert!(loud.is_none(), "{loud:?}");
        assert!(list(&told.0["legs"]).all(|leg| leg["health"] == "healthy"), "{}", told.0["legs"]);
        assert_eq!(list(&told.0["legs"]).count(), 7);
    }
}

/// Both peers: the trust lists are their own, and so are the verdicts.
#[test]
fn of_a_cluster_each_peer_is_judged_by_itself() {
    let told = told(&[], &[cluster()]);
    let [verdict] = &told.verdicts()[..] else { panic!("{}", told.0["verdicts"]) };
    verdict.is("trust-anchor-missing", "client", TO_CUCM).mends(&[APPEND]);
    verdict.logged("Error=unable to get local issuer certificate");
    assert_eq!(
        (text(&verdict.0["client"]), text(&verdict.0["expressway"])),
        ("10.30.5.21", "expc2.example.org")
    );
    let names: Vec<&str> = list(&told.0["expressways"]).map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["expc1.example.org", "expc2.example.org"]);
}
