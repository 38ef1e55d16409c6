//! Hosts: which addresses may be called at all, and which ones the configuration means.
//!
//! Deliberately not here: credentials, and where an override comes from (see `there::endpoints`).

use std::fmt;

use url::{Host, Url};

use crate::there::endpoints::{EndpointError, refused};
use crate::words::hosts;
pub use crate::words::hosts::spacelift_origin;

/// A region of Port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Europe.
    Eu,
    /// The United States.
    Us,
}

/// The origin of Port's API in a region (PA section 1).
pub fn port_origin(region: Region) -> String {
    hosts::port_origin(region.word())
}

/// Whether a host is this machine: the only place that plain `http://` may go to.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl Region {
    /// The region with this word, `eu` or `us`.
    pub fn parse(word: &str) -> Option<Region> {
        match word {
            "eu" => Some(Region::Eu),
            "us" => Some(Region::Us),
            _ => None,
        }
    }

    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Region::Eu => "eu",
            Region::Us => "us",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Reads an address; a bare host means `https://`. The text itself is never repeated in an error,
/// as it may hold credentials.
pub(super) fn read_url(text: &str, source: &str) -> Result<Url, EndpointError> {
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&text).map_err(|problem| {
        refused(
            format!("`{source}` is not an address: {problem}"),
            "addresses look like `https://api.port.io` or `https://acme.app.spacelift.io`",
        )
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            format!("`{source}` has a user name or a password in it"),
            "credentials have variables of their own; take them out of the address",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused(
            format!("`{source}` has more than an origin and a path"),
            "take out what begins with `?` or `#`",
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refused(
            format!("`{source}` is plain `http://`"),
            "credentials are sent unencrypted to this machine only; use `https://`",
        )),
        other => Err(refused(
            format!("`{source}` begins with `{other}://`"),
            "use `https://`",
        )),
    }
}

/// Refuses a host that is another one of the vendors' while an environment is chosen: the
/// variables of one environment must not be used with the project of another.
pub(super) fn contradicts(
    url: &Url,
    configured: &str,
    environment: Option<&str>,
    source: &str,
) -> Result<(), EndpointError> {
    let Some(environment) = environment else {
        return Ok(());
    };
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    // The older names of Port's hosts mean the same places (PA section 1).
    let now = match host {
        "api.getport.io" => "api.port.io",
        "api.us.getport.io" => "api.us.port.io",
        host => host,
    };
    let vendor = ["port.io", "getport.io", "spacelift.io"]
        .iter()
        .any(|domain| now == *domain || now.ends_with(&format!(".{domain}")));
    let meant = configured.trim_start_matches("https://");
    if !vendor || now.eq_ignore_ascii_case(meant) {
        return Ok(());
    }
    Err(refused(
        format!("`{source}` names `{host}`, but the environment `{environment}` is at `{meant}`"),
        format!("unset `{source}`, or choose the environment that it belongs to"),
    ))
}

/// Whether a text can be the first part of a host name.
pub(super) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Scheme, host and port.
pub(super) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}
