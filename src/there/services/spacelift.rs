//! Spacelift: its token and its GraphQL answers (SA sections 1 to 3).
//!
//! Deliberately not here: documents (see `kinds` and `document`) and connections (see `http`).

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;

use crate::there::claims::Claims;
use crate::there::endpoints::{Login, SpaceliftEndpoint};
use crate::there::services::discreet::Discreet;
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::http::{Answer, Http, Options, Repeat, Request};
use crate::there::services::port::parse;
use crate::there::services::wiped::Wiped;
use crate::there::services::write::MayWrite;
use crate::words::Service;

/// A session with Spacelift.
#[derive(Debug)]
pub(super) struct Spacelift {
    pub http: Http,
    pub account: String,
    path: String,
    login: Login,
    session: Mutex<Option<Arc<Token>>>,
}

/// A token, which one it is in this process, and when to get a new one.
#[derive(Debug)]
pub(super) struct Token {
    text: SecretString,
    number: u64,
    renew: Option<Instant>,
    /// When it ends, in Unix seconds, as the exchange said.
    until: Option<f64>,
}

/// A request to the one endpoint.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub document: &'a str,
    pub variables: &'a Json,
    pub repeat: Repeat,
    pub writes: bool,
    /// Secret texts in the variables.
    pub hidden: &'a [SecretString],
    /// Whether question and answer are credentials as a whole.
    pub credentials: bool,
}

/// An answer of the endpoint, with or without complaints.
pub(super) struct Reply {
    pub json: Json,
    pub complaints: Vec<Complaint>,
    pub trace: Option<String>,
    pub earlier: bool,
    status: u16,
}

/// One of the `errors` of an answer.
#[derive(Debug, Clone)]
pub(super) struct Complaint {
    pub says: String,
    /// The root field that it is about.
    pub field: Option<String>,
}

const EXCHANGE: &str = "mutation Login($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt validUntil } }";
const VIEWER: &str = "query Viewer { viewer { id } }";
/// The words that tell refusals apart; there are no codes (SA section 3).
const UNAUTHORIZED: &str = "unauthorized";
const NOT_FOUND: &str = "not found";
const TAKEN: &str = "already exists";
/// How many requests may be under way (SA section 4).
const SLOTS: usize = 4;
/// How long before its end a token is replaced.
const EARLY: Duration = Duration::from_secs(30);

impl Spacelift {
    pub fn new(endpoint: &SpaceliftEndpoint, options: &Options) -> Result<Self, ServiceError> {
        Ok(Spacelift {
            http: Http::new(Service::Spacelift, &endpoint.graphql, SLOTS, options)?,
            account: endpoint.account.clone(),
            path: endpoint.graphql.path().to_owned(),
            login: endpoint.login.clone(),
            session: Mutex::new(None),
        })
    }

    /// Gets a token unless there is one.
    pub async fn log_in(&self) -> Result<(), ServiceError> {
        self.token().await.map(|_| ())
    }

    /// Sends a change and returns the whole answer, which has no errors. `hidden` are the secret
    /// texts in the variables.
    pub async fn change(
        &self,
        _may: &MayWrite,
        document: &str,
        variables: &Json,
        repeat: Repeat,
        hidden: &[SecretString],
    ) -> Result<Json, ServiceError> {
        let ask = Ask {
            document,
            variables,
            repeat,
            writes: true,
            hidden,
            credentials: false,
        };
        let mut renewals = 0;
        loop {
            let token = self.token().await?;
            let reply = self.ask(&token, ask).await?;
            if reply.complaints.is_empty() {
                return Ok(reply.json);
            }
            // The same word means "no session" and "no right" (SA section 3); a refused mutation
            // did nothing, so that sending it again is safe.
            if reply.complains_of(UNAUTHORIZED) && !self.sees(&token).await? {
                if renewals == super::port::RENEWALS || !self.renews() {
                    return Err(error(&label(document), Problem::Unseen).traced(reply.trace));
                }
                renewals += 1;
                self.another_token(token.number).await?;
                continue;
            }
            return Err(reply
                .into_error(&label(document))
                .about_space(has_space(variables)));
        }
    }

    /// Sends a request with a token and reads the answer, complaints included.
    pub async fn ask(&self, token: &Token, ask: Ask<'_>) -> Result<Reply, ServiceError> {
        let discreet = Discreet::new(ask.hidden.iter().chain(self.secrets()).chain([&token.text]));
        self.send(Some(&token.text), ask, &discreet).await
    }

