//! Faults: what goes wrong on purpose, for which requests and how often.
//!
//! This is bookkeeping only; `shell` carries a fault out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::journal::By;

/// One of the three services behind the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// `/v1/…`
    Port,
    /// `/graphql`
    Spacelift,
    /// `/ingest/KEY`
    Intake,
}

/// One thing that goes wrong, the requests it concerns, and for how many of them.
///
/// As JSON: `{"by"?: "client", "service"?, "method"?, "path"?, "operation"?, "skip"?: 0, "times"?: 1,
/// "effect": {…}}`.
/// `"times": null` means every matching request from then on. "Answer 3 fails with 503 after it took
/// effect" is `{"skip": 2, "effect": {"kind": "status", "status": 503, "when": "after"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only requests of clients (the default), or only those of the sandbox itself.
    #[serde(default)]
    pub by: By,
    /// Only this service; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Only this HTTP method, in capitals; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only paths that start so, as sent (percent-encoded, without the query); absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only this GraphQL operation name or one of the root fields' names in the text; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests are hit after that; `None` for all.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What goes wrong.
    pub effect: Effect,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Answers `status` with the service's own error shape.
    Status {
        /// 400 to 599.
        status: u16,
        /// Whether the request took effect.
        when: When,
    },
    /// Closes the connection without a status line.
    Cut {
        /// Whether the request took effect.
        when: When,
    },
    /// Answers 429; the request has no effect.
    RateLimit {
        /// How the waiting time is told.
        reset: Reset,
        /// The waiting time in seconds.
        seconds: u64,
    },
    /// Answers 502 with a page of HTML, as proxies do.
    BadGateway {
        /// Whether the request took effect.
        when: When,
    },
    /// Answers with a page of HTML and another status than 502.
    Html {
        /// 400 to 599.
        status: u16,
        /// Whether the request took effect.
        when: When,
    },
    /// Breaks the answer off in the middle of its body; the request took effect.
    Half {
        /// How much the header `Content-Length` promises.
        promises: Promise,
    },
    /// Answers `milliseconds` later, otherwise unharmed.
    Slow {
        /// The delay before the request is looked at.
        milliseconds: u64,
    },
    /// Never answers, and keeps the connection open until the client gives up. Who is killed in the
    /// middle of a request has seen no more of it.
    Hang {
        /// Whether the request took effect.
        when: When,
    },
    /// Looks at the request only when the faults are cleared, however long that takes.
    Hold,
    /// Ends every token of both services just before the request is looked at.
    ExpireTokens,
    /// Ends the tokens of one service just before the request is looked at. Port refuses the old one with 401 (PA section 1);
    /// Spacelift answers it with `viewer: null` and empty lists (SA section 15, trap 1).
    ExpireToken {
        /// Port or Spacelift; the intake has no tokens.
        of: Service,
    },
    /// Treats a Spacelift request as one without a session: `viewer` is null, lists are empty.
    DeadSession,
    /// Spacelift pages hold at most `size` items; so do Port's entity searches.
    Pages {
        /// At least 1.
        size: usize,
    },
    /// A page of a Spacelift search or of Port's entity search begins elsewhere than it should, as when the boundary
    /// of pages moves while somebody reads (SA section 15, trap 8): `by` items later, which no page has then, or
    /// earlier when it is negative, so that items of the page before come again. The next page goes on where this one
    /// ends; before a first page there is nothing.
    ShiftPage {
        /// Not more than a page less one is gone back, so that reading comes to an end.
        by: i64,
    },
    /// A bulk write of Port tells items as refused and answers 207 (PA section 6); the others take effect.
    RefuseItems {
        /// 3 hits the third item of a request, the sixth and so on; 0 hits none.
        #[serde(default)]
        every: usize,
        /// And the entities with these identifiers.
        #[serde(default)]
        identifiers: Vec<String>,
        /// The `statusCode` of each.
        status: u16,
        /// The code word, such as `internal_error` (PA section 1).
        error: String,
        /// The sentence.
        message: String,
        /// Whether they took effect all the same.
        #[serde(default = "before")]
        when: When,
    },
    /// Answers as always, and says that it was the last request of its window: `x-ratelimit-remaining` is 0 (PA section
    /// 1), of Port alone. That the next one is refused is a fault of its own, [`Effect::RateLimit`].
    LastOfWindow {
        /// How the waiting time is told.
        reset: Reset,
        /// The waiting time in seconds.
        seconds: u64,
    },
    /// Puts the items of lists into another order, the same for the same seed.
    Reorder {
        /// Any number.
        seed: u64,
    },
    /// Adds a field to each Port object that no page mentions (`sandboxExtra`).
    ExtraFields,
    /// Makes an answer of Port or Spacelift larger by so many bytes of text that mean nothing: beside the data, and in a
    /// field of actions, scorecards and webhooks that no page mentions (`sandboxPadding`).
    Enlarge {
        /// How many; `Content-Length` says the new length.
        bytes: usize,
    },
    /// Puts the members of all objects of an answer into another order, the same for the same seed.
    ShuffleKeys {
        /// Any number.
        seed: u64,
    },
    /// Fills Port objects as the web application does: nulls, and defaults of actions.
    FillDefaults,
    /// Escapes everything in the texts of an answer that JSON lets one escape.
    Reescape,
    /// Takes everything out of the lists of an answer, as if nothing were there.
    EmptyLists,
}

/// Whether a failing request took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Nothing happened.
    Before,
    /// It took effect; only the answer was lost.
    After,
}

