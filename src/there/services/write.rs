//! The writer: sends the changes of one object at a time.
//!
//! Secret texts are filled in here, right before sending. A create is never repeated blindly:
//! after an answer that leaves open whether it took effect, the writer looks first. Deliberately
//! not here: which changes are made and in which order (see `act`).

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::kinds::{Call, Kind, Observed, Touch, identity, stamp};
use crate::there::services::discreet::Discreet;
use crate::there::services::error::{Failure, Problem, ServiceError, TookEffect};
use crate::there::services::http::{Answer, Repeat};
use crate::there::services::patience::Patience;
use crate::there::services::port::object_in;
use crate::there::services::read::Reader;
use crate::there::services::spacelift;
use crate::there::services::vault::{Vault, VaultError};
use crate::there::services::wiped::Wiped;
use crate::words::{Pointer, Service, Value};

/// The clients of both services with the right to write.
#[derive(Debug)]
pub struct Writer {
    reader: Arc<Reader>,
    vault: Vault,
}

/// The permission to send a change. Only this module can make one, so that no other module can
/// send a write, however the session types are used (law 2).
pub(super) struct MayWrite(());

/// How often a create is sent at most.
const ATTEMPTS: u32 = 3;

impl Writer {
    /// A writer over the reader's sessions that takes secret texts from the vault.
    pub fn new(reader: impl Into<Arc<Reader>>, vault: Vault) -> Writer {
        Writer {
            reader: reader.into(),
            vault,
        }
    }

    /// The reader that shares its sessions and its counts.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The secret texts.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Creates an object that was absent at planning, with all requests that it takes.
    ///
    /// An answer that leaves open whether the create took effect is followed by a look into the
    /// list; only when the object is not there it is sent again, twice at most.
    pub async fn create(&self, kind: &'static dyn Kind, want: &Value) -> Result<Observed, Failure> {
        let mut calls = kind.create(want).into_iter();
        let Some(first) = calls.next() else {
            let text = format!("`{}` has no request that creates", kind.name());
            return Err(ServiceError::new(kind.service(), "create", Problem::Setup(text)).into());
        };
        let created = self.create_first(kind, want, &first).await?;
        for call in calls {
            let call = with_id(call, &created.id);
            if let Err(error) = self.call(&call, repeat_of(&call)).await {
                return Err(Failure {
                    error,
                    created: Some(Box::new(created)),
                    took_effect: TookEffect::Maybe,
                });
            }
        }
        Ok(created)
    }

    /// Changes an object; `changed` are the top-level keys that differ. Comes back with what the
    /// last answer says about that write.
    pub async fn update(
        &self,
        kind: &'static dyn Kind,
        seen: &Observed,
        want: &Value,
        changed: &[String],
    ) -> Result<Touch, Failure> {
        let mut sent = false;
        let mut touched = Touch::default();
        for call in kind.update(seen, want, changed) {
            let outcome = self.call_in_time(kind, &call, repeat_of(&call)).await;
            let outcome = outcome.and_then(|answer| present(&call, &answer).map(|()| answer));
            match outcome {
                Ok(answer) => touched = touch(kind, &answer),
                Err(error) => {
                    let mut failure = Failure::from(error);
                    if sent {
                        failure.took_effect = TookEffect::Maybe;
                    }
                    return Err(failure);
                }
            }
            sent = true;
        }
        Ok(touched)
    }

    /// Sends a request that belongs to no kind (the ledger's) and returns the answer.
    pub async fn send(&self, call: &Call, repeat: Repeat) -> Result<Json, Failure> {
        Ok(self.call(call, repeat).await?)
    }

