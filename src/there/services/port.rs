//! Port: its token, its answers and its envelopes (PA section 1).
//!
//! Deliberately not here: the routes of the kinds (see `kinds`) and connections (see `http`).

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;

use crate::there::endpoints::PortEndpoint;
use crate::there::services::discreet::Discreet;
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::http::{Answer, Http, Options, Repeat, Request};
use crate::there::services::items::{self, Each, Page};
use crate::there::services::wiped::Wiped;
use crate::there::services::write::MayWrite;
use crate::words::Service;

/// A session with Port.
#[derive(Debug)]
pub(super) struct Port {
    pub http: Http,
    client_id: String,
    client_secret: SecretString,
    session: Mutex<Option<Arc<Token>>>,
}

/// A token and which one it is in this process.
#[derive(Debug)]
struct Token {
    text: SecretString,
    number: u64,
    /// Seconds that it had left when it was handed out.
    life: Option<f64>,
}

/// A request to a route.
struct Route<'a> {
    method: &'static str,
    path: &'a str,
    body: Option<&'a Json>,
    repeat: Repeat,
    writes: bool,
    /// Secret texts in the body.
    hidden: &'a [SecretString],
}

const TOKEN_ROUTE: &str = "/v1/auth/access_token";
/// How many requests may be under way.
const SLOTS: usize = 10;
/// How often one request is sent again with a new token. Once is not enough: a token may end that
/// another request has just had renewed.
pub(super) const RENEWALS: usize = 2;

impl Port {
    pub fn new(endpoint: &PortEndpoint, options: &Options) -> Result<Self, ServiceError> {
        Ok(Port {
            http: Http::new(Service::Port, &endpoint.origin, SLOTS, options)?,
            client_id: endpoint.client_id.clone(),
            client_secret: endpoint.client_secret.clone(),
            session: Mutex::new(None),
        })
    }

    /// Gets a token unless there is one.
    pub async fn log_in(&self) -> Result<(), ServiceError> {
        self.token().await.map(|_| ())
    }

    /// Seconds that the token had left when it was handed out, where Port says so.
    pub async fn token_life(&self) -> Result<Option<f64>, ServiceError> {
        Ok(self.token().await?.life)
    }

    /// Reads a route.
    pub async fn get(&self, path: &str) -> Result<Json, ServiceError> {
        self.call(reading(path)).await
    }

    /// Reads a list in its envelope; each item is let go once it was looked at.
    pub async fn list<T, I: DeserializeOwned>(
        &self,
        path: &str,
        envelope: &str,
        each: Each<'_, T, I>,
    ) -> Result<Vec<T>, ServiceError> {
        let (items, _) = self.fetch(path).await?.page(envelope, each)?;
        Ok(items)
    }

    /// The answer of a route, to be read by whoever has room for it.
    pub async fn fetch(&self, path: &str) -> Result<Fetched, ServiceError> {
        self.answer(reading(path), fetched).await
    }

    /// Reads by POST; only routes that end in `/search` are known to read.
    pub async fn search(&self, path: &str, body: &Json) -> Result<Json, ServiceError> {
        self.call(searching(path, body)?).await
    }

    /// Reads one page of a search; each item is let go once it was looked at.
    pub async fn search_page<T>(
        &self,
        path: &str,
        body: &Json,
        envelope: &str,
        each: Each<'_, T>,
    ) -> Result<Page<T>, ServiceError> {
        let answer = self.answer(searching(path, body)?, fetched).await?;
        answer.page(envelope, each)
    }

    /// Sends a change. `hidden` are the secret texts in the body.
    pub async fn change(
        &self,
        _may: &MayWrite,
        method: &'static str,
        path: &str,
        body: Option<&Json>,
        repeat: Repeat,
        hidden: &[SecretString],
    ) -> Result<Json, ServiceError> {
        self.call(Route {
            method,
            path,
            body,
            repeat,
            writes: true,
            hidden,
        })
        .await
    }

    /// Sends a change by POST, and has `read` say what the answer means.
    pub async fn post<T>(
        &self,
        _may: &MayWrite,
        path: &str,
        body: &Json,
        repeat: Repeat,
        read: impl FnOnce(Answer, &str, &Discreet) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let route = Route {
            method: "POST",
            path,
            body: Some(body),
            repeat,
            writes: true,
            hidden: &[],
        };
        let read = |answer, call: &str, discreet| read(answer, call, &discreet);
        self.answer(route, read).await
    }

    /// Sends a request and reads the answer as a whole.
    async fn call(&self, route: Route<'_>) -> Result<Json, ServiceError> {
        let read = |answer, call: &str, discreet| read(answer, call, &discreet);
        self.answer(route, read).await
    }

