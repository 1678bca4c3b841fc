//! Protocol numbers and extensions in JSON: numbers with their names, in wire order.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::value::is_plain;
use crate::tls::{Extension, Role, describe, describe_beside_certificate, names};

/// A protocol number and its name, `{"code": "0xc02c", "name": "..."}`: on one line
/// also in the indented document, where lists of them are long.
pub(super) struct Code {
    code: String,
    name: Cow<'static, str>,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = OneLine::default();
        object.text("code", &self.code);
        object.text("name", &self.name);
        object.serialize(serializer)
    }
}

/// A small object without line breaks, written field by field: a hello has a hundred.
#[derive(Default)]
struct OneLine(String);

impl OneLine {
    fn field(&mut self, name: &str) {
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ", \"" });
        self.0.push_str(name);
        self.0.push_str("\": ");
    }

    /// Only names out of our own tables come here, which need no more than the standard
    /// escapes.
    fn text(&mut self, name: &str, value: &str) {
        self.field(name);
        if is_plain(value.as_bytes()) {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        } else {
            self.0.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    fn value(&mut self, name: &str, value: impl Display) {
        self.field(name);
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
    }

    fn serialize<S: Serializer>(mut self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.push('}');
        RawValue::from_string(self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
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

pub(super) struct ExtensionDocument {
    code: u16,
    name: String,
    length: usize,
    whole: bool,
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

impl Serialize for ExtensionDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = OneLine::default();
        object.value("code", self.code);
        object.text("name", &self.name);
        object.value("length", self.length);
        object.value("whole", self.whole);
        if let Some(value) = &self.value {
            object.text("value", value);
        }
        object.serialize(serializer)
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
