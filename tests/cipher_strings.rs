//! Cipher strings, expanded here and by the command `openssl` (1.1.1 or later): the same
//! suites in the same order, the same refusals.
//!
//! Compared are the suites that both know. Which ones a build of OpenSSL lacks does not
//! change the order of the others. Two things are done so that nothing but the string
//! counts: the configuration file is the test's own, which also loads the provider
//! `legacy` where there is one (for SEED), and `openssl ciphers` without `-s` lists what
//! the security level of the build (2 on Debian) would take away. With `-s` the level is
//! set to 0 in the string.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skipped"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use tlsight::expressway::ciphers::{
    Authentication, Expansion, KeyExchange, Refusal, Suite, expand, suites,
};
use tlsight::expressway::known_cipher_lists::known_lists;

/// Every keyword of OpenSSL 1.1.1 and 3.0, and words that were keywords before.
const KEYWORDS: &str = "ALL COMPLEMENTOFALL DEFAULT COMPLEMENTOFDEFAULT HIGH MEDIUM LOW FIPS kRSA \
    kEDH kDHE DH kEECDH kECDHE ECDH kPSK kRSAPSK kECDHEPSK kDHEPSK kSRP kGOST kGOST18 aRSA aDSS \
    DSS aNULL aECDSA ECDSA aPSK aGOST aGOST01 aGOST12 aSRP EDH DHE EECDH ECDHE NULL eNULL RSA ADH \
    AECDH PSK SRP 3DES DES RC4 RC2 IDEA SEED GOST GOST89 AES AES128 AES256 AESGCM AESCCM AESCCM8 \
    CAMELLIA CAMELLIA128 CAMELLIA256 CHACHA20 ARIA ARIA128 ARIA256 ARIAGCM CBC MD5 SHA SHA1 SHA256 \
    SHA384 GOST94 GOST89MAC GOST12 GOST2012 MAGMA KUZNYECHIK TLSv1 TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3 \
    SSLv2 SSLv3 DTLSv1 DTLSv1.2 SUITEB128 SUITEB128ONLY SUITEB128C2 SUITEB192 aDH aECDH kDH kDHr \
    kDHd kECDH kECDHr kECDHe EXP EXPORT EXPORT40 ECDHEPSK DHEPSK RSAPSK AEAD EDH-RSA-DES-CBC3-SHA \
    EDH-DSS-DES-CBC3-SHA TLS_AES_256_GCM_SHA384 TLS_RSA_WITH_AES_128_CBC_SHA rsa";

/// Strings on the edge of the grammar.
const ODD: &[&str] = &[
    "",
    " ",
    ":",
    ",;: ",
    "!",
    "-",
    "+",
    "@",
    "RSA:",
    ":RSA",
    "RSA;NULL",
    "RSA,NULL",
    "RSA NULL",
    "RSA|NULL",
    "RSA\tNULL",
    "RSA!NULL",
    "RSA-NULL:NULL",
    "RSA+",
    "+RSA",
    "-RSA",
    "!RSA",
    "!!RSA",
    "RSA+:ALL",
    "RSA+AES:NULL",
    "RSA_X",
    "FOO_X:RSA",
    "RSA+\u{e9}",
    "FOO\u{e9}:RSA",
    "RSA\u{e9}",
    "@FOO:RSA",
    "RSA:@",
    "@STRENGTH",
    "RSA@STRENGTH",
    "ALL:@STRENGTHX",
    "RSA:@STRENGTH+ALL",
    "ALL:@STRENGTH!NULL:RSA",
    "RSA:@SECLEVEL=",
    "RSA:@SECLEVEL=6",
    "RSA:@SECLEVEL=5",
    "RSA:@SECLEVEL=12",
    "RSA@SECLEVEL=0:AES128-SHA256X",
    "@SECLEVEL=2",
    "DEFAULTX",
    "DEFAULTNULL",
    "DEFAULT:NULL",
    "DEFAULTRC4",
    "DEFAULT+AES",
    "DEFAULT!RSA",
    "DEFAULT@STRENGTH",
    "-DEFAULT",
    "ALL:DEFAULT",
    "SUITEB128foo",
    "SUITEB192:ALL",
    "ALL:SUITEB128",
    "HIGH+FIPS",
    "FIPS+HIGH",
    "COMPLEMENTOFDEFAULT+HIGH",
    "HIGH+COMPLEMENTOFDEFAULT",
    "COMPLEMENTOFDEFAULT+HIGH+FIPS",
    "COMPLEMENTOFDEFAULT+AES128-SHA",
    "AES128-SHA+HIGH",
    "AES128-SHA+AES128",
    "SSLv3+AES128-SHA",
    "TLSv1.2+AES128-SHA",
    "AES128-SHA+TLSv1.2",
    "SSLv3+TLSv1",
    "AES128-SHA+AES256-SHA",
    "NULL-SHA+HIGH",
    "NULL-SHA+RSA",
    "ALL:!RSA:RSA",
    "ALL:-RSA:RSA+AES",
    "ALL:+RSA:+AES:-AES:AES",
];

