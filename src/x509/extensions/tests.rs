//! Traps of single extensions, one test each.

use super::contents::*;
use super::*;

#[test]
fn basic_constraints_may_be_empty_or_without_flag() {
    assert_eq!(basic_constraints(&[0x30, 0]), Ok(BasicConstraints { ca: false, path_len: None }));
    // BOOLEAN true that is not 0xff, as old CAs write it.
    let lax = basic_constraints(&[0x30, 6, 1, 1, 1, 2, 1, 3]).unwrap();
    assert_eq!(lax, BasicConstraints { ca: true, path_len: Some(3) });
    assert!(basic_constraints(&[0x30, 3, 2, 1, 0xff]).is_err());
    let huge = basic_constraints(&[0x30, 11, 2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(huge.path_len, None);
    // OpenSSL refuses a padded number, and a BOOLEAN that is not one octet.
    for bad in [&[0x30, 4, 2, 2, 0, 1][..], &[0x30, 2, 1, 0], &[0x30, 4, 1, 2, 0xff, 0xff]] {
        assert!(basic_constraints(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn distribution_points_need_no_url() {
    let point = |field: &[u8]| {
        let length = u8::try_from(field.len()).unwrap();
        crl_urls(&[&[0x30, length + 2, 0x30, length], field].concat())
    };
    assert_eq!(point(&[0xa0, 5, 0xa0, 3, 0x86, 1, b'u']), Ok(vec!["u".to_owned()]));
    // Relative to the name of the CRL's issuer, and a list of names that is empty.
    let relative = [0xa0, 12, 0xa1, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 0x0c, 1, b'x'];
    assert_eq!(point(&relative), Ok(Vec::new()));
    assert_eq!(point(&[0xa0, 2, 0xa0, 0]), Ok(Vec::new()));
    for bad in [&[][..], &[0xa0, 0], &[0x81, 2, 9, 0], &[0xa2, 0], &[0xa3, 0]] {
        assert!(point(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn key_usage_keeps_its_ninth_bit() {
    let usage = key_usage(&[3, 3, 7, 0x06, 0x80]).unwrap();
    assert_eq!(usage.names(), ["Certificate Sign", "CRL Sign", "Decipher Only"]);
    assert_eq!(key_usage(&[3, 1, 0]), Ok(KeyUsage(0)));
}

#[test]
fn extended_key_usages_keep_their_order() {
    let der = [0x30, 20, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    let names: Vec<_> = oids(&der).unwrap().iter().filter_map(Oid::name).collect();
    assert_eq!(names, ["TLS Web Client Authentication", "TLS Web Server Authentication"]);
}

#[test]
fn a_duplicated_extension_is_flagged_and_the_first_is_kept() {
    let ski = |octet: u8| [0x30, 10, 6, 3, 0x55, 0x1d, 14, 4, 3, 4, 1, octet];
    let der = [&[0x30, 24][..], &ski(1), &ski(2)].concat();
    let read = Extensions::from_der(&der).unwrap();
    assert_eq!(read.subject_key_id.as_deref(), Some(&[1][..]));
    assert_eq!((read.duplicated.len(), read.inconsistent()), (1, true));
}

#[test]
fn an_unreadable_extension_does_not_fail_the_others() {
    let der = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 17, 4, 3, 0x30, 9, 9];
    let read = Extensions::from_der(&der).unwrap();
    assert_eq!(
        (read.malformed.len(), read.inconsistent(), read.subject_alt_names),
        (1, true, None)
    );
}

#[test]
fn unknown_critical_extensions_are_named() {
    let der = [0x30, 14, 0x30, 12, 6, 2, 0x2a, 3, 1, 1, 0xff, 4, 3, 1, 2, 3];
    let read = Extensions::from_der(&der).unwrap();
    assert_eq!(read.critical_unknown().map(ToString::to_string).collect::<Vec<_>>(), ["1.2.3"]);
    assert!(!read.inconsistent());
}

#[test]
fn name_constraints_keep_their_limits() {
    let der = [0x30, 13, 0xa0, 11, 0x30, 9, 0x82, 1, b'a', 0x80, 1, 1, 0x81, 1, 2];
    let read = subtrees(&der).unwrap();
    assert_eq!(
        read.permitted,
        [Subtree { base: GeneralName::Dns(b"a".to_vec()), has_limits: true }]
    );
}

#[test]
fn must_staple_is_read() {
    assert_eq!(must_staple(&[0x30, 3, 2, 1, 5]), Ok(true));
    assert_eq!(must_staple(&[0x30, 3, 2, 1, 6]), Ok(false));
}
