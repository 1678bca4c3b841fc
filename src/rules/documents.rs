//! Titles of the documents that several rules cite, each written once.

pub(super) const MRA_REQUIREMENTS: &str = "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)";
pub(super) const TRAFFIC_SERVER_VERIFICATION: &str =
    "Troubleshoot Expressway Traffic Server Certificate Verification (218018)";
pub(super) const COLLABORATION_EDGE_ISSUES: &str =
    "Resolve Collaboration Edge Most Common Issues (118798)";
pub(super) const UPLOAD_ONTO_CUCM: &str =
    "Upload the Root and Intermediate Certificates of Expressway-Core onto CUCM (217748)";
pub(super) const CUCM_CIPHER_MANAGEMENT: &str = "CUCM Security Guide 15, Cipher Management";
pub(super) const CUCM_TLS13_SETUP: &str = "CUCM Security Guide 15, TLS 1.3 Setup";
pub(super) const ADMIN_REFERENCE: &str = "Administrator Guide X15.5, Reference Material";
pub(super) const CUSTOMIZE_CIPHERS: &str =
    "Customize the Expressway SSL Cipher Configuration (222186)";
