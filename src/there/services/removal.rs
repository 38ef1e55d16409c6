//! Deletes: of an object, and of an object with all data under it.
//!
//! Deliberately not here: whether the data may go (see `decide::plan::guard`).

use std::time::Duration;

use serde_json::Value as Json;

use crate::kinds::{Call, Kind};
use crate::there::services::error::{Failure, Problem, ServiceError};
use crate::there::services::http::{Options, Repeat};
use crate::there::services::pace::Pace;
use crate::there::services::port::object_in;
use crate::there::services::write::Writer;
use crate::words::Service;

/// What Port says while entities are left, also for a moment after they are gone (PA section 10).
const DEPENDENTS: &str = "has_dependents";
/// How often a delete is sent while Port says so: about half a minute in all.
const DELETES: u32 = 8;
/// How often a migration is looked at: an hour and a half in all.
const LOOKS: u32 = 540;

impl Writer {
    /// Deletes an object; one that is not there is deleted already.
    ///
    /// Port refuses for a moment after the last entity has gone, so that is tried again.
    pub async fn delete(&self, kind: &'static dyn Kind, id: &str) -> Result<(), Failure> {
        let mut pace = Pace::new(DELETES, self.first_delay());
        loop {
            let error = match self.call(&kind.delete(id), Repeat::Always).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match error.problem() {
                Problem::NotFound(_) => return Ok(()),
                Problem::Refused { says, .. } if says.contains(DEPENDENTS) => {}
                _ => return Err(error.into()),
            }
            match pace.next(None) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error.into()),
            }
        }
    }

    /// Deletes an object with all data under it, and waits until that is gone.
    pub async fn purge(&self, kind: &'static dyn Kind, id: &str) -> Result<(), Failure> {
        let Some(purge) = kind.purge(id) else {
            return self.delete(kind, id).await;
        };
        match self.call(&purge, Repeat::Always).await {
            Ok(answer) => Ok(self.follow(&purge, &answer).await?),
            Err(error) if matches!(error.problem(), Problem::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn first_delay(&self) -> Duration {
        let port = self.reader().port();
        port.map_or(Options::default().first_delay, |port| {
            port.http.first_delay()
        })
    }

    /// Waits for the end of the migration that an answer names (PA section 2).
    async fn follow(&self, call: &Call, answer: &Json) -> Result<(), ServiceError> {
        let name = match call {
            Call::Port { method, path, .. } => format!("{method} {path}"),
            Call::Spacelift { .. } => String::new(),
        };
        let error = |problem| ServiceError::new(Service::Port, name.as_str(), problem);
        let Some(id) = answer.get("migrationId").and_then(Json::as_str) else {
            let what = "no `migrationId`".to_owned();
            return Err(error(Problem::Unreadable { status: 200, what }));
        };
        let path = crate::kinds::call::path(&["v1", "migrations", id]);
        let mut pace = Pace::new(LOOKS, self.first_delay());
        loop {
            let answer = match self.reader().port_get(&path).await {
                Ok(answer) => answer,
                // Nothing is left of it: the next look at both sides tells how it ended.
                Err(error) if matches!(error.problem(), Problem::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let status = object_in(&answer, "/migration")
                .and_then(|migration| migration.get("status"))
                .and_then(Json::as_str)
                .unwrap_or_default();
            match status {
                "COMPLETED" => return Ok(()),
                "FAILURE" | "CANCELLED" => {
                    return Err(error(Problem::Unclear(format!(
                        "the deletion of all entities (migration `{id}`) ended as {status}"
                    ))));
                }
                _ => {}
            }
            let Some(wait) = pace.next(None) else {
                return Err(error(Problem::Unclear(format!(
                    "the deletion of all entities (migration `{id}`) has not ended yet; apply again when it has"
                ))));
            };
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds;
    use crate::there::services::script::{Reply, Script, port_basics, port_reader, writer};

    const DELETE: &str = "DELETE /v1/blueprints/b";
    const PURGE: &str = "DELETE /v1/blueprints/b/all-entities?delete_blueprint=true";
    const LOOK: &str = "GET /v1/migrations/m";

    fn blueprint() -> &'static dyn Kind {
        kinds::find("port.blueprint").expect("a kind")
    }

    fn dependents() -> Reply {
        let body = json!({"ok": false, "error": "has_dependents", "message": "b has dependents"});
        Reply::Json(422, body)
    }

    /// The requests of a purge whose migration goes through these states, and how it ended.
    async fn purged(states: &'static [&'static str]) -> (Vec<String>, Result<(), String>) {
        let script = Script::start(move |seen, before| match seen.call.as_str() {
            PURGE => Reply::Json(200, json!({"ok": true, "migrationId": "m"})),
            LOOK => match states.get(before) {
                Some(status) => {
                    Reply::Json(200, json!({"ok": true, "migration": {"status": status}}))
                }
                None => Reply::Json(404, json!({"ok": false, "error": "not_found"})),
            },
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let ended = writer(port_reader(&script)).purge(blueprint(), "b").await;
        let mut calls = script.calls();
        calls.retain(|call| !call.starts_with("POST"));
        (calls, ended.map_err(|failure| failure.to_string()))
    }

    #[tokio::test]
    async fn a_purge_waits_for_the_end_of_its_migration() {
        let states = &["INITIALIZING", "PENDING", "RUNNING", "COMPLETED"];
        let (calls, ended) = purged(states).await;
        assert_eq!(calls, [PURGE, LOOK, LOOK, LOOK, LOOK]);
        assert_eq!(ended, Ok(()));
        // A migration that nobody knows any more has ended.
        assert_eq!(purged(&["RUNNING"]).await.1, Ok(()));
        for status in [&["RUNNING", "FAILURE"], &["RUNNING", "CANCELLED"]] {
            let (calls, ended) = purged(status).await;
            assert_eq!(calls, [PURGE, LOOK, LOOK]);
            let said = ended.expect_err("it failed");
            assert!(said.contains(&format!("ended as {}", status[1])), "{said}");
        }
    }

    #[tokio::test]
    async fn what_is_gone_needs_no_purge() {
        let script = Script::start(|seen, before| match (seen.call.as_str(), before) {
            (PURGE, 0) => Reply::Json(404, json!({"ok": false, "error": "not_found"})),
            (PURGE, _) => Reply::Json(200, json!({"ok": true})),
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let writer = writer(port_reader(&script));
        writer.purge(blueprint(), "b").await.unwrap();
        // An answer without a migration proves nothing.
        let failure = writer.purge(blueprint(), "b").await.unwrap_err();
        assert!(failure.to_string().contains("migrationId"), "{failure}");
    }

    #[tokio::test]
    async fn a_delete_that_has_dependents_is_tried_for_a_while() {
        let script = Script::start(|seen, before| match (seen.call.as_str(), before) {
            (DELETE, 2) => Reply::Json(200, json!({"ok": true})),
            (DELETE, _) => dependents(),
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let there = writer(port_reader(&script));
        there.delete(blueprint(), "b").await.unwrap();
        assert_eq!(script.of(DELETE).len(), 3);

        let script = Script::start(|seen, _| match seen.call.as_str() {
            DELETE => dependents(),
            _ => port_basics(seen).unwrap(),
        })
        .await;
        let there = writer(port_reader(&script));
        let failure = there.delete(blueprint(), "b").await.unwrap_err();
        assert!(failure.to_string().contains("has_dependents"), "{failure}");
        assert_eq!(script.of(DELETE).len(), DELETES as usize);
    }
}
