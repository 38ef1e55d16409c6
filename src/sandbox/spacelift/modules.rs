//! Versions of modules, as far as they are events: the sandbox keeps no modules.

use serde::Deserialize;
use serde_json::json;

use super::guesses;
use super::happenings::{Happening, Kind};
use super::input::space_of;
use super::refusal::Refusal;
use super::spaces::ROOT;
use super::state::SpaceliftState;

/// A version that was made: the body of `POST /_sandbox/module_versions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModuleVersion {
    /// The module's id.
    module: String,
    /// Its name; the id when absent.
    name: Option<String>,
    /// The space it lies in; `root` when absent.
    space: Option<String>,
    /// The version, `1.2.3`.
    number: Option<String>,
    /// `ACTIVE` or `FAILED`.
    state: Option<String>,
    /// Labels of the module.
    #[serde(default)]
    labels: Vec<String>,
}

impl SpaceliftState {
    /// Notes that a version was made; `now` in milliseconds.
    pub(super) fn module_version(
        &mut self,
        made: ModuleVersion,
        id: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        let space = made.space.unwrap_or_else(|| ROOT.to_owned());
        if !self.spaces.contains_key(&space) {
            return Err(format!("there is no space `{space}`").into());
        }
        let state = made.state.unwrap_or_else(|| "ACTIVE".to_owned());
        if !matches!(state.as_str(), "ACTIVE" | "FAILED") {
            return Err(format!("`{state}` is neither `ACTIVE` nor `FAILED`").into());
        }
        let name = made.name.unwrap_or_else(|| made.module.clone());
        let at = now.saturating_mul(1_000_000);
        let commit = json!({
            "author": guesses::COMMIT_AUTHOR_LOGIN,
            "branch": guesses::MODULE_BRANCH,
            "created_at": at,
            "hash": guesses::module_commit(id),
            "message": guesses::COMMIT_MESSAGE,
            "url": guesses::commit_url(guesses::MODULE_NAMESPACE, &made.module, &guesses::module_commit(id)),
        });
        let input = json!({
            "module": {
                "id": made.module,
                "administrative": false,
                "branch": guesses::MODULE_BRANCH,
                "labels": made.labels,
                "namespace": guesses::MODULE_NAMESPACE,
                "name": name,
                "project_root": null,
                "repository": made.module,
                "terraform_provider": guesses::MODULE_PROVIDER,
                "space": space_of(self, &space),
                "worker_pool": guesses::worker_pool(),
            },
            "version": {
                "id": id,
                "number": made.number.unwrap_or_else(|| guesses::MODULE_NUMBER.to_owned()),
                "state": state,
                "latest": state == "ACTIVE",
                "commit": commit,
                "created_at": at,
                "test_runs": [guesses::test_run(id, &state, at)],
            },
        });
        let body = guesses::module_version_body(&self.account, &input, now);
        self.happened(Happening {
            kind: Kind::ModuleVersion,
            at: now,
            space,
            stack: None,
            input,
            body,
            logs: guesses::no_logs(),
            depth: self.depth,
        });
        Ok(())
    }
}

/// Used by tests that compare shapes.
#[cfg(test)]
pub(super) fn sample() -> ModuleVersion {
    let sample = json!({"module": "network", "labels": ["shared"]});
    serde_json::from_value(sample).expect("its own form")
}
