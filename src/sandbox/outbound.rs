//! Calls that the sandbox makes: over real HTTP to itself, and to origins that its owner has named.
//!
//! Whatever a project, an entity or a payload says, nothing else is ever reached: hosts of Port and of
//! Spacelift mean the sandbox's own listener, every other origin must be on the list, and a name on the
//! list may not lead to this machine or into a private network. No redirect is followed and no proxy
//! is asked. Deliberately not here: what is sent and when, and how an origin is read (`origin`).

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::origin::{Origin, is_inside};

/// The header by which the sandbox knows its own calls; it is never handed on.
pub(crate) const OWN_HEADER: &str = "x-sandbox-call";

/// Hosts of Port's API (PA section 1).
const PORT_HOSTS: [&str; 4] = [
    "api.port.io",
    "api.us.port.io",
    "api.getport.io",
    "api.us.getport.io",
];
/// Hosts of Port's webhook intake (PA section 1).
const INTAKE_HOSTS: [&str; 3] = ["ingest.port.io", "ingest.us.port.io", "ingest.getport.io"];
/// How hosts of Spacelift accounts end (SA section 1).
const SPACELIFT_HOSTS: &str = ".app.spacelift.io";
/// How long one call may take; no page says how long the services wait.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Larger answers are not read to the end.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// One call.
pub(crate) struct Outgoing {
    /// The HTTP method.
    pub(crate) method: String,
    /// The whole URL as the service would call it.
    pub(crate) url: String,
    /// Names and values.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as it goes over the wire.
    pub(crate) body: Vec<u8>,
    /// How many automations led here (see `events`).
    pub(crate) depth: u32,
}

/// What was answered, whatever its status is.
pub(crate) struct Received {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, cut after 8 MiB.
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. The texts name an origin at most: paths and queries may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The text is no URL that can be called.
    NotAUrl,
    /// The method or a header cannot be sent.
    NotHttp(String),
    /// The origin is not on the list.
    NotAllowed {
        /// `https://example.com`.
        origin: String,
    },
    /// The origin is one of the sandbox's, and nothing is served there.
    NotServed {
        /// `https://api.port.io`.
        origin: String,
    },
    /// The name is on the list, but it leads to an address that the list does not name.
    LeadsInside {
        /// The origin that was called.
        origin: String,
        /// The address.
        address: IpAddr,
    },
    /// The name is not known, or nobody answers there.
    Unreachable {
        /// The origin that was called.
        origin: String,
    },
    /// No complete answer in time.
    TimedOut {
        /// The origin that was called.
        origin: String,
    },
}

impl Unsent {
    /// The same without the origin and the name of a header, in which a secret may stand.
    pub(crate) fn without_names(self) -> Self {
        let origin = "an origin that a secret holds".to_owned();
        match self {
            Unsent::NotHttp(_) => Unsent::NotHttp("a method or header".to_owned()),
            Unsent::NotAllowed { .. } => Unsent::NotAllowed { origin },
            Unsent::NotServed { .. } => Unsent::NotServed { origin },
            Unsent::LeadsInside { address, .. } => Unsent::LeadsInside { origin, address },
            Unsent::Unreachable { .. } => Unsent::Unreachable { origin },
            Unsent::TimedOut { .. } => Unsent::TimedOut { origin },
            Unsent::NotAUrl => Unsent::NotAUrl,
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsent::NotAUrl => formatter.write_str("the URL is not an http or https URL"),
            Unsent::NotHttp(why) => write!(formatter, "{why} cannot be sent"),
            Unsent::NotAllowed { origin } => write!(
                formatter,
                "{origin} is not called: the sandbox calls itself and what --allow-origin names"
            ),
            Unsent::NotServed { origin } => {
                write!(
                    formatter,
                    "the sandbox serves nothing at that path of {origin}"
                )
            }
            Unsent::LeadsInside { origin, address } => write!(
                formatter,
                "{origin} is not called: its name leads to {address}, which --allow-origin does not name"
            ),
            Unsent::Unreachable { origin } => write!(formatter, "{origin} cannot be reached"),
            Unsent::TimedOut { origin } => write!(
                formatter,
                "{origin} did not answer within {} s",
                TIMEOUT.as_secs()
            ),
        }
    }
}

