//! Thinks up cases: a chain as it should be, then a few things done to it that go wrong in practice or in theory.

use crate::forge::{Key, Plan, seq, tlv};
use crate::random::Random;

/// 2026-11-21T00:00:00Z, the time at which most cases are judged.
pub(crate) const NOW: i64 = 1_795_219_200;

/// One case for both verifiers.
pub(crate) struct Case {
    pub(crate) leaf: Vec<u8>,
    pub(crate) untrusted: Vec<Vec<u8>>,
    pub(crate) store: Vec<Vec<u8>>,
    pub(crate) purpose: Option<&'static str>,
    pub(crate) partial_chain: bool,
    pub(crate) level: Option<u8>,
    pub(crate) host: Option<String>,
    pub(crate) ip: Option<&'static str>,
    pub(crate) time: i64,
    /// Every certificate above with its plan, for whoever wants to sign one anew.
    pub(crate) made: Vec<(Vec<u8>, Plan)>,
}

struct Maker<'a> {
    random: &'a mut Random,
    keys: &'a [Key],
}

pub(crate) fn case(random: &mut Random, keys: &[Key]) -> Case {
    random.calm = random.percent(60);
    let mut maker = Maker { random, keys };
    let plans = maker.chain();
    let mut ders: Vec<Vec<u8>> = plans.iter().map(|plan| plan.make(keys)).collect();
    let more = maker.extras(&plans);
    let extras: Vec<Vec<u8>> = more.iter().map(|plan| plan.make(keys)).collect();
    let all = ders.iter().chain(&extras).cloned();
    let made = all.zip(plans.iter().chain(&more).cloned()).collect();
    let (mut untrusted, mut store) = maker.hand_out(&ders, extras);
    let random = maker.random;
    if random.percent(40) {
        random.shuffle(&mut untrusted);
    }
    if random.percent(50) {
        random.shuffle(&mut store);
    }
    Case {
        leaf: ders.swap_remove(0),
        untrusted,
        store,
        purpose: *random.pick(&[
            None,
            Some("sslserver"),
            Some("sslserver"),
            Some("sslclient"),
            Some("any"),
        ]),
        partial_chain: random.percent(15),
        level: if random.percent(25) {
            Some(u8::try_from(random.below(6)).expect("small"))
        } else {
            None
        },
        host: if random.percent(12) { Some(host(random).to_owned()) } else { None },
        ip: if random.percent(4) {
            Some(*random.pick(&["10.1.2.3", "10.9.9.9", "2001:db8::1"]))
        } else {
            None
        },
        time: if random.percent(8) {
            NOW + *random.pick(&[-1, 1, 86_400, 400_000_000, -900_000_000])
        } else {
            NOW
        },
        made,
    }
}

fn host(random: &mut Random) -> &'static str {
    random.pick::<&str>(&[
        "leaf.lab.example",
        "LEAF.lab.Example",
        "other.lab.example",
        "lab.example",
        ".lab.example",
        "a.b.lab.example",
        "leaf.evil.test",
        "xn--q.lab.example",
    ])
}

