//! Errors: what a service did not do, in words that hold no secret.
//!
//! An error names the service, the call, what came back, whether the call may have taken effect,
//! and what the user can do. Deliberately not here: deciding whether to try again (see `http`).

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::kinds::Observed;
use crate::there::services::vault::VaultError;
use crate::words::Service;

/// A call that did not work out.
///
/// The text is a fragment: "Port POST /v1/blueprints: answered 422: invalid_request (trace 1f3a)".
#[derive(Clone, thiserror::Error)]
#[error("{}", .0)]
pub struct ServiceError(Box<Details>);

/// A change that did not work out.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// What went wrong.
    pub error: ServiceError,
    /// The new object, when the first request of a create worked and a later one did not.
    pub created: Option<Box<Observed>>,
    /// Whether the service may have changed something.
    pub took_effect: TookEffect,
}

/// Whether a failed change may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TookEffect {
    /// The service did nothing.
    No,
    /// Nobody knows; reading tells.
    Maybe,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The client could not be made: no trusted certificates, an unreadable bundle.
    #[error("{0}")]
    Setup(String),
    /// No connection: refused, unknown host, no route, failed TLS handshake.
    #[error("could not reach `{host}`: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The innermost cause.
        reason: String,
        /// Whether the server's certificate was the cause.
        certificate: bool,
    },
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The connection broke, or the answer broke off.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// A redirect, which is never followed.
    #[error("answered {status} with a redirect to `{host}`")]
    Redirected {
        /// The status code.
        status: u16,
        /// The host of the target, nothing else of it.
        host: String,
    },
    /// An answer that is not what the service speaks.
    #[error("answered {status} with {what}")]
    Unreadable {
        /// The status code.
        status: u16,
        /// What it was instead.
        what: String,
    },
    /// The credentials are wrong.
    #[error("`{host}` refused the credentials: {says}")]
    Credentials {
        /// Host and port.
        host: String,
        /// What the service said.
        says: String,
    },
    /// The credentials are right and the right is missing.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// The object, or one that it refers to, does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    /// The identifier or name is taken.
    #[error("already there: {0}")]
    Taken(String),
    /// The request is refused for another reason.
    #[error("answered {status}: {says}")]
    Refused {
        /// The status code.
        status: u16,
        /// What the service said.
        says: String,
    },
    /// Too many requests, also after waiting.
    #[error("too many requests (429), also after {0} tries")]
    Limited(u32),
    /// The service is out of order.
    #[error("answered {status}: {says}")]
    Unavailable {
        /// The status code.
        status: u16,
        /// What it said.
        says: String,
    },
    /// The session sees nothing: `viewer` is null (SA section 3).
    #[error("this key cannot see the account: `viewer` is empty")]
    Unseen,
    /// An object that was just created is not in the list, or more than one fits.
    #[error("{0}")]
    Unclear(String),
    /// A secret text cannot be had.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// A value that should be settled by now; our own mistake.
    #[error("the value at `{0}` is not known yet")]
    Unsettled(String),
    /// The service is not configured.
    #[error("the project has no such service")]
    Absent,
}

#[derive(Debug, Clone)]
struct Details {
    service: Service,
    call: String,
    problem: Problem,
    trace: Option<String>,
    maybe: bool,
    space: bool,
}

impl ServiceError {
    /// An error of a call; `call` reads `GET /v1/blueprints` or `mutation PolicyCreate`.
    pub(super) fn new(service: Service, call: impl Into<String>, problem: Problem) -> Self {
        let maybe = matches!(
            problem,
            Problem::TimedOut(_)
                | Problem::Broken(_)
                | Problem::Unavailable { .. }
                | Problem::Unreadable { .. }
                | Problem::Unclear(_)
        );
        ServiceError(Box::new(Details {
            service,
            call: call.into(),
            problem,
            trace: None,
            maybe,
            space: false,
        }))
    }

    /// The same with the trace id of the answer.
    pub(super) fn traced(mut self, trace: Option<String>) -> Self {
        self.0.trace = trace;
        self
    }

    /// The same, when an earlier try of the call may have been received.
    pub(super) fn after(mut self, earlier: bool) -> Self {
        self.0.maybe |= earlier;
        self
    }

    /// The same, when the call names a space: a wrong right may be a wrong space.
    pub(super) fn about_space(mut self, space: bool) -> Self {
        self.0.space = space;
        self
    }

    /// The service that was called.
    pub fn service(&self) -> Service {
        self.0.service
    }

    /// The call: `GET /v1/blueprints`, `mutation PolicyCreate`.
    pub fn call(&self) -> &str {
        &self.0.call
    }

    /// What kind of thing went wrong.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The service's own name for the request, for its support.
    pub fn trace(&self) -> Option<&str> {
        self.0.trace.as_deref()
    }

    /// Whether the call may have taken effect.
    pub fn took_effect(&self) -> TookEffect {
        if self.0.maybe {
            TookEffect::Maybe
        } else {
            TookEffect::No
        }
    }

