//! Protocol numbers and extensions in JSON: numbers with their names, in wire order.

use std::borrow::Cow;

use serde::Serialize;

use crate::tls::{Extension, Role, describe, describe_beside_certificate, names};

/// A protocol number and its name, `{"code":"0xc02c","name":"..."}`.
#[derive(Serialize)]
pub(super) struct Code {
    code: String,
    name: Cow<'static, str>,
}

pub(super) fn code16(code: u16, name: impl Into<Cow<'static, str>>) -> Code {
    Code { code: format!("0x{code:04x}"), name: name.into() }
}

pub(super) fn suite(code: u16) -> Code {
    code16(code, names::cipher_suite_name(code))
}

pub(super) fn versions(list: &[u16]) -> Vec<Code> {
    list.iter().map(|version| code16(*version, names::version_name(*version))).collect()
}

pub(super) fn groups(list: &[u16]) -> Vec<Code> {
    list.iter().map(|group| code16(*group, names::group_name(*group))).collect()
}

pub(super) fn schemes(list: &[u16]) -> Vec<Code> {
    list.iter().map(|code| scheme(*code)).collect()
}

pub(super) fn scheme(code: u16) -> Code {
    code16(code, names::signature_scheme_name(code))
}

pub(super) fn extensions(list: &[Extension], from: Role) -> Vec<ExtensionDocument> {
    let document = |one| ExtensionDocument::of(one, describe(one, from));
    list.iter().map(document).collect()
}

/// The extensions beside a certificate of TLS 1.3.
pub(super) fn entry_extensions(list: &[Extension]) -> Vec<ExtensionDocument> {
    let document = |one| ExtensionDocument::of(one, describe_beside_certificate(one));
    list.iter().map(document).collect()
}

#[derive(Serialize)]
pub(super) struct ExtensionDocument {
    code: u16,
    name: String,
    length: usize,
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl ExtensionDocument {
    fn of(extension: &Extension, value: Option<String>) -> Self {
        Self {
            code: extension.code,
            name: names::extension_name(extension.code).into_owned(),
            length: extension.body.len(),
            whole: extension.whole,
            value,
        }
    }
}

/// A three-byte cipher kind: those that begin with zero are suites of TLS.
pub(super) fn ssl2_kind(code: u32) -> Code {
    let name = match u16::try_from(code) {
        Ok(code) => names::cipher_suite_name(code),
        Err(_) => Cow::Owned(format!("0x{code:06x}")),
    };
    Code { code: format!("0x{code:06x}"), name }
}