impl Maker<'_> {
    /// Leaf first, root last; each with its own chance of a defect.
    fn chain(&mut self) -> Vec<Plan> {
        let length = *self.random.pick(&[1, 2, 2, 2, 3, 3, 3, 3, 4, 5]);
        let mut plans: Vec<Plan> = Vec::new();
        for level in (0..length).rev() {
            let issuer = plans.last().cloned();
            let plan = if level == 0 {
                self.leaf(issuer.as_ref())
            } else {
                self.ca(level, issuer.as_ref())
            };
            plans.push(plan);
        }
        plans.reverse();
        plans
    }

    fn base(&mut self, label: &str, issuer: Option<&Plan>) -> Plan {
        let key = self.random.below(self.keys.len());
        let subject = self.name(label);
        let signer = issuer.map_or(key, |issuer| issuer.key);
        let algorithm = *self.random.pick(self.keys[signer].algorithms());
        let issuer_name = match issuer {
            None => subject.clone(),
            Some(issuer) if self.random.percent(85) => issuer.subject.clone(),
            Some(issuer) => restyle(self.random, &issuer.subject),
        };
        let (not_before, not_after) = self.dates();
        Plan {
            version: 3,
            serial: self.serial(),
            issuer: issuer_name,
            subject,
            not_before,
            not_after,
            extensions: Vec::new(),
            key,
            signer,
            algorithm,
            forged: issuer.is_some() && self.random.percent(2),
            two_algorithms: self.random.percent(1),
        }
    }

    fn ca(&mut self, level: usize, issuer: Option<&Plan>) -> Plan {
        let label = format!("CA {level}");
        let mut plan = self.base(&label, issuer);
        let is_root = issuer.is_none();
        if self.random.percent(if is_root { 8 } else { 3 }) {
            plan.version = 1;
            return plan;
        }
        let mut list = Vec::new();
        let sober = if self.random.calm { 16 } else { 0 };
        match self.random.below(100).saturating_sub(sober) {
            0..84 => {
                list.push(basic_constraints(true, self.path_len(level), self.random.percent(80)))
            }
            84..88 => list.push(basic_constraints(false, None, true)),
            88..90 => list.push(extension(&[0x55, 0x1d, 19], true, &[0x30, 0])),
            _ => {}
        }
        match self.random.below(100) {
            0..60 => list.push(key_usage(&[1, 0x06])),
            60..64 => list.push(key_usage(&[7, 0x80])),
            64..65 => list.push(key_usage(&[0])),
            _ => {}
        }
        if self.random.percent(10) {
            list.push(self.extended_key_usage());
        }
        if self.random.percent(3) {
            list.push(netscape(*self.random.pick(&[0x04, 0x07, 0x02, 0x40])));
        }
        if self.random.percent(14) {
            list.push(self.name_constraints());
        }
        self.identifiers(&mut plan, issuer, &mut list);
        self.oddities(&mut list);
        plan.extensions = list;
        plan
    }

    fn leaf(&mut self, issuer: Option<&Plan>) -> Plan {
        let label = *self.random.pick(&[
            "leaf.lab.example",
            "leaf.lab.example",
            "Some Leaf",
            "leaf.evil.test",
            "*.lab.example",
        ]);
        let mut plan = self.base(label, issuer);
        if self.random.percent(4) {
            plan.version = 1;
            return plan;
        }
        let mut list = Vec::new();
        if self.random.percent(30) {
            list.push(basic_constraints(self.random.percent(30), None, true));
        }
        if self.random.percent(50) {
            list.push(key_usage(self.random.pick::<&[u8]>(&[
                &[5, 0xa0],
                &[5, 0xa0],
                &[7, 0x80],
                &[5, 0x20],
                &[3, 0x08],
                &[1, 0x06],
                &[0],
            ])));
        }
        if self.random.percent(50) {
            list.push(self.extended_key_usage());
        }
        if self.random.percent(4) {
            list.push(netscape(*self.random.pick(&[0x80, 0x40, 0x20])));
        }
        if self.random.percent(60) {
            list.push(self.alternative_names());
        }
        self.identifiers(&mut plan, issuer, &mut list);
        self.oddities(&mut list);
        plan.extensions = list;
        plan
    }

    fn path_len(&mut self, level: usize) -> Option<u8> {
        let enough = u8::try_from(level - 1).expect("small");
        match self.random.below(10) {
            0..5 => None,
            5..9 => Some(enough),
            _ => Some(enough.saturating_sub(1)),
        }
    }

    /// Key identifiers, right or wrong or missing.
    fn identifiers(&mut self, plan: &mut Plan, issuer: Option<&Plan>, list: &mut Vec<Vec<u8>>) {
        let critical = self.random.percent(2);
        if self.random.percent(70) {
            list.push(extension(&[0x55, 0x1d, 14], critical, &tlv(4, &self.keys[plan.key].id)));
        }
        let issuer_plan = issuer.unwrap_or(plan);
        let mut fields = Vec::new();
        match self.random.below(20) {
            0..11 => fields.push(tlv(0x80, &self.keys[issuer_plan.key].id)),
            11 => fields.push(tlv(0x80, &[7; 20])),
            _ => {}
        }
        if self.random.percent(8) {
            let name = if self.random.percent(70) {
                issuer_plan.issuer.clone()
            } else {
                self.name("Nobody")
            };
            fields.push(tlv(0xa1, &tlv(0xa4, &name)));
            let serial =
                if self.random.percent(70) { issuer_plan.serial.clone() } else { vec![9, 9] };
            fields.push(tlv(0x82, &serial));
        }
        if !fields.is_empty() {
            list.push(extension(&[0x55, 0x1d, 35], critical, &seq(&fields)));
        }
    }

    /// Extensions that should not be there, or not twice, or not like this.
    fn oddities(&mut self, list: &mut Vec<Vec<u8>>) {
        if self.random.percent(2) {
            list.push(extension(&[0x2a, 3, 4], true, &[5, 0]));
        }
        if self.random.percent(2) {
            list.push(extension(&[0x2a, 3, 4], false, &[5, 0]));
        }
        if self.random.percent(1) && !list.is_empty() {
            let again = self.random.pick(list).clone();
            list.push(again);
        }
        if self.random.percent(1) {
            list.push(extension(&[0x55, 0x1d, 31], false, &[4, 0]));
        }
        if self.random.percent(2) {
            list.push(extension(
                &[0x55, 0x1d, 32],
                true,
                &seq(&[seq(&[tlv(6, &[0x55, 0x1d, 32, 0])])]),
            ));
        }
    }

    fn extended_key_usage(&mut self) -> Vec<u8> {
        const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
        const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
        const CODE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
        const ANY: &[u8] = &[0x55, 0x1d, 37, 0];
        const SGC: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3];
        let sets: [&[&[u8]]; 8] = [
            &[SERVER, CLIENT],
            &[SERVER, CLIENT],
            &[SERVER],
            &[CLIENT],
            &[CODE],
            &[ANY],
            &[SGC],
            &[CLIENT, ANY],
        ];
        let list: Vec<_> = self.random.pick(&sets).iter().map(|oid| tlv(6, oid)).collect();
        extension(&[0x55, 0x1d, 37], self.random.percent(20), &seq(&list))
    }

    fn alternative_names(&mut self) -> Vec<u8> {
        let mut names = Vec::new();
        for _ in 0..=self.random.below(3) {
            let dns = [
                "leaf.lab.example",
                "leaf.lab.example",
                "other.lab.example",
                "*.lab.example",
                "l*.lab.example",
                "evil.test",
                "10.1.2.3",
            ];
            names.push(match self.random.below(10) {
                0..7 => tlv(0x82, self.random.pick(&dns).as_bytes()),
                7 => tlv(0x87, self.random.pick::<[u8; 4]>(&[[10, 1, 2, 3], [192, 0, 2, 1]])),
                8 => tlv(
                    0x81,
                    self.random
                        .pick(&["a@lab.example", "a@x.lab.example", "nobody", "a@evil.test"])
                        .as_bytes(),
                ),
                _ => tlv(
                    0x86,
                    self.random
                        .pick(&[
                            "https://leaf.lab.example/x",
                            "https://leaf.lab.example:8443",
                            "urn:a:b",
                            "http://evil.test/",
                        ])
                        .as_bytes(),
                ),
            });
        }
        extension(&[0x55, 0x1d, 17], self.random.percent(10), &seq(&names))
    }

    fn name_constraints(&mut self) -> Vec<u8> {
        let mut fields = Vec::new();
        if self.random.percent(75) {
            fields.push(tlv(0xa0, &self.subtrees().concat()));
        }
        if fields.is_empty() || self.random.percent(25) {
            fields.push(tlv(0xa1, &self.subtrees().concat()));
        }
        extension(&[0x55, 0x1d, 30], self.random.percent(70), &seq(&fields))
    }

    fn subtrees(&mut self) -> Vec<Vec<u8>> {
        let mut list = Vec::new();
        for _ in 0..=self.random.below(2) {
            let base = match self.random.below(12) {
                0..5 => tlv(
                    0x82,
                    self.random
                        .pick(&[
                            "lab.example",
                            ".lab.example",
                            "LAB.EXAMPLE",
                            "evil.test",
                            "",
                            "b.example",
                        ])
                        .as_bytes(),
                ),
                5 | 6 => tlv(
                    0x87,
                    self.random.pick::<&[u8]>(&[
                        &[10, 0, 0, 0, 255, 0, 0, 0][..],
                        &[10, 9, 0, 0, 255, 0, 0, 0],
                        &[192, 0, 2, 0, 255, 255, 255, 0],
                        &[1, 2],
                    ]),
                ),
                7 => tlv(
                    0x81,
                    self.random.pick(&["lab.example", ".lab.example", "a@lab.example"]).as_bytes(),
                ),
                8 => tlv(0x86, self.random.pick(&["leaf.lab.example", ".lab.example"]).as_bytes()),
                9 => tlv(0x88, &[0x2a, 3]),
                _ => {
                    let organisation = self.random.pick(&["Lab", "LAB ", "Other"]).as_bytes();
                    tlv(0xa4, &seq(&[rdn(&[0x55, 4, 10], 0x0c, organisation)]))
                }
            };
            let mut parts = vec![base];
            if self.random.percent(3) {
                parts.push(tlv(0x80, &[1]));
            }
            list.push(seq(&parts));
        }
        list
    }

    fn dates(&mut self) -> (Vec<u8>, Vec<u8>) {
        let utc = |text: &str| tlv(0x17, text.as_bytes());
        let general = |text: &str| tlv(0x18, text.as_bytes());
        let range = if self.random.calm { 500 } else { 100 };
        match self.random.below(range) {
            0..6 => (utc("200101000000Z"), utc("251231235959Z")),
            6..9 => (utc("200101000000Z"), utc("210601000000Z")),
            9..12 => (utc("270101000000Z"), utc("301231235959Z")),
            12 => (utc("261121000000Z"), utc("301231235959Z")),
            13 => (utc("200101000000Z"), utc("261121000000Z")),
            14 => (utc("200101000000Z"), utc("261121000001Z")),
            15 => (general("20200101000000Z"), general("20501231235959Z")),
            16 => (utc("2001010000Z"), utc("301231235959Z")),
            17 => (utc("200101000000Z"), utc("301231235959+0100")),
            18 => (general("20200101000000.5Z"), utc("301231235959Z")),
            19 => (utc("200101000000Z"), utc("491231235959Z")),
            _ => (utc("200101000000Z"), utc("301231235959Z")),
        }
    }

    fn serial(&mut self) -> Vec<u8> {
        let mut octets = self.random.next().to_be_bytes().to_vec();
        octets[0] = *self.random.pick(&[0x01, 0x7f, 0x5c, 0x9a]);
        if octets[0] == 0x9a && self.random.percent(50) {
            octets.insert(0, 0);
        }
        octets
    }

    fn name(&mut self, label: &str) -> Vec<u8> {
        let mut rdns = Vec::new();
        if self.random.percent(60) {
            rdns.push(rdn(&[0x55, 4, 10], 0x13, b"Lab"));
        }
        rdns.push(rdn(&[0x55, 4, 3], 0x0c, label.as_bytes()));
        if self.random.percent(3) {
            rdns.push(rdn(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], 0x16, b"ca@lab.example"));
        }
        seq(&rdns)
    }

    /// Certificates beside the chain: same names with other keys, renewals, cross-signatures, strangers.
    fn extras(&mut self, plans: &[Plan]) -> Vec<Plan> {
        let mut extras = Vec::new();
        while self.random.percent(45) && extras.len() < 4 {
            let at = self.random.below(plans.len());
            let mut plan = plans[at].clone();
            plan.serial = self.serial();
            plan.forged = false;
            match self.random.below(5) {
                0 => {
                    // The same name with another key.
                    plan.key = self.random.below(self.keys.len());
                    self.resign(&mut plan, at + 1 == plans.len());
                    plan.extensions.retain(|extension| {
                        !extension.windows(3).any(|oid| oid == [0x55, 0x1d, 14])
                    });
                }
                1 => {
                    // A renewal: same key, other dates.
                    (plan.not_before, plan.not_after) = self.dates();
                    self.resign(&mut plan, at + 1 == plans.len());
                }
                2 => {
                    // Signed by itself instead of its issuer.
                    plan.issuer = plan.subject.clone();
                    plan.extensions.retain(|extension| {
                        !extension.windows(3).any(|oid| oid == [0x55, 0x1d, 35])
                    });
                    self.resign(&mut plan, true);
                }
                3 => {
                    // Cross-signed by another CA of the chain.
                    let other = self.random.below(plans.len());
                    plan.issuer = plans[other].subject.clone();
                    plan.signer = plans[other].key;
                    plan.extensions.retain(|extension| {
                        !extension.windows(3).any(|oid| oid == [0x55, 0x1d, 35])
                    });
                    plan.algorithm = *self.random.pick(self.keys[plan.signer].algorithms());
                }
                _ => plan = self.ca(1, None),
            }
            extras.push(plan);
        }
        extras
    }

    fn resign(&mut self, plan: &mut Plan, by_itself: bool) {
        if by_itself {
            plan.signer = plan.key;
        }
        plan.algorithm = *self.random.pick(self.keys[plan.signer].algorithms());
        plan.two_algorithms = false;
    }

    /// Who has which certificate: `(sent by the peer, in the store)`.
    fn hand_out(&mut self, ders: &[Vec<u8>], extras: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let (mut untrusted, mut store) = (Vec::new(), Vec::new());
        for (level, der) in ders.iter().enumerate() {
            let is_root = level + 1 == ders.len();
            if level > 0 && self.random.percent(if is_root { 25 } else { 88 }) {
                untrusted.push(der.clone());
            }
            let chance = match (level, is_root) {
                (_, true) => 86,
                (0, _) => 4,
                _ => 14,
            };
            if self.random.percent(chance) {
                store.push(der.clone());
            }
        }
        for extra in extras {
            if self.random.percent(55) { store.push(extra) } else { untrusted.push(extra) }
        }
        if self.random.percent(5) && !untrusted.is_empty() {
            let again = self.random.pick(&untrusted).clone();
            untrusted.push(again);
        }
        (untrusted, store)
    }
}