    /// What the user can do, as a sentence; `None` when the text says it all.
    pub fn help(&self) -> Option<String> {
        let service = self.0.service;
        Some(match &self.0.problem {
            Problem::Unreachable {
                certificate: true, ..
            } => "the server's certificate is not trusted; if your network has its own authority, \
                 name its certificates with `--ca-bundle FILE`"
                .into(),
            Problem::Unreachable { host, .. } => format!(
                "check the network and the proxy, and that `{host}` is right: it comes from {}",
                host_source(service)
            ),
            Problem::TimedOut(_)
            | Problem::Broken(_)
            | Problem::Unavailable { .. }
            | Problem::Limited(_) => {
                "try again; nothing is lost, a second run goes on where this one stopped".into()
            }
            Problem::Redirected { .. } => format!(
                "redirects are not followed, so that credentials stay where they belong; \
                 give the final address: it comes from {}",
                host_source(service)
            ),
            Problem::Unreadable { .. } => format!(
                "something else than {} seems to answer there; the address comes from {}",
                service.title(),
                host_source(service)
            ),
            Problem::Credentials { host, .. } => format!(
                "check {}, and that they belong to `{host}`, which comes from {}",
                match service {
                    Service::Port => "`PORT_CLIENT_ID` and `PORT_CLIENT_SECRET`",
                    Service::Spacelift =>
                        "`SPACELIFT_API_KEY_ID` and `SPACELIFT_API_KEY_SECRET` (or `SPACELIFT_API_TOKEN`)",
                },
                host_source(service)
            ),
            Problem::Forbidden(_) if self.0.space => {
                "give the key the right to write in that space; a space is named by its id, \
                 not by its name, and a wrong one looks the same as a missing right"
                    .into()
            }
            Problem::Forbidden(_) => match service {
                Service::Port => "use credentials of an admin of the organization",
                Service::Spacelift => "give the key the right in the space of the object",
            }
            .into(),
            Problem::Unseen => {
                "the key or token is expired, revoked, or of another account: renew \
                 `SPACELIFT_API_KEY_ID` and `SPACELIFT_API_KEY_SECRET`, or `SPACELIFT_API_TOKEN`"
                    .into()
            }
            Problem::Taken(_) => match service {
                Service::Port => {
                    "something else has this identifier, maybe of another kind: use another one, \
                     or delete what has it"
                }
                Service::Spacelift => {
                    "ids are made from names and stay when an object is renamed: an object that \
                     once had this name, maybe in a space that this key does not see, may still \
                     have its id; use another name, or delete the one that has the id"
                }
            }
            .into(),
            Problem::Vault(problem) => return problem.help(),
            Problem::Setup(_)
            | Problem::NotFound(_)
            | Problem::Refused { .. }
            | Problem::Unclear(_)
            | Problem::Unsettled(_)
            | Problem::Absent => return None,
        })
    }
}

fn host_source(service: Service) -> &'static str {
    match service {
        Service::Port => "`port.region`, `PORT_BASE_URL` or `--port-url`",
        Service::Spacelift => {
            "`spacelift.account`, `SPACELIFT_API_KEY_ENDPOINT` or `--spacelift-url`"
        }
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.service.title(),
            self.call,
            self.problem
        )?;
        if let Some(trace) = &self.trace {
            write!(f, " (trace {trace})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Failure {
            took_effect: error.took_effect(),
            created: None,
            error,
        }
    }
}

/// What must not be repeated from an answer: a service may quote the request that it refuses.
#[derive(Default)]
pub(super) struct Discreet {
    secrets: Vec<SecretString>,
}

const SHOWN: usize = 120;
const SAID: usize = 600;

impl Discreet {
    /// Hides these texts, also as they look inside JSON.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut hidden = Discreet::default();
        for secret in secrets {
            hidden.also(secret.expose_secret());
        }
        // A secret that contains another one goes first, or its rest would be shown.
        hidden
            .secrets
            .sort_by_key(|s| std::cmp::Reverse(s.expose_secret().len()));
        hidden
    }

    fn also(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        // Twice, for JSON that is a text inside JSON.
        let mut spelling = secret.to_owned();
        for _ in 0..3 {
            self.secrets.push(spelling.as_str().into());
            let quoted = Json::from(spelling.as_str()).to_string();
            spelling = quoted[1..quoted.len() - 1].to_owned();
        }
    }

    /// The first line of a body that is not what was expected.
    pub fn first_line(&self, body: &[u8]) -> String {
        let text = self.hide(&String::from_utf8_lossy(body));
        let line = text.trim_start().lines().next().unwrap_or_default();
        shorten(line, SHOWN)
    }

    /// What a refusing body says: the message in its JSON, else its first line.
    pub fn body(&self, body: &[u8]) -> String {
        let json = serde_json::from_slice::<Json>(body).ok();
        match json.as_ref().and_then(said) {
            Some(text) => self.message(&text),
            None if body.is_empty() => "(an empty answer)".into(),
            None => format!("`{}`", self.first_line(body)),
        }
    }

    /// A message of the service.
    pub fn message(&self, text: &str) -> String {
        let text = self.hide(text);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        shorten(&lines.join(" "), SAID)
    }

    fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), "(secret)");
        }
        text
    }
}

/// The words in a refusal: `error` is a code or an object, `message` explains it, `details` may
/// name places (PA section 1); GraphQL servers that refuse a whole request answer `errors`.
pub(super) fn said(body: &Json) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    match body.get("error") {
        Some(Json::String(code)) => words.push(code.clone()),
        Some(Json::Object(error)) => {
            let texts = ["name", "message"]
                .iter()
                .filter_map(|k| error.get(*k)?.as_str());
            words.extend(texts.map(str::to_owned));
        }
        _ => {}
    }
    if let Some(message) = body.get("message").and_then(Json::as_str) {
        words.push(message.to_owned());
    }
    let errors = body
        .get("errors")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    words.extend(errors.filter_map(|e| Some(e.get("message")?.as_str()?.to_owned())));
    if let Some(details) = body.get("details").filter(|d| !d.is_null()) {
        words.push(details.to_string());
    }
    words.dedup();
    (!words.is_empty()).then(|| words.join(": "))
}

/// Shows control characters and cuts after `limit` characters.
fn shorten(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.trim_end().chars().enumerate() {
        if index == limit {
            shown.push('…');
            break;
        }
        // Direction marks would turn what follows around on a terminal.
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