/// How long an answer that breaks off says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// As long as what arrives, as when a proxy had only that: a complete answer whose JSON is not.
    Half,
    /// As long as it should be; the connection closes before that.
    Whole,
}

/// How a 429 tells when to come back (PA section 1: the meaning of the header is disputed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// `x-ratelimit-reset` holds seconds since the Unix epoch.
    Epoch,
    /// `x-ratelimit-reset` holds seconds from now.
    Delay,
    /// Only `Retry-After`, in seconds.
    RetryAfter,
    /// No header at all.
    Silent,
}

impl Fault {
    /// A fault that hits the next request of any kind once.
    pub fn new(effect: Effect) -> Self {
        Self {
            by: By::Client,
            service: None,
            method: None,
            path: None,
            operation: None,
            skip: 0,
            times: Some(1),
            effect,
        }
    }

    /// Hits what the sandbox itself sends instead of what clients send.
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Narrows the fault to a service.
    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Narrows the fault to an HTTP method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Narrows the fault to paths that start with `prefix`.
    pub fn path(mut self, prefix: &str) -> Self {
        self.path = Some(prefix.to_owned());
        self
    }

    /// Narrows the fault to a GraphQL operation.
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Lets `count` matching requests pass first.
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// Hits `count` requests instead of one.
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    /// Hits every matching request until the faults are cleared.
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    fn matches(&self, request: &Traits<'_>) -> bool {
        self.by == request.by
            && self
                .service
                .is_none_or(|service| service == request.service)
            && self
                .method
                .as_deref()
                .is_none_or(|method| method == request.method)
            && self
                .path
                .as_deref()
                .is_none_or(|prefix| request.path.starts_with(prefix))
            && self
                .operation
                .as_deref()
                .is_none_or(|name| names(request.text, name))
    }
}

/// What a fault may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits<'a> {
    /// Who asks.
    pub(crate) by: By,
    /// The service that is asked.
    pub(crate) service: Service,
    /// The HTTP method.
    pub(crate) method: &'a str,
    /// The path without the query.
    pub(crate) path: &'a str,
    /// The GraphQL text and operation name; empty for Port.
    pub(crate) text: &'a str,
}

/// The faults that are still waiting for their requests.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Fault>>,
    hung: watch::Sender<bool>,
    /// Tells those who are held that the faults were cleared.
    cleared: watch::Sender<()>,
}

impl Faults {
    /// Adds a fault.
    pub(crate) fn push(&self, fault: Fault) {
        self.waiting().push(fault);
    }

    /// Forgets all faults, and lets go what is held.
    pub(crate) fn clear(&self) {
        self.waiting().clear();
        self.cleared.send_modify(|()| ());
    }

    /// Hears of the next clearing; to be taken before a fault strikes, so that none is missed.
    pub(crate) fn clearing(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// Copies what is still waiting.
    pub(crate) fn snapshot(&self) -> Vec<Fault> {
        self.waiting().clone()
    }

    /// Takes the effects that hit this request and counts them off.
    pub(crate) fn strike(&self, request: &Traits<'_>) -> Vec<Effect> {
        let mut waiting = self.waiting();
        let mut effects = Vec::new();
        for fault in waiting.iter_mut().filter(|fault| fault.matches(request)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                if *times == 0 {
                    continue;
                }
                *times -= 1;
            }
            effects.push(fault.effect.clone());
        }
        waiting.retain(|fault| fault.times != Some(0));
        effects
    }

    /// Hangs for good, and tells so.
    pub(crate) async fn hang(&self) {
        self.hung.send_replace(true);
        std::future::pending().await
    }

    /// Returns once a request hangs.
    pub(crate) async fn hung(&self) {
        // It ends with its sender, which is this.
        let _ = self.hung.subscribe().wait_for(|hung| *hung).await;
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn before() -> When {
    When::Before
}

fn once() -> Option<u32> {
    Some(1)
}

/// Whether `name` stands in `text` as a whole word.
fn names(text: &str, name: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !word(letter)).any(|part| part == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(method: &'a str, path: &'a str) -> Traits<'a> {
        Traits {
            by: By::Client,
            service: Service::Port,
            method,
            path,
            text: "",
        }
    }

    #[test]
    fn the_third_matching_request_is_hit_once() {
        let faults = Faults::default();
        faults.push(Fault::new(Effect::ExtraFields).method("PUT").skip(2));
        let put = request("PUT", "/v1/blueprints/a");
        assert!(faults.strike(&put).is_empty());
        assert!(
            faults
                .strike(&request("GET", "/v1/blueprints/a"))
                .is_empty()
        );
        assert!(faults.strike(&put).is_empty());
        assert_eq!(faults.strike(&put), [Effect::ExtraFields]);
        assert!(faults.strike(&put).is_empty());
        assert!(faults.snapshot().is_empty());
    }

    #[test]
    fn operations_match_whole_words() {
        assert!(names("query { policies { id } }", "policies"));
        assert!(!names("query { searchPolicies }", "policies"));
    }

    #[test]
    fn json_faults_refuse_unknown_keys_and_default_to_once() {
        let fault: Fault =
            serde_json::from_str(r#"{"effect":{"kind":"slow","milliseconds":5}}"#).unwrap();
        assert_eq!(fault.times, Some(1));
        assert!(
            serde_json::from_str::<Fault>(r#"{"efect":1,"effect":{"kind":"expire_tokens"}}"#)
                .is_err()
        );
    }
}
