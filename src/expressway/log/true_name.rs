//! Where a client behind the proxy really wants to go.

use data_encoding::BASE64URL_NOPAD;

use super::event::kept;

/// Requests of clients go to `http://vcs_control.<domain>:8443/<base64>/…`. The base64
/// part is `<domain>/<scheme>/<host>/<port>` without padding: the true name of the
/// connection that follows (doc 218018).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueName {
    /// The domain of the user.
    pub domain: String,
    /// `https`, `http` or another.
    pub scheme: String,
    /// The node's name or address, as CUCM or the configuration gave it.
    pub host: String,
    /// The node's port.
    pub port: u16,
}

impl TrueName {
    /// From the first line of a request.
    #[must_use]
    pub fn of_request(request: &str) -> Option<Self> {
        let target = request.split_whitespace().nth(1)?;
        let path = match target.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?.1,
            None => target.strip_prefix('/')?,
        };
        Self::decode(path.split(['/', '?', '#']).next()?)
    }

    /// From the base64 part alone; either alphabet, padded or not.
    #[must_use]
    pub fn decode(segment: &str) -> Option<Self> {
        if segment.len() > 1024 {
            return None;
        }
        let segment = segment.replace("%3D", "").replace('+', "-");
        let bytes = BASE64URL_NOPAD.decode(segment.trim_end_matches('=').as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split('/');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (domain, scheme, host, port) = (next()?, next()?, next()?, next()?);
        let port = port.parse().ok()?;
        Some(Self { domain: kept(domain), scheme: kept(scheme), host: kept(host), port })
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64_NOPAD};

    use super::*;

    fn name(host: &str) -> TrueName {
        TrueName {
            domain: "lab.example".to_owned(),
            scheme: "https".to_owned(),
            host: host.to_owned(),
            port: 8443,
        }
    }

    #[test]
    fn the_true_name_is_in_the_first_segment() {
        let request = "GET http://vcs_control.lab.example:8443/bGFiLmV4YW1wbGUvaHR0cHMvY3VjbXB1Yi5sYWIuZXhhbXBsZS84NDQz/cucm-uds/x?y HTTP/1.1";
        assert_eq!(TrueName::of_request(request), Some(name("cucmpub.lab.example")));
        for host in ["a", "ab", "abc", "10.0.0.1", "[2001:db8::1]"] {
            let text = format!("lab.example/https/{host}/8443");
            for encoding in [BASE64, BASE64_NOPAD, BASE64URL_NOPAD] {
                let request = format!("POST /{} HTTP/1.1", encoding.encode(text.as_bytes()));
                assert_eq!(TrueName::of_request(&request), Some(name(host)), "{request}");
            }
        }
    }

    #[test]
    fn other_requests_have_none() {
        for request in [
            "",
            "GET",
            "GET / HTTP/1.1",
            "GET /bGFiLmV4YW1wbGU/x HTTP/1.1",
            "GET /cucm-uds HTTP/1.1",
            "GET http://host HTTP/1.1",
        ] {
            assert_eq!(TrueName::of_request(request), None, "{request}");
        }
    }
}