    /// Sends a request and hands the body of a good answer to `read`; an answer of which that
    /// makes nothing is read as a whole.
    pub async fn read<T>(
        &self,
        token: &Token,
        ask: Ask<'_>,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Result<T, Reply>, ServiceError> {
        let discreet = Discreet::new(ask.hidden.iter().chain(self.secrets()).chain([&token.text]));
        let answer = self.post(Some(&token.text), ask, &discreet).await?;
        let good = (200..300).contains(&answer.status);
        if good && let Some(read) = read(&answer.body) {
            return Ok(Ok(read));
        }
        understand(answer, &label(ask.document), &discreet).map(Err)
    }

    /// The token, a new one if the old one is about to end.
    pub async fn token(&self) -> Result<Arc<Token>, ServiceError> {
        let mut session = self.session.lock().await;
        let number = match session.as_ref() {
            Some(token) if token.renew.is_none_or(|at| Instant::now() < at) => {
                return Ok(token.clone());
            }
            old => old.map_or(1, |token| token.number + 1),
        };
        self.log_in_again(&mut session, number).await
    }

    /// A token other than the one with this number.
    pub async fn another_token(&self, number: u64) -> Result<Arc<Token>, ServiceError> {
        let mut session = self.session.lock().await;
        match session.as_ref() {
            Some(token) if token.number != number => Ok(token.clone()),
            _ => self.log_in_again(&mut session, number + 1).await,
        }
    }

    /// Whether a new token can be had at all.
    pub fn renews(&self) -> bool {
        matches!(self.login, Login::Key { .. })
    }

    /// Exchanges a key for a token.
    pub async fn exchange(
        &self,
        id: &str,
        secret: &SecretString,
    ) -> Result<(SecretString, Option<f64>), ServiceError> {
        let call = label(EXCHANGE);
        let ask = Ask {
            document: EXCHANGE,
            variables: &Wiped::new(json!({ "id": id, "secret": secret.expose_secret() })),
            repeat: Repeat::Always,
            writes: false,
            hidden: &[],
            credentials: true,
        };
        let discreet = Discreet::new(self.secrets().into_iter().chain([secret]));
        let reply = self.send(None, ask, &discreet).await?;
        let refused = |says: String, trace| {
            let host = self.http.host();
            Err(error(&call, Problem::Credentials { host, says }).traced(trace))
        };
        if let Some(complaint) = reply.complaints.first() {
            return refused(complaint.says.clone(), reply.trace);
        }
        let json = Wiped::new(reply.json);
        let user = &json["data"]["apiKeyUser"];
        match user["jwt"].as_str() {
            Some(jwt) => Ok((jwt.into(), user["validUntil"].as_f64())),
            // An unknown key id is answered with null and no error (SA section 2).
            None => refused("there is no key with this id".into(), reply.trace),
        }
    }

    async fn log_in_again(
        &self,
        session: &mut Option<Arc<Token>>,
        number: u64,
    ) -> Result<Arc<Token>, ServiceError> {
        let (text, until) = match &self.login {
            Login::Key { id, secret } => self.exchange(id, secret).await?,
            Login::Token(text) => (text.clone(), None),
        };
        let token = Arc::new(Token {
            text,
            number,
            renew: until.and_then(renewal),
            until,
        });
        *session = Some(token.clone());
        Ok(token)
    }

    async fn sees(&self, token: &Token) -> Result<bool, ServiceError> {
        let ask = Ask {
            document: VIEWER,
            variables: &Json::Null,
            repeat: Repeat::Always,
            writes: false,
            hidden: &[],
            credentials: false,
        };
        let reply = self.ask(token, ask).await?;
        Ok(reply.complaints.is_empty() && reply.json["data"]["viewer"].is_object())
    }

    async fn send(
        &self,
        bearer: Option<&SecretString>,
        ask: Ask<'_>,
        discreet: &Discreet,
    ) -> Result<Reply, ServiceError> {
        let answer = self.post(bearer, ask, discreet).await?;
        understand(answer, &label(ask.document), discreet)
    }

    async fn post(
        &self,
        bearer: Option<&SecretString>,
        ask: Ask<'_>,
        discreet: &Discreet,
    ) -> Result<Answer, ServiceError> {
        let mut body = Wiped::new(json!({ "query": ask.document }));
        if !ask.variables.is_null() {
            body["variables"] = ask.variables.clone();
        }
        if let Some(name) = operation(ask.document).1 {
            body["operationName"] = name.into();
        }
        let request = Request {
            method: "POST",
            path: &self.path,
            call: &label(ask.document),
            body: Some(&body),
            bearer,
            repeat: ask.repeat,
            writes: ask.writes,
            credentials: ask.credentials,
        };
        self.http.send(request, discreet).await
    }

