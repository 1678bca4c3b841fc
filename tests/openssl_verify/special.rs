//! Cases with a purpose of their own: names, and a hostile crowd.

use crate::cases::{Case, NOW, basic_constraints, extension, rdn};
use crate::forge::{Algorithm, Key, Plan, seq, tlv};
use crate::random::Random;

/// A self-signed certificate in the store, so that only the name decides.
pub(crate) fn name_case(random: &mut Random, keys: &[Key]) -> Case {
    let host = hostlike(random, &["a", "b", "ab", "A", "xn--a", "x_y", "", ".", "1"]);
    let pieces = ["*", "a*", "*b", "a*b", "**", "a", "b", "ab", "xn--*", "x_y", "-a", "", "1", "*"];
    let mut names = Vec::new();
    for _ in 0..random.below(3) {
        names.push(tlv(0x82, hostlike(random, &pieces).as_bytes()));
    }
    let mut extensions = Vec::new();
    if !names.is_empty() {
        extensions.push(extension(&[0x55, 0x1d, 17], false, &seq(&names)));
    }
    let subject = seq(&[rdn(&[0x55, 4, 3], 0x0c, hostlike(random, &pieces).as_bytes())]);
    let plan = Plan {
        version: 3,
        serial: vec![1],
        issuer: subject.clone(),
        subject,
        not_before: tlv(0x17, b"200101000000Z"),
        not_after: tlv(0x17, b"301231235959Z"),
        extensions,
        key: 0,
        signer: 0,
        algorithm: Algorithm::EcdsaSha256,
        forged: false,
        two_algorithms: false,
    };
    let leaf = plan.make(keys);
    Case {
        store: vec![leaf.clone()],
        leaf,
        untrusted: Vec::new(),
        purpose: None,
        partial_chain: false,
        level: None,
        host: if host.is_empty() { None } else { Some(host) },
        ip: None,
        time: NOW,
        made: Vec::new(),
    }
}

/// A short label from the pieces, mostly below one of two domains so that many pairs come close.
fn hostlike(random: &mut Random, pieces: &[&str]) -> String {
    let label = *random.pick(pieces);
    let domain =
        *random.pick(&[".a.b", ".a.b", ".a.b", ".A.B", ".b", "", ".a.b.", ".-a.b", ".x.a.b"]);
    format!("{label}{domain}")
}

/// 100 certificates of one name that sign each other, in every direction.
pub(crate) fn crowd(keys: &[Key], random: &mut Random) -> Vec<Vec<u8>> {
    let name = seq(&[rdn(&[0x55, 4, 3], 0x0c, b"everyone")]);
    let usable: Vec<usize> = (0..keys.len())
        .filter(|&key| keys[key].algorithms().contains(&Algorithm::EcdsaSha256))
        .collect();
    let plan = |number: u8, random: &mut Random| Plan {
        version: 3,
        serial: vec![1, number],
        issuer: name.clone(),
        subject: name.clone(),
        not_before: tlv(0x17, b"200101000000Z"),
        not_after: tlv(0x17, b"301231235959Z"),
        extensions: vec![
            basic_constraints(true, None, true),
            // An authority key identifier that is not its own keeps it from counting as self-signed.
            extension(
                &[0x55, 0x1d, 35],
                false,
                &seq(&[tlv(0x82, &[1, number.wrapping_add(1) % 100])]),
            ),
        ],
        key: *random.pick(&usable),
        signer: *random.pick(&usable),
        algorithm: Algorithm::EcdsaSha256,
        forged: false,
        two_algorithms: false,
    };
    (0..100).map(|number| plan(number, random).make(keys)).collect()
}