pub(crate) fn rdn(oid: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x31, &seq(&[tlv(6, oid), tlv(kind, value)]))
}

/// The same name for OpenSSL, written differently: other case, more blanks.
fn restyle(random: &mut Random, name: &[u8]) -> Vec<u8> {
    let mut name = name.to_vec();
    // Only letters of values change; the identifiers hold no ASCII letters in these names but 'U' (0x55), left alone.
    for octet in &mut name {
        if octet.is_ascii_lowercase() && random.percent(50) {
            octet.make_ascii_uppercase();
        }
    }
    name
}

pub(crate) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![tlv(6, oid)];
    if critical {
        parts.push(vec![1, 1, 0xff]);
    }
    parts.push(tlv(4, value));
    seq(&parts)
}

pub(crate) fn basic_constraints(ca: bool, path_len: Option<u8>, critical: bool) -> Vec<u8> {
    let mut parts = Vec::new();
    if ca {
        parts.push(vec![1, 1, 0xff]);
    }
    if let Some(length) = path_len {
        parts.push(tlv(2, &[length]));
    }
    extension(&[0x55, 0x1d, 19], critical, &seq(&parts))
}

fn key_usage(bits: &[u8]) -> Vec<u8> {
    extension(&[0x55, 0x1d, 15], true, &tlv(3, bits))
}

fn netscape(bits: u8) -> Vec<u8> {
    extension(&[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1], false, &tlv(3, &[0, bits]))
}