    /// Sends a request, and again with a new token when the old one is refused.
    async fn answer<T>(
        &self,
        route: Route<'_>,
        read: impl FnOnce(Answer, &str, Discreet) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut token = self.token().await?;
        let call = label(route.method, route.path);
        let mut renewals = 0;
        loop {
            let ours = [&self.client_secret, &token.text];
            let discreet = Discreet::new(route.hidden.iter().chain(ours));
            let request = Request {
                method: route.method,
                path: route.path,
                call: &call,
                body: route.body,
                bearer: Some(&token.text),
                repeat: route.repeat,
                writes: route.writes,
                credentials: false,
            };
            let answer = self.http.send(request, &discreet).await?;
            if answer.status == 401 && renewals < RENEWALS {
                renewals += 1;
                token = self.another_token(token.number).await?;
                continue;
            }
            return read(answer, &call, discreet);
        }
    }

    async fn token(&self) -> Result<Arc<Token>, ServiceError> {
        let mut session = self.session.lock().await;
        if let Some(token) = session.as_ref() {
            return Ok(token.clone());
        }
        self.exchange(&mut session, 1).await
    }

    /// A token other than the one with this number, which was refused. Calls that are refused
    /// together share one exchange.
    async fn another_token(&self, number: u64) -> Result<Arc<Token>, ServiceError> {
        let mut session = self.session.lock().await;
        match session.as_ref() {
            Some(token) if token.number != number => Ok(token.clone()),
            _ => self.exchange(&mut session, number + 1).await,
        }
    }

    async fn exchange(
        &self,
        session: &mut Option<Arc<Token>>,
        number: u64,
    ) -> Result<Arc<Token>, ServiceError> {
        let call = label("POST", TOKEN_ROUTE);
        let body = Wiped::new(json!({
            "clientId": self.client_id,
            "clientSecret": self.client_secret.expose_secret(),
        }));
        let discreet = Discreet::new([&self.client_secret]);
        let request = Request {
            method: "POST",
            path: TOKEN_ROUTE,
            call: &call,
            body: Some(&body),
            bearer: None,
            repeat: Repeat::Always,
            writes: false,
            credentials: true,
        };
        let answer = self.http.send(request, &discreet).await?;
        if matches!(answer.status, 401 | 403) {
            let problem = Problem::Credentials {
                host: self.http.host(),
                says: discreet.body(&answer.body),
            };
            return Err(error(&call, problem).traced(answer.trace));
        }
        let status = answer.status;
        let trace = answer.trace.clone();
        let answer = Wiped::new(read(answer, &call, &discreet)?);
        let Some(text) = answer.get("accessToken").and_then(Json::as_str) else {
            let what = "no `accessToken`".to_owned();
            return Err(error(&call, Problem::Unreadable { status, what }).traced(trace));
        };
        let token = Arc::new(Token {
            text: text.into(),
            number,
            life: answer.get("expiresIn").and_then(Json::as_f64),
        });
        *session = Some(token.clone());
        Ok(token)
    }
}

/// An answer that nobody has looked into.
pub(super) struct Fetched {
    answer: Answer,
    call: String,
    discreet: Discreet,
}

fn fetched(answer: Answer, call: &str, discreet: Discreet) -> Result<Fetched, ServiceError> {
    Ok(Fetched {
        answer,
        call: call.to_owned(),
        discreet,
    })
}

impl Fetched {
    /// Reads a list item by item, or as a whole where it is an unusual one.
    pub fn page<T, I: DeserializeOwned>(
        self,
        envelope: &str,
        each: Each<'_, T, I>,
    ) -> Result<Page<T>, ServiceError> {
        let call = &self.call;
        let good = (200..300).contains(&self.answer.status);
        if good && let Some(page) = items::read(&self.answer.body, envelope, each) {
            return Ok(page);
        }
        let unreadable = |what| error(call, Problem::Unreadable { status: 200, what });
        let answer = read(self.answer, call, &self.discreet)?;
        let next = answer.get("next").and_then(Json::as_str).map(str::to_owned);
        let list = list_in(answer, envelope).map_err(unreadable)?;
        let mut items = Vec::new();
        for item in &list {
            let item = I::deserialize(item).map_err(|what| unreadable(what.to_string()))?;
            each(&item, &mut items);
        }
        Ok((items, next))
    }
}

/// A request that reads a route.
fn reading(path: &str) -> Route<'_> {
    Route {
        method: "GET",
        path,
        body: None,
        repeat: Repeat::Always,
        writes: false,
        hidden: &[],
    }
}

