//! `/_sandbox/…` as far as it is about the Spacelift account: lets things happen that no mutation asks for,
//! and shows what was sent.
//!
//! | route | does |
//! |---|---|
//! | `POST /_sandbox/runs` | starts a run as a git push or a pull request would: `{"stack", "type"?, "branch"?, "commit"?, "triggered_by"?, "drift_detection"?, "path"?: [STATE, …], "delta"?: {"added"?, "changed"?, "deleted"?, "resources"?}, "stop_at"?: STATE}`; answers `{"run": {"id", …}}` |
//! | `POST /_sandbox/runs/ID` | moves a run to a state, or on from where it waits: `{"state"?, "stop_at"?}` |
//! | `POST /_sandbox/internal_errors` | `{"title"?, "message", "error"?, "severity"?, "space"?}` |
//! | `POST /_sandbox/module_versions` | `{"module", "name"?, "space"?, "number"?, "state"?, "labels"?}` |
//! | `GET /_sandbox/spacelift/deliveries` | `{"deliveries": [{"webhook", "url", "method", "headers", "body", "attempts", …}]}`, the newest last |

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::guesses;
use super::happenings::InternalError;
use super::live;
use super::modules::ModuleVersion;
use super::refusal::Refusal;
use super::runs::{Delta, Run, is_terminal};
use super::walk::{Start, is_value_of};
use crate::sandbox::server::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRun {
    stack: String,
    #[serde(rename = "type")]
    run_type: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    triggered_by: Option<String>,
    #[serde(default)]
    drift_detection: bool,
    path: Option<Vec<String>>,
    #[serde(default)]
    delta: Delta,
    stop_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Move {
    state: Option<String>,
    stop_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewError {
    title: Option<String>,
    message: String,
    error: Option<String>,
    severity: Option<String>,
    space: Option<String>,
}

/// Answers one steering call: status and body; none when it is about something else.
pub(crate) fn answer(
    shared: &Shared,
    method: &str,
    path: &str,
    body: &[u8],
) -> Option<(u16, Value)> {
    if (method, path) == ("GET", "/_sandbox/spacelift/deliveries") {
        let state = shared.spacelift();
        return Some((200, json!({"deliveries": state.deliveries})));
    }
    if method != "POST" {
        return None;
    }
    let said = match path {
        "/_sandbox/runs" => start(shared, body),
        "/_sandbox/internal_errors" => raise(shared, body),
        "/_sandbox/module_versions" => publish(shared, body),
        _ => advance(shared, path.strip_prefix("/_sandbox/runs/")?, body),
    };
    let said = said.and_then(|answer| match live::save(shared) {
        Ok(()) => Ok(answer),
        Err(error) => Err((500, format!("state is not saved: {error}"))),
    });
    Some(match said {
        Ok(answer) => (200, answer),
        Err((status, message)) => (status, json!({"ok": false, "message": message})),
    })
}

type Said = Result<Value, (u16, String)>;

fn start(shared: &Shared, body: &[u8]) -> Said {
    let new: NewRun = read(body)?;
    let run_type = new.run_type.unwrap_or_else(|| "TRACKED".to_owned());
    if !is_value_of("RunType", &run_type) {
        return Err((422, format!("`{run_type}` is no type of run")));
    }
    let path = new.path.iter().flatten();
    path.chain(&new.stop_at)
        .try_for_each(|state| known(state))?;
    if let Some(path) = &new.path {
        match path.iter().position(|state| is_terminal(state)) {
            _ if path.is_empty() => return Err((422, "`path` has no state".to_owned())),
            Some(at) if at + 1 < path.len() => {
                return Err((422, format!("nothing follows `{}` in `path`", path[at])));
            }
            _ => {}
        }
    }
    let start = Start {
        stack: new.stack.clone(),
        run_type,
        command: None,
        branch: new.branch,
        commit: new.commit,
        triggered_by: new.triggered_by,
        drift_detection: new.drift_detection,
        path: new.path,
        finds: new.delta,
        stop_at: new.stop_at,
        ..Start::default()
    };
    let (id, now) = (shared.dice.ulid(), shared.now());
    let mut state = shared.spacelift();
    state.depth = 0;
    let run = state.start_run(start, id, now);
    live::push(shared, &mut state);
    match run {
        Ok(run) => Ok(json!({"ok": true, "run": shown(&run)})),
        Err(_) => Err((404, format!("there is no stack `{}`", new.stack))),
    }
}

fn advance(shared: &Shared, id: &str, body: &[u8]) -> Said {
    let asked: Move = match body.is_empty() {
        true => Move::default(),
        false => read(body)?,
    };
    asked
        .state
        .iter()
        .chain(&asked.stop_at)
        .try_for_each(|state| known(state))?;
    let now = shared.now();
    let mut state = shared.spacelift();
    state.depth = 0;
    if !state.stop_run_at(id, asked.stop_at) {
        return Err((404, format!("there is no run `{id}`")));
    }
    let is_moved = match &asked.state {
        Some(to) => state.move_run(id, to, now),
        None => state.release_run(id),
    };
    live::push(shared, &mut state);
    let run = state.runs.values().flatten().find(|run| run.id == id);
    match run.filter(|_| is_moved) {
        Some(run) => Ok(json!({"ok": true, "run": shown(run)})),
        None => Err((
            409,
            "the run has ended, or nothing lies before it".to_owned(),
        )),
    }
}

fn raise(shared: &Shared, body: &[u8]) -> Said {
    let new: NewError = read(body)?;
    let severity = new.severity.unwrap_or_else(|| "ERROR".to_owned());
    if !matches!(severity.as_str(), "INFO" | "WARNING" | "ERROR") {
        let message = format!("`{severity}` is none of `INFO`, `WARNING`, `ERROR`");
        return Err((422, message));
    }
    let (id, now) = (shared.dice.ulid(), shared.now());
    let mut state = shared.spacelift();
    if let Some(space) = &new.space
        && !state.spaces.contains_key(space)
    {
        return Err((404, format!("there is no space `{space}`")));
    }
    let error = InternalError {
        title: new.title.unwrap_or_else(|| guesses::ERROR_TITLE.to_owned()),
        error: new.error.unwrap_or_else(|| new.message.clone()),
        message: new.message,
        severity,
        space: new.space,
    };
    state.depth = 0;
    state.failed(&error, now, id, false);
    live::push(shared, &mut state);
    Ok(json!({"ok": true}))
}

fn publish(shared: &Shared, body: &[u8]) -> Said {
    let new: ModuleVersion = read(body)?;
    let (id, now) = (shared.dice.ulid(), shared.now());
    let mut state = shared.spacelift();
    state.depth = 0;
    let made = state.module_version(new, &id, now);
    live::push(shared, &mut state);
    match made {
        Ok(()) => Ok(json!({"ok": true, "version": id})),
        Err(Refusal(message)) => Err((422, message)),
    }
}

fn shown(run: &Run) -> Value {
    json!({
        "id": run.id,
        "stack": run.stack,
        "type": run.run_type,
        "state": run.state,
        "stateVersion": run.version(),
    })
}

fn known(state: &str) -> Result<(), (u16, String)> {
    match is_value_of("RunState", state) {
        true => Ok(()),
        false => Err((422, format!("`{state}` is no state of a run"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (422, error.to_string()))
}
