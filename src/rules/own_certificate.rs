//! The Expressway's own certificate: may it be used as it is used, does it carry the
//! names that others look for, and is it of a form that every part of the box can read?

mod chat;
mod client_use;
mod form;
mod names;
mod public_ca;
mod refused;

use super::rule::Rule;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    client_use::EXPC_CERT_NO_CLIENTAUTH,
    client_use::EXPE_SERVERAUTH_ONLY,
    refused::EKU_REFUSED,
    public_ca::PUBLIC_CA_COMBINED_EKU_EXPIRING,
    names::EXPC_SAN_MISSING_PROFILE,
    names::EXPC_SAN_MISSING_CLUSTER,
    names::EXPE_SAN_MISSING_DOMAIN,
    chat::CHAT_ALIAS_MISSING,
    form::CERT_WITHOUT_CN,
    form::CERT_KEY_8192,
    form::CERT_ODD_OID,
];

/// Document titles that several rules rest on.
const PREPARE: &str = "Prepare Expressway for Client Auth EKU Sunset (225482)";
const NAVIGATE: &str = "Navigate Client EKU Sunset with Expressway x15.5 (225693)";
const FIELD_NOTICE: &str = "Field Notice FN74362";
const GUIDE: &str = "Cisco Expressway Certificate Creation and Use Deployment Guide X15.5";
const MRA_GUIDE: &str = "Mobile and Remote Access Deployment Guide X15.2, Requirements";