impl fmt::Debug for Received {
    /// Shows nothing that may hold a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Received")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Outgoing {
    /// Shows nothing that may hold a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// To the sandbox's own listener: path and query there.
    Inside(String),
    /// To somebody else who is on the list.
    Outside(Origin),
}

/// The one way by which the sandbox calls anybody.
pub(crate) struct Outbound {
    /// Where the listener is reached.
    own: SocketAddr,
    allowed: Vec<Origin>,
    /// Proves to the listener that a call comes from here.
    pass: String,
    inside: reqwest::Client,
    /// Names whose addresses are known without asking.
    names: BTreeMap<String, Vec<IpAddr>>,
}

impl Outbound {
    /// Calls go to the listener at `own` and to `allowed`; `pass` is a text that nobody can guess.
    pub(crate) fn new(
        own: SocketAddr,
        allowed: Vec<Origin>,
        pass: String,
    ) -> Result<Self, std::io::Error> {
        // reqwest asks for the process-wide provider; it panics without one. A second installation is
        // refused and does no harm.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        // Everybody's address is reached by loopback, too; the listener wants a loopback host.
        let own = match own.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => {
                SocketAddr::from((Ipv4Addr::LOCALHOST, own.port()))
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                SocketAddr::from((Ipv6Addr::LOCALHOST, own.port()))
            }
            _ => own,
        };
        let inside = builder()
            .tls_certs_only([])
            .resolve("localhost", own)
            .build()
            .map_err(|_| std::io::Error::other("the sandbox's own client cannot be made"))?;
        Ok(Self {
            own,
            allowed,
            pass,
            inside,
            names: BTreeMap::new(),
        })
    }

    /// How many automations led to a call of the sandbox's own; `None` for a call of anybody else.
    pub(crate) fn depth_of(&self, header: Option<&str>) -> Option<u32> {
        let (pass, depth) = header?.split_once(' ')?;
        (pass == self.pass).then(|| depth.parse().unwrap_or(0))
    }

    /// Whether a URL is one of Port's own API, where Port authenticates itself (PA section 3).
    pub(crate) fn is_port_api(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else {
            return false;
        };
        let way = Origin::of(&url).map(|origin| self.way(&url, &origin));
        matches!(way, Some(Ok(Way::Inside(path))) if path.starts_with("/v1/"))
    }

    /// Sends one call and waits for its answer.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Received, Unsent> {
        let url = Url::parse(&outgoing.url).map_err(|_| Unsent::NotAUrl)?;
        let origin = Origin::of(&url).ok_or(Unsent::NotAUrl)?;
        let method = reqwest::Method::from_bytes(outgoing.method.as_bytes())
            .map_err(|_| Unsent::NotHttp("the method".to_owned()))?;
        let mut headers = headers(&outgoing.headers)?;
        let request = match self.way(&url, &origin)? {
            Way::Inside(path) => {
                let pass = format!("{} {}", self.pass, outgoing.depth);
                if let Ok(pass) = HeaderValue::from_str(&pass) {
                    headers.insert(OWN_HEADER, pass);
                }
                // The listener wants a loopback host, also when it listens elsewhere.
                let url = match self.own.ip().is_loopback() {
                    true => format!("http://{}{path}", self.own),
                    false => format!("http://localhost:{}{path}", self.own.port()),
                };
                self.inside.request(method, url)
            }
            Way::Outside(origin) => {
                let client = self.client_for(&origin).await?;
                client.request(method, spelled(url, &origin)?)
            }
        };
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => Unsent::TimedOut {
                origin: origin.to_string(),
            },
            false => Unsent::Unreachable {
                origin: origin.to_string(),
            },
        };
        let request = request.headers(headers).body(outgoing.body);
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while body.len() < LARGEST_ANSWER
            && let Some(chunk) = answer.chunk().await.map_err(failed)?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(LARGEST_ANSWER);
        Ok(Received { status, body })
    }

    /// Whether a URL may be called, and where it leads.
    fn way(&self, url: &Url, origin: &Origin) -> Result<Way, Unsent> {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = origin.host.as_str();
        let is_vendor = origin.scheme == "https" && origin.port == 443;
        let served = |is_served: bool, path: String| match is_served {
            true => Ok(Way::Inside(path)),
            false => Err(Unsent::NotServed {
                origin: origin.to_string(),
            }),
        };
        if is_vendor && PORT_HOSTS.contains(&host) {
            return served(path.starts_with("/v1/"), path);
        }
        if is_vendor && INTAKE_HOSTS.contains(&host) {
            return served(true, format!("/ingest{path}"));
        }
        if is_vendor && host.ends_with(SPACELIFT_HOSTS) {
            return served(url.path() == "/graphql", path);
        }
        if origin.scheme == "http" && origin.port == self.own.port() && self.is_own(host) {
            let places = ["/v1/", "/graphql", "/ingest/"];
            // Steering is for those who test, not for those who are tested.
            return served(places.iter().any(|place| path.starts_with(place)), path);
        }
        match self.allowed.iter().find(|allowed| *allowed == origin) {
            Some(allowed) => Ok(Way::Outside(allowed.clone())),
            None => Err(Unsent::NotAllowed {
                origin: origin.to_string(),
            }),
        }
    }

    /// Whether a host of a URL is the listener's own.
    fn is_own(&self, host: &str) -> bool {
        let own = match self.own.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        host == own || (self.own.ip().is_loopback() && host == "localhost")
    }

    /// A client that connects to nothing but checked addresses of one origin.
    async fn client_for(&self, origin: &Origin) -> Result<reqwest::Client, Unsent> {
        let unreachable = || Unsent::Unreachable {
            origin: origin.to_string(),
        };
        let mut made = builder();
        if !origin.host.starts_with('[') && origin.host.parse::<Ipv4Addr>().is_err() {
            let addresses = match self.names.get(&origin.host) {
                Some(known) => known.clone(),
                None => tokio::net::lookup_host((origin.host.as_str(), origin.port))
                    .await
                    .map_err(|_| unreachable())?
                    .map(|address| address.ip())
                    .collect(),
            };
            if !origin.names_an_address()
                && let Some(address) = addresses.iter().find(|address| is_inside(address))
            {
                return Err(Unsent::LeadsInside {
                    origin: origin.to_string(),
                    address: *address,
                });
            }
            // The very addresses that were checked: a second look could say something else.
            let checked: Vec<SocketAddr> = addresses
                .into_iter()
                .map(|address| SocketAddr::from((address, origin.port)))
                .collect();
            made = made.resolve_to_addrs(&origin.host, &checked);
        }
        if origin.scheme == "http" {
            made = made.tls_certs_only([]);
        }
        made.build().map_err(|_| unreachable())
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outbound")
            .field("own", &self.own)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// A URL with its host spelled as in the origin whose addresses were checked: with a dot at the end it
/// would be another name to the client, which looks that up again.
fn spelled(mut url: Url, origin: &Origin) -> Result<Url, Unsent> {
    match url.set_host(Some(&origin.host)) {
        Ok(()) => Ok(url),
        Err(_) => Err(Unsent::NotAUrl),
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent("sandbox")
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .timeout(TIMEOUT)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, Unsent> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        // Where it goes and how long it is is not for a template to say.
        let reserved = [
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            OWN_HEADER,
        ];
        if reserved.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            continue;
        }
        let unfit = || Unsent::NotHttp(format!("the header {name:?}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        let value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(allowed: &[&str]) -> Outbound {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let own = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
        Outbound::new(own, allowed, "pass".to_owned()).unwrap()
    }

    fn way(outbound: &Outbound, url: &str) -> Result<Way, Unsent> {
        let url = Url::parse(url).unwrap();
        outbound.way(&url, &Origin::of(&url).unwrap())
    }

    #[test]
    fn hosts_of_both_services_lead_inside() {
        let outbound = outbound(&[]);
        for (url, path) in [
            (
                "https://api.port.io/v1/actions?version=v2",
                "/v1/actions?version=v2",
            ),
            ("https://API.us.getport.io/v1/x", "/v1/x"),
            ("https://ingest.port.io/KEY", "/ingest/KEY"),
            ("https://acme.app.spacelift.io/graphql", "/graphql"),
            ("http://127.0.0.1:4000/graphql", "/graphql"),
            ("http://localhost:4000/ingest/a", "/ingest/a"),
            ("https://user:word@api.port.io/v1/x", "/v1/x"),
        ] {
            assert_eq!(
                way(&outbound, url),
                Ok(Way::Inside(path.to_owned())),
                "{url}"
            );
        }
        for url in [
            "https://api.port.io/_sandbox/state",
            "https://acme.app.spacelift.io/v1/actions",
            "http://127.0.0.1:4000/_sandbox/faults",
            "http://127.0.0.1:4000/v1/../_sandbox/state",
        ] {
            let refused = way(&outbound, url);
            assert!(
                matches!(refused, Err(Unsent::NotServed { .. })),
                "{url}: {refused:?}"
            );
        }
    }

    #[test]
    fn everything_else_must_be_on_the_list_to_the_letter() {
        let outbound = outbound(&["https://hooks.example.com", "http://127.0.0.1:9000"]);
        assert!(way(&outbound, "https://hooks.example.com/a?b").is_ok());
        assert!(way(&outbound, "http://127.1:9000/").is_ok());
        for url in [
            "http://hooks.example.com/",
            "https://hooks.example.com:8443/",
            "https://hooks.example.com.evil.test/",
            "https://hooks.example.com@evil.test/",
            "http://api.port.io/v1/actions",
            "https://api.port.io:444/v1/actions",
            "https://app.spacelift.io/graphql",
            "http://127.0.0.1:9001/",
            "http://localhost:9000/",
            "http://[::1]:4000/v1/actions",
            "http://[::ffff:127.0.0.1]:4000/v1/actions",
            "http://169.254.169.254/latest/meta-data",
            "http://0x7f.1:9001/",
        ] {
            let refused = way(&outbound, url);
            assert!(
                matches!(refused, Err(Unsent::NotAllowed { .. })),
                "{url}: {refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_on_the_list_may_not_lead_inside() {
        let mut outbound = outbound(&["http://hooks.example.com", "http://localhost:9"]);
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "::1",
            "::ffff:192.168.0.1",
            "64:ff9b::7f00:1",
        ] {
            let address: IpAddr = address.parse().unwrap();
            // One good address among others does not help.
            let both = vec![IpAddr::from([93, 184, 216, 34]), address];
            outbound.names.insert("hooks.example.com".to_owned(), both);
            let sent = outbound
                .send(get("http://hooks.example.com/x?token=1"))
                .await;
            let origin = "http://hooks.example.com".to_owned();
            assert_eq!(sent.unwrap_err(), Unsent::LeadsInside { origin, address });
        }
        // `localhost` says where it leads.
        let sent = outbound.send(get("http://localhost:9/")).await.unwrap_err();
        assert!(matches!(sent, Unsent::Unreachable { .. }), "{sent:?}");
    }

    #[test]
    fn a_name_is_called_as_it_was_checked() {
        for (url, called) in [
            (
                "https://hooks.example.com./a?b",
                "https://hooks.example.com/a?b",
            ),
            (
                "https://me:word@HOOKS.example.com:8443",
                "https://me:word@hooks.example.com:8443/",
            ),
            ("http://[::1]:9000/", "http://[::1]:9000/"),
            ("http://127.1:9000/", "http://127.0.0.1:9000/"),
        ] {
            let url = Url::parse(url).unwrap();
            let origin = Origin::of(&url).unwrap();
            assert_eq!(spelled(url, &origin).unwrap().as_str(), called);
        }
    }

    fn get(url: &str) -> Outgoing {
        Outgoing {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            depth: 0,
        }
    }
}
