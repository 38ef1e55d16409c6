//! Answers and refusals of the Port half, in the envelopes of PA section 1.
//!
//! Lists are written straight into the answer's bytes: nothing is copied first.

use serde::Serialize;
use serde_json::{Value, json};

use super::guesses;

/// One HTTP answer with a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// JSON text.
    pub(crate) body: Vec<u8>,
}

/// Why a request is refused: `{ok: false, error, message, details?}`.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// The code word.
    pub(crate) error: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// What some refusals add.
    pub(crate) details: Option<Value>,
}

/// What every route returns.
pub(crate) type Outcome = Result<Answer, Box<Refusal>>;
/// What every check returns.
pub(crate) type Checked<T = ()> = Result<T, Box<Refusal>>;

impl Answer {
    /// Any JSON.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        // Only maps with keys that are not strings fail to serialise, and there are none here.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { status, body }
    }

    /// `{ok: true}`.
    pub(crate) fn done() -> Self {
        Self::json(200, &json!({"ok": true}))
    }

    /// `{ok: true, NAME: …}`.
    pub(crate) fn one(status: u16, name: &str, payload: &impl Serialize) -> Self {
        let mut body = begun(name);
        body.extend(serde_json::to_vec(payload).unwrap_or_default());
        body.push(b'}');
        Self { status, body }
    }

    /// `{ok: true, NAME: […]}` in the harmless disorder of [`guesses::disorder`].
    pub(crate) fn list<T: Serialize>(
        name: &str,
        items: impl Iterator<Item = (impl AsRef<str>, T)>,
    ) -> Self {
        let mut items: Vec<(u64, T)> = items
            .map(|(key, item)| (guesses::disorder(key.as_ref()), item))
            .collect();
        items.sort_by_key(|(place, _)| *place);
        let items: Vec<T> = items.into_iter().map(|(_, item)| item).collect();
        Self::one(200, name, &items)
    }
}

impl Refusal {
    /// Any refusal.
    pub(crate) fn new(status: u16, error: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            status,
            error,
            message: message.into(),
            details: None,
        })
    }

    /// The addressed object does not exist.
    pub(crate) fn missing(kind: &str, identifier: &str) -> Box<Self> {
        Self::new(
            404,
            "not_found",
            format!("{kind} with identifier \"{identifier}\" was not found"),
        )
    }

    /// The identifier is taken (PA section 1: 409).
    pub(crate) fn taken(kind: &str, identifier: &str) -> Box<Self> {
        let message = format!("{kind} with identifier \"{identifier}\" already exists");
        Self::new(409, guesses::CONFLICT, message)
    }

    /// The body breaks the route's schema.
    pub(crate) fn invalid(message: impl Into<String>) -> Box<Self> {
        Self::new(422, "invalid_request", message)
    }

    /// No such route.
    pub(crate) fn no_route(method: &str, path: &str) -> Box<Self> {
        Self::new(404, "not_found", format!("Route {method}:{path} not found"))
    }

    /// Adds details.
    pub(crate) fn with(mut self: Box<Self>, details: Value) -> Box<Self> {
        self.details = Some(details);
        self
    }

    /// The refusal as an answer.
    pub(crate) fn answer(&self) -> Answer {
        let mut body = json!({"ok": false, "error": self.error, "message": self.message});
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        Answer::json(self.status, &body)
    }
}

fn begun(name: &str) -> Vec<u8> {
    format!("{{\"ok\":true,{}:", Value::from(name)).into_bytes()
}
