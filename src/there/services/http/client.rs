//! The client: which certificates it trusts, what it says of itself, and what it never does.
//!
//! Deliberately not here: requests (see `http`).

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use url::Url;

use crate::there::endpoints::is_loopback;
use crate::there::services::discreet::Discreet;
use crate::there::services::http::Options;
use crate::words::Service;

/// The client: rustls with ring, the system's certificates or, where there are none (scratch
/// images), Mozilla's; nothing that could follow a redirect.
pub(super) fn client(
    service: Service,
    base: &Url,
    options: &Options,
) -> Result<reqwest::Client, String> {
    // reqwest asks for the process-wide provider; it panics without one. A second installation is
    // refused and does no harm.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if service == Service::Spacelift {
        let name = HeaderValue::from_static("spaceport");
        headers.insert("spacelift-client-type", name);
    }
    let extra = match &options.ca_bundle {
        Some(path) => read_bundle(path)?,
        None => Vec::new(),
    };
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("spaceport/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Shorter than what load balancers allow: a create that meets a connection which is
            // just being closed would have to be looked for.
            .pool_idle_timeout(Duration::from_secs(30))
            .connect_timeout(Duration::from_secs(10).min(options.timeout))
            .timeout(options.timeout);
        // The one origin is known, so a proxy for loopback is no proxy at all.
        if is_loopback(base) {
            builder.no_proxy()
        } else {
            builder
        }
    };
    let with = |builder: reqwest::ClientBuilder| {
        builder
            .build()
            .map_err(|e| Discreet::default().message(&chain(&e)))
    };
    if base.scheme() == "http" {
        // Reading the system's certificates takes longer than all requests to a sandbox.
        return with(builder().tls_certs_only([]));
    }
    with(builder().tls_certs_merge(extra.clone())).or_else(|_| {
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| reqwest::Certificate::from_der(der).ok());
        with(builder().tls_certs_only(mozilla.chain(extra)))
    })
}

fn read_bundle(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|e| format!("cannot read `{shown}`: {e}"))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err(format!("`{shown}` holds no certificate")),
        Err(e) => Err(format!("`{shown}` holds no certificates: {}", chain(&e))),
    }
}

fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::there::services::http::Http;

    #[test]
    fn a_client_can_be_made_for_https_and_a_bad_bundle_is_told() {
        let base: Url = "https://api.port.io".parse().unwrap();
        Http::new(Service::Port, &base, 1, &Options::default()).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let options = Options {
            ca_bundle: Some(path.clone()),
            ..Options::default()
        };
        let error = Http::new(Service::Port, &base, 1, &options).unwrap_err();
        assert!(error.to_string().contains("cannot read"), "{error}");
        std::fs::write(&path, "no certificate").unwrap();
        let error = Http::new(Service::Port, &base, 1, &options).unwrap_err();
        assert!(
            error.to_string().contains("holds no certificate"),
            "{error}"
        );

        let plain: Url = "http://api.port.io".parse().unwrap();
        let error = Http::new(Service::Port, &plain, 1, &Options::default()).unwrap_err();
        assert!(error.to_string().contains("plain `http://`"), "{error}");
    }
}
