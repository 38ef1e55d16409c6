//! One HTTP request from its arrival to its answer: which service, which faults, what is logged.
//!
//! It decides nothing about what a service answers; that is in `port` and `spacelift`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::cut::Switch;
use super::dice;
use super::disguise;
use super::events::Event;
use super::failure;
use super::fault::{Effect, Service, Traits, When};
use super::guard;
use super::journal::{By, Entry};
use super::outbound::OWN_HEADER;
use super::port::{self, Call, Refusal, guesses};
use super::reply::{json_response, response, too_large};
use super::server::Shared;
use super::spacelift::{self, GraphqlAnswer, GraphqlCall, Means, Paging};
use super::steering;
use crate::sim::job::{Fault, FaultKind};

/// Bodies of Port's API may have 1 MiB, deliveries 512 KiB (PA section 1).
const PORT_LIMIT: usize = 1024 * 1024;
const INTAKE_LIMIT: usize = 512 * 1024;
/// Larger bodies are not even read to the end.
const READ_LIMIT: usize = 32 * 1024 * 1024;

/// Answers every request.
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Some(host) = guard::admitted(&head.headers) else {
        let message = "the host, and the page that asks, must be loopback";
        let body = json!({"ok": false, "error": "forbidden", "message": message});
        return json_response(403, &body);
    };
    let Ok(body) = to_bytes(body, READ_LIMIT).await else {
        return json_response(413, &too_large(READ_LIMIT));
    };
    let (method, path) = (head.method.as_str(), head.uri.path());
    if path == "/_sandbox" || path.starts_with("/_sandbox/") {
        let (status, body) = steering::answer(&shared, method, path, &body).await;
        return json_response(status, &body);
    }
    let own = head.headers.get(OWN_HEADER);
    let own = own.and_then(|value| value.to_str().ok());
    let visit = Visit {
        shared: &shared,
        depth: shared.outbound.depth_of(own),
        headers: &head.headers,
        method,
        path,
        query: head.uri.query().unwrap_or_default(),
        authorization: head
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()),
        origin: format!("http://{host}"),
        service: service(path),
        body: &body,
    };
    visit.run(&switch).await
}

/// One request to a service.
struct Visit<'a> {
    shared: &'a Arc<Shared>,
    /// How many automations led to a call of the sandbox's own; `None` for clients.
    depth: Option<u32>,
    headers: &'a HeaderMap,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    authorization: Option<&'a str>,
    origin: String,
    service: Service,
    body: &'a Bytes,
}

/// A GraphQL request beside its body.
struct Asked {
    bearer: Option<String>,
    origin: String,
    paging: Paging,
    depth: u32,
}

impl Asked {
    /// Lets the account answer, keeps what changed, and lets happen what that causes.
    fn answered(&self, shared: &Shared, body: &Value) -> std::io::Result<GraphqlAnswer> {
        let call = GraphqlCall {
            bearer: self.bearer.as_deref(),
            origin: &self.origin,
            body,
            now: shared.now(),
        };
        let means = Means {
            ids: &|| shared.dice.ulid(),
            ask: &|job| match shared.engine_blocking(&[job]).pop() {
                Some(answer) => answer,
                None => Err(Fault::new(FaultKind::Crash, "the engine gave no answer")),
            },
            paging: self.paging,
            depth: self.depth,
        };
        let answer = spacelift::execute(&shared.spacelift, &call, means);
        if answer.is_write {
            spacelift::live::push(shared, &mut shared.spacelift());
            spacelift::live::save(shared)?;
        }
        Ok(answer)
    }
}

/// What a service says, and what the log says of it.
struct Said {
    response: Response,
    operation: Option<String>,
    write: bool,
}

