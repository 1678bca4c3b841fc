//! Who is who, from the command line.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tlsight::expressway::{Appliance, BoxRole, Mapped, Party, Version};
use tlsight::x509::pem;

use super::args::Known;
use super::{Trouble, trust};

/// The Expressway that the user names, if any.
pub(super) fn appliance(
    known: &Known,
    version: Option<Version>,
) -> Result<Option<Arc<Appliance>>, Trouble> {
    let Some(first) = known.expressway.first() else { return Ok(None) };
    let mut appliance = Appliance {
        name: first.to_string(),
        role: Some(known.role),
        version,
        addresses: known.expressway.clone(),
        ..Appliance::default()
    };
    if let Some(path) = &known.own_cert {
        let blocks = pem::read(&trust::bytes(path)?);
        let certificates = blocks.into_iter().filter_map(|block| block.result.ok());
        appliance.server_certificates = certificates.map(Arc::new).collect();
        if appliance.server_certificates.is_empty() {
            return Err(trust::nothing_in(std::slice::from_ref(path)));
        }
    }
    Ok(Some(Arc::new(appliance)))
}

/// `C` or `E`.
pub(crate) fn role(text: &str) -> Result<BoxRole, String> {
    match text.to_ascii_lowercase().as_str() {
        "c" | "core" => Ok(BoxRole::Core),
        "e" | "edge" => Ok(BoxRole::Edge),
        _ => Err("C or E".to_owned()),
    }
}

/// `X14.3.1`.
pub(crate) fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "not a version, such as X14.3.1".to_owned())
}

/// `10.0.0.1=cucm`, `10.0.0.1:8443=imp`.
pub(crate) fn mapped(text: &str) -> Result<Mapped, String> {
    let Some((host, who)) = text.split_once('=') else {
        return Err("expected ADDRESS=WHO, as in 10.0.0.1=cucm".to_owned());
    };
    let party = Party::from_word(who).ok_or_else(|| {
        let words: Vec<&str> = Party::WORDS.iter().map(|row| row.1).collect();
        format!("{who} is none of {}", words.join(", "))
    })?;
    if let Ok(end) = host.parse::<SocketAddr>() {
        return Ok(Mapped { address: end.ip(), port: Some(end.port()), party });
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => Ok(Mapped { address, port: None, party }),
        Err(_) => Err(format!("{host} is no address, nor an address with a port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_mapped_with_or_without_a_port() {
        let of = |text| mapped(text).map(|mapped| (mapped.port, mapped.party));
        assert_eq!(of("10.0.0.1=cucm"), Ok((None, Party::UnifiedCm)));
        assert_eq!(of("10.0.0.1:8443=imp"), Ok((Some(8443), Party::ImAndPresence)));
        assert_eq!(of("[2001:db8::1]:443=Unity"), Ok((Some(443), Party::UnityConnection)));
        assert!(of("10.0.0.1").is_err() && of("host=cucm").is_err());
        assert!(of("10.0.0.1=pbx").unwrap_err().contains("cucm"));
    }

    #[test]
    fn roles_and_versions() {
        assert_eq!(role("E"), Ok(BoxRole::Edge));
        assert!(role("x").is_err() && version("fourteen").is_err());
        assert_eq!(version("14.3.1").map(|version| version.to_string()), Ok("X14.3.1".into()));
    }
}
