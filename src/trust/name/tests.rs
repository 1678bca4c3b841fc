//! Tables of names: where the three checkers differ, and OpenSSL's rules for stars.

use super::*;

fn certificate(common_name: &str, dns: &[&str], ips: &[[u8; 4]]) -> Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
    for name in dns {
        params.subject_alt_names.push(rcgen::SanType::DnsName((*name).try_into().unwrap()));
    }
    for ip in ips {
        params.subject_alt_names.push(rcgen::SanType::IpAddress(IpAddr::from(*ip)));
    }
    Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap()
}

fn answers(certificate: &Certificate, reference: &str) -> [bool; 3] {
    [NameRule::OpenSsl, NameRule::TrafficServer, NameRule::SipZone]
        .map(|rule| check(rule, certificate, reference).matched)
}

#[test]
fn the_three_checkers_differ_where_the_facts_say() {
    let host = certificate("cucmpub", &["cucmpub.lab.example"], &[]);
    assert_eq!(answers(&host, "CUCMpub.lab.example"), [true, true, true]);
    // The common name counts for the traffic server although there are DNS names.
    assert_eq!(answers(&host, "cucmpub"), [false, true, false]);
    let only_cn = certificate("cucmpub.lab.example", &[], &[]);
    assert_eq!(answers(&only_cn, "cucmpub.lab.example"), [true, true, false]);
    // An iPAddress name helps everybody but the traffic server; the same digits as a DNS name help only it and SIP.
    let address = certificate("x", &["a.example"], &[[10, 106, 79, 162]]);
    assert_eq!(answers(&address, "10.106.79.162"), [true, false, true]);
    let digits = certificate("x", &["10.106.79.162"], &[]);
    assert_eq!(answers(&digits, "10.106.79.162"), [false, true, true]);
    let in_cn = certificate("10.106.79.162", &["a.example"], &[]);
    assert_eq!(answers(&in_cn, "10.106.79.162"), [false, true, false]);
}

#[test]
fn one_star_with_two_dots_behind_it() {
    let wild = certificate("x", &["*.lab.example"], &[]);
    assert_eq!(answers(&wild, "cucm.lab.example"), [true, true, true]);
    assert_eq!(answers(&wild, "lab.example"), [false, false, false]);
    assert_eq!(answers(&wild, "a.b.lab.example"), [false, false, false]);
    let too_wide = certificate("x", &["*.example"], &[]);
    assert_eq!(answers(&too_wide, "lab.example"), [false, false, false]);
    let partial = certificate("x", &["cucm*.lab.example"], &[]);
    assert_eq!(answers(&partial, "cucmpub.lab.example"), [true, false, true]);
}

#[test]
fn openssl_stars() {
    let matching = [
        ("*.a.b", "x.a.b"),
        ("x*.a.b", "xy.a.b"),
        ("*x.a.b", "yx.a.b"),
        ("x*.a.b", "x.a.b"),
        ("*.a.b", "*.a.b"),
        ("*.a.b", "xn--q.a.b"),
        ("A.B", "a.b"),
        ("*.a.b", ".a.b"),
        ("www.lab.example", ".lab.example"),
    ];
    for (pattern, subject) in matching {
        assert!(openssl_matches(pattern.as_bytes(), subject.as_bytes()), "{pattern} {subject}");
    }
    let others = [
        ("x*y.a.b", "xzy.a.b"),
        ("a.*.b", "a.x.b"),
        ("**.a.b", "x.a.b"),
        ("*.a", "x.a"),
        ("xn--*.a.b", "xn--q.a.b"),
        ("x*.a.b", "y.a.b"),
        ("*.a.b", "x_y.a.b"),
        ("", "a"),
        ("*.a.b.", "x.a.b."),
        ("*.-a.b", "x.-a.b"),
        ("*q.a.b", "xn--q.a.b"),
    ];
    for (pattern, subject) in others {
        assert!(!openssl_matches(pattern.as_bytes(), subject.as_bytes()), "{pattern} {subject}");
    }
}

#[test]
fn the_answer_tells_what_was_compared() {
    let answer = check(
        NameRule::TrafficServer,
        &certificate("b.example", &["a.example"], &[[1, 2, 3, 4]]),
        "c.example",
    );
    let texts: Vec<_> = answer.compared.iter().map(|name| name.text.as_str()).collect();
    assert_eq!(texts, ["a.example", "b.example"]);
    assert_eq!(answer.ignored, [Presented { place: Place::Ip, text: "1.2.3.4".to_owned() }]);
}