/// The command, set up once.
struct OpenSsl {
    configuration: PathBuf,
    /// Codes that it knows below TLS 1.3.
    known: BTreeSet<u16>,
    _folder: tempfile::TempDir,
}

/// What the command said: codes below TLS 1.3 in order, or its error.
type Answer = Result<Vec<u16>, String>;

impl OpenSsl {
    fn find() -> Option<Self> {
        let version = Command::new("openssl").arg("version").output().ok()?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        if !(version.starts_with("OpenSSL 1.1.1") || version.starts_with("OpenSSL 3.0")) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let with_legacy = "openssl_conf = init\n[init]\nproviders = list\n[list]\ndefault = on\n\
            legacy = on\n[on]\nactivate = 1\n";
        [with_legacy, ""]
            .iter()
            .enumerate()
            .find_map(|(number, text)| {
                let configuration = folder.path().join(format!("{number}.cnf"));
                std::fs::write(&configuration, text).unwrap();
                let known = ask(&configuration, &["-V"], "ALL:COMPLEMENTOFALL").ok()?;
                Some((configuration, known.into_iter().collect()))
            })
            .map(|(configuration, known)| Self { configuration, known, _folder: folder })
    }

    fn asked(&self, flags: &[&str], string: &str) -> Answer {
        ask(&self.configuration, flags, string)
    }
}

fn ask(configuration: &Path, flags: &[&str], string: &str) -> Answer {
    let run = Command::new("openssl")
        .arg("ciphers")
        .args(flags)
        .args(["--", string])
        .env("OPENSSL_CONF", configuration)
        .output()
        .unwrap();
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    Ok(codes(&String::from_utf8(run.stdout).unwrap()))
}

/// `0xC0,0x30 - ...` of each line; those of TLS 1.3 are apart.
fn codes(lines: &str) -> Vec<u16> {
    let code = |line: &str| {
        let digits =
            line.trim_start().split(' ').next().unwrap().replace("0x", "").replace(',', "");
        u16::from_str_radix(&digits, 16).unwrap()
    };
    lines.lines().map(code).filter(|code| code >> 8 != 0x13).collect()
}

/// Small, seeded, and the same everywhere (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }
}

/// A string of 1 to 9 terms; signs are rarer at the beginning, where they do nothing.
fn random_string(dice: &mut Dice, words: &[&str], names: &[&str]) -> String {
    let mut string =
        dice.one_of(&["", "ALL:", "HIGH:", "DEFAULT:", "ALL:COMPLEMENTOFALL:"]).to_owned();
    for _ in 0..=dice.roll(9) {
        string += dice.one_of(&["", "", "+", "-", "!", "-", "+"]);
        string += match dice.roll(10) {
            0..=1 => dice.one_of(names),
            _ => dice.one_of(words),
        };
        for _ in 0..[0, 0, 0, 1, 1, 2][dice.roll(6)] {
            string.push('+');
            string += dice.one_of(words);
        }
        string += dice.one_of(&[":", ":", ":", ",", " ", ";", ":@STRENGTH:"]);
    }
    string
}

/// Pieces of the grammar put together without sense.
fn random_noise(dice: &mut Dice) -> String {
    const PIECES: [&str; 20] = [
        "RSA",
        "AES",
        "AES128-SHA",
        "NULL",
        "DEFAULT",
        "SUITEB128",
        "STRENGTH",
        "SECLEVEL=",
        "1",
        "7",
        "@",
        "+",
        "-",
        "!",
        ":",
        " ",
        "_",
        "=",
        ".",
        "\u{e9}",
    ];
    (0..=dice.roll(7)).map(|_| dice.one_of(&PIECES)).collect()
}

