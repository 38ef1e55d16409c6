//! One request to the Port half, taken apart.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::{Checked, Refusal};
use super::guesses;
use crate::sandbox::dice::Dice;

/// What the shell hands over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The HTTP method.
    pub(crate) method: &'a str,
    /// The path as sent.
    pub(crate) path: &'a str,
    /// The query as sent, without `?`.
    pub(crate) query: &'a str,
    /// The header `Authorization`.
    pub(crate) authorization: Option<&'a str>,
    /// The body as sent; ignored by GET and DELETE.
    pub(crate) body: &'a [u8],
    /// Milliseconds since the Unix epoch.
    pub(crate) now: i64,
    /// Whose name goes on what is written.
    pub(crate) user: &'a str,
    /// Where identifiers come from.
    pub(crate) dice: &'a Dice,
    /// How the answer departs from the usual because of faults.
    pub(crate) departure: &'a Departure,
    /// What the `{jqQuery}`s of an action's form come to, by their JSON pointers below `userInputs`
    /// (see `inputs`); null for other requests.
    pub(crate) evaluated: &'a Value,
}

/// What goes differently on purpose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure {
    /// Pages hold at most so many items.
    pub(crate) page_limit: Option<usize>,
    /// By how many items a page begins later than it should, or earlier when it is negative.
    pub(crate) page_shift: i64,
    /// Items of a bulk write that are told as refused.
    pub(crate) refusals: Vec<ItemRefusal>,
}

/// Which items of a bulk write are told as refused, and how.
#[derive(Clone, Debug)]
pub(crate) struct ItemRefusal {
    /// 3 for the third item, the sixth and so on; 0 for none.
    pub(crate) every: usize,
    /// And the entities with these identifiers.
    pub(crate) identifiers: Vec<String>,
    /// The item's own status, code word and sentence.
    pub(crate) status: u16,
    /// See [`ItemRefusal::status`].
    pub(crate) error: String,
    /// See [`ItemRefusal::status`].
    pub(crate) message: String,
    /// Whether it was written all the same.
    pub(crate) is_written: bool,
}

impl ItemRefusal {
    /// Whether the item at `index` is one.
    pub(crate) fn hits(&self, index: usize, identifier: &str) -> bool {
        (self.every > 0 && (index + 1).is_multiple_of(self.every))
            || self.identifiers.iter().any(|one| one == identifier)
    }
}

/// When something was written and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp<'a> {
    /// Milliseconds since the Unix epoch.
    pub(crate) now: i64,
    /// A user id or a client id.
    pub(crate) user: &'a str,
}

/// Who writes: a request, a run, an automation or a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand<'a> {
    /// Goes on everything that is written.
    pub(crate) stamp: Stamp<'a>,
    /// Where identifiers come from.
    pub(crate) dice: &'a Dice,
    /// `API`, `AUTOMATION` or `WEBHOOK`: what events say of it.
    pub(crate) origin: &'static str,
}

impl<'a> Call<'a> {
    /// The stamp of everything that this call writes.
    pub(crate) fn stamp(&self) -> Stamp<'a> {
        Stamp {
            now: self.now,
            user: self.user,
        }
    }

    /// The hand of a request.
    pub(crate) fn hand(&self) -> Hand<'a> {
        Hand {
            stamp: self.stamp(),
            dice: self.dice,
            origin: "API",
        }
    }
}

/// A call with its path and query decoded.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The call.
    pub(crate) call: Call<'a>,
    /// The path behind `/v1/`, each segment percent-decoded.
    pub(crate) segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl<'a> Request<'a> {
    /// Decodes path and query; a path outside `/v1/` has no segments.
    pub(crate) fn new(call: Call<'a>) -> Self {
        let path = call.path.strip_prefix("/v1/").unwrap_or_default();
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let query = url::form_urlencoded::parse(call.query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self {
            call,
            segments,
            query,
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters(name).next()
    }

    /// All values of a query parameter, also when it is spelled `name[]` or `name[0]`.
    pub(crate) fn parameters(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query
            .iter()
            .filter(move |(key, _)| {
                key.strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            })
            .map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameter(name) == Some("true")
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Checked<Value> {
        serde_json::from_slice(self.call.body).map_err(|error| {
            let message = format!("body is not valid JSON: {error}");
            Refusal::new(guesses::NOT_JSON_STATUS, "invalid_request", message)
        })
    }

    /// The body as JSON that passes `schema`.
    pub(crate) fn checked(&self, schema: &super::schema::Schema) -> Checked<Map<String, Value>> {
        let body = self.json()?;
        schema.check(&body)?;
        match body {
            Value::Object(body) => Ok(body),
            _ => Err(Refusal::invalid("body must be object")),
        }
    }
}