    fn secrets(&self) -> [&SecretString; 1] {
        let (Login::Key { secret, .. } | Login::Token(secret)) = &self.login;
        [secret]
    }
}

impl Token {
    /// Which token it is in this process.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When the exchange said that it ends, in Unix seconds.
    pub fn until(&self) -> Option<f64> {
        self.until
    }

    /// What the token says about itself.
    pub fn claims(&self) -> Option<Claims> {
        Claims::read(self.text.expose_secret())
    }
}

impl Reply {
    /// Whether some complaint has this word.
    fn complains_of(&self, word: &str) -> bool {
        self.complaints.iter().any(|c| c.says.contains(word))
    }

    /// The error that its complaints are.
    pub fn into_error(self, call: &str) -> ServiceError {
        let mut texts: Vec<&str> = self.complaints.iter().map(|c| c.says.as_str()).collect();
        texts.dedup();
        let says = texts.join("; ");
        let problem = if self.complains_of(UNAUTHORIZED) {
            Problem::Forbidden(says)
        } else if self.complains_of(NOT_FOUND) {
            Problem::NotFound(says)
        } else if self.complains_of(TAKEN) {
            Problem::Taken(says)
        } else {
            Problem::Refused {
                status: self.status,
                says,
            }
        };
        error(call, problem).traced(self.trace).after(self.earlier)
    }
}

impl Complaint {
    /// Whether it says that a right is missing.
    pub fn is_refusal(&self) -> bool {
        self.says.contains(UNAUTHORIZED)
    }
}

/// What an answer says, complaints included.
fn understand(answer: Answer, call: &str, discreet: &Discreet) -> Result<Reply, ServiceError> {
    let status = answer.status;
    let fail = |what: String| {
        Err(error(call, Problem::Unreadable { status, what })
            .traced(answer.trace.clone())
            .after(answer.earlier))
    };
    let json = match parse(&answer.body, discreet) {
        Ok(json) => json,
        // Some say that a refused session is a plain 401 (SA section 3).
        Err(_) if matches!(status, 401 | 403) => Json::Null,
        Err(what) => return fail(what),
    };
    let mut complaints = complaints(&json, discreet);
    if complaints.is_empty() {
        match status {
            200..300 if json["data"].is_object() => {}
            200..300 => return fail("neither `data` nor `errors`".into()),
            401 | 403 => complaints.push(Complaint {
                says: format!("{UNAUTHORIZED} ({status})"),
                field: None,
            }),
            _ => complaints.push(Complaint {
                says: discreet.body(&answer.body),
                field: None,
            }),
        }
    }
    Ok(Reply {
        json,
        complaints,
        trace: answer.trace,
        earlier: answer.earlier,
        status,
    })
}

/// The `errors` of an answer, with their extensions, which may carry more detail.
fn complaints(json: &Json, discreet: &Discreet) -> Vec<Complaint> {
    let errors = json["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| {
            let mut says = match error["message"].as_str() {
                Some(message) => discreet.message(message),
                None => "an error without a message".into(),
            };
            let more = &error["extensions"];
            if more.as_object().is_some_and(|m| !m.is_empty()) {
                says = format!("{says} ({})", discreet.message(&more.to_string()));
            }
            Complaint {
                says,
                field: error["path"][0].as_str().map(str::to_owned),
            }
        })
        .collect()
}

/// When to get a new token: shortly before its end. `None` when its end is near or past already,
/// as then our clock is wrong or asking again would not help.
fn renewal(until: f64) -> Option<Instant> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let left = Duration::try_from_secs_f64(until - now.as_secs_f64()).ok()?;
    (left > 2 * EARLY).then(|| Instant::now().checked_add(left - EARLY))?
}

/// The kind and the name of a document's operation.
pub(super) fn operation(document: &str) -> (&str, Option<&str>) {
    let document = document.trim_start();
    let word = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let (kind, rest) = document.split_at(word(document));
    let rest = rest.trim_start();
    let name = &rest[..word(rest)];
    (kind, (!name.is_empty()).then_some(name))
}

/// How errors name a call.
pub(super) fn label(document: &str) -> String {
    match operation(document) {
        ("", _) => "query".into(),
        (kind, None) => kind.into(),
        (kind, Some(name)) => format!("{kind} {name}"),
    }
}

