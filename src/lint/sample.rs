//! Samples: events to try a project's policies and mappers with (SA sections 9 and 11).
//!
//! An event is what policies see, and the body that Spacelift posts about it when the policy says
//! none. Deliberately not here: events of people's own, which `follow` takes.

use serde_json::{Value as Json, json};

use crate::follow::journey::NOW;
use crate::follow::{Station, Wiring};
use crate::kinds::Role;
use crate::sim::job::Job;
use crate::sim::mapping::{self, Delivery};
use crate::sim::rego::{self, Policy, samples};

/// A run of a stack that has changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The run's id.
    pub id: &'static str,
    /// `TRACKED` or `PROPOSED`.
    pub run_type: &'static str,
    /// The state that it has come into.
    pub state: &'static str,
}

/// A tracked run that has ended well.
pub const TRACKED: Run<'static> = Run {
    account: "acme",
    id: "01SAMPLETRACKED",
    run_type: "TRACKED",
    state: "FINISHED",
};

/// A run of a pull request that has ended well.
pub const PROPOSED: Run<'static> = Run {
    id: "01SAMPLEPROPOSED",
    run_type: "PROPOSED",
    ..TRACKED
};

impl Run<'_> {
    fn branch(&self) -> &'static str {
        match self.run_type {
            "PROPOSED" => "feature",
            _ => "main",
        }
    }

    /// What policies see, with these webhooks in reach.
    pub fn input(&self, wiring: &Wiring) -> Json {
        let mut input = kind("run_updated", wiring);
        input["account"]["name"] = self.account.into();
        let event = &mut input["run_updated"];
        event["state"] = self.state.into();
        let run = &mut event["run"];
        run["id"] = self.id.into();
        run["type"] = self.run_type.into();
        run["state"] = self.state.into();
        run["branch"] = self.branch().into();
        run["commit"]["branch"] = self.branch().into();
        input
    }

    /// What Spacelift posts about it.
    pub fn body(&self) -> Json {
        let account = self.account;
        let stack = format!("https://{account}.app.spacelift.io/stack/sample");
        json!({
            "account": account,
            "state": self.state,
            "stateVersion": if self.state == "QUEUED" { 1 } else { 5 },
            "timestamp": NOW as u64,
            "timestamp_millis": NOW as u64 * 1000,
            "run": {
                "id": self.id, "branch": self.branch(), "type": self.run_type,
                "commit": {
                    "authorLogin": "octocat", "authorName": "Octo Cat", "message": "Add a bucket",
                    "hash": "87c5ffdcf063445657c7082a447cb6a7d60f2c9d", "timestamp": NOW as u64,
                    "url": "https://github.com/acme/infra/commit/87c5ffd",
                },
                "createdAt": NOW as u64, "driftDetection": false, "triggeredBy": "octocat",
                "delta": { "added": 1, "changed": 0, "deleted": 0, "resources": 1 },
                "url": format!("{stack}/run/{}", self.id), "command": "", "note": "",
            },
            "stack": {
                "id": "sample", "name": "Sample", "description": "A sample", "labels": ["sample"],
                "repository": "acme/infra", "url": stack, "vcs": "GITHUB",
            },
            "workerPool": { "public": true, "labels": [], "id": "", "name": "" },
            "event_source": "spacelift",
            "event_type": "run_state_changed_event",
        })
    }
}

