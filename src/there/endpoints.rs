//! Endpoints: where requests go and with which credentials.
//!
//! Pure: a function of the configuration, the flags and a copy of the environment. This is where
//! law 9 lives: a project file names a region and an account, never a host; any other host comes
//! from the environment or a flag, and no credential is handed to a host that it does not belong
//! to. Deliberately not here: sending anything (see `there::services`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use secrecy::SecretString;
use url::{Host, Url};

/// Which services the configuration wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Port, when the project has it.
    pub port: Option<PortWanted>,
    /// Spacelift, when the project has it.
    pub spacelift: Option<SpaceliftWanted>,
    /// The chosen environment of the project, when one was chosen.
    pub environment: Option<String>,
}

/// What the configuration says about Port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortWanted {
    /// The region that the organization lives in.
    pub region: Region,
}

/// What the configuration says about Spacelift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceliftWanted {
    /// The account: the first label of its host.
    pub account: String,
}

/// A region of Port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Europe.
    Eu,
    /// The United States.
    Us,
}

/// Hosts from the command line; they win over the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--port-url`.
    pub port_url: Option<String>,
    /// `--spacelift-url`.
    pub spacelift_url: Option<String>,
}

/// Where requests go, for each wanted service.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Port's API.
    pub port: Option<PortEndpoint>,
    /// Spacelift's API.
    pub spacelift: Option<SpaceliftEndpoint>,
}

/// Port's API and our credentials for it.
#[derive(Debug, Clone)]
pub struct PortEndpoint {
    /// Scheme, host and port; paths begin with `/v1`.
    pub origin: Url,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
    /// Where the host comes from: `port.region: eu`, `PORT_BASE_URL` or `--port-url`.
    pub source: String,
    /// Whether the host is another one than the configuration names.
    pub overridden: bool,
}

/// Spacelift's API and our credentials for it.
#[derive(Debug, Clone)]
pub struct SpaceliftEndpoint {
    /// The address that all requests are sent to.
    pub graphql: Url,
    /// Its origin, `https://acme.app.spacelift.io`.
    pub origin: String,
    /// The account's name for reports and the ledger: the configured one, or the name in the host
    /// that overrides it. A loopback host stands for the configured account.
    pub account: String,
    /// How we log in.
    pub login: Login,
    /// Where the host comes from: `spacelift.account: acme`, `SPACELIFT_API_KEY_ENDPOINT` or
    /// `--spacelift-url`.
    pub source: String,
    /// Whether the host is another one than the configuration names.
    pub overridden: bool,
}

/// How we log in to Spacelift.
#[derive(Debug, Clone)]
pub enum Login {
    /// An API key, exchanged for a token once per process.
    Key {
        /// The key's id.
        id: String,
        /// The key's secret, or an identity provider's token.
        secret: SecretString,
    },
    /// A ready token, as inside a Spacelift run.
    Token(SecretString),
}

/// Why there is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EndpointError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Whether only credentials are missing, so that working offline would do.
    pub missing_credentials: bool,
}

/// Decides where requests go and with which credentials.
///
/// Nothing of a secret is in an error. A variable that is set but empty counts as not set, as CI
/// systems hand over secrets that do not exist as empty texts.
pub fn resolve(
    wanted: &Wanted,
    flags: &Overrides,
    env: &BTreeMap<String, String>,
) -> Result<Endpoints, EndpointError> {
    let env = Variables(env);
    let chosen = wanted.environment.as_deref();
    let mut missing = Missing::default();
    let port = match &wanted.port {
        Some(port) => port_endpoint(port.region, chosen, flags, env, &mut missing)?,
        None => None,
    };
    let spacelift = match &wanted.spacelift {
        Some(want) => spacelift_endpoint(&want.account, chosen, flags, env, &mut missing)?,
        None => None,
    };
    missing.into_error()?;
    Ok(Endpoints { port, spacelift })
}