/// A request that reads by POST; whatever is no search is refused.
fn searching<'a>(path: &'a str, body: &'a Json) -> Result<Route<'a>, ServiceError> {
    let route = path.split('?').next().unwrap_or(path);
    if !route.ends_with("/search") {
        let text = "only `…/search` is read by POST".to_owned();
        return Err(error(&label("POST", path), Problem::Setup(text)));
    }
    Ok(Route {
        method: "POST",
        path,
        body: Some(body),
        repeat: Repeat::Always,
        writes: false,
        hidden: &[],
    })
}

/// The list in an answer: the named member, else the only array beside `ok`.
fn list_in(mut answer: Json, envelope: &str) -> Result<Vec<Json>, String> {
    let Some(members) = answer.as_object_mut() else {
        return Err("no object".into());
    };
    let name = match members.get(envelope) {
        Some(Json::Array(_)) => envelope.to_owned(),
        _ => {
            let mut arrays = members.iter().filter(|(_, member)| member.is_array());
            match (arrays.next(), arrays.next()) {
                (Some((name, _)), None) => name.clone(),
                _ => return Err(format!("no list `{envelope}`")),
            }
        }
    };
    match members.remove(&name) {
        Some(Json::Array(list)) => Ok(list),
        _ => Err(format!("no list `{envelope}`")),
    }
}

/// The object in an answer: at the pointer, else the only object beside `ok`.
pub(super) fn object_in<'a>(answer: &'a Json, pointer: &str) -> Option<&'a Json> {
    if let Some(object) = answer.pointer(pointer).filter(|o| o.is_object()) {
        return Some(object);
    }
    let mut objects = answer
        .as_object()?
        .values()
        .filter(|member| member.is_object());
    match (objects.next(), objects.next()) {
        (Some(object), None) => Some(object),
        _ => None,
    }
}

/// What an answer means.
pub(super) fn read(answer: Answer, call: &str, discreet: &Discreet) -> Result<Json, ServiceError> {
    let Answer {
        status,
        trace,
        body,
        earlier,
    } = answer;
    let fail = |problem| Err(error(call, problem).traced(trace.clone()).after(earlier));
    let good = (200..300).contains(&status);
    if good && body.is_empty() && (status == 204 || call.starts_with("DELETE ")) {
        return Ok(Json::Null);
    }
    let json = match parse(&body, discreet) {
        Ok(json) => json,
        Err(what) => return fail(Problem::Unreadable { status, what }),
    };
    let ok = json.get("ok").and_then(Json::as_bool);
    if good && json.is_object() && ok != Some(false) {
        return Ok(json);
    }
    let says = discreet.body(&body);
    fail(match status {
        _ if !json.is_object() => Problem::Unreadable {
            status,
            what: format!("no object: {says}"),
        },
        401 | 403 => Problem::Forbidden(says),
        404 => Problem::NotFound(says),
        409 => Problem::Taken(says),
        status => Problem::Refused { status, says },
    })
}

/// Reads JSON; what it is instead, in words.
pub(super) fn parse(body: &[u8], discreet: &Discreet) -> Result<Json, String> {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match (start, serde_json::from_slice(body)) {
        (_, Ok(json)) => Ok(json),
        (None, _) => Err("nothing where JSON should be".into()),
        (Some(b'<'), _) => Err(format!(
            "HTML instead of JSON: `{}`",
            discreet.first_line(body)
        )),
        (Some(_), Err(e)) if e.is_eof() => {
            Err(format!("JSON that breaks off after {} bytes", body.len()))
        }
        _ => Err(format!(
            "something else than JSON: `{}`",
            discreet.first_line(body)
        )),
    }
}

/// How errors name a call; queries are left out.
fn label(method: &str, path: &str) -> String {
    let route = path.split('?').next().unwrap_or(path);
    format!("{method} {route}")
}