/// Whether variables name a space somewhere.
fn has_space(variables: &Json) -> bool {
    match variables {
        Json::Object(map) => map.iter().any(|(key, value)| {
            matches!(key.as_str(), "space" | "parentSpace") || has_space(value)
        }),
        Json::Array(list) => list.iter().any(has_space),
        _ => false,
    }
}

pub(super) fn error(call: &str, problem: Problem) -> ServiceError {
    ServiceError::new(Service::Spacelift, call, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::there::services::script::{
        Reply as Say, Script, raw, reader, spacelift_basics, spacelift_reader,
    };

    async fn error_of(reply: impl Fn() -> Say + Send + Sync + 'static) -> ServiceError {
        let script =
            Script::start(move |seen, _| spacelift_basics(seen).unwrap_or_else(&reply)).await;
        spacelift_reader(&script).read(&[]).await.unwrap_err()
    }

    #[tokio::test]
    async fn answers_are_told_by_their_texts() {
        let says = |message: &'static str| {
            move || {
                Say::Json(
                    200,
                    json!({"errors": [{"message": message, "extensions": {"code": 7}}]}),
                )
            }
        };
        let error = error_of(says(
            "could not persist policy: policy with this slug already exists for this account",
        ))
        .await;
        assert!(matches!(error.problem(), Problem::Taken(_)), "{error}");
        let help = error.help().unwrap_or_default();
        assert!(help.contains("stay when an object is renamed"), "{help}");
        let error = error_of(says("stack not found")).await;
        assert!(matches!(error.problem(), Problem::NotFound(_)), "{error}");
        let error = error_of(says("parent space is odd")).await;
        assert_eq!(
            error.to_string(),
            "Spacelift query Read: answered 200: parent space is odd ({\"code\":7}) (trace t-200)"
        );

        let error = error_of(|| raw("401 No", "", "go away")).await;
        assert!(matches!(error.problem(), Problem::Forbidden(_)), "{error}");
        let error = error_of(|| raw("200 OK", "", "<html>")).await;
        assert!(
            error.to_string().contains("HTML instead of JSON"),
            "{error}"
        );
        let error = error_of(|| Say::Json(200, json!({"data": null}))).await;
        assert!(
            error.to_string().contains("neither `data` nor `errors`"),
            "{error}"
        );
        let error =
            error_of(|| Say::Json(400, json!({"errors": [{"message": "Cannot query field"}]})))
                .await;
        assert!(
            error
                .to_string()
                .contains("answered 400: Cannot query field"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_session_that_is_refused_with_401_is_renewed_once() {
        let script = Script::start(|seen, before| match (seen.call.as_str(), before) {
            ("Read", 0) => raw("401 No", "", "expired"),
            ("Read", _) => Say::Json(200, json!({"data": {"viewer": {"id": "me"}, "spaces": []}})),
            _ => spacelift_basics(seen).unwrap(),
        })
        .await;
        let live = spacelift_reader(&script).read(&[]).await.unwrap();
        assert_eq!(live.viewer.as_deref(), Some("me"));
        assert_eq!(script.calls(), ["Login", "Read", "Login", "Read"]);
    }

    #[tokio::test]
    async fn the_exchange_goes_without_a_token_and_all_else_with_it() {
        let script = Script::start(|seen, _| {
            spacelift_basics(seen).unwrap_or(Say::Json(
                200,
                json!({"data": {"viewer": {"id": "me", "name": null}, "spaces": []}}),
            ))
        })
        .await;
        let reader = reader(None, Some(&script));
        reader.read(&[]).await.unwrap();
        let login = &script.of("Login")[0];
        assert_eq!(login.headers.get("authorization"), None);
        assert_eq!(login.body["variables"]["id"], "01KEY");
        let read = &script.of("Read")[0];
        assert_eq!(read.headers["authorization"], "Bearer canary-jwt");
        assert_eq!(read.headers["spacelift-client-type"], "spaceport");
    }

    #[test]
    fn operations_are_named() {
        assert_eq!(
            label("mutation PolicyCreate($i: I!) { x }"),
            "mutation PolicyCreate"
        );
        assert_eq!(label(" query { viewer { id } }"), "query");
        assert_eq!(label("{ viewer { id } }"), "query");
        assert_eq!(label(""), "query");
    }

    #[test]
    fn tokens_are_renewed_shortly_before_their_end() {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        assert!(renewal(now + 3600.5).unwrap() > Instant::now());
        for until in [now - 5.0, now + 5.0, 0.0, f64::NAN] {
            assert!(renewal(until).is_none(), "{until}");
        }
    }
}
