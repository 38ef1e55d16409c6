//! The writer: sends the changes of one object at a time.
//!
//! Secret texts are filled in here, right before sending. A create is never repeated blindly:
//! after an answer that leaves open whether it took effect, the writer looks first. Deliberately
//! not here: which changes are made and in which order (see `act`).

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::kinds::{Call, Kind, Observed};
use crate::there::services::error::{Failure, Problem, ServiceError, TookEffect};
use crate::there::services::http::Repeat;
use crate::there::services::port::object_in;
use crate::there::services::read::Reader;
use crate::there::services::spacelift;
use crate::there::services::vault::{Vault, VaultError};
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

    /// Changes an object; `changed` are the top-level keys that differ.
    pub async fn update(
        &self,
        kind: &'static dyn Kind,
        seen: &Observed,
        want: &Value,
        changed: &[String],
    ) -> Result<(), Failure> {
        let mut sent = false;
        for call in kind.update(seen, want, changed) {
            let outcome = self.call(&call, repeat_of(&call)).await;
            let outcome = outcome.and_then(|answer| present(&call, &answer));
            if let Err(error) = outcome {
                let mut failure = Failure::from(error);
                if sent {
                    failure.took_effect = TookEffect::Maybe;
                }
                return Err(failure);
            }
            sent = true;
        }
        Ok(())
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, kind: &'static dyn Kind, id: &str) -> Result<(), Failure> {
        match self.call(&kind.delete(id), Repeat::Always).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.problem(), Problem::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
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
            let error = match self.call(call, repeat_of_create(call)).await {
                Ok(answer) => {
                    if let Some(seen) = created(kind, &answer) {
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
        let name = want.get_text(kind.identity().field()).unwrap_or_default();
        // The first error is the one to tell: that looking failed too adds nothing to it.
        let Ok(list) = self.reader.list(kind).await else {
            return Err(unknown(error));
        };
        let mut found: Vec<Observed> = list.into_iter().filter(|o| o.name == name).collect();
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

    /// Fills in the secrets and sends a request.
    async fn call(&self, call: &Call, repeat: Repeat) -> Result<Json, ServiceError> {
        let may = MayWrite(());
        match call {
            Call::Port { method, path, body } => {
                let (body, hidden) = match body {
                    Some(body) => {
                        let (body, hidden) = self.fill(call, body).await?;
                        (Some(body), hidden)
                    }
                    None => (None, Vec::new()),
                };
                let port = self.reader.port()?;
                port.change(&may, method, path, body.as_ref(), repeat, &hidden)
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
    ) -> Result<(Json, Vec<SecretString>), ServiceError> {
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
        let json = value.to_json_with(&mut |leaf| {
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
        });
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
fn created(kind: &'static dyn Kind, answer: &Json) -> Option<Observed> {
    let object = match kind.service() {
        Service::Port => object_in(answer, kind.created_at())?,
        Service::Spacelift => answer.pointer(kind.created_at())?,
    };
    kind.observe(object)
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
        Call::Port { method: "PUT", .. } => Repeat::Always,
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
        place = map.entry(part.clone()).or_default();
    }
    *place = new;
}

fn name_of(call: &Call) -> String {
    match call {
        Call::Port { method, path, .. } => format!("{method} {path}"),
        Call::Spacelift { document, .. } => spacelift::label(document),
    }
}