impl Visit<'_> {
    async fn run(&self, switch: &Switch) -> Response {
        let graphql: Value = match self.service {
            Service::Spacelift => serde_json::from_slice(self.body).unwrap_or_default(),
            _ => Value::Null,
        };
        let text = graphql_text(&graphql);
        let by = match self.depth {
            Some(_) => By::Sandbox,
            None => By::Client,
        };
        let traits = Traits {
            by,
            service: self.service,
            method: self.method,
            path: self.path,
            text: &text,
        };
        let mut clearing = self.shared.faults.clearing();
        let effects = self.shared.faults.strike(&traits);
        for effect in &effects {
            match effect {
                Effect::Slow { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                }
                Effect::Hang { when: When::Before } => self.shared.faults.hang().await,
                // Nobody clears any more when the sandbox has gone.
                Effect::Hold => drop(clearing.changed().await),
                Effect::ExpireTokens => {
                    self.shared.port().expire_tokens();
                    self.shared.spacelift().expire_tokens();
                }
                Effect::ExpireToken { of: Service::Port } => self.shared.port().expire_tokens(),
                Effect::ExpireToken {
                    of: Service::Spacelift,
                } => self.shared.spacelift().expire_tokens(),
                _ => {}
            }
        }
        let failure = effects.iter().find(|effect| failure::is_failure(effect));
        let is_spared = failure.is_none_or(|effect| failure::when(effect) == When::After);
        let mut said = if is_spared {
            self.ask(&graphql, &text, &effects).await
        } else {
            self.unasked(&text)
        };
        let mut is_cut = false;
        if let Some(failure) = failure {
            is_cut = matches!(failure, Effect::Cut { .. });
            said.response = failure::answer(failure, self.service, self.shared.now());
            // A 429 has the headers that its fault asks for, a 502 comes from a proxy.
            if matches!(failure, Effect::Status { .. }) {
                said.response = self.with_port_headers(said.response);
            }
        }
        self.shared.journal.push(Entry {
            by,
            service: self.service,
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            query: match self.service {
                Service::Intake => String::new(),
                _ => self.query.to_owned(),
            },
            operation: said.operation,
            status: if is_cut {
                0
            } else {
                said.response.status().as_u16()
            },
            write: said.write,
        });
        if effects.contains(&Effect::Hang { when: When::After }) {
            self.shared.faults.hang().await;
        }
        let (response, is_halved) = failure::half(said.response, &effects).await;
        said.response = response;
        if is_cut {
            switch.cut();
        } else if is_halved {
            switch.cut_halfway();
        }
        if let Ok(date) = HeaderValue::from_str(&dice::http_date(self.shared.now())) {
            said.response.headers_mut().insert(header::DATE, date);
        }
        said.response
    }

    /// Lets the service answer.
    async fn ask(&self, graphql: &Value, text: &str, effects: &[Effect]) -> Said {
        match self.service {
            Service::Port => self.ask_port(effects).await,
            Service::Spacelift => self.ask_spacelift(graphql, text, effects).await,
            Service::Intake => Said {
                response: self.ask_intake(),
                operation: None,
                write: true,
            },
        }
    }

    async fn ask_port(&self, effects: &[Effect]) -> Said {
        let said = |response| Said {
            response,
            operation: None,
            write: port::is_write(self.method, self.path, self.query),
        };
        if self.body.len() > PORT_LIMIT {
            return said(self.with_port_headers(json_response(413, &too_large(PORT_LIMIT))));
        }
        // Programs run before the request is handled, so that it holds nobody up.
        let evaluated = port::evaluate_inputs(self.shared, self.method, self.path, self.body).await;
        let now = self.shared.now();
        let user = self.shared.port().quirks.user.clone();
        let call = Call {
            method: self.method,
            path: self.path,
            query: self.query,
            authorization: self.authorization,
            body: self.body,
            now,
            user: &user,
            dice: &self.shared.dice,
            departure: &failure::departure(effects),
            evaluated: &evaluated,
        };
        let mut answer = {
            let mut state = self.shared.port();
            let answer = port::handle(&mut state, call);
            match self.shared.keep(&mut state, self.depth.unwrap_or(0)) {
                Ok(()) => answer,
                Err(error) => Refusal::new(
                    500,
                    "internal_error",
                    format!("state is not saved: {error}"),
                )
                .answer(),
            }
        };
        if effects.iter().any(disguise::is_one)
            && let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body)
        {
            disguise::of_port(&mut body, effects);
            answer.body = disguise::written(&body, effects);
        }
        let answer = response(answer.status, "application/json", answer.body);
        let mut answer = self.with_port_headers(answer);
        failure::end_window(&mut answer, effects, now);
        said(answer)
    }

    async fn ask_spacelift(&self, graphql: &Value, text: &str, effects: &[Effect]) -> Said {
        let refused = |status: u16, message: &str| Said {
            response: json_response(status, &json!({"errors": [{"message": message}]})),
            operation: None,
            write: false,
        };
        if self.method != "POST" {
            return refused(405, "method not allowed");
        }
        if !graphql.is_object() {
            return refused(400, "the body is not a JSON object");
        }
        let is_dead = effects.contains(&Effect::DeadSession);
        let bearer = self
            .authorization
            .map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
        let asked = Asked {
            bearer: bearer.filter(|_| !is_dead).map(str::to_owned),
            origin: self.origin.clone(),
            paging: failure::paging(effects),
            depth: self.depth.unwrap_or(0),
        };
        let answered = match text.contains("policySimulate") {
            // An engine is waited for, which is no work for a thread that serves others.
            true => {
                let (shared, body) = (self.shared.clone(), graphql.clone());
                tokio::task::spawn_blocking(move || asked.answered(&shared, &body)).await
            }
            false => Ok(asked.answered(self.shared, graphql)),
        };
        let mut answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return refused(500, &format!("state is not saved: {error}")),
            Err(_) => return refused(500, "the request could not be answered"),
        };
        disguise::of_graphql(&mut answer.body, effects);
        let body = disguise::written(&answer.body, effects);
        Said {
            response: response(answer.status, "application/json", body),
            operation: Some(answer.operation),
            write: answer.is_write,
        }
    }

    /// Takes a delivery: 202 at once for a known key; it is mapped afterwards.
    fn ask_intake(&self) -> Response {
        let key = self.path.strip_prefix("/ingest/").unwrap_or_default();
        if self.method != "POST" {
            return json_response(404, &json!({"ok": false, "error": "not_found"}));
        }
        if self.body.len() > INTAKE_LIMIT {
            return json_response(413, &too_large(INTAKE_LIMIT));
        }
        if self.shared.port().knows_intake(key) {
            let event = Event::Delivery {
                key: key.to_owned(),
                headers: self.handed_on(),
                query: url::form_urlencoded::parse(self.query.as_bytes())
                    .into_owned()
                    .collect(),
                body: String::from_utf8_lossy(self.body).into_owned(),
            };
            self.shared.events.push_from(event, self.depth.unwrap_or(0));
            json_response(202, &json!({"ok": true}))
        } else {
            let status = guesses::UNKNOWN_INTAKE_STATUS;
            json_response(status, &json!({"ok": false, "error": "not_found"}))
        }
    }

    /// The headers of a delivery, without the one that is between us.
    fn handed_on(&self) -> Vec<(String, String)> {
        let headers = self.headers.iter().filter(|(name, _)| *name != OWN_HEADER);
        headers
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect()
    }

    /// What the log says of a request that never reached its service.
    fn unasked(&self, text: &str) -> Said {
        let (operation, write) = match self.service {
            Service::Port => (None, port::is_write(self.method, self.path, self.query)),
            Service::Intake => (None, true),
            Service::Spacelift => (Some(operation_name(text)), is_graphql_write(text)),
        };
        Said {
            response: Response::new(Body::empty()),
            operation,
            write,
        }
    }

    /// A trace id, and a rate limit that never runs out (PA section 1).
    fn with_port_headers(&self, mut response: Response) -> Response {
        if self.service != Service::Port {
            return response;
        }
        let headers = response.headers_mut();
        if let Ok(trace) = HeaderValue::from_str(&self.shared.dice.hex(32)) {
            headers.insert("x-trace-id", trace);
        }
        headers.insert("x-ratelimit-limit", HeaderValue::from(guesses::RATE_LIMIT));
        headers.insert(
            "x-ratelimit-remaining",
            HeaderValue::from(guesses::RATE_LIMIT),
        );
        headers.insert(
            "x-ratelimit-period",
            HeaderValue::from(guesses::RATE_PERIOD),
        );
        headers.insert("x-ratelimit-reset", HeaderValue::from(guesses::RATE_PERIOD));
        response
    }
}

fn service(path: &str) -> Service {
    if path == "/graphql" || path.starts_with("/graphql/") {
        Service::Spacelift
    } else if path.starts_with("/ingest/") {
        Service::Intake
    } else {
        // Unknown paths too: Port's half says 404 in its own words.
        Service::Port
    }
}

/// The operation's name and text, for faults that match by operation.
fn graphql_text(body: &Value) -> String {
    let name = body["operationName"].as_str().unwrap_or_default();
    let query = body["query"].as_str().unwrap_or_default();
    if name.is_empty() {
        query.to_owned()
    } else {
        format!("{query} #{name}")
    }
}

/// The name behind `#`, or the first word after the first brace.
fn operation_name(text: &str) -> String {
    if let Some((_, name)) = text.rsplit_once('#') {
        return name.to_owned();
    }
    let body = text
        .split_once('{')
        .map_or("", |(_, body)| body)
        .trim_start();
    body.chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect()
}

fn is_graphql_write(text: &str) -> bool {
    let reads = ["apiKeyUser", "oauthUser", "logout", "policySimulate"];
    text.trim_start().starts_with("mutation") && !reads.iter().any(|read| text.contains(read))
}