fn error(call: &str, problem: Problem) -> ServiceError {
    ServiceError::new(Service::Port, call, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::there::services::Reader;
    use crate::there::services::script::{Reply, Script, options, port_basics, port_reader, raw};

    /// Reads a route that answers as told.
    async fn get(
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> (Script, Result<Json, ServiceError>) {
        let script =
            Script::start(move |seen, before| port_basics(seen).unwrap_or_else(|| reply(before)))
                .await;
        let answer = port_reader(&script).port_get("/v1/things?x=1").await;
        (script, answer)
    }

    fn tries(script: &Script) -> usize {
        script.of("GET /v1/things?x=1").len()
    }

    #[tokio::test]
    async fn answers_that_are_none_are_described() {
        let cases = [
            (
                raw("200 OK", "", "<html><b>Sign\u{1b}[31m in</b>\nmore"),
                "HTML instead of JSON: `<html><b>Sign\\u{1b}[31m in</b>`",
            ),
            (
                raw("200 OK", "", "{\"ok\": true, \"thin"),
                "JSON that breaks off after 18 bytes",
            ),
            (
                raw("200 OK", "", ""),
                "answered 200 with nothing where JSON should be",
            ),
            (
                raw("200 OK", "", "hello"),
                "something else than JSON: `hello`",
            ),
            (raw("200 OK", "", "[1]"), "answered 200 with no object"),
            (
                raw("404 Not Found", "", "<!doctype html>"),
                "answered 404 with HTML",
            ),
            (
                Reply::Json(200, json!({"ok": false, "error": "odd"})),
                "answered 200: odd (trace t-200)",
            ),
            (
                Reply::Json(
                    422,
                    json!({"ok": false, "error": {"name": "e", "message": "m\nn"}}),
                ),
                "answered 422: e: m n (trace t-422)",
            ),
            (
                Reply::Json(
                    422,
                    json!({"error": "invalid_permissions", "details": {"invalidProperties": ["x"]}}),
                ),
                "invalid_permissions: {\"invalidProperties\":[\"x\"]}",
            ),
            (
                Reply::Json(
                    404,
                    json!({"ok": false, "error": "not_found", "message": "Blueprint"}),
                ),
                "not found: not_found: Blueprint",
            ),
            (
                Reply::Json(500, json!({"ok": false, "error": "internal_error"})),
                "answered 500: internal_error",
            ),
        ];
        for (reply, says) in cases {
            let reply = std::sync::Mutex::new(Some(reply));
            let (script, answer) =
                get(move |_| reply.lock().unwrap().take().unwrap_or(Reply::Cut)).await;
            let text = answer.unwrap_err().to_string();
            assert!(text.starts_with("Port GET /v1/things: "), "{text}");
            assert!(text.contains(says), "{text} without {says}");
            assert_eq!(tries(&script), 1, "{text}");
        }
    }

    #[tokio::test]
    async fn long_foreign_texts_are_cut() {
        let (_, answer) = get(|_| raw("200 OK", "", &"x".repeat(5000))).await;
        let text = answer.unwrap_err().to_string();
        assert!(text.contains(&format!("`{}…`", "x".repeat(120))), "{text}");
    }

    #[tokio::test]
    async fn passing_trouble_passes() {
        let troubles: [fn() -> Reply; 9] = [
            || raw("429 Slow", "retry-after: 0\r\n", "{}"),
            || {
                raw(
                    "429 Slow",
                    "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                    "{}",
                )
            },
            || raw("429 Slow", "x-ratelimit-reset: 0\r\n", "{}"),
            || raw("429 Slow", "x-ratelimit-reset: 1700000000\r\n", "{}"),
            || raw("429 Slow", "", "{}"),
            || raw("502 Bad", "", "<html>bad gateway</html>"),
            || raw("503 No", "retry-after: 0\r\n", ""),
            || Reply::Cut,
            || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"ok\"".into()),
        ];
        for trouble in troubles {
            let (script, answer) = get(move |before| match before {
                0..3 => trouble(),
                _ => Reply::Json(200, json!({"ok": true})),
            })
            .await;
            answer.unwrap();
            assert_eq!(tries(&script), 4);
        }
    }

    #[tokio::test]
    async fn lasting_trouble_is_told_after_five_tries() {
        let (script, answer) = get(|_| raw("429 Slow", "", "{}")).await;
        let error = answer.unwrap_err();
        assert!(error.to_string().contains("too many requests"), "{error}");
        assert_eq!(tries(&script), 5);

        let (script, answer) =
            get(|_| raw("502 Bad", "x-trace-id: abc\r\n", "<html>gone</html>")).await;
        let error = answer.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Port GET /v1/things: answered 502: `<html>gone</html>` (trace abc)"
        );
        assert_eq!(tries(&script), 5);
    }

    #[tokio::test]
    async fn redirects_are_refused_and_nothing_reaches_their_target() {
        let thief = Script::start(|_, _| Reply::Json(200, json!({"ok": true}))).await;
        let to = format!("location: {}v1/things?key=1\r\n", thief.origin);
        for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
            let to = to.clone();
            let (_, answer) = get(move |_| raw(status, &to, "")).await;
            let error = answer.unwrap_err();
            assert!(
                error.to_string().contains("redirect to `127.0.0.1`"),
                "{error}"
            );
            assert!(error.help().unwrap().contains("not followed"));
        }
        assert!(thief.calls().is_empty());
    }

    #[tokio::test]
    async fn a_path_cannot_lead_to_another_host() {
        let thief = Script::start(|_, _| Reply::Json(200, json!({"ok": true}))).await;
        let script = Script::start(|seen, _| port_basics(seen).unwrap_or(Reply::Cut)).await;
        let reader = port_reader(&script);
        let authority = thief.origin.authority();
        for path in [
            format!("//{authority}/v1"),
            format!("http://{authority}/v1"),
        ] {
            let error = reader.port_get(&path).await.unwrap_err();
            assert!(error.to_string().contains("leads away"), "{error}");
        }
        assert!(thief.calls().is_empty());
    }

    #[tokio::test]
    async fn only_searches_are_read_by_post() {
        let script = Script::start(|seen, _| {
            port_basics(seen).unwrap_or(Reply::Json(200, json!({"ok": true, "entities": []})))
        })
        .await;
        let reader = port_reader(&script);
        let search = "/v1/blueprints/b/entities/search?x=1";
        reader
            .port_search(search, &json!({"limit": 1}))
            .await
            .unwrap();
        reader
            .port_search("/v1/blueprints", &json!({}))
            .await
            .unwrap_err();
        assert_eq!(
            script.of(&format!("POST {search}"))[0].body,
            json!({"limit": 1})
        );
        assert!(script.of("POST /v1/blueprints").is_empty());
    }

    #[tokio::test]
    async fn wrong_credentials_say_which_variables() {
        let script = Script::start(|_, _| {
            Reply::Json(401, json!({"ok": false, "error": "invalid_credentials"}))
        })
        .await;
        let error = port_reader(&script).read(&[]).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("refused the credentials: invalid_credentials"),
            "{error}"
        );
        let help = error.help().unwrap();
        assert!(
            help.contains("PORT_CLIENT_SECRET") && help.contains("PORT_BASE_URL"),
            "{help}"
        );
        assert_eq!(script.calls().len(), 1);
    }

    #[tokio::test]
    async fn a_token_may_end_twice_under_a_request_and_then_it_is_refused() {
        for (ends, works) in [(1, true), (RENEWALS, true), (RENEWALS + 1, false)] {
            let script = Script::start(move |seen, before| match seen.call.as_str() {
                "GET /v1/things" if before < ends => raw("401 No", "", "expired"),
                _ => port_basics(seen).unwrap_or(Reply::Json(200, json!({"ok": true}))),
            })
            .await;
            let answer = port_reader(&script).port_get("/v1/things").await;
            assert_eq!(answer.is_ok(), works, "{answer:?}");
            let sent = script.of("GET /v1/things").len();
            assert_eq!(sent, ends.min(RENEWALS) + 1);
            assert_eq!(script.calls().len(), 2 * sent, "one exchange for each");
        }
    }

    #[tokio::test]
    async fn a_refused_connection_names_the_host() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let mut endpoint = Script::start(|_, _| Reply::Cut).await.port();
        endpoint.origin = format!("http://{address}/").parse().unwrap();
        let endpoints = crate::there::Endpoints {
            port: Some(endpoint),
            spacelift: None,
        };
        let reader = Reader::new(&endpoints, &options()).unwrap();
        let error = reader.read(&[]).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("could not reach `{address}`")),
            "{error}"
        );
        assert!(error.help().unwrap().contains("--port-url"));
        assert_eq!(reader.requests().requests, 5);
    }

    #[test]
    fn payloads_are_found_under_other_names_when_there_is_no_doubt() {
        let list = |answer| list_in(answer, "webhooks").map(|list| list.len());
        assert_eq!(
            list(json!({"ok": true, "webhooks": [1], "other": []})),
            Ok(1)
        );
        assert_eq!(list(json!({"ok": true, "integrations": [1, 2]})), Ok(2));
        assert_eq!(
            list(json!({"ok": true, "a": [], "b": []})),
            Err("no list `webhooks`".into())
        );
        assert_eq!(list(json!({"ok": true})), Err("no list `webhooks`".into()));

        let answer = json!({"ok": true, "integration": {"identifier": "a"}});
        assert_eq!(object_in(&answer, "/webhook"), Some(&answer["integration"]));
        assert_eq!(
            object_in(&json!({"ok": true, "a": {}, "b": {}}), "/webhook"),
            None
        );
        assert_eq!(
            object_in(&json!({"ok": true, "identifier": "a"}), "/webhook"),
            None
        );
    }
}
