//! Endpoints: where requests go and with which credentials.
//!
//! Pure: a function of the configuration, the flags and a copy of the environment. This is where
//! law 9 lives: a project file names a region and an account, never a host; any other host comes
//! from the environment or a flag, and no credential is handed to a host that it does not belong
//! to. Deliberately not here: sending anything (see `there::services`).

use std::collections::BTreeMap;

use secrecy::SecretString;
use url::Url;

use crate::there::claims::Claims;
pub use crate::there::hosts::{Region, is_loopback, port_origin, spacelift_origin};
use crate::there::hosts::{contradicts, is_label, origin_of, read_url};

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
            read_url(&configured, "port.region")?,
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
            contradicts(&url, &configured, environment, source)?;
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
    let claims = Claims::read(token).unwrap_or_default();
    let audience = claims.only_audience().ok_or_else(|| {
        refused(
            "`SPACELIFT_API_TOKEN` does not say which account it is for".into(),
            "it must be a Spacelift token whose `aud` is one origin; \
             `SPACELIFT_API_KEY_ID` and `SPACELIFT_API_KEY_SECRET` do as well",
        )
    })?;
    let meant = Url::parse(audience).map(|url| origin_of(&url));
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

/// An error that has nothing to do with missing credentials.
pub(super) fn refused(message: String, help: impl Into<String>) -> EndpointError {
    EndpointError {
        message,
        help: help.into(),
        missing_credentials: false,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use secrecy::ExposeSecret;

    use super::*;

    const PORT: &[(&str, &str)] = &[("PORT_CLIENT_ID", "id"), ("PORT_CLIENT_SECRET", "s3cret")];
    const KEY: &[(&str, &str)] = &[
        ("SPACELIFT_API_KEY_ID", "key"),
        ("SPACELIFT_API_KEY_SECRET", "s3cret"),
    ];

    fn env(parts: &[&[(&str, &str)]]) -> BTreeMap<String, String> {
        let all = parts.iter().flat_map(|part| part.iter());
        all.map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn wanted(environment: Option<&str>) -> Wanted {
        Wanted {
            port: Some(PortWanted { region: Region::Eu }),
            spacelift: Some(SpaceliftWanted {
                account: "acme".into(),
            }),
            environment: environment.map(str::to_owned),
        }
    }

    /// The endpoints with all credentials and these further variables.
    fn with(environment: Option<&str>, more: &[(&str, &str)]) -> Result<Endpoints, EndpointError> {
        let env = env(&[PORT, KEY, more]);
        resolve(&wanted(environment), &Overrides::default(), &env)
    }

    fn port(more: &[(&str, &str)]) -> PortEndpoint {
        with(None, more).unwrap().port.unwrap()
    }

    fn spacelift(more: &[(&str, &str)]) -> SpaceliftEndpoint {
        with(None, more).unwrap().spacelift.unwrap()
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    /// What becomes of `SPACELIFT_API_TOKEN` with these claims.
    fn with_token(claims: &str, host: &str) -> Result<Endpoints, EndpointError> {
        let token = token(claims);
        let mut env = env(&[PORT, &[("SPACELIFT_API_TOKEN", &token)]]);
        if !host.is_empty() {
            env.insert("SPACELIFT_API_KEY_ENDPOINT".into(), host.into());
        }
        resolve(&wanted(None), &Overrides::default(), &env)
    }

    #[test]
    fn the_configuration_names_the_hosts() {
        let endpoints = with(Some("prod"), &[]).unwrap();
        let port = endpoints.port.unwrap();
        assert_eq!(port.origin.as_str(), "https://api.port.io/");
        assert_eq!(port.source, "port.region: eu");
        assert!(!port.overridden);
        assert_eq!(port.client_secret.expose_secret(), "s3cret");
        let spacelift = endpoints.spacelift.unwrap();
        assert_eq!(
            spacelift.graphql.as_str(),
            "https://acme.app.spacelift.io/graphql"
        );
        assert_eq!(spacelift.origin, "https://acme.app.spacelift.io");
        assert_eq!(spacelift.account, "acme");
        assert!(!spacelift.overridden);
    }

    #[test]
    fn overrides_are_accepted_in_all_their_spellings() {
        for url in [
            "https://api.us.port.io",
            "https://api.us.port.io/",
            "https://api.us.port.io/v1",
            "https://api.us.port.io/v1/",
            "api.us.port.io",
            " https://api.us.port.io\n",
        ] {
            let port = port(&[("PORT_BASE_URL", url)]);
            assert_eq!(port.origin.as_str(), "https://api.us.port.io/", "{url}");
            assert!(port.overridden && port.source == "PORT_BASE_URL");
        }
        for (url, graphql) in [
            ("https://self.corp", "https://self.corp/graphql"),
            ("https://self.corp/graphql", "https://self.corp/graphql"),
            ("https://self.corp/graphql/", "https://self.corp/graphql"),
            ("self.corp", "https://self.corp/graphql"),
            ("https://self.corp/lift/", "https://self.corp/lift/graphql"),
            ("http://[::1]:8080", "http://[::1]:8080/graphql"),
        ] {
            let spacelift = spacelift(&[("SPACELIFT_API_KEY_ENDPOINT", url)]);
            assert_eq!(spacelift.graphql.as_str(), graphql, "{url}");
        }
        let same = spacelift(&[(
            "SPACELIFT_API_KEY_ENDPOINT",
            "https://acme.app.spacelift.io",
        )]);
        assert!(!same.overridden && same.source == "SPACELIFT_API_KEY_ENDPOINT");
    }

    #[test]
    fn a_flag_wins_over_the_environment() {
        let flags = Overrides {
            port_url: Some("http://127.0.0.1:9".into()),
            spacelift_url: Some("http://localhost:9".into()),
        };
        let env = env(&[PORT, KEY, &[("PORT_BASE_URL", "https://elsewhere.example")]]);
        let endpoints = resolve(&wanted(Some("prod")), &flags, &env).unwrap();
        assert_eq!(endpoints.port.unwrap().source, "--port-url");
        let spacelift = endpoints.spacelift.unwrap();
        assert_eq!(spacelift.graphql.as_str(), "http://localhost:9/graphql");
        assert_eq!(
            spacelift.account, "acme",
            "loopback stands for the configured account"
        );
    }

    #[test]
    fn hosts_that_credentials_must_not_go_to_are_refused() {
        for (url, says) in [
            ("http://api.port.io", "plain `http://`"),
            ("http://127.0.0.1.evil.example", "plain `http://`"),
            ("http://localhost.evil.example", "plain `http://`"),
            ("ftp://api.port.io", "begins with `ftp://`"),
            (
                "https://user:hunter2@api.port.io",
                "a user name or a password",
            ),
            (
                "https://api.port.io@evil.example",
                "a user name or a password",
            ),
            ("https://api.port.io/v1?x=hunter2", "more than an origin"),
            ("https://api.port.io/v2", "has the path `/v2`"),
            ("https://", "is not an address"),
        ] {
            let error = with(None, &[("PORT_BASE_URL", url)]).unwrap_err();
            assert!(error.message.contains(says), "{url}: {error}");
            assert!(!error.message.contains("hunter2"), "{error}");
            assert!(!error.missing_credentials);
        }
    }

    #[test]
    fn another_host_of_a_vendor_contradicts_a_chosen_environment() {
        let variables = [
            ("PORT_BASE_URL", "https://api.us.port.io"),
            ("PORT_BASE_URL", "https://api.us.getport.io/v1"),
            ("PORT_BASE_URL", "https://acme.app.spacelift.io"),
            (
                "SPACELIFT_API_KEY_ENDPOINT",
                "https://other.app.spacelift.io",
            ),
            (
                "SPACELIFT_API_KEY_ENDPOINT",
                "https://other.app.spacelift.io./graphql",
            ),
        ];
        for variable in variables {
            let error = with(Some("staging"), &[variable]).unwrap_err();
            assert!(error.message.contains("`staging`"), "{variable:?}: {error}");
            with(None, &[variable]).unwrap();
        }
        for variable in [
            ("PORT_BASE_URL", "https://api.getport.io"),
            ("PORT_BASE_URL", "https://proxy.corp.example"),
            ("PORT_BASE_URL", "http://127.0.0.1:1"),
            (
                "SPACELIFT_API_KEY_ENDPOINT",
                "https://acme.app.spacelift.io/graphql",
            ),
            ("SPACELIFT_API_KEY_ENDPOINT", "http://127.0.0.1:1"),
        ] {
            with(Some("staging"), &[variable]).unwrap();
        }
    }

    #[test]
    fn all_missing_credentials_are_named_at_once() {
        let empty = env(&[&[("PORT_CLIENT_SECRET", ""), ("SPACELIFT_API_KEY_ID", "key")]]);
        let error = resolve(&wanted(None), &Overrides::default(), &empty).unwrap_err();
        assert_eq!(
            error.message,
            "no credentials: `PORT_CLIENT_ID`, `PORT_CLIENT_SECRET`, `SPACELIFT_API_KEY_SECRET` not set"
        );
        assert!(error.missing_credentials);

        let misnamed = env(&[
            PORT,
            &[("SPACELIFT_API_KEY_ID", "k"), ("SPACELIFT_API_SECRET", "x")],
        ]);
        let error = resolve(&wanted(None), &Overrides::default(), &misnamed).unwrap_err();
        assert!(error.help.contains("is called `SPACELIFT_API_KEY_SECRET`"));
    }

    #[test]
    fn only_wanted_services_need_credentials() {
        let wanted = Wanted {
            port: Some(PortWanted { region: Region::Us }),
            ..Wanted::default()
        };
        let endpoints = resolve(&wanted, &Overrides::default(), &env(&[PORT])).unwrap();
        assert_eq!(
            endpoints.port.unwrap().origin.as_str(),
            "https://api.us.port.io/"
        );
        assert!(endpoints.spacelift.is_none());
    }

    #[test]
    fn a_token_is_shown_to_its_own_audience_only() {
        let mine = r#"{"aud":["https://acme.app.spacelift.io"],"exp":1.5}"#;
        let endpoints = with_token(mine, "").unwrap();
        assert!(matches!(
            endpoints.spacelift.unwrap().login,
            Login::Token(_)
        ));
        with_token(r#"{"aud":"https://acme.app.spacelift.io/"}"#, "").unwrap();

        let error = with_token(mine, "http://127.0.0.1:1").unwrap_err();
        assert!(
            error.message.contains("not for `http://127.0.0.1:1`"),
            "{error}"
        );
        for claims in [
            r#"{"aud":["https://other.app.spacelift.io"]}"#,
            r#"{"aud":["https://acme.app.spacelift.io","https://other.app.spacelift.io"]}"#,
            r#"{"aud":[]}"#,
            r#"{"aud":"acme"}"#,
            "{}",
            "nonsense",
        ] {
            let error = with_token(claims, "").unwrap_err();
            assert!(
                error.message.contains("SPACELIFT_API_TOKEN"),
                "{claims}: {error}"
            );
            assert!(!error.message.contains(&token(claims)), "{error}");
        }
    }

    #[test]
    fn a_complete_key_wins_over_a_token() {
        let token = token(r#"{"aud":"https://other.app.spacelift.io"}"#);
        let endpoint = spacelift(&[("SPACELIFT_API_TOKEN", &token)]);
        assert!(matches!(endpoint.login, Login::Key { .. }));
    }

    #[test]
    fn an_account_is_one_part_of_a_host_name() {
        for account in ["", "evil.example/", "a.b", "a@b", "-a", "a#"] {
            let wanted = Wanted {
                spacelift: Some(SpaceliftWanted {
                    account: account.into(),
                }),
                ..Wanted::default()
            };
            let error = resolve(&wanted, &Overrides::default(), &env(&[KEY])).unwrap_err();
            assert!(
                error
                    .message
                    .contains("not the name of a Spacelift account")
            );
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", with(None, &[]).unwrap());
        assert!(
            text.contains("api.port.io") && !text.contains("s3cret"),
            "{text}"
        );
    }
}