/// The origin of Port's API in a region (PA section 1).
pub fn port_origin(region: Region) -> &'static str {
    match region {
        Region::Eu => "https://api.port.io",
        Region::Us => "https://api.us.port.io",
    }
}

/// The origin of a Spacelift account (SA section 1).
pub fn spacelift_origin(account: &str) -> String {
    format!("https://{account}.app.spacelift.io")
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

/// The environment, where an empty text is no text.
#[derive(Clone, Copy)]
struct Variables<'a>(&'a BTreeMap<String, String>);

impl<'a> Variables<'a> {
    fn get(self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }
}

/// The names of the variables that are not set, collected so that one error names all.
#[derive(Default)]
struct Missing {
    names: Vec<&'static str>,
    hint: Option<&'static str>,
}

impl Missing {
    fn want<'a>(&mut self, env: Variables<'a>, name: &'static str) -> Option<&'a str> {
        let text = env.get(name);
        if text.is_none() {
            self.names.push(name);
        }
        text
    }

    fn into_error(self) -> Result<(), EndpointError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.names.iter().map(|n| format!("`{n}`")).collect();
        let help = "credentials come from the environment only: set the variables";
        Err(EndpointError {
            message: format!("no credentials: {} not set", names.join(", ")),
            help: self.hint.unwrap_or(help).to_owned(),
            missing_credentials: true,
        })
    }
}

/// A host that was given, and by whom.
struct Given<'a> {
    text: &'a str,
    source: &'static str,
}

fn port_endpoint(
    region: Region,
    environment: Option<&str>,
    flags: &Overrides,
    env: Variables<'_>,
    missing: &mut Missing,
) -> Result<Option<PortEndpoint>, EndpointError> {
    let configured = port_origin(region);
    let given = given(&flags.port_url, "--port-url", env, "PORT_BASE_URL");
    let (origin, source) = match given {
        None => (
            read_url(configured, "port.region")?,
            format!("port.region: {region}"),
        ),
        Some(Given { text, source }) => {
            let mut url = read_url(text, source)?;
            if !matches!(url.path().trim_end_matches('/'), "" | "/v1") {
                return Err(refused(
                    format!("`{source}` has the path `{}`", url.path()),
                    "give the origin alone, or followed by `/v1`",
                ));
            }
            url.set_path("/");
            contradicts(&url, configured, environment, source)?;
            (url, source.to_owned())
        }
    };
    let overridden = origin_of(&origin) != configured;
    let id = missing.want(env, "PORT_CLIENT_ID");
    let secret = missing.want(env, "PORT_CLIENT_SECRET");
    Ok(id.zip(secret).map(|(id, secret)| PortEndpoint {
        origin,
        client_id: id.to_owned(),
        client_secret: SecretString::from(secret),
        source,
        overridden,
    }))
}

fn spacelift_endpoint(
    account: &str,
    environment: Option<&str>,
    flags: &Overrides,
    env: Variables<'_>,
    missing: &mut Missing,
) -> Result<Option<SpaceliftEndpoint>, EndpointError> {
    if !is_label(account) {
        return Err(refused(
            format!("`{account}` is not the name of a Spacelift account"),
            "`spacelift.account` is the first part of ACCOUNT.app.spacelift.io: letters, digits and `-`",
        ));
    }
    let configured = spacelift_origin(account);
    let given = given(
        &flags.spacelift_url,
        "--spacelift-url",
        env,
        "SPACELIFT_API_KEY_ENDPOINT",
    );
    let (mut graphql, source) = match given {
        None => (
            read_url(&configured, "spacelift.account")?,
            format!("spacelift.account: {account}"),
        ),
        Some(Given { text, source }) => {
            let url = read_url(text, source)?;
            contradicts(&url, &configured, environment, source)?;
            (url, source.to_owned())
        }
    };
    let path = graphql.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/graphql") {
        graphql.set_path(&format!("{path}/graphql"));
    } else {
        graphql.set_path(&path);
    }
    let origin = origin_of(&graphql);
    let overridden = !origin.eq_ignore_ascii_case(&configured);
    let label = if !overridden || is_loopback(&graphql) {
        account.to_owned()
    } else {
        let host = graphql.host_str().unwrap_or_default();
        host.strip_suffix(".app.spacelift.io")
            .unwrap_or(host)
            .to_owned()
    };
    Ok(
        login(&graphql, env, missing)?.map(|login| SpaceliftEndpoint {
            graphql,
            origin,
            account: label,
            login,
            source,
            overridden,
        }),
    )
}

