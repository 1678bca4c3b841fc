//! How certificates are judged: the flags that `tlsight`, `show` and `verify` share.

use std::net::{IpAddr, SocketAddr};

use clap::{Args, ValueEnum};
use tlsight::connection::Terms;
use tlsight::pipeline::{self, ExpectedName};
use tlsight::time::parse_rfc3339;
use tlsight::trust::StoreSemantics;

#[derive(Clone, Debug, Args)]
pub(crate) struct Judging {
    /// Judge validity at this time [default: the time of each connection; for verify,
    /// now].
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    pub(crate) at: Option<i64>,

    /// Accept a chain that ends in any certificate of the trust store, not only in a
    /// self-signed one (-partial_chain of OpenSSL).
    #[arg(long)]
    pub(crate) partial_chain: bool,

    /// OpenSSL's security level. Its TLS library takes 1 by default (Debian's builds
    /// 2); `openssl verify` takes 0.
    #[arg(long, value_name = "0-5", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(crate) security_level: u8,

    /// How issuers are looked up in the trust store [default: openssl; for the trust
    /// list in a diagnostic archive, expressway].
    #[arg(long, value_name = "HOW")]
    pub(crate) store_semantics: Option<Semantics>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Semantics {
    /// By subject, key identifier and validity, as OpenSSL.
    Openssl,
    /// The first entry of the right subject, whatever its key (CSCwa12894).
    Expressway,
}

impl From<Semantics> for StoreSemantics {
    fn from(semantics: Semantics) -> Self {
        match semantics {
            Semantics::Openssl => Self::OpenSsl,
            Semantics::Expressway => Self::Expressway,
        }
    }
}

impl Judging {
    /// How issuers are looked up in a store that the user names.
    pub(super) fn semantics(&self) -> StoreSemantics {
        self.store_semantics.map_or(StoreSemantics::OpenSsl, StoreSemantics::from)
    }

    /// The settings of a run, with the names that are expected.
    pub(super) fn settings(&self, expected_names: &[ExpectedName]) -> pipeline::Judging {
        pipeline::Judging {
            at: self.at,
            terms: Terms { partial_chain: self.partial_chain, security_level: self.security_level },
            own_store_semantics: self
                .store_semantics
                .map_or(StoreSemantics::Expressway, StoreSemantics::from),
            expected_names: expected_names.to_vec(),
        }
    }
}

/// `2026-11-21T20:22:09Z`, with any offset, as unix seconds.
pub(crate) fn time(text: &str) -> Result<i64, String> {
    parse_rfc3339(text)
        .ok_or_else(|| "not a time of RFC 3339, such as 2026-11-21T20:22:09Z".to_owned())
}

/// `name`, `10.0.0.1=name`, `10.0.0.1:8443=name`.
pub(crate) fn expected_name(text: &str) -> Result<ExpectedName, String> {
    let Some((server, name)) = text.split_once('=') else {
        return named(text, None, None);
    };
    if let Ok(end) = server.parse::<SocketAddr>() {
        return named(name, Some(end.ip()), Some(end.port()));
    }
    match server.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => named(name, Some(address), None),
        Err(_) => Err(format!("{server} is no address, nor an address with a port")),
    }
}

fn named(name: &str, address: Option<IpAddr>, port: Option<u16>) -> Result<ExpectedName, String> {
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    Ok(ExpectedName { address, port, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_name_may_be_for_one_server() {
        let of = |text| expected_name(text).map(|name| (name.address, name.port, name.name));
        assert_eq!(of("cucm.example"), Ok((None, None, "cucm.example".to_owned())));
        let four = Some(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(of("10.0.0.1=a"), Ok((four, None, "a".to_owned())));
        assert_eq!(of("10.0.0.1:8443=a"), Ok((four, Some(8443), "a".to_owned())));
        assert_eq!(of("[2001:db8::1]:443=a").map(|name| name.1), Ok(Some(443)));
        assert_eq!(of("[2001:db8::1]=a").map(|name| name.1), Ok(None));
        assert!(of("").is_err() && of("host=a").is_err() && of("10.0.0.1=").is_err());
    }

    #[test]
    fn times_have_an_offset() {
        assert_eq!(time("2026-11-21T20:22:09Z"), Ok(1_795_292_529));
        assert_eq!(time("2026-11-22T01:52:09+05:30"), Ok(1_795_292_529));
        assert!(time("2026-11-21").is_err() && time("yesterday").is_err());
    }
}
