//! Deliveries to webhooks (SA section 11): the request that is made of a happening, a webhook and a rule, and
//! the log of what became of it. It sends nothing.
//!
//! No secret is in the log: neither the values of secret headers nor what bodies are signed with.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::guesses;
use super::happenings::{Happening, Kind};
use super::logs;
use super::secret::Secret;
use super::stack_webhooks::StackWebhook;
use super::state::SpaceliftState;
use super::webhooks::{self, NamedWebhook};
use crate::sim::signature;

/// As many deliveries are kept.
pub(super) const KEPT: usize = 200;
/// What the log shows instead of a secret text.
const HIDDEN: &str = "(secret)";

/// One delivery, as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// A ULID.
    pub id: String,
    /// When it was first attempted, in Unix milliseconds.
    pub at: i64,
    /// What happened.
    pub event: Kind,
    /// The policy that wanted it; none for a webhook of a stack.
    pub policy: Option<String>,
    /// The id of the webhook.
    pub webhook: String,
    /// The stack, for one of its own webhooks.
    pub stack: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// Where it went.
    pub url: String,
    /// Names and values as they were sent.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub body: String,
    /// Each attempt.
    pub attempts: Vec<Attempt>,
    /// Whether the last attempt was answered with 2xx.
    pub delivered: bool,
}

/// One attempt: its answer, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there is no status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// A delivery that is to be made. It holds secret texts and is never printed.
pub(super) struct Letter {
    pub(super) event: Kind,
    pub(super) policy: Option<String>,
    pub(super) webhook: String,
    pub(super) stack: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<Header>,
    pub(super) body: String,
    /// How often it is tried while the answers are 5xx.
    pub(super) attempts: u32,
}

/// A header of a [`Letter`].
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
    is_secret: bool,
}

impl Attempt {
    /// An answer.
    pub(super) fn answered(status: u16) -> Self {
        Self {
            status: Some(status),
            error: None,
        }
    }

    /// No answer.
    pub(super) fn failed(error: String) -> Self {
        Self {
            status: None,
            error: Some(error),
        }
    }

    /// Whether the receiver has it.
    pub(super) fn is_delivered(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it is worth another attempt: answers of 5xx alone are (SA section 11).
    pub(super) fn may_be_repeated(&self) -> bool {
        self.status
            .is_some_and(|status| (500..600).contains(&status))
    }
}

impl Letter {
    /// What a named webhook is sent because of an object of a policy's rule `webhook`.
    pub(super) fn to_named(
        webhook: &NamedWebhook,
        happening: &Happening,
        policy: &str,
        rule: &Value,
    ) -> Self {
        let body = match rule.get("payload") {
            Some(payload) => logs::filled(payload, &happening.logs),
            None => happening.body.clone(),
        };
        let method = rule.get("method").and_then(Value::as_str);
        let mut letter = Self {
            event: happening.kind,
            policy: Some(policy.to_owned()),
            webhook: webhook.id.clone(),
            stack: None,
            method: method.unwrap_or("POST").to_owned(),
            url: webhook.endpoint.clone(),
            headers: default_headers(&webhook.endpoint),
            body: body.to_string(),
            attempts: webhook.attempts(),
        };
        for (name, value) in &webhook.headers {
            letter.set(name, value.reveal(), true);
        }
        let headers = rule.get("headers").and_then(Value::as_object);
        for (name, value) in headers.into_iter().flatten() {
            if let Some(value) = value.as_str() {
                letter.set(name, value, false);
            }
        }
        letter.signed(webhook.secret.as_ref())
    }

    /// What a stack's own webhook is sent: the usual body, without any policy (SA section 12).
    pub(super) fn to_stacks_own(
        webhook: &StackWebhook,
        stack: &str,
        happening: &Happening,
    ) -> Self {
        let letter = Self {
            event: happening.kind,
            policy: None,
            webhook: webhook.id.clone(),
            stack: Some(stack.to_owned()),
            method: "POST".to_owned(),
            url: webhook.endpoint.clone(),
            headers: default_headers(&webhook.endpoint),
            body: happening.body.to_string(),
            attempts: webhooks::attempts(webhook.retry_on_failure),
        };
        letter.signed(webhook.secret.as_ref())
    }

    /// How the log shows it after its attempts; `at` in milliseconds.
    pub(super) fn logged(self, id: String, at: i64, attempts: Vec<Attempt>) -> Delivery {
        let headers = self.headers.into_iter();
        let headers = headers.map(|header| match header.is_secret {
            true => (header.name, HIDDEN.to_owned()),
            false => (header.name, header.value),
        });
        Delivery {
            id,
            at,
            event: self.event,
            policy: self.policy,
            webhook: self.webhook,
            stack: self.stack,
            method: self.method,
            url: without_userinfo(&self.url),
            headers: headers.collect(),
            body: self.body,
            delivered: attempts.last().is_some_and(Attempt::is_delivered),
            attempts,
        }
    }

    /// Sets a header; names differ in more than their case.
    fn set(&mut self, name: &str, value: &str, is_secret: bool) {
        self.headers
            .retain(|known| !known.name.eq_ignore_ascii_case(name));
        self.headers.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
            is_secret,
        });
    }

    /// Signs the body as it is; without a secret with an empty key (guess).
    fn signed(mut self, secret: Option<&Secret>) -> Self {
        let secret = secret.map_or("", Secret::reveal);
        for (name, value) in signature::spacelift(secret, self.body.as_bytes()) {
            self.set(name, &value, false);
        }
        self
    }
}

impl SpaceliftState {
    /// Writes down what became of a delivery, and says so in the inbox when it was one failure too many
    /// (SA section 7). That message is not forwarded to anybody.
    pub(super) fn delivered(&mut self, delivery: Delivery, message_id: String) {
        let is_named = delivery.stack.is_none();
        if is_named && self.record_delivery(&delivery.webhook, delivery.delivered) {
            let message = guesses::switched_off(&delivery.webhook, message_id, delivery.at);
            self.inform(message);
        }
        super::inbox::keep(&mut self.deliveries, delivery, KEPT);
    }
}

/// The headers of every delivery. HTTP/2 is spoken over TLS alone.
fn default_headers(url: &str) -> Vec<Header> {
    let agent = match url.starts_with("https:") {
        true => "Go-http-client/2.0",
        false => "Go-http-client/1.1",
    };
    let header = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: value.to_owned(),
        is_secret: false,
    };
    vec![
        header("Content-Type", "application/json"),
        header("User-Agent", agent),
    ]
}

/// A URL without name and password.
fn without_userinfo(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Both are possible for every URL that has a host, which an endpoint has.
            let _ = url.set_username(HIDDEN);
            let _ = url.set_password(None);
            url.to_string()
        }
        _ => text.to_owned(),
    }
}