/// How many strings are made up of each kind; `TLSIGHT_CIPHER_STRINGS` asks for more.
fn made_up() -> usize {
    std::env::var("TLSIGHT_CIPHER_STRINGS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

fn strings() -> Vec<String> {
    let words: Vec<&str> = KEYWORDS.split_whitespace().collect();
    let names: Vec<&str> = suites().iter().map(|suite| suite.name).collect();
    let mut strings: Vec<String> = known_lists().iter().map(|list| list.string()).collect();
    strings.extend(ODD.iter().map(|string| (*string).to_owned()));
    for word in words.iter().chain(&names) {
        strings.push((*word).to_owned());
    }
    for word in &words {
        for sign in ["+", "-", "!"] {
            strings.push(format!("ALL:COMPLEMENTOFALL:{sign}{word}"));
        }
        // What was taken back comes back in which order?
        strings.push(format!("ALL:COMPLEMENTOFALL:-{word}:ALL:@STRENGTH"));
    }
    let mut dice = Dice(0x7c5c_1a55_0f0e_1d2b);
    strings.extend((0..made_up()).map(|_| random_string(&mut dice, &words, &names)));
    strings.extend((0..made_up()).map(|_| random_noise(&mut dice)));
    strings
}

/// Compares every string on a few threads; gives what differs.
fn differences(strings: &[String], differs: impl Fn(&str) -> Option<String> + Sync) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let share = strings.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = strings
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().filter_map(|s| differs(s)).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn common(ours: &Expansion, openssl: &OpenSsl, keep: impl Fn(&Suite) -> bool) -> Vec<u16> {
    let common =
        ours.suites.iter().filter(|suite| openssl.known.contains(&suite.code) && keep(suite));
    common.map(|suite| suite.code).collect()
}

/// Whether this string means the same to both.
fn difference(openssl: &OpenSsl, string: &str) -> Option<String> {
    let ours = expand(string);
    let common = common(&ours, openssl, |_| true);
    let same = match openssl.asked(&["-V"], string) {
        Ok(theirs) => ours.refusal.is_none() && theirs == common,
        Err(error) if error.contains("no cipher match") => {
            // A build without the suites of a string finds none.
            !matches!(ours.refusal, Some(Refusal::InvalidCommand(_))) && common.is_empty()
        }
        Err(error) => {
            error.contains("invalid command")
                && matches!(ours.refusal, Some(Refusal::InvalidCommand(_)))
        }
    };
    (!same).then(|| format!("{string:?}: {:?}, {common:04x?}", ours.refusal))
}

#[test]
fn strings_mean_the_same_to_openssl() {
    let Some(openssl) = OpenSsl::find() else {
        return eprintln!("skipped: no openssl 1.1.1 or 3.0 to compare with");
    };
    let strings = strings();
    assert!(strings.len() > 1000, "{}", strings.len());
    let unknown: Vec<u16> = openssl
        .known
        .iter()
        .copied()
        .filter(|code| suites().iter().all(|s| s.code != *code))
        .collect();
    // Suites with GOST appear where an engine brings them.
    assert!(
        unknown.iter().all(|code| matches!(code, 0x81 | 0x83 | 0xc100..=0xc102 | 0xff85 | 0xff87))
    );
    let different = differences(&strings, |string| difference(&openssl, string));
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        strings.len(),
        different.join("\n")
    );
    if !openssl.known.contains(&0x96) {
        eprintln!("without the provider legacy: suites with SEED were not compared");
    }
}

/// What a client without a pre-shared key and without SRP offers (`-s`).
#[test]
fn what_a_client_offers_is_the_same_without_psk_and_srp() {
    let Some(openssl) = OpenSsl::find() else {
        return eprintln!("skipped: no openssl 1.1.1 or 3.0 to compare with");
    };
    let plain = |suite: &Suite| {
        use KeyExchange::{Dhe, Ecdhe, Rsa};
        matches!(suite.key_exchange, Dhe | Ecdhe | Rsa)
            && suite.authentication != Authentication::Psk
    };
    let strings: Vec<String> =
        known_lists().iter().map(|list| format!("{}:@SECLEVEL=0", list.string())).collect();
    let different = differences(&strings, |string| {
        let theirs = openssl.asked(&["-s", "-V"], string).unwrap();
        let ours = common(&expand(string), &openssl, plain);
        (theirs != ours).then(|| format!("{string}: {theirs:04x?} is not {ours:04x?}"))
    });
    assert!(different.is_empty(), "{}", different.join("\n"));
}
