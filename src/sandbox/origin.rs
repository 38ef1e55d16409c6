//! Origins, and which addresses are nobody's business.
//!
//! Pure: what is on the list and where names lead is asked in `outbound`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use url::Url;

/// An origin that the sandbox may call besides itself: scheme, host and port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub(super) scheme: String,
    /// In lower case, without a last dot; addresses of version 6 in brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of a URL that can be called by HTTP.
    pub(super) fn of(url: &Url) -> Option<Origin> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        Some(Origin {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.trim_end_matches('.').to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    fn is_default_port(&self) -> bool {
        (self.scheme == "https" && self.port == 443) || (self.scheme == "http" && self.port == 80)
    }

    /// Whether the host is written as an address, or is `localhost`, so that it is clear where it leads.
    pub(super) fn names_an_address(&self) -> bool {
        self.host == "localhost"
            || self.host.starts_with('[')
            || self.host.parse::<Ipv4Addr>().is_ok()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.host)?;
        if self.is_default_port() {
            return Ok(());
        }
        write!(formatter, ":{}", self.port)
    }
}

impl FromStr for Origin {
    type Err = String;

    /// Reads `https://example.com` or `http://127.0.0.1:9000`; a path, a query or credentials are refused.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "an origin looks like `https://example.com` or `http://127.0.0.1:9000`";
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match Origin::of(&url) {
            Some(origin) if is_bare => Ok(origin),
            _ => Err(wrong().to_owned()),
        }
    }
}

/// Whether an address belongs to this machine, a private network, or no single host at all.
pub(super) fn is_inside(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || first == 0
                // Shared address space of carriers, and benchmarking.
                || (first == 100 && (second & 0xc0) == 64)
                || (first == 198 && (second & 0xfe) == 18)
        }
        IpAddr::V6(ip) => {
            let segments = ip.segments();
            let embedded = match segments {
                // NAT64 and 6to4 carry an address of version 4.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                    Some(Ipv4Addr::new(a, b, c, d))
                }
                _ => ip.to_ipv4(),
            };
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || embedded.is_some_and(|ip| is_inside(&IpAddr::V4(ip)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_outside() {
        for address in [
            "93.184.216.34",
            "100.128.0.1",
            "2606:4700::1111",
            "2002:5db8:d822::1",
        ] {
            assert!(!is_inside(&address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for text in [
            "https://a.test/x",
            "a.test",
            "ftp://a.test",
            "https://u:p@a.test",
            "https://a.test?x",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
        let origin: Origin = "HTTPS://A.test:443/".parse().unwrap();
        assert_eq!(origin.to_string(), "https://a.test");
        let origin: Origin = "http://[::1]:80".parse().unwrap();
        assert_eq!(origin.to_string(), "http://[::1]");
    }
}