/// A complete key wins over a token, as in the vendor's provider (SA section 2).
fn login(
    endpoint: &Url,
    env: Variables<'_>,
    missing: &mut Missing,
) -> Result<Option<Login>, EndpointError> {
    let key = env
        .get("SPACELIFT_API_KEY_ID")
        .zip(env.get("SPACELIFT_API_KEY_SECRET"));
    if let Some((id, secret)) = key {
        return Ok(Some(Login::Key {
            id: id.to_owned(),
            secret: SecretString::from(secret),
        }));
    }
    if let Some(token) = env.get("SPACELIFT_API_TOKEN") {
        check_audience(token, endpoint)?;
        return Ok(Some(Login::Token(SecretString::from(token))));
    }
    missing.want(env, "SPACELIFT_API_KEY_ID");
    missing.want(env, "SPACELIFT_API_KEY_SECRET");
    if env.get("SPACELIFT_API_SECRET").is_some() {
        missing.hint = Some(
            "`SPACELIFT_API_SECRET` is set, but the variable is called `SPACELIFT_API_KEY_SECRET`",
        );
    } else {
        missing.hint = Some(
            "credentials come from the environment only: set the variables; \
             `SPACELIFT_API_TOKEN` may stand in for both of Spacelift's",
        );
    }
    Ok(None)
}

/// Refuses a token that was made for another origin. No signature is checked: the token is ours,
/// and the question is only whom to show it to (SA section 2).
fn check_audience(token: &str, endpoint: &Url) -> Result<(), EndpointError> {
    let called = origin_of(endpoint);
    let audience = audience(token).ok_or_else(|| {
        refused(
            "`SPACELIFT_API_TOKEN` does not say which account it is for".into(),
            "it must be a Spacelift token whose `aud` is one origin; \
             `SPACELIFT_API_KEY_ID` and `SPACELIFT_API_KEY_SECRET` do as well",
        )
    })?;
    let meant = Url::parse(&audience).map(|url| origin_of(&url));
    if meant.as_deref() == Ok(called.as_str()) {
        return Ok(());
    }
    let shown: String = audience.chars().take(80).collect();
    Err(refused(
        format!(
            "`SPACELIFT_API_TOKEN` is for `{}`, not for `{called}`",
            shown.escape_debug()
        ),
        "use a token of the account that is called, or correct `spacelift.account`",
    ))
}

fn audience(token: &str) -> Option<String> {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    match claims.get("aud")? {
        serde_json::Value::String(one) => Some(one.clone()),
        serde_json::Value::Array(list) => match list.as_slice() {
            [serde_json::Value::String(one)] => Some(one.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn given<'a>(
    flag: &'a Option<String>,
    flag_name: &'static str,
    env: Variables<'a>,
    variable: &'static str,
) -> Option<Given<'a>> {
    let from_flag = flag.as_deref().map(|text| Given {
        text: text.trim(),
        source: flag_name,
    });
    from_flag.or_else(|| {
        Some(Given {
            text: env.get(variable)?,
            source: variable,
        })
    })
}

/// Reads an address; a bare host means `https://`. The text itself is never repeated in an error,
/// as it may hold credentials.
fn read_url(text: &str, source: &str) -> Result<Url, EndpointError> {
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
fn contradicts(
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

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn refused(message: String, help: impl Into<String>) -> EndpointError {
    EndpointError {
        message,
        help: help.into(),
        missing_credentials: false,
    }
}
