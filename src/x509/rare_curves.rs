//! The curves that OpenSSL 3.0 has in its table (`curve_list`, crypto/ec/ec_curve.c) and certificates of today do not
//! use. Their sizes are needed all the same: without one a key would look too weak for every security level.

/// A curve by its object identifier.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RareCurve {
    oid: &'static [u8],
    /// OpenSSL's name.
    pub(super) name: &'static str,
    /// Bits of the order, which are the size of a key.
    pub(super) bits: u32,
    /// Bits of a coordinate.
    pub(super) field: u32,
}

/// The curve with these contents of an OBJECT IDENTIFIER.
pub(super) fn find(oid: &[u8]) -> Option<&'static RareCurve> {
    TABLE.iter().find(|curve| curve.oid == oid)
}

const fn curve(oid: &'static [u8], name: &'static str, bits: u32, field: u32) -> RareCurve {
    RareCurve { oid, name, bits, field }
}

/// As `openssl ecparam -list_curves` names them, without those that have a variant of `Curve`.
const TABLE: &[RareCurve] = &[
    curve(&[0x2b, 0x81, 4, 0, 6], "secp112r1", 112, 112),
    curve(&[0x2b, 0x81, 4, 0, 7], "secp112r2", 110, 112),
    curve(&[0x2b, 0x81, 4, 0, 28], "secp128r1", 128, 128),
    curve(&[0x2b, 0x81, 4, 0, 29], "secp128r2", 126, 128),
    curve(&[0x2b, 0x81, 4, 0, 9], "secp160k1", 161, 160),
    curve(&[0x2b, 0x81, 4, 0, 8], "secp160r1", 161, 160),
    curve(&[0x2b, 0x81, 4, 0, 30], "secp160r2", 161, 160),
    curve(&[0x2b, 0x81, 4, 0, 31], "secp192k1", 192, 192),
    curve(&[0x2b, 0x81, 4, 0, 0x20], "secp224k1", 225, 224),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "prime192v1", 192, 192),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 2], "prime192v2", 192, 192),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 3], "prime192v3", 192, 192),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 4], "prime239v1", 239, 239),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 5], "prime239v2", 239, 239),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 6], "prime239v3", 239, 239),
    curve(&[0x2b, 0x81, 4, 0, 4], "sect113r1", 113, 113),
    curve(&[0x2b, 0x81, 4, 0, 5], "sect113r2", 113, 113),
    curve(&[0x2b, 0x81, 4, 0, 22], "sect131r1", 131, 131),
    curve(&[0x2b, 0x81, 4, 0, 23], "sect131r2", 131, 131),
    curve(&[0x2b, 0x81, 4, 0, 1], "sect163k1", 163, 163),
    curve(&[0x2b, 0x81, 4, 0, 2], "sect163r1", 162, 163),
    curve(&[0x2b, 0x81, 4, 0, 15], "sect163r2", 163, 163),
    curve(&[0x2b, 0x81, 4, 0, 24], "sect193r1", 193, 193),
    curve(&[0x2b, 0x81, 4, 0, 25], "sect193r2", 193, 193),
    curve(&[0x2b, 0x81, 4, 0, 26], "sect233k1", 232, 233),
    curve(&[0x2b, 0x81, 4, 0, 27], "sect233r1", 233, 233),
    curve(&[0x2b, 0x81, 4, 0, 3], "sect239k1", 238, 239),
    curve(&[0x2b, 0x81, 4, 0, 16], "sect283k1", 281, 283),
    curve(&[0x2b, 0x81, 4, 0, 17], "sect283r1", 282, 283),
    curve(&[0x2b, 0x81, 4, 0, 0x24], "sect409k1", 407, 409),
    curve(&[0x2b, 0x81, 4, 0, 0x25], "sect409r1", 409, 409),
    curve(&[0x2b, 0x81, 4, 0, 0x26], "sect571k1", 570, 571),
    curve(&[0x2b, 0x81, 4, 0, 0x27], "sect571r1", 570, 571),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 1], "c2pnb163v1", 163, 163),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 2], "c2pnb163v2", 162, 163),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 3], "c2pnb163v3", 162, 163),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 4], "c2pnb176v1", 161, 176),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 5], "c2tnb191v1", 191, 191),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 6], "c2tnb191v2", 190, 191),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 7], "c2tnb191v3", 189, 191),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 10], "c2pnb208w1", 193, 208),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 11], "c2tnb239v1", 238, 239),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 12], "c2tnb239v2", 237, 239),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 13], "c2tnb239v3", 236, 239),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 16], "c2pnb272w1", 257, 272),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 17], "c2pnb304w1", 289, 304),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 18], "c2tnb359v1", 353, 359),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 19], "c2pnb368w1", 353, 368),
    curve(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, 20], "c2tnb431r1", 418, 431),
    curve(&[0x67, 0x2b, 1, 4, 1], "wap-wsg-idm-ecid-wtls1", 112, 113),
    curve(&[0x67, 0x2b, 1, 4, 3], "wap-wsg-idm-ecid-wtls3", 163, 163),
    curve(&[0x67, 0x2b, 1, 4, 4], "wap-wsg-idm-ecid-wtls4", 113, 113),
    curve(&[0x67, 0x2b, 1, 4, 5], "wap-wsg-idm-ecid-wtls5", 163, 163),
    curve(&[0x67, 0x2b, 1, 4, 6], "wap-wsg-idm-ecid-wtls6", 112, 112),
    curve(&[0x67, 0x2b, 1, 4, 7], "wap-wsg-idm-ecid-wtls7", 161, 160),
    curve(&[0x67, 0x2b, 1, 4, 8], "wap-wsg-idm-ecid-wtls8", 113, 112),
    curve(&[0x67, 0x2b, 1, 4, 9], "wap-wsg-idm-ecid-wtls9", 161, 160),
    curve(&[0x67, 0x2b, 1, 4, 10], "wap-wsg-idm-ecid-wtls10", 232, 233),
    curve(&[0x67, 0x2b, 1, 4, 11], "wap-wsg-idm-ecid-wtls11", 233, 233),
    curve(&[0x67, 0x2b, 1, 4, 12], "wap-wsg-idm-ecid-wtls12", 224, 224),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 1], "brainpoolP160r1", 160, 160),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 2], "brainpoolP160t1", 160, 160),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 3], "brainpoolP192r1", 192, 192),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 4], "brainpoolP192t1", 192, 192),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 5], "brainpoolP224r1", 224, 224),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 6], "brainpoolP224t1", 224, 224),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 8], "brainpoolP256t1", 256, 256),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 9], "brainpoolP320r1", 320, 320),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 10], "brainpoolP320t1", 320, 320),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 12], "brainpoolP384t1", 384, 384),
    curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 14], "brainpoolP512t1", 512, 512),
    curve(&[0x2a, 0x81, 28, 0xcf, 0x55, 1, 0x82, 0x2d], "SM2", 256, 256),
];