/// The stack that these runs are of, as lists have it with all plain fields (SA section 4), in the state of a run.
pub fn stack(run: &Run<'_>) -> Json {
    json!({
        "id": "sample", "name": "Sample", "description": "A sample", "labels": ["sample"],
        "space": "root",
        "spaceDetails": {
            "id": "root", "name": "root", "description": "", "labels": [], "parentSpace": null,
            "inheritEntities": false, "accessLevel": null,
        },
        "administrative": false, "autodeploy": false, "autoretry": false, "branch": "main",
        "namespace": "acme", "repository": "infra", "repositoryURL": "https://github.com/acme/infra",
        "provider": "GITHUB", "projectRoot": "", "state": run.state, "stateSetAt": NOW as u64,
        "stateIsTerminal": true, "isDisabled": false, "entityCount": 1, "deleted": false,
        "deleting": false, "protectFromDeletion": false, "terraformVersion": null, "lockedBy": null,
        "lockedAt": null, "lockNote": null, "blocked": false, "blocker": null,
        "createdAt": NOW as u64, "trackedCommit": null, "attachedPolicies": [],
    })
}

/// What policies see of one kind of event: `run_updated`, `module_version`, `internal_error`, or one
/// that Spacelift may add one day, with the project's webhooks in reach.
pub fn kind(name: &str, wiring: &Wiring) -> Json {
    let known = samples().into_iter().find(|(kind, _)| *kind == name);
    let mut input = match known {
        Some((_, input)) => input,
        None => json!({ "account": { "name": TRACKED.account }, name: {} }),
    };
    let offered = wiring
        .playing(Role::Endpoint)
        .map(|endpoint| json!({ "id": endpoint.id, "labels": endpoint.spec["labels"] }));
    input["webhook_endpoints"] = offered.collect();
    input
}

/// A policy as its author will have it: with a `package` line, and in the dialect of its text. What
/// Spacelift refuses is told elsewhere; what it would do can be told all the same.
fn mended(policy: Policy) -> Policy {
    let dialect = rego::dialect(&policy.body);
    let engine = match dialect.fits(policy.engine) {
        true => policy.engine,
        false => dialect.suggests().unwrap_or(policy.engine),
    };
    let body = match dialect.has_package() {
        true => policy.body,
        false => format!("package spacelift\n{}", policy.body),
    };
    Policy {
        body,
        engine,
        ..policy
    }
}

/// The notification policies of a project, in the order of their addresses, ready for the engine.
pub fn notifications<'s>(
    wiring: &'s Wiring<'_>,
) -> impl Iterator<Item = (&'s Station, Policy)> + 's {
    wiring
        .playing(Role::Policy)
        .filter_map(|station| Some((station, station.policy()?)))
        .filter(|(_, policy)| policy.policy_type == "NOTIFICATION")
        .map(|(station, policy)| (station, mended(policy)))
}

/// Asks what a policy decides about an event.
pub fn decision(policy: &Policy, input: Json) -> Job {
    Job::Rego(rego::Request {
        policy: policy.clone(),
        input,
    })
}

/// Asks what a mapper makes of a body, signatures and repeated ids aside.
pub fn mapped(mapper: &Station, body: &Json) -> Job {
    let mut webhook = mapper.spec.clone();
    if let Some(fields) = webhook.as_object_mut() {
        fields.insert("enabled".into(), true.into());
        fields.remove("security");
    }
    Job::Mapping(mapping::Request {
        webhook,
        secret: None,
        delivery: Delivery {
            body: body.to_string(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            query: Vec::new(),
        },
        now: NOW,
    })
}

/// Asks for the id that a mapper reads of a delivery, when it says where one stands.
pub fn request_id(mapper: &Station, body: &Json) -> Option<Job> {
    Some(Job::Jq {
        program: mapper.text("/security/requestIdentifierPath")?.to_owned(),
        input: json!({ "body": body, "headers": {}, "queryParams": {} }),
        now: NOW,
    })
}

/// The ends of the wires from Spacelift to a mapper of the project.
pub fn feeds<'s>(wiring: &'s Wiring<'_>) -> Vec<(&'s Station, &'s Station)> {
    let ends = [Role::Endpoint, Role::StackEndpoint];
    let senders = ends.into_iter().flat_map(|role| wiring.playing(role));
    senders
        .filter_map(|sender| Some((sender, wiring.mapper_at(sender.text("/endpoint")?)?)))
        .collect()
}
