//! HTTP: one client per service, with retries, limits and time-outs.
//!
//! The only module that names `reqwest` and `rustls`. It knows one origin and sends nothing
//! elsewhere: no redirect is followed. `client` makes the client, `trace` says what `-vvv` shows of
//! an exchange. Deliberately not here: tokens and what an answer means (see `port` and `spacelift`).

mod client;
mod trace;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use url::Url;

use crate::there::endpoints::is_loopback;
use crate::there::services::discreet::Discreet;
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::gate::Gate;
use crate::there::services::pace::{Advice, Pace, date};
use crate::there::services::wiped::{Received, Wiped, bearer};
use crate::words::Service;

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// A file of PEM certificates that are trusted besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// How long one try of a request may take.
    pub timeout: Duration,
    /// The wait before the second try; it doubles from try to try.
    pub first_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ca_bundle: None,
            timeout: Duration::from_secs(60),
            first_delay: Duration::from_millis(250),
        }
    }
}

/// A request to the one origin.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub method: &'static str,
    /// From the origin on, query included.
    pub path: &'a str,
    /// What errors and logs call it: `GET /v1/blueprints`, `mutation PolicyCreate`.
    pub call: &'a str,
    pub body: Option<&'a Json>,
    pub bearer: Option<&'a SecretString>,
    pub repeat: Repeat,
    /// Whether it changes something for the user, for counting.
    pub writes: bool,
    /// Whether request and answer are credentials as a whole.
    pub credentials: bool,
}

/// When a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Whenever that may help: doing it twice is doing it once.
    Always,
    /// Only when it is certain that the service did not take it.
    Unreceived,
}

/// A complete answer.
pub(super) struct Answer {
    pub status: u16,
    pub trace: Option<String>,
    pub body: Received,
    /// Whether an earlier try may have been received too.
    pub earlier: bool,
}

/// A client for one origin.
pub(super) struct Http {
    service: Service,
    base: Url,
    client: reqwest::Client,
    slots: Semaphore,
    pub gate: Gate,
    options: Options,
    requests: AtomicU64,
    writes: AtomicU64,
    /// What the last answer's `Date` said, in milliseconds; 0 before there was one.
    dated: AtomicI64,
}

const TRIES: u32 = 5;
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

impl Http {
    /// A client for the origin of `base`, with at most `slots` requests under way.
    pub fn new(
        service: Service,
        base: &Url,
        slots: usize,
        options: &Options,
    ) -> Result<Self, ServiceError> {
        let setup = |text: String| ServiceError::new(service, "client", Problem::Setup(text));
        if base.scheme() != "https" && !is_loopback(base) {
            return Err(setup("plain `http://` goes to this machine only".into()));
        }
        Ok(Http {
            service,
            base: base.clone(),
            client: client::client(service, base, options).map_err(setup)?,
            slots: Semaphore::new(slots),
            gate: Gate::new(),
            options: options.clone(),
            requests: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            dated: AtomicI64::new(0),
        })
    }

    /// The wait before something is tried a second time.
    pub fn first_delay(&self) -> Duration {
        self.options.first_delay
    }