    async fn create_first(
        &self,
        kind: &'static dyn Kind,
        want: &Value,
        call: &Call,
    ) -> Result<Observed, Failure> {
        let mut open = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.call_in_time(kind, call, repeat_of_create(call)).await {
                Ok(answer) => {
                    if let Some(seen) = created(kind, want, &answer) {
                        return Ok(seen);
                    }
                    // Some answers hold less than the object (PA section 1, envelopes).
                    let what = "answered without the new object, and the list has none like it";
                    let problem = Problem::Unclear(what.to_owned());
                    let error = ServiceError::new(kind.service(), name_of(call), problem);
                    return self.look(kind, want, error).await?.map_err(Failure::from);
                }
                Err(error) => error,
            };
            let taken = matches!(error.problem(), Problem::Taken(_));
            let unknown = error.took_effect() == TookEffect::Maybe;
            if !(unknown || (open && taken)) {
                let mut failure = Failure::from(error);
                if open {
                    failure.took_effect = TookEffect::Maybe;
                }
                return Err(failure);
            }
            open = true;
            match self.look(kind, want, error).await? {
                Ok(seen) => return Ok(seen),
                Err(error) if taken || attempt == ATTEMPTS => {
                    let mut failure = Failure::from(error);
                    failure.took_effect = TookEffect::Maybe;
                    return Err(failure);
                }
                Err(_) => {}
            }
        }
    }

    /// Looks for an object that a create may have made. Gives `error` back when there is none, and
    /// fails when that cannot be told.
    async fn look(
        &self,
        kind: &'static dyn Kind,
        want: &Value,
        error: ServiceError,
    ) -> Result<Result<Observed, ServiceError>, Failure> {
        let unknown = |error| Failure {
            error,
            created: None,
            took_effect: TookEffect::Maybe,
        };
        let identity = kind.identity();
        let name = identity.name_in(want).unwrap_or_default();
        // The first error is the one to tell: that looking failed too adds nothing to it.
        let Ok(list) = self.reader.list(kind).await else {
            return Err(unknown(error));
        };
        let same = |seen: &Observed| {
            let of = |spec, field| identity::said(kind.shape(), field, spec);
            seen.name == name
                && identity
                    .also()
                    .is_none_or(|also| of(want, also) == of(&seen.value, also))
        };
        let mut found: Vec<Observed> = list.into_iter().filter(same).collect();
        if found.len() > 1 {
            found.retain(|seen| agrees(want, &seen.value));
        }
        match (found.pop(), found.pop()) {
            (Some(seen), None) => Ok(Ok(seen)),
            (None, _) => Ok(Err(error)),
            (Some(_), Some(_)) => {
                let text = format!("more than one {} `{name}` is there", kind.name());
                let problem = Problem::Unclear(text);
                Err(unknown(ServiceError::new(
                    kind.service(),
                    error.call(),
                    problem,
                )))
            }
        }
    }

    /// Sends a request again while its object may not be there yet.
    async fn call_in_time(
        &self,
        kind: &dyn Kind,
        call: &Call,
        repeat: Repeat,
    ) -> Result<Json, ServiceError> {
        let mut patience = Patience::with(kind);
        loop {
            match self.call(call, repeat).await {
                Err(error) if patience.again(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    /// Sends a body without secrets to a route of Port, and has `read` say what the answer means.
    pub(super) async fn post<T>(
        &self,
        path: &str,
        body: &Json,
        repeat: Repeat,
        read: impl FnOnce(Answer, &str, &Discreet) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let port = self.reader.port()?;
        port.post(&MayWrite(()), path, body, repeat, read).await
    }

    /// Fills in the secrets and sends a request.
    pub(super) async fn call(&self, call: &Call, repeat: Repeat) -> Result<Json, ServiceError> {
        self.call_hiding(call, repeat, &[]).await
    }

    /// The same with texts of the user that are no `Secret` leaves and are kept out of messages too.
    pub(super) async fn call_hiding(
        &self,
        call: &Call,
        repeat: Repeat,
        texts: &[SecretString],
    ) -> Result<Json, ServiceError> {
        let may = MayWrite(());
        match call {
            Call::Port { method, path, body } => {
                let (body, mut hidden) = match body {
                    Some(body) => {
                        let (body, hidden) = self.fill(call, body).await?;
                        (Some(body), hidden)
                    }
                    None => (None, Vec::new()),
                };
                hidden.extend_from_slice(texts);
                let port = self.reader.port()?;
                port.change(&may, method, path, body.as_deref(), repeat, &hidden)
                    .await
            }
            Call::Spacelift {
                document,
                variables,
                ..
            } => {
                let (variables, hidden) = self.fill(call, variables).await?;
                let spacelift = self.reader.spacelift()?;
                spacelift
                    .change(&may, document, &variables, repeat, &hidden)
                    .await
            }
        }
    }

    /// The JSON of a value with its secret texts, and those texts, to be kept out of messages.
    async fn fill(
        &self,
        call: &Call,
        value: &Value,
    ) -> Result<(Wiped, Vec<SecretString>), ServiceError> {
        let error = |problem| ServiceError::new(call.service(), name_of(call), problem);
        if self.vault.needs_token(value) {
            self.mint().await?;
        }
        let mut deferred = None;
        value.leaves(&mut |at, leaf| {
            if matches!(leaf, Value::Deferred(_)) && deferred.is_none() {
                deferred = Some(at.to_string());
            }
        });
        if let Some(at) = deferred {
            return Err(error(Problem::Unsettled(at)));
        }
        let mut hidden = Vec::new();
        let mut problem: Option<VaultError> = None;
        let json = Wiped::new(value.to_json_with(&mut |leaf| {
            let Value::Secret(source) = leaf else {
                return Json::Null;
            };
            match self.vault.text(source) {
                Ok(text) => {
                    let json = Json::from(text.expose_secret());
                    hidden.push(text);
                    json
                }
                Err(e) => {
                    problem.get_or_insert(e);
                    Json::Null
                }
            }
        }));
        match problem {
            Some(problem) => Err(error(Problem::Vault(problem))),
            None => Ok((json, hidden)),
        }
    }

    /// Mints the runtime token once per process: every key that is exchanged is billed (SA
    /// section 2).
    async fn mint(&self) -> Result<(), ServiceError> {
        let mint = async || {
            let (id, secret) = self
                .vault
                .runtime_key()
                .map_err(|problem| spacelift::error("runtime token", Problem::Vault(problem)))?;
            let spacelift = self.reader.spacelift()?;
            let (token, _) = spacelift.exchange(id.expose_secret(), &secret).await?;
            Ok(token)
        };
        self.vault.minted().get_or_try_init(mint).await.map(|_| ())
    }
}

/// The new object in the answer of a create.
fn created(kind: &'static dyn Kind, want: &Value, answer: &Json) -> Option<Observed> {
    let object = match kind.service() {
        Service::Port => object_in(answer, kind.created_at())?,
        Service::Spacelift => answer.pointer(kind.created_at())?,
    };
    let object = Value::from(object);
    let mut seen = kind.observe_created(want, &object)?;
    seen.touched = stamp::touch(&object);
    Some(seen)
}

/// What the answer of a write to Port says about it, when it holds the object.
fn touch(kind: &dyn Kind, answer: &Json) -> Touch {
    match kind.service() {
        Service::Port => {
            object_in(answer, kind.created_at()).map(|object| stamp::touch(&object.into()))
        }
        Service::Spacelift => None,
    }
    .unwrap_or_default()
}

/// A mutation of an unknown id may be answered with null and no error.
fn present(call: &Call, answer: &Json) -> Result<(), ServiceError> {
    let gone = matches!(call, Call::Spacelift { .. })
        && answer["data"]
            .as_object()
            .is_some_and(|data| data.values().all(Json::is_null));
    if gone {
        let problem = Problem::NotFound("the object is gone".into());
        return Err(ServiceError::new(call.service(), name_of(call), problem));
    }
    Ok(())
}

/// Whether an object has the texts that were wanted, as far as it shows them.
fn agrees(want: &Value, seen: &Value) -> bool {
    want.as_map().into_iter().flatten().all(|(key, want)| {
        let seen = seen.get(key).and_then(Value::as_text);
        want.as_text()
            .zip(seen)
            .is_none_or(|(want, seen)| want == seen)
    })
}

/// The first request of a create: twice may be two objects.
fn repeat_of_create(call: &Call) -> Repeat {
    match call {
        Call::Port {
            method: "PUT" | "PATCH",
            ..
        } => Repeat::Always,
        _ => Repeat::Unreceived,
    }
}

/// Any other request: mutations of an object with an id say the same twice, and so does HTTP,
/// POST excepted.
fn repeat_of(call: &Call) -> Repeat {
    match call {
        Call::Port { method: "POST", .. } => Repeat::Unreceived,
        _ => Repeat::Always,
    }
}

fn with_id(mut call: Call, id: &str) -> Call {
    if let Call::Spacelift {
        variables,
        id_from_create,
        ..
    } = &mut call
        && let Some(pointer) = id_from_create.take()
    {
        put(variables, &pointer, Value::text(id));
    }
    call
}

/// Puts a value at a pointer into maps, making those that are missing.
fn put(value: &mut Value, pointer: &Pointer, new: Value) {
    let mut place = value;
    for part in pointer.parts() {
        if place.as_map().is_none() {
            *place = Value::Map(Default::default());
        }
        let Some(map) = place.as_map_mut() else {
            return;
        };
        place = map.get_or_insert_with(part.clone(), Value::default);
    }
    *place = new;
}

fn name_of(call: &Call) -> String {
    match call {
        Call::Port { method, path, .. } => format!("{method} {path}"),
        Call::Spacelift { document, .. } => spacelift::label(document),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::kinds;
    use crate::there::services::script::{
        BODY_SECRET, Badge, CLIENT_SECRET, KEY_SECRET, Reply, Script, complaint, port_basics,
        port_reader, source, spacelift_basics, spacelift_reader, writer,
    };
    use crate::words::Template;

    const CREATE: &str = "POST /v1/organization/secrets";
    const LIST: &str = "GET /v1/organization/secrets";

    fn secret() -> &'static dyn Kind {
        kinds::find("port.secret").unwrap()
    }

    fn policy() -> &'static dyn Kind {
        kinds::find("spacelift.policy").unwrap()
    }

    fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    fn wanted() -> Value {
        map([
            ("secretName", Value::text("TOKEN")),
            ("secretValue", Value::Secret(source("x-${env.CANARY}"))),
        ])
    }

    /// Creates a secret in a service that answers the create and the list as told.
    async fn create(
        creates: impl Fn(usize) -> Reply + Send + Sync + 'static,
        listed: &'static [&'static str],
    ) -> (Vec<String>, Result<Observed, Failure>) {
        let script = Script::start(move |seen, before| match seen.call.as_str() {
            CREATE => creates(before),
            LIST => {
                let list: Vec<Json> = listed.iter().map(|n| json!({"secretName": n})).collect();
                Reply::Json(200, json!({"ok": true, "secrets": list}))
            }
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let outcome = writer(port_reader(&script))
            .create(secret(), &wanted())
            .await;
        (script.calls().split_off(1), outcome)
    }

    fn made(_: usize) -> Reply {
        Reply::Json(201, json!({"ok": true, "secret": {"secretName": "TOKEN"}}))
    }

    fn taken() -> Reply {
        Reply::Json(409, json!({"ok": false, "error": "conflict"}))
    }

    #[tokio::test]
    async fn a_create_is_one_request_and_carries_the_secret() {
        let script = Script::start(|seen, _| port_basics(seen).unwrap_or_else(|| made(0))).await;
        let writer = writer(port_reader(&script));
        let seen = writer.create(secret(), &wanted()).await.unwrap();
        assert_eq!(seen.id, "TOKEN");
        assert_eq!(
            script.of(CREATE)[0].body["secretValue"],
            format!("x-{BODY_SECRET}")
        );
        let counts = writer.reader().requests();
        assert_eq!((counts.requests, counts.writes), (2, 1));
    }

    #[tokio::test]
    async fn after_an_open_answer_the_writer_looks_before_it_sends_again() {
        let (calls, outcome) = create(|_| Reply::Cut, &["OTHER", "TOKEN"]).await;
        assert_eq!(outcome.unwrap().id, "TOKEN");
        assert_eq!(calls, [CREATE, LIST]);

        let (calls, outcome) =
            create(|before| if before == 0 { Reply::Cut } else { made(0) }, &[]).await;
        assert_eq!(outcome.unwrap().id, "TOKEN");
        assert_eq!(calls, [CREATE, LIST, CREATE]);

        let (calls, outcome) = create(|_| Reply::Cut, &[]).await;
        assert_eq!(outcome.unwrap_err().took_effect, TookEffect::Maybe);
        assert_eq!(calls, [CREATE, LIST, CREATE, LIST, CREATE, LIST]);
    }

    #[tokio::test]
    async fn a_conflict_after_an_open_answer_is_a_reason_to_look() {
        // The list lags behind: it shows the object only when it is asked the second time.
        let script = Script::start(|seen, before| match (seen.call.as_str(), before) {
            (CREATE, 0) => Reply::Cut,
            (CREATE, _) => taken(),
            (LIST, 0) => Reply::Json(200, json!({"ok": true, "secrets": []})),
            (LIST, _) => Reply::Json(
                200,
                json!({"ok": true, "secrets": [{"secretName": "TOKEN"}]}),
            ),
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let outcome = writer(port_reader(&script))
            .create(secret(), &wanted())
            .await;
        assert_eq!(outcome.unwrap().id, "TOKEN");
        assert_eq!(script.calls()[1..], [CREATE, LIST, CREATE, LIST]);
    }

    #[tokio::test]
    async fn a_plain_refusal_is_not_repeated_and_a_rate_limit_is() {
        let (calls, outcome) = create(|_| taken(), &["TOKEN"]).await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.took_effect, TookEffect::No);
        assert!(matches!(failure.error.problem(), Problem::Taken(_)));
        assert_eq!(calls, [CREATE]);

        let (calls, outcome) = create(
            |before| {
                if before == 0 {
                    Reply::Json(429, json!({}))
                } else {
                    made(0)
                }
            },
            &[],
        )
        .await;
        outcome.unwrap();
        assert_eq!(calls, [CREATE, CREATE]);
    }

    #[tokio::test]
    async fn an_answer_without_the_object_is_followed_by_a_look() {
        let bare = |_| Reply::Json(200, json!({"ok": true, "identifier": "TOKEN"}));
        let (calls, outcome) = create(bare, &["TOKEN"]).await;
        assert_eq!(outcome.unwrap().id, "TOKEN");
        assert_eq!(calls, [CREATE, LIST]);

        let (_, outcome) = create(bare, &[]).await;
        assert_eq!(outcome.unwrap_err().took_effect, TookEffect::Maybe);
    }

    #[tokio::test]
    async fn the_second_request_of_a_create_gets_the_new_id() {
        for pin_works in [true, false] {
            let script = Script::start(move |seen, _| match seen.call.as_str() {
                "BadgeCreate" => Reply::Json(
                    200,
                    json!({"data": {"badgeCreate": {"id": "b-1", "name": "b"}}}),
                ),
                "BadgePin" if pin_works => {
                    Reply::Json(200, json!({"data": {"badgePin": {"id": "b-1"}}}))
                }
                "BadgePin" => complaint("pins are out", "badgePin"),
                _ => spacelift_basics(seen).unwrap(),
            })
            .await;
            let want = map([
                ("name", Value::text("b")),
                ("pin", Value::Secret(source("${spacelift.runtime.token}"))),
            ]);
            let there = writer(spacelift_reader(&script));
            let outcome = there.create(&Badge, &want).await;
            let pin = &script.of("BadgePin")[0].body["variables"];
            assert_eq!(pin, &json!({"pin": "canary-jwt", "id": "b-1"}));
            let again = there.update(&Badge, &seen_policy(), &want, &[]).await;
            assert_eq!(again.is_ok(), pin_works);
            let logins: Vec<Json> = script
                .of("Login")
                .into_iter()
                .map(|login| login.body["variables"]["id"].clone())
                .collect();
            assert_eq!(
                logins,
                ["01KEY", "01RUN"],
                "the runtime token is minted once"
            );
            match outcome {
                Ok(seen) => assert!(pin_works && seen.id == "b-1"),
                Err(failure) => {
                    assert!(!pin_works);
                    assert_eq!(failure.created.unwrap().id, "b-1");
                    assert_eq!(failure.took_effect, TookEffect::Maybe);
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_deleted() {
        let script = Script::start(|seen, before| match seen.call.as_str() {
            "PolicyDelete" if before == 0 => complaint("policy not found", "policyDelete"),
            "PolicyDelete" => Reply::Json(200, json!({"data": {"policyDelete": null}})),
            _ => spacelift_basics(seen).unwrap(),
        })
        .await;
        let writer_there = writer(spacelift_reader(&script));
        writer_there.delete(policy(), "p").await.unwrap();
        writer_there.delete(policy(), "p").await.unwrap();

        // The first try took effect although its answer was lost.
        let script = Script::start(|seen, before| match seen.call.as_str() {
            "DELETE /v1/organization/secrets/TOKEN" if before == 0 => Reply::Cut,
            "DELETE /v1/organization/secrets/TOKEN" => Reply::Json(
                404,
                json!({"ok": false, "error": "not_found", "message": "x"}),
            ),
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let writer = writer(port_reader(&script));
        writer.delete(secret(), "TOKEN").await.unwrap();
    }

    fn seen_policy() -> Observed {
        Observed {
            born: Default::default(),
            touched: Default::default(),
            id: "p".into(),
            name: "p".into(),
            value: Value::default(),
            exports: Default::default(),
        }
    }

    #[tokio::test]
    async fn unauthorized_means_an_ended_session_or_a_missing_right() {
        let script = Script::start(|seen, before| match (seen.call.as_str(), before) {
            ("PolicyUpdate", 0) => complaint("unauthorized", "policyUpdatev2"),
            ("PolicyUpdate", _) => {
                Reply::Json(200, json!({"data": {"policyUpdatev2": {"id": "p"}}}))
            }
            ("Viewer", _) => Reply::Json(200, json!({"data": {"viewer": null}})),
            _ => spacelift_basics(seen).unwrap(),
        })
        .await;
        let want = map([
            ("name", Value::text("p")),
            ("space", Value::text("My Space")),
        ]);
        let there = writer(spacelift_reader(&script));
        there
            .update(policy(), &seen_policy(), &want, &[])
            .await
            .unwrap();
        assert_eq!(
            script.calls(),
            ["Login", "PolicyUpdate", "Viewer", "Login", "PolicyUpdate"]
        );

        let script = Script::start(|seen, _| match seen.call.as_str() {
            "PolicyUpdate" => complaint("unauthorized", "policyUpdatev2"),
            "Viewer" => Reply::Json(200, json!({"data": {"viewer": {"id": "me"}}})),
            _ => spacelift_basics(seen).unwrap(),
        })
        .await;
        let there = writer(spacelift_reader(&script));
        let failure = there
            .update(policy(), &seen_policy(), &want, &[])
            .await
            .unwrap_err();
        assert_eq!(failure.took_effect, TookEffect::No);
        assert!(matches!(failure.error.problem(), Problem::Forbidden(_)));
        assert!(failure.error.help().unwrap().contains("named by its id"));
    }

    #[tokio::test]
    async fn an_update_of_what_is_gone_says_so() {
        let script = Script::start(|seen, _| {
            spacelift_basics(seen)
                .unwrap_or_else(|| Reply::Json(200, json!({"data": {"policyUpdatev2": null}})))
        })
        .await;
        let there = writer(spacelift_reader(&script));
        let failure = there
            .update(policy(), &seen_policy(), &map([]), &[])
            .await
            .unwrap_err();
        assert!(matches!(failure.error.problem(), Problem::NotFound(_)));
    }

    #[tokio::test]
    async fn nothing_is_sent_with_a_text_that_is_not_at_hand() {
        let script = Script::start(|seen, _| port_basics(seen).unwrap()).await;
        let there = writer(port_reader(&script));
        let deferred = Value::Deferred(Template::parse("${port.webhook.a.url}").unwrap());
        for (value, says) in [
            (Value::Secret(source("${env.UNSET}")), "`UNSET` not set"),
            (Value::Secret(source("${random.x}")), "source of randomness"),
            (
                Value::Secret(source("${port.webhook.a.url}")),
                "not settled",
            ),
            (deferred, "`/secretValue` is not known yet"),
        ] {
            let want = map([("secretName", Value::text("T")), ("secretValue", value)]);
            let failure = there.create(secret(), &want).await.unwrap_err();
            assert!(failure.error.to_string().contains(says), "{failure}");
            assert_eq!(failure.took_effect, TookEffect::No);
        }
        assert!(script.calls().is_empty());
    }

    /// Everything that is logged, at the finest level.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The server repeats in every message all that it was sent, headers included.
    fn parrot(seen: &crate::there::services::script::Seen) -> String {
        let authorization = seen.headers.get("authorization").cloned();
        let all = format!("{} {}", authorization.unwrap_or_default(), seen.body);
        let value = seen.body["secretValue"].as_str().unwrap_or_default();
        format!("you sent {value} in {all}")
    }

    #[tokio::test]
    async fn no_secret_is_in_an_error_or_a_log_even_when_the_service_repeats_it() {
        let log = Log::default();
        let sink = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || sink.clone())
            .finish();
        // With one dispatcher alone, an event that another test meets first would be decided by
        // that test's thread, which has none, and would never be logged here.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        let _guard = tracing::subscriber::set_default(subscriber);

        let mut shown = String::new();
        let mut show = |failure: Failure| {
            let help = failure.error.help();
            shown.push_str(&format!("{failure} {failure:?} {failure:#?} {help:?}\n"));
        };
        for status in [200, 401, 403, 404, 409, 422, 500, 502] {
            let port = Script::start(move |seen, _| match seen.call.as_str() {
                CREATE if status == 200 => {
                    Reply::Raw(format!("HTTP/1.1 200 OK\r\n\r\n<{}", parrot(seen)))
                }
                CREATE => Reply::Json(
                    status,
                    json!({"error": "e", "message": parrot(seen), "details": seen.body}),
                ),
                LIST => Reply::Json(200, json!({"ok": true, "secrets": []})),
                _ => port_basics(seen).unwrap(),
            })
            .await;
            let there = writer(port_reader(&port));
            show(there.create(secret(), &wanted()).await.unwrap_err());
            shown_debug(&there, &mut show);
        }
        let port = Script::start(|seen, _| Reply::Json(401, json!({"error": parrot(seen)}))).await;
        show(
            writer(port_reader(&port))
                .create(secret(), &wanted())
                .await
                .unwrap_err(),
        );
        for login_fails in [true, false] {
            let spacelift = Script::start(move |seen, _| match spacelift_basics(seen) {
                Some(reply) if !login_fails => reply,
                _ => complaint(&parrot(seen), "x"),
            })
            .await;
            let want = map([
                ("name", Value::text("b")),
                ("pin", Value::Secret(source("${env.CANARY}"))),
            ]);
            let there = writer(spacelift_reader(&spacelift));
            show(there.create(&Badge, &want).await.unwrap_err());
            let update = there.update(&Badge, &seen_policy(), &want, &[]).await;
            show(update.unwrap_err());
        }

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(
            log.contains("status=422") && log.contains("/v1/organization/secrets"),
            "{log}"
        );
        assert!(shown.contains("you sent"), "{shown}");
        for text in [&shown, &log] {
            let quoted = BODY_SECRET.replace('"', "\\\"");
            for canary in ["canary", CLIENT_SECRET, KEY_SECRET, BODY_SECRET, &quoted] {
                let at = text.find(canary);
                assert!(at.is_none(), "{canary} in {}", &text[at.unwrap_or(0)..]);
            }
        }
    }

    /// The clients themselves show nothing either.
    fn shown_debug(writer: &Writer, show: &mut impl FnMut(Failure)) {
        let text = format!("{writer:?}");
        show(ServiceError::new(Service::Port, text, Problem::Absent).into());
    }
}