    /// How many requests were sent, and how many of them were writes.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.requests.load(Ordering::Relaxed),
            self.writes.load(Ordering::Relaxed),
        )
    }

    /// The server's clock at its last answer, in milliseconds.
    pub fn dated(&self) -> Option<i64> {
        Some(self.dated.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// Sends a request, also again when that is allowed and may help, and returns the answer
    /// whatever its status is, except for redirects and for 429 and 5xx to the end.
    pub async fn send(
        &self,
        request: Request<'_>,
        discreet: &Discreet,
    ) -> Result<Answer, ServiceError> {
        let error = |problem| ServiceError::new(self.service, request.call, problem);
        let url = self.url(request.path).ok_or_else(|| {
            error(Problem::Setup(
                "the path leads away from the service".into(),
            ))
        })?;
        // Written once for all tries.
        let written = request.body.map(Wiped::bytes).transpose();
        let written = written.map_err(|e| error(Problem::Setup(e.to_string())))?;
        let body = || written.clone().map(reqwest::Body::from);
        let mut pace = Pace::new(TRIES, self.options.first_delay);
        let mut earlier = false;
        let mut tries = 0;
        loop {
            tries += 1;
            let outcome = self.once(&request, &url, body(), discreet).await;
            // What is left to do with the outcome: whether the service may have taken it, whether
            // a new try may help, and how long the service wants us to wait.
            let (received, helps, advised) = match &outcome {
                Ok(got) => match got.answer.status {
                    429 => (false, true, got.advised),
                    408 | 502 | 503 | 504 => (true, true, got.advised),
                    _ => (true, false, None),
                },
                Err(Problem::Unreachable { certificate, .. }) => (false, !certificate, None),
                Err(Problem::TimedOut(_) | Problem::Broken(_)) => (true, true, None),
                Err(_) => (true, false, None),
            };
            let allowed = helps && (request.repeat == Repeat::Always || !received);
            let next = match &outcome {
                Ok(got) if got.answer.status == 429 => Pace::limited,
                _ => Pace::next,
            };
            if allowed && let Some(wait) = next(&mut pace, advised) {
                earlier |= received;
                tracing::debug!(service = %self.service, call = request.call, ms = wait.as_millis() as u64, "waits and tries again");
                tokio::time::sleep(wait).await;
                continue;
            }
            return match outcome {
                Ok(mut got) => {
                    got.answer.earlier = earlier;
                    self.judge(got, tries, &request, discreet)
                }
                Err(problem) => Err(error(problem).after(earlier)),
            };
        }
    }

    /// The host and, when it is an unusual one, the port.
    pub fn host(&self) -> String {
        authority(&self.base)
    }

    fn url(&self, path: &str) -> Option<Url> {
        let url = self.base.join(path).ok()?;
        // A path such as `//elsewhere/` would be another host.
        (url.origin() == self.base.origin() && url.username().is_empty()).then_some(url)
    }

    /// Turns the statuses that mean the same for every call into errors.
    fn judge(
        &self,
        got: Got,
        tries: u32,
        request: &Request<'_>,
        discreet: &Discreet,
    ) -> Result<Answer, ServiceError> {
        let answer = got.answer;
        let problem = match answer.status {
            429 => Problem::Limited(tries),
            300..=399 => Problem::Redirected {
                status: answer.status,
                host: got.target.unwrap_or_else(|| "(no address)".into()),
            },
            408 | 500..=599 => Problem::Unavailable {
                status: answer.status,
                says: discreet.body(&answer.body),
            },
            _ => return Ok(answer),
        };
        Err(ServiceError::new(self.service, request.call, problem)
            .traced(answer.trace)
            .after(answer.earlier))
    }

    /// One try.
    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        body: Option<reqwest::Body>,
        discreet: &Discreet,
    ) -> Result<Got, Problem> {
        let _slot = self.slots.acquire().await;
        self.gate.opens().await;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Problem::Setup(format!("`{}` is no method", request.method)))?;
        let mut builder = self.client.request(method, url.clone());
        if let Some(body) = body {
            let json = HeaderValue::from_static("application/json");
            builder = builder.header(header::CONTENT_TYPE, json).body(body);
        }
        if let Some(token) = request.bearer {
            let mut value =
                HeaderValue::from_maybe_shared(bearer(token.expose_secret())).map_err(|_| {
                    Problem::Credentials {
                        host: self.host(),
                        says: "what should be a token has characters that no token has".into(),
                    }
                })?;
            value.set_sensitive(true);
            builder = builder.header(header::AUTHORIZATION, value);
        }
        let sent = builder.build().map_err(|e| self.lost(e))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        if request.writes {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        trace::request(self.service, request, sent.headers(), discreet);
        let began = Instant::now();
        let outcome = self.exchange(sent, request, discreet).await;
        let ms = began.elapsed().as_millis() as u64;
        match &outcome {
            Ok(got) => tracing::debug!(
                service = %self.service,
                method = request.method,
                path = url.path(),
                call = request.call,
                status = got.answer.status,
                ms,
                trace = got.answer.trace.as_deref().unwrap_or("-"),
            ),
            Err(problem) => tracing::debug!(
                service = %self.service,
                method = request.method,
                path = url.path(),
                call = request.call,
                ms,
                %problem,
            ),
        }
        outcome
    }

    async fn exchange(
        &self,
        sent: reqwest::Request,
        request: &Request<'_>,
        discreet: &Discreet,
    ) -> Result<Got, Problem> {
        let mut response = self.client.execute(sent).await.map_err(|e| self.lost(e))?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let trace = text("x-trace-id").map(|id| discreet.first_line(id.as_bytes()));
        let target = text("location").map(|to| self.host_of(to));
        let dated = text("date").and_then(date);
        if let Some(at) = dated {
            self.dated.store(at, Ordering::Relaxed);
        }
        let advice = Advice::of(status, &text, dated);
        self.gate.shut(tokio::time::Instant::now(), advice.all);
        let shown = trace::headers(headers, discreet);
        // What a service says about the length is believed as far as room is concerned only.
        let told = response.content_length().unwrap_or(0);
        let room = told.min(LARGEST_ANSWER as u64) as usize;
        let mut body = Received::new(request.credentials, room);
        while let Some(chunk) = response.chunk().await.map_err(|e| self.lost(e))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                let what = format!("more than {} MiB", LARGEST_ANSWER >> 20);
                return Err(Problem::Unreadable { status, what });
            }
            body.extend(&chunk);
        }
        trace::answer(self.service, request, status, shown, &body, discreet);
        Ok(Got {
            answer: Answer {
                status,
                trace,
                body,
                earlier: false,
            },
            advised: advice.one,
            target,
        })
    }

    fn host_of(&self, location: &str) -> String {
        let url = self.base.join(location).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.unwrap_or("(no address)").to_owned()
    }

    /// What became of a request without a complete answer. The cause is taken without the URL.
    fn lost(&self, error: reqwest::Error) -> Problem {
        let mut innermost = String::new();
        let mut certificate = false;
        let mut cause = error.source();
        while let Some(source) = cause {
            innermost = source.to_string();
            let inner = source
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            certificate |= source.is::<rustls::Error>()
                || inner.is_some_and(|inner| inner.is::<rustls::Error>());
            cause = source.source();
        }
        if innermost.is_empty() {
            innermost = "no further details".into();
        }
        let reason = Discreet::default().message(&innermost);
        if error.is_connect() {
            Problem::Unreachable {
                host: self.host(),
                reason,
                certificate,
            }
        } else if error.is_timeout() {
            Problem::TimedOut(self.options.timeout)
        } else if error.is_builder() {
            Problem::Setup(reason)
        } else {
            Problem::Broken(reason)
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({} at {})", self.service, self.host())
    }
}

/// A complete answer with what the loop needs to know.
struct Got {
    answer: Answer,
    advised: Option<Duration>,
    target: Option<String>,
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
